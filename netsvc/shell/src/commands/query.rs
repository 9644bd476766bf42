//! What find is asked: from its arguments to tests and actions.

use crate::interpret::Pattern;

/// A test, an action or a part of the logic between them.
pub(super) enum Test {
    Name(Pattern, bool),
    Path(Pattern),
    Type(String),
    Size(char, u64),
    Permission(char, u32),
    Modified(char, i64, i64),
    User(u32),
    Group(u32),
    /// Changed after another file was.
    Newer(String),
    Empty,
    Executable,
    Not,
    Or,
    Open,
    Close,
    Print(char),
    Delete,
    /// The command, and whether it is run once with all paths.
    Exec(Vec<String>, bool),
    Prune,
    Quit,
}

/// Tests in their order, and the depths between which they are made.
pub(super) struct Query {
    pub(super) tests: Vec<Test>,
    pub(super) least: usize,
    pub(super) most: usize,
    /// Whether what is in a folder comes before it.
    pub(super) deep: bool,
}

type Words<'a> = std::slice::Iter<'a, String>;

impl Query {
    /// # Errors
    /// What find says of an expression that it does not understand.
    pub(super) fn parse(words: &[String], busybox: bool) -> Result<Query, String> {
        let mut query = Query { tests: Vec::new(), least: 0, most: usize::MAX, deep: false };
        let mut left = words.iter();
        while let Some(word) = left.next() {
            match word.as_str() {
                "-a" | "-and" | "-xdev" | "-mount" | "-follow" | "-daystart" | "-noleaf" => {}
                "-depth" | "-d" => query.deep = true,
                "-maxdepth" => query.most = value(word, &mut left)?.parse().unwrap_or(usize::MAX),
                "-mindepth" => query.least = value(word, &mut left)?.parse().unwrap_or(0),
                // Debian's BusyBox is built without these.
                "-delete" | "-writable" | "-readable" | "-printf" | "-ls" if busybox => {
                    return Err(format!("unknown predicate `{word}'"));
                }
                _ => {
                    let test = alone(word).map_or_else(|| with_value(word, &mut left, busybox), Ok)?;
                    query.deep |= matches!(test, Test::Delete);
                    query.tests.push(test);
                }
            }
        }
        query.complete();
        Ok(query)
    }

    /// Without an action, what fits is printed.
    fn complete(&mut self) {
        if self.tests.iter().any(|test| matches!(test, Test::Print(_) | Test::Delete | Test::Exec(..))) {
            return;
        }
        if !self.tests.iter().any(|test| matches!(test, Test::Prune)) {
            self.tests.insert(0, Test::Open);
            self.tests.push(Test::Close);
        }
        self.tests.push(Test::Print('\n'));
    }
}

/// What takes no value.
fn alone(word: &str) -> Option<Test> {
    Some(match word {
        "-empty" => Test::Empty,
        "-executable" | "-writable" | "-readable" => Test::Executable,
        "!" | "-not" => Test::Not,
        "-o" | "-or" => Test::Or,
        "(" => Test::Open,
        ")" => Test::Close,
        "-print" => Test::Print('\n'),
        "-print0" => Test::Print('\0'),
        "-ls" => Test::Print('l'),
        "-delete" => Test::Delete,
        "-prune" => Test::Prune,
        "-quit" => Test::Quit,
        _ => return None,
    })
}

/// What takes a value, or several.
fn with_value(word: &str, left: &mut Words<'_>, busybox: bool) -> Result<Test, String> {
    Ok(match word {
        "-name" => Test::Name(Pattern::from_text(&value(word, left)?), false),
        "-iname" => Test::Name(Pattern::from_text(&value(word, left)?.to_ascii_lowercase()), true),
        "-path" | "-wholename" => Test::Path(Pattern::from_text(&value(word, left)?)),
        "-type" => {
            let kinds = value(word, left)?;
            if busybox && !(kinds.len() == 1 && "fdlbcps".contains(&kinds)) {
                return Err(format!("invalid argument '{kinds}' to '-type'"));
            }
            if let Some(letter) =
                kinds.split(',').find(|kind| !(kind.len() == 1 && "fdlbcpsD".contains(*kind)))
            {
                return Err(format!("Unknown argument to -type: {letter}"));
            }
            Test::Type(kinds)
        }
        "-newer" | "-cnewer" | "-anewer" => Test::Newer(value(word, left)?),
        "-group" | "-gid" => Test::Group(value(word, left)?.parse().unwrap_or(0)),

        "-size" => size(&value(word, left)?),
        "-perm" => permission(&value(word, left)?),
        "-mtime" | "-mmin" | "-ctime" | "-atime" | "-cmin" | "-amin" => {
            let unit = if word.ends_with("min") { 60 } else { 86_400 };
            let (sign, text) = signed(&value(word, left)?);
            Test::Modified(sign, text.parse().unwrap_or(0), unit)
        }
        "-user" => Test::User(if value(word, left)? == "root" { 0 } else { 1000 }),
        "-uid" => Test::User(value(word, left)?.parse().unwrap_or(0)),
        "-exec" | "-execdir" | "-ok" => return command(left),
        "-printf" => {
            value(word, left)?;
            Test::Print('\n')
        }
        other => return Err(format!("unknown predicate `{other}'")),
    })
}

fn value(word: &str, left: &mut Words<'_>) -> Result<String, String> {
    left.next().cloned().ok_or_else(|| format!("missing argument to `{word}'"))
}

/// The sign before a number, a space if there is none; and the number.
fn signed(text: &str) -> (char, String) {
    let sign = text.chars().next().filter(|sign| "+-".contains(*sign)).unwrap_or(' ');
    (sign, text.trim_start_matches(['+', '-', '/']).to_owned())
}

fn size(text: &str) -> Test {
    let (sign, text) = signed(text);
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = match text.chars().last() {
        Some('c') => 1,
        Some('k') => 1024,
        Some('M') => 1 << 20,
        Some('G') => 1 << 30,
        _ => 512,
    };
    Test::Size(sign, digits.parse::<u64>().unwrap_or(0) * unit)
}

fn permission(text: &str) -> Test {
    let sign = text.chars().next().filter(|sign| "-/+".contains(*sign)).unwrap_or(' ');
    let digits = text.trim_start_matches(['-', '/', '+']);
    let bits = u32::from_str_radix(digits, 8).unwrap_or(match digits {
        "u+s" | "u=s" => 0o4000,
        "g+s" | "g=s" => 0o2000,
        "a+x" | "+x" => 0o111,
        _ => 0o222,
    });
    Test::Permission(sign, bits)
}

/// The words of `-exec`, up to its `;` or `{} +`.
fn command(left: &mut Words<'_>) -> Result<Test, String> {
    let mut command = Vec::new();
    loop {
        match left.next().map(String::as_str) {
            Some(";") => return Ok(Test::Exec(command, false)),
            Some("+") if command.last().is_some_and(|last| last == "{}") => {
                return Ok(Test::Exec(command, true));
            }
            Some(other) => command.push(other.to_owned()),
            None => return Err("missing argument to `-exec'".into()),
        }
    }
}
