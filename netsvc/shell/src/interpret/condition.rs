//! `test`, `[` and `[[`.

use super::{Shell, Status, pattern::Pattern, subscripted};
use crate::{dialect::Dialect, fs::Kind, parse::Word};

/// An operand: its text, and for `[[` the same as a pattern.
struct Operand {
    text: String,
    pattern: Vec<(char, bool)>,
    /// An operator can only be unquoted.
    plain: bool,
}

struct Evaluation {
    operands: Vec<Operand>,
    at: usize,
    double: bool,
    depth: usize,
}

/// Operators that stand between two operands.
const BINARY: [&str; 12] = ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt"];

/// Why a test has no value.
struct Bad(String);

impl Shell {
    pub(super) fn run_condition(&mut self, words: &[Word]) -> Status {
        let mut operands = Vec::new();
        for word in words {
            let pattern = self.expand_pattern(word)?;
            let text = pattern.iter().map(|(character, _)| character).collect();
            operands.push(Operand { text, pattern, plain: word.literal().is_some() });
        }
        self.run_test(Evaluation { operands, at: 0, double: true, depth: 0 }, "[[")
    }

    /// `test` and `[`, the bracket already taken off.
    pub(crate) fn test(&mut self, name: &str, arguments: &[String]) -> Status {
        let operands = arguments
            .iter()
            .map(|text| Operand { text: text.clone(), pattern: Vec::new(), plain: true })
            .collect();
        self.run_test(Evaluation { operands, at: 0, double: false, depth: 0 }, name)
    }

    fn run_test(&mut self, mut evaluation: Evaluation, name: &str) -> Status {
        self.spend(1)?;
        if evaluation.operands.is_empty() {
            return Ok(1);
        }
        let result = evaluation.any(self).and_then(|value| match evaluation.operands.get(evaluation.at) {
            None => Ok(value),
            Some(extra) => Err(evaluation.surplus(self.dialect(), &extra.text)),
        });
        match result {
            Ok(value) => Ok(i32::from(!value)),
            Err(Bad(reason)) => {
                let text = match (reason.strip_prefix('\u{1}'), self.dialect()) {
                    (Some(text), dialect) => crate::commands::bad_number(dialect, name, text),
                    (None, Dialect::Ash) => reason,
                    (None, _) => format!("{name}: {reason}"),
                };
                self.complain(&text)?;
                Ok(2)
            }
        }
    }
}

impl Evaluation {
    /// What is said of an operand that is left.
    fn surplus(&self, dialect: Dialect, text: &str) -> Bad {
        let count = self.operands.len();
        Bad(match dialect {
            Dialect::Ash | Dialect::Dash if count == 2 && BINARY.contains(&text) => {
                format!("{text}: argument expected")
            }
            Dialect::Ash => format!("{text}: unknown operand"),
            Dialect::Dash => {
                let before =
                    self.operands.get(self.at.saturating_sub(1)).map_or("", |operand| operand.text.as_str());
                format!("{before}: unexpected operator")
            }
            _ if count > 3 => "too many arguments".into(),
            _ if count == 2 => {
                let first = self.operands.first().map_or("", |operand| operand.text.as_str());
                format!("{first}: unary operator expected")
            }
            _ => format!("{text}: binary operator expected"),
        })
    }

    fn text(&self, offset: usize) -> Option<&str> {
        self.operands.get(self.at + offset).map(|operand| operand.text.as_str())
    }

    fn operator(&self, names: &[&str]) -> bool {
        self.operands
            .get(self.at)
            .is_some_and(|operand| operand.plain && names.contains(&operand.text.as_str()))
    }

    fn any(&mut self, shell: &mut Shell) -> Result<bool, Bad> {
        let mut value = self.all(shell)?;
        while self.operator(if self.double { &["||"] } else { &["-o"] }) {
            self.at += 1;
            let right = self.all(shell)?;
            value = value || right;
        }
        Ok(value)
    }

    fn all(&mut self, shell: &mut Shell) -> Result<bool, Bad> {
        let mut value = self.not(shell)?;
        while self.operator(if self.double { &["&&"] } else { &["-a"] }) {
            self.at += 1;
            let right = self.not(shell)?;
            value = value && right;
        }
        Ok(value)
    }

    fn not(&mut self, shell: &mut Shell) -> Result<bool, Bad> {
        let mut negated = false;
        let binary_next = |evaluation: &Evaluation| {
            evaluation.text(1).is_some_and(is_binary) && evaluation.text(2).is_some()
        };
        while self.operator(&["!"]) && self.text(1).is_some() && !binary_next(self) {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary(shell)? != negated)
    }

    fn primary(&mut self, shell: &mut Shell) -> Result<bool, Bad> {
        if self.text(1).is_some_and(is_binary) && self.text(2).is_some() {
            return self.binary(shell);
        }
        if self.operator(&["("]) && self.text(1).is_some() {
            if self.depth > 16 {
                return Err(Bad("too many arguments".into()));
            }
            self.at += 1;
            self.depth += 1;
            let value = self.any(shell);
            self.depth -= 1;
            if !self.operator(&[")"]) {
                return Err(Bad("`)' expected".into()));
            }
            self.at += 1;
            return value;
        }
        let Some(first) = self.text(0).map(String::from) else { return Err(Bad("argument expected".into())) };
        let unary = first.len() == 2
            && first.starts_with('-')
            && self.operands.get(self.at).is_some_and(|operand| operand.plain);
        if unary && let Some(operand) = self.text(1).map(String::from) {
            if let Some(value) = unary_test(shell, first.chars().nth(1).unwrap_or(' '), &operand) {
                self.at += 2;
                return Ok(value);
            }
            if self.operands.len() == self.at + 2 && !self.double {
                return Err(Bad(format!("{first}: unary operator expected")));
            }
        }
        self.at += 1;
        Ok(!first.is_empty())
    }

    fn binary(&mut self, shell: &mut Shell) -> Result<bool, Bad> {
        let (Some(left), Some(operator), Some(right)) =
            (self.text(0), self.text(1), self.operands.get(self.at + 2))
        else {
            return Err(Bad("argument expected".into()));
        };
        let numbers = |shell: &mut Shell| -> Result<(i64, i64), Bad> {
            let parse = |shell: &mut Shell, text: &str| match text.trim().parse() {
                Ok(number) => Ok(number),
                Err(_) if self.double => {
                    shell.arithmetic(text).ok().flatten().ok_or_else(|| Bad(String::new()))
                }
                Err(_) => Err(Bad(format!("\u{1}{text}"))),
            };
            Ok((parse(shell, left)?, parse(shell, &right.text)?))
        };
        let value = match operator {
            "=" | "==" | "!=" => {
                let equal =
                    if self.double { Pattern::new(&right.pattern).matches(left) } else { left == right.text };
                equal == (operator != "!=")
            }
            "<" => left < right.text.as_str(),
            ">" => left > right.text.as_str(),
            "=~" => matches_expression(shell, left, &right.text),
            "-eq" => numbers(shell).map(|(left, right)| left == right)?,
            "-ne" => numbers(shell).map(|(left, right)| left != right)?,
            "-lt" => numbers(shell).map(|(left, right)| left < right)?,
            "-le" => numbers(shell).map(|(left, right)| left <= right)?,
            "-gt" => numbers(shell).map(|(left, right)| left > right)?,
            "-ge" => numbers(shell).map(|(left, right)| left >= right)?,
            "-ef" => {
                shell.fs.resolve(left, true).is_ok_and(|left| shell.fs.resolve(&right.text, true) == Ok(left))
            }
            _ => {
                let time = |path: &str| shell.fs.stat(path).map_or(i64::MIN, |stat| stat.meta.modified);
                if operator == "-nt" {
                    time(left) > time(&right.text)
                } else {
                    time(left) < time(&right.text)
                }
            }
        };
        self.at += 3;
        Ok(value)
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "!="
            | "<"
            | ">"
            | "=~"
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-ef"
            | "-nt"
            | "-ot"
    )
}

fn matches_expression(shell: &mut Shell, text: &str, expression: &str) -> bool {
    let Some(regex) = crate::commands::expression(expression, true, false) else { return false };
    let Some(captures) = regex.captures(text) else { return false };
    let groups = captures.iter().map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect();
    shell.state_mut().variables.set_list("BASH_REMATCH", groups);
    true
}

fn unary_test(shell: &mut Shell, operator: char, operand: &str) -> Option<bool> {
    let kind = |kind: Kind| shell.fs.stat(operand).is_ok_and(|stat| stat.kind == kind);
    Some(match operator {
        'z' => operand.is_empty(),
        'n' => !operand.is_empty(),
        'e' | 'a' => shell.fs.exists(operand),
        'f' => kind(Kind::File),
        'd' => kind(Kind::Directory),
        'c' => kind(Kind::Character),
        'b' => kind(Kind::Block),
        'p' => kind(Kind::Fifo),
        'S' => kind(Kind::Socket),
        'L' | 'h' => shell.fs.lstat(operand).is_ok_and(|stat| stat.kind == Kind::Symlink),
        's' => shell.fs.stat(operand).is_ok_and(|stat| stat.size > 0),
        'r' => shell.fs.access(operand, 4).is_ok(),
        'w' => shell.fs.access(operand, 2).is_ok(),
        'x' => shell.fs.access(operand, 1).is_ok(),
        'u' => shell.fs.stat(operand).is_ok_and(|stat| stat.meta.mode & 0o4000 != 0),
        'g' => shell.fs.stat(operand).is_ok_and(|stat| stat.meta.mode & 0o2000 != 0),
        'k' => shell.fs.stat(operand).is_ok_and(|stat| stat.meta.mode & 0o1000 != 0),
        'O' => shell.fs.stat(operand).is_ok_and(|stat| stat.meta.uid == shell.fs.credentials.uid),
        'G' => shell.fs.stat(operand).is_ok_and(|stat| stat.meta.gid == shell.fs.credentials.gid),
        't' => shell.interactive && (operand != "0" || shell.in_is_session()),
        'v' => match subscripted(operand) {
            // An expression that is wrong names nothing.
            Some((name, index)) => shell.values(name, Some(index)).is_ok_and(|found| found.is_some()),
            None => shell.variable(operand).is_some(),
        },
        'o' => false,
        _ => return None,
    })
}
