//! `EXEC`: which procedure, with which arguments, as a statement writes it.

/// A call in a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exec {
    /// The last part of its name, in small letters.
    pub(super) name: String,
    /// Its arguments: names in small letters, where there are some, and values.
    pub(super) arguments: Vec<(String, String)>,
    /// The statement in parentheses, which is run itself.
    pub(super) text: Option<String>,
}

impl Exec {
    /// Reads a statement; `None` when it is no call.
    pub(super) fn read(statement: &str) -> Option<Exec> {
        let mut rest = statement.trim();
        for word in ["execute", "exec"] {
            let head = rest.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word));
            let ends = rest.get(word.len()..).and_then(|rest| rest.chars().next());
            if head.is_some() && ends.is_some_and(|letter| letter.is_whitespace() || letter == '(') {
                rest = rest.get(word.len()..)?.trim_start();
                return Exec::called(rest);
            }
        }
        let bare = rest.split_whitespace().next()?.rsplit('.').next()?.to_lowercase();
        (bare.starts_with("sp_") || bare.starts_with("xp_")).then(|| Exec::called(rest))?
    }

    fn called(rest: &str) -> Option<Exec> {
        if let Some(inner) = rest.strip_prefix('(') {
            let text = value(inner.trim_start())?.0;
            return Some(Exec { text: Some(text), ..Exec::default() });
        }
        let mut rest = rest;
        // `@result = procedure`.
        if rest.starts_with('@')
            && let Some((_, after)) = rest.split_once('=')
        {
            rest = after.trim_start();
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (name, mut rest) = rest.split_at_checked(end)?;
        let plain = name.replace(['[', ']', '"'], "");
        let mut exec = Exec { name: plain.rsplit('.').next()?.to_lowercase(), ..Exec::default() };
        rest = rest.trim_start();
        while !rest.is_empty() {
            let mut name = String::new();
            if let Some((before, after)) = rest.split_once('=').filter(|(before, _)| is_name(before.trim())) {
                before.trim().trim_start_matches('@').clone_into(&mut name);
                rest = after.trim_start();
            }
            let (text, after) = value(rest)?;
            exec.arguments.push((name.to_lowercase(), text));
            rest = after.trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start(),
                None => break,
            }
        }
        Some(exec)
    }

    /// The argument of this name, or at this place.
    pub(super) fn argument(&self, name: &str, at: usize) -> Option<&str> {
        let named = self.arguments.iter().find(|(known, _)| known == name);
        let placed = self.arguments.get(at).filter(|(known, _)| known.is_empty());
        named.or(placed).map(|(_, value)| value.as_str())
    }
}

fn is_name(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|name| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
}

/// A value at the start of `rest`, and what follows it.
fn value(rest: &str) -> Option<(String, &str)> {
    let quoted = rest.strip_prefix(['N', 'n']).filter(|rest| rest.starts_with('\'')).unwrap_or(rest);
    let quote = quoted.chars().next().filter(|letter| ['\'', '"'].contains(letter));
    if let Some((quote, inner)) = quote.and_then(|quote| Some((quote, quoted.strip_prefix(quote)?))) {
        let mut text = String::new();
        let mut letters = inner.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != quote {
                text.push(letter);
            } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
                text.push(quote);
                letters.next();
            } else {
                return Some((text, inner.get(at + 1..)?));
            }
        }
        return None;
    }
    let end = rest
        .find(|letter: char| letter == ',' || letter == ')' || letter.is_whitespace())
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at_checked(end)?;
    (!text.is_empty()).then(|| (text.to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_as_they_are_written() {
        let read = |text: &str| Exec::read(text).unwrap();
        let shell = read("exec master..xp_cmdshell 'echo ''a'' > b'");
        assert_eq!(
            (shell.name.as_str(), shell.argument("command", 0)),
            ("xp_cmdshell", Some("echo 'a' > b"))
        );
        let option = read("EXEC sp_configure N'show advanced options', 1");
        assert_eq!(
            (option.argument("configname", 0), option.argument("configvalue", 1)),
            (Some("show advanced options"), Some("1"))
        );
        let named = read("execute sys.sp_addlogin @loginame = 'a', @passwd='b'");
        assert_eq!((named.name.as_str(), named.argument("passwd", 1)), ("sp_addlogin", Some("b")));
        assert_eq!(read("exec ('select 1')").text.as_deref(), Some("select 1"));
        assert_eq!(read("exec xp_cmdshell \"net user\"").argument("", 0), Some("net user"));
        assert_eq!(read("sp_helpdb").name, "sp_helpdb");
        assert_eq!(read("exec @r = xp_fileexist 'c:\\x'").argument("", 0), Some("c:\\x"));
        for text in ["select 1", "executes", "", "exec xp_cmdshell 'open"] {
            assert_eq!(Exec::read(text), None, "{text}");
        }
    }
}
