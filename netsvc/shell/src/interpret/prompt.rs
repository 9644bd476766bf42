//! Prompts: the variables `PS1`, `PS2` and `PS4` with the escapes of bash and of BusyBox.

use super::Shell;
use crate::{dialect::Dialect, live::strftime};

impl Shell {
    /// The prompt for a line; `more`: for another line of an unfinished command.
    pub(crate) fn prompt(&mut self, more: bool) -> String {
        let text = self.variable(if more { "PS2" } else { "PS1" }).unwrap_or("").to_owned();
        let text = if self.dialect() == Dialect::Dash { text } else { self.prompt_escapes(&text) };
        let (status, elapsed) = (self.status, self.elapsed);
        let expanded = crate::parse::parse_quoted(&text, self.dialect())
            .ok()
            .and_then(|word| self.expand_text(&word).ok());
        (self.status, self.elapsed) = (status, elapsed);
        expanded.unwrap_or(text)
    }

    fn prompt_escapes(&self, text: &str) -> String {
        let mut out = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character != '\\' {
                out.push(character);
                continue;
            }
            let zone = &self.live.persona.zone;
            let time = |format: &str| strftime(format, self.live.now(), zone);
            let host = &self.live.persona.hostname;
            match characters.next() {
                Some('u') => out.push_str(self.variable("USER").unwrap_or("root")),
                Some('h') => out.push_str(host.split('.').next().unwrap_or(host)),
                Some('H') => out.push_str(host),
                Some('w') => out.push_str(&self.short_cwd()),
                Some('W') => {
                    let short = self.short_cwd();
                    out.push_str(if short == "/" { "/" } else { crate::fs::name(&short) });
                }
                Some('$') => out.push(if self.fs.credentials.uid == 0 { '#' } else { '$' }),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('a') => out.push('\x07'),
                Some('e') => out.push('\x1b'),
                Some('s') => out.push_str(self.state.name.trim_start_matches('-')),
                Some('t') => out.push_str(&time("%H:%M:%S")),
                Some('A') => out.push_str(&time("%H:%M")),
                Some('d') => out.push_str(&time("%a %b %d")),
                Some('j') => out.push_str(&self.jobs.len().to_string()),
                Some('!' | '#') => out.push_str(&(self.history.len() + 1).to_string()),
                Some('v') => out.push_str(self.live.versions().bash_short()),
                Some('\\') => out.push('\\'),
                Some('[' | ']') => {}
                Some(digit @ '0'..='7') => {
                    let mut value = digit.to_digit(8).unwrap_or(0);
                    for _ in 0..2 {
                        let Some(next) = characters.peek().and_then(|next| next.to_digit(8)) else { break };
                        characters.next();
                        value = value * 8 + next;
                    }
                    out.push(char::from(u8::try_from(value & 255).unwrap_or(0)));
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            }
        }
        out
    }

    /// The working directory with `~` for the home.
    fn short_cwd(&self) -> String {
        let home = self.variable("HOME").unwrap_or("/root");
        let cwd = self.fs.cwd();
        match cwd.strip_prefix(home).filter(|rest| home != "/" && (rest.is_empty() || rest.starts_with('/')))
        {
            Some(rest) => format!("~{rest}"),
            None => cwd.to_owned(),
        }
    }
}
