//! What a shell says when something is wrong, in the words of its dialect.

use super::{Flow, Shell, Status};
use crate::{
    dialect::{Dialect, Reading},
    parse::{END, Failure, ParseError, Program},
};

/// Reserved words, which dash and BusyBox name in quotes where they name other words as `word`.
const RESERVED: [&str; 15] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "}", "{",
];

impl Shell {
    /// The language of this shell.
    pub(crate) fn dialect(&self) -> Dialect {
        self.state.dialect
    }

    /// `$0`, which is also how the shell calls itself in messages.
    pub(crate) fn own_name(&self) -> String {
        self.state.name.clone()
    }

    /// What stands before a message of the shell that is not about a built-in.
    fn message_place(&self) -> String {
        let (line, reading) = (self.line_number, self.state.reading);
        let bash = self.dialect().is_bash();
        if let Some(file) = self.state.source_name.as_deref().filter(|_| !bash) {
            let name = &self.state.name;
            return match self.dialect() {
                Dialect::Dash => format!("{name}: {line}: {file}: "),
                _ => format!("{name}: {file}: line {line}: "),
            };
        }
        // bash calls the place of a function by the file it is of, which `-c` and standard input have none of.
        let inside = bash && !self.state.locals.is_empty() && self.state.source_name.is_none();
        let name = match reading {
            Reading::Argument if inside => "environment",
            Reading::Input if inside => "main",
            _ => self.state.source_name.as_deref().unwrap_or(&self.state.name),
        };
        match (self.dialect(), reading) {
            (Dialect::Bash | Dialect::BashPosix, Reading::Terminal) => format!("{name}: "),
            (Dialect::Bash | Dialect::BashPosix, _) => format!("{name}: line {line}: "),
            (Dialect::Dash, _) if self.evaluating > 0 => format!("{name}: {line}: eval: "),
            (Dialect::Dash, _) => format!("{name}: {line}: "),
            (Dialect::Ash, Reading::File) if self.evaluating > 0 => format!("{name}: eval: line {line}: "),
            (Dialect::Ash, Reading::File) => format!("{name}: line {line}: "),
            (Dialect::Ash, Reading::Argument) if self.evaluating > 0 => {
                format!("{name}: eval: line {}: ", line.saturating_sub(1))
            }
            (Dialect::Ash, Reading::Terminal) if self.evaluating > 0 => format!("{name}: eval: "),
            (Dialect::Ash, _) => format!("{name}: "),
        }
    }

    /// Prints a message of the shell itself.
    pub(crate) fn complain(&mut self, message: &str) -> Result<(), Flow> {
        let place = self.message_place();
        self.err(&format!("{place}{message}\n"))
    }

    /// Prints a message of a built-in.
    pub(crate) fn complain_of(&mut self, builtin: &str, message: &str) -> Result<(), Flow> {
        let ash_line = match self.state.reading {
            Reading::Terminal => None,
            Reading::Argument => Some(self.line_number.saturating_sub(1)),
            Reading::File | Reading::Input => Some(self.line_number),
        };
        match (self.dialect(), ash_line) {
            (Dialect::Ash, Some(line)) => {
                let name = self.own_name();
                self.err(&format!("{name}: {builtin}: line {line}: {message}\n"))
            }
            _ => self.complain(&format!("{builtin}: {message}")),
        }
    }

    /// Ends a built-in with an error: its message, and what the dialect does then. In dash and BusyBox the error of
    /// a special built-in ends a shell that reads no terminal.
    pub(crate) fn refuse(&mut self, builtin: &str, message: &str, special: bool, bash_status: i32) -> Status {
        self.complain_of(builtin, message)?;
        if !matches!(self.dialect(), Dialect::Dash | Dialect::Ash) {
            return Ok(bash_status);
        }
        if special { Err(self.abort(2)) } else { Ok(2) }
    }

    /// How an error that is not one of a command ends: the line in bash and at a terminal, else the shell.
    pub(crate) fn abort(&self, bash_status: i32) -> Flow {
        match (self.dialect(), self.interactive) {
            (Dialect::Bash, _) => Flow::Abort(bash_status),
            (Dialect::BashPosix, true) => Flow::Abort(bash_status),
            (Dialect::BashPosix, false) => Flow::Exit(bash_status),
            (_, true) => Flow::Abort(2),
            (_, false) => Flow::Exit(2),
        }
    }

    /// What the shell says of here-documents that the end of the text ended.
    pub(super) fn report_open_documents(&mut self, program: &Program) -> Result<(), Flow> {
        if !self.dialect().is_bash() {
            return Ok(());
        }
        let name = self.own_name();
        for (end, line, delimiter) in program.open_documents.iter().take(16) {
            let place = if self.state.reading == Reading::Terminal {
                format!("{name}: ")
            } else {
                format!("{name}: line {end}: ")
            };
            self.err(&format!(
                "{place}warning: here-document at line {line} delimited by end-of-file (wanted `{delimiter}')\n"
            ))?;
        }
        Ok(())
    }

    /// Says why a text is no program; the status is 2.
    pub(super) fn report_failure(&mut self, failure: &Failure) {
        if self.dialect() == Dialect::Dash {
            self.line_number = failure.line;
        }
        let text = match self.dialect() {
            _ if failure.error == ParseError::TooComplex => {
                let name = self.own_name();
                format!("{name}: fork: retry: Resource temporarily unavailable\n")
            }
            Dialect::Bash | Dialect::BashPosix => self.bash_failure(failure),
            Dialect::Dash => self.almquist_failure(failure, "Syntax error: ", |token, dash_wanted| {
                format!("{token} unexpected{dash_wanted}")
            }),
            Dialect::Ash => self.almquist_failure(failure, "syntax error: ", |token, ash_wanted| {
                format!("unexpected {token}{ash_wanted}")
            }),
        };
        self.status = 2;
        // Only a full output can refuse it, and then nothing more has to be said.
        let _ = self.err(&text);
    }

    fn bash_failure(&self, failure: &Failure) -> String {
        let name = self.state.source_name.as_deref().unwrap_or(&self.state.name);
        let prefix = |line: u32| match (self.evaluating > 0, self.state.reading) {
            (true, _) => format!("{name}: eval: line {line}: "),
            (false, Reading::Terminal) => format!("{name}: "),
            (false, Reading::Argument) => format!("{name}: -c: line {line}: "),
            (false, _) => format!("{name}: line {line}: "),
        };
        let place = prefix(failure.line);
        match &failure.error {
            ParseError::Unexpected(token, _) => {
                let token = if token == END { "newline" } else { token };
                let first = format!("{place}syntax error near unexpected token `{token}'\n");
                if self.state.reading == Reading::Terminal && self.evaluating == 0 {
                    first
                } else {
                    format!("{first}{place}`{}'\n", failure.text)
                }
            }
            ParseError::Incomplete(quote @ ('"' | '\'' | '`'), _) => {
                format!("{place}unexpected EOF while looking for matching `{quote}'\n")
            }
            ParseError::Incomplete(close @ (')' | '}'), _) => {
                let place = prefix(self.end_line);
                format!("{place}unexpected EOF while looking for matching `{close}'\n")
            }
            ParseError::Refused(text) => format!("{place}{text}\n"),
            _ => format!("{}syntax error: unexpected end of file\n", prefix(self.end_line)),
        }
    }

    /// The messages of dash and BusyBox, which differ in the order of their words only.
    fn almquist_failure(&self, failure: &Failure, head: &str, words: fn(&str, String) -> String) -> String {
        let place = match (self.dialect(), self.state.reading) {
            (Dialect::Ash, Reading::File | Reading::Input) => {
                let name = self.own_name();
                format!("{name}: line {}: ", failure.line)
            }
            (Dialect::Ash, _) if self.evaluating > 0 => {
                format!("{}: eval: line {}: ", self.state.name, failure.line.saturating_sub(1))
            }
            _ => self.message_place(),
        };
        let expecting = |wanted: &str| {
            if wanted.is_empty() { String::new() } else { format!(" (expecting \"{wanted}\")") }
        };
        let ash = self.dialect() == Dialect::Ash;
        let text = match &failure.error {
            ParseError::Unexpected(token, wanted) => words(&kind(token), expecting(wanted)),
            ParseError::Incomplete('"' | '\'', _) if ash => "unterminated quoted string".into(),
            ParseError::Incomplete('"' | '\'', _) => "Unterminated quoted string".into(),
            ParseError::Incomplete('`', _) => "EOF in backquote substitution".into(),
            ParseError::Incomplete('}', _) if ash => "missing '}'".into(),
            ParseError::Incomplete('}', _) => "Missing '}'".into(),
            ParseError::Incomplete(')', _) => words(END, expecting(")")),
            ParseError::Incomplete(_, wanted) => words(END, expecting(wanted)),
            ParseError::Refused(text) if ash => (*text).to_owned(),
            ParseError::Refused(text) => {
                let mut letters = text.chars();
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
            }
            ParseError::TooComplex => String::new(),
        };
        format!("{place}{head}{text}\n")
    }
}

/// How dash and BusyBox call a token.
fn kind(token: &str) -> String {
    match token {
        END => return "end of file".into(),
        "newline" => return "newline".into(),
        _ => {}
    }
    if token.starts_with(['<', '>']) || token == "&>" {
        return "redirection".into();
    }
    let operator = token.chars().all(|character| ";&|()".contains(character));
    if operator || RESERVED.contains(&token) { format!("\"{token}\"") } else { "word".into() }
}
