//! Words to fields: parameters, substitutions, splitting, patterns.

use super::{Flow, Shell, brace, pattern::Pattern};
use crate::{
    fs::join,
    parse::{Parameter, Part, RedirectKind, Word},
    text,
};

/// Fields that a command may have.
const MAX_FIELDS: usize = 200_000;
/// Bytes that the fields of a word may have.
const MAX_BYTES: usize = 2 << 20;

/// Characters of a field with whether they were quoted.
pub(super) type Field = Vec<(char, bool)>;

/// Fields in the making.
#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    current: Field,
    /// The current field exists even if it is empty.
    forced: bool,
    bytes: usize,
}

impl Fields {
    fn push(&mut self, text: &str, quoted: bool) {
        self.bytes += text.len();
        self.current.extend(text.chars().map(|character| (character, quoted)));
    }

    fn finish(&mut self) {
        if self.forced || !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.forced = false;
    }
}

impl Shell {
    /// All words, each with brace expansion, splitting and file names.
    pub(super) fn expand_words(&mut self, words: &[Word]) -> Result<Vec<String>, Flow> {
        let mut out = Vec::new();
        for word in words {
            if self.dialect().is_bash() {
                let words = brace::expand(word);
                self.spend(words.len() as u64 / 32)?;
                for word in words {
                    out.extend(self.expand_word(&word)?);
                }
            } else {
                out.extend(self.expand_word(word)?);
            }
            if out.len() > MAX_FIELDS {
                return Err(Flow::Exhausted);
            }
        }
        Ok(out)
    }

    /// The fields of one word, with file names.
    pub(super) fn expand_word(&mut self, word: &Word) -> Result<Vec<String>, Flow> {
        let mut out = Vec::new();
        for field in self.fields(word)? {
            if Pattern::is_special(&field) && !self.state.options.contains(&'f') {
                let names = self.file_names(&field)?;
                if !names.is_empty() || self.state.options.contains(&'N') {
                    out.extend(names);
                    continue;
                }
            }
            out.push(field.into_iter().map(|(character, _)| character).collect());
        }
        Ok(out)
    }

    /// One text, without splitting: assignments, here-documents, `case`.
    pub(crate) fn expand_text(&mut self, word: &Word) -> Result<String, Flow> {
        Ok(self.expand_pattern(word)?.into_iter().map(|(character, _)| character).collect())
    }

    /// One text that remembers what was quoted, for patterns.
    pub(super) fn expand_pattern(&mut self, word: &Word) -> Result<Field, Flow> {
        let mut fields = Fields::default();
        self.tilde_and_parts(word, &mut fields, false)?;
        fields.finish();
        let mut out = Field::new();
        for (index, field) in fields.done.into_iter().enumerate() {
            if index > 0 {
                out.push((' ', true));
            }
            out.extend(field);
        }
        Ok(out)
    }

    fn fields(&mut self, word: &Word) -> Result<Vec<Field>, Flow> {
        let mut fields = Fields::default();
        self.tilde_and_parts(word, &mut fields, true)?;
        fields.finish();
        Ok(fields.done)
    }

    fn tilde_and_parts(&mut self, word: &Word, fields: &mut Fields, split: bool) -> Result<(), Flow> {
        let mut parts = word.parts.as_slice();
        if let Some((Part::Literal(first), rest)) = parts.split_first()
            && let Some(tail) = first.strip_prefix('~')
        {
            let (user, path) = match tail.find('/') {
                Some(at) => tail.split_at(at),
                None => (tail, ""),
            };
            let whole = path.is_empty() && !rest.is_empty();
            if let Some(home) = (!whole).then(|| self.home_of(user)).flatten() {
                fields.push(&home, true);
                fields.push(path, false);
                parts = rest;
            }
        }
        self.nested(|shell| parts.iter().try_for_each(|part| shell.expand_part(part, fields, split, false)))
    }

    fn home_of(&self, user: &str) -> Option<String> {
        match user {
            "" => Some(self.variable("HOME").unwrap_or("/").to_owned()),
            "+" => Some(self.fs.cwd().to_owned()),
            "-" => self.variable("OLDPWD").map(String::from),
            "root" => Some("/root".into()),
            name => {
                self.live.persona.users.iter().find(|user| user.name == name).map(|user| user.home.clone())
            }
        }
    }

    fn expand_part(
        &mut self,
        part: &Part,
        fields: &mut Fields,
        split: bool,
        quoted: bool,
    ) -> Result<(), Flow> {
        if fields.bytes > MAX_BYTES {
            return Err(Flow::Exhausted);
        }
        match part {
            Part::Literal(text) => fields.push(text, quoted),
            Part::Quoted(text) => {
                fields.forced = true;
                fields.push(text, true);
            }
            Part::Double(parts) => {
                let only_list = matches!(parts.as_slice(), [Part::Parameter(parameter)] if parameter.name == "@" || parameter.index.as_deref() == Some("@"));
                fields.forced |= !only_list;
                for part in parts {
                    self.expand_part(part, fields, split, true)?;
                }
            }
            Part::Parameter(parameter) => self.expand_parameter(parameter, fields, split, quoted)?,
            Part::Command(source) => {
                let output = self.substitute(source)?;
                self.place(&output, fields, split, quoted);
            }
            Part::Arithmetic(expression) => {
                let value = self.arithmetic(expression)?.ok_or_else(|| self.abort(1))?;
                self.place(&value.to_string(), fields, split, quoted);
            }
            Part::Process(source) => {
                let output = self.substitute(source)?;
                let path = format!("/tmp/.fd{}", self.new_pid());
                // A full overlay leaves the file missing, and the reader says so.
                let _ = self.fs.write_file(&path, &text::encode(&(output + "\n")), 0o600);
                fields.push(&path, true);
            }
        }
        Ok(())
    }

    fn expand_parameter(
        &mut self,
        parameter: &Parameter,
        fields: &mut Fields,
        split: bool,
        quoted: bool,
    ) -> Result<(), Flow> {
        let values = self.parameter(parameter, quoted)?;
        let list = matches!(parameter.name.as_str(), "@" | "*")
            || matches!(parameter.index.as_deref(), Some("@" | "*"));
        let star = parameter.name == "*" || parameter.index.as_deref() == Some("*");
        if list && quoted && star {
            let separator =
                self.variable("IFS").unwrap_or(" ").chars().next().map(String::from).unwrap_or_default();
            fields.push(&values.join(&separator), true);
            return Ok(());
        }
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                if split {
                    fields.finish();
                } else {
                    fields.push(" ", true);
                }
            }
            if list && quoted {
                fields.forced = true;
            }
            self.place(value, fields, split, quoted);
        }
        Ok(())
    }

    /// Adds an expanded text: split at IFS unless quoted.
    fn place(&mut self, value: &str, fields: &mut Fields, split: bool, quoted: bool) {
        if quoted || !split {
            fields.push(value, quoted);
            return;
        }
        let separators = self.variable("IFS").unwrap_or(" \t\n").to_owned();
        let mut pending = false;
        for character in value.chars() {
            if !separators.contains(character) {
                if pending {
                    fields.finish();
                    pending = false;
                }
                fields.current.push((character, false));
                fields.bytes += 1;
            } else if character.is_ascii_whitespace() {
                pending = !fields.current.is_empty() || fields.forced || pending;
            } else {
                fields.forced = true;
                fields.finish();
                pending = false;
            }
        }
        if pending {
            fields.finish();
        }
    }

    /// Output of a command substitution, without the line ends at its end.
    pub(crate) fn substitute(&mut self, source: &str) -> Result<String, Flow> {
        self.spend(1)?;
        if let Some(output) = self.file_substitution(source)? {
            return Ok(output);
        }
        let saved = self.save();
        let line = self.line_number;
        let mut status = 0;
        let result = self.capture(|shell| match shell.run_text(source) {
            Ok(code) | Err(Flow::Exit(code) | Flow::Return(code) | Flow::Abort(code)) => {
                status = code;
                Ok(())
            }
            Err(Flow::Break(_) | Flow::Continue(_)) => Ok(()),
            Err(other) => Err(other),
        });
        self.restore(saved);
        self.line_number = line;
        self.status = status;
        self.substitution_status = Some(status);
        Self::trimmed(result?)
    }

    /// `$(< file)`: in bash the content of the file.
    fn file_substitution(&mut self, source: &str) -> Result<Option<String>, Flow> {
        if !self.dialect().is_bash() || !source.trim_start().starts_with('<') {
            return Ok(None);
        }
        let program = crate::parse::program(source, self.dialect(), self.line_number, true);
        let redirects = match program.list.as_slice() {
            [item] if program.failure.is_none() && item.chain.rest.is_empty() && !item.background => {
                match item.chain.first.commands.as_slice() {
                    [command] if command.body.is_empty() => &command.redirects,
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let [redirect] = redirects.as_slice() else { return Ok(None) };
        if redirect.kind != RedirectKind::Read {
            return Ok(None);
        }
        let path = self.expand_text(&redirect.target)?;
        let content = self.fs.read_file(&path);
        self.substitution_status = Some(i32::from(content.is_err()));
        match content {
            Ok(content) => {
                self.spend(1 + content.len() as u64 / 4096)?;
                Self::trimmed(content.to_vec()).map(Some)
            }
            Err(error) => {
                self.complain(&format!("{path}: {error}"))?;
                self.status = 1;
                Ok(Some(String::new()))
            }
        }
    }

    /// Output as a substitution gives it: without NUL bytes and the line ends at its end.
    fn trimmed(mut output: Vec<u8>) -> Result<String, Flow> {
        output.retain(|byte| *byte != 0);
        while output.last() == Some(&b'\n') {
            output.pop();
        }
        if output.len() > MAX_BYTES {
            return Err(Flow::Exhausted);
        }
        Ok(text::decode(&output))
    }

    /// Names that match a pattern, sorted; none: the pattern stays.
    fn file_names(&mut self, field: &Field) -> Result<Vec<String>, Flow> {
        let absolute = matches!(field.first(), Some(('/', _)));
        let mut found = vec![if absolute { String::from("/") } else { String::new() }];
        let parts: Vec<&[(char, bool)]> =
            field.split(|(character, _)| *character == '/').filter(|part| !part.is_empty()).collect();
        let count = parts.len();
        for (index, part) in parts.into_iter().enumerate() {
            let last = index + 1 == count;
            let plain: String = part.iter().map(|(character, _)| character).collect();
            let mut next = Vec::new();
            if !Pattern::is_special(part) {
                next.extend(
                    found.iter().map(|base| glue(base, &plain)).filter(|path| self.fs.lstat(path).is_ok()),
                );
            } else {
                let pattern = Pattern::new(part);
                for base in &found {
                    self.spend(1)?;
                    let names = self.fs.readdir(if base.is_empty() { "." } else { base }).unwrap_or_default();
                    let hidden = plain.starts_with('.');
                    let dots = [".".to_owned(), "..".to_owned()];
                    let names = names.into_iter().chain(dots.into_iter().filter(|_| hidden));
                    let fitting =
                        names.filter(|name| (hidden || !name.starts_with('.')) && pattern.matches(name));
                    next.extend(
                        fitting
                            .map(|name| glue(base, &name))
                            .filter(|path| last || self.fs.is_directory(path)),
                    );
                    if next.len() > MAX_FIELDS {
                        return Err(Flow::Exhausted);
                    }
                }
            }
            found = next;
        }
        found.sort();
        Ok(found)
    }
}

fn glue(base: &str, name: &str) -> String {
    if base.is_empty() { name.to_owned() } else { join(base, name) }
}
