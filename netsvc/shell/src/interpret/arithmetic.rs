//! Integer expressions: `$(( … ))`, `let`, array indices.

use super::{Flow, Shell, subscripted};
use crate::{
    dialect::Dialect,
    parse::{Word, parse_quoted},
};

const MAX_DEPTH: usize = 32;

/// Why an expression has no value: what is printed after it.
struct Bad(String);

/// Where in an array.
enum Index {
    Number(i64),
    Key(String),
}

struct Expression<'a> {
    shell: &'a mut Shell,
    characters: Vec<char>,
    at: usize,
    depth: usize,
    /// Within an operand that is skipped, nothing is assigned.
    silent: usize,
}

/// Binary operators from the weakest to the strongest.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Shell {
    /// Value of an expression; `None`: it was wrong and has been complained about.
    pub(crate) fn arithmetic(&mut self, source: &str) -> Result<Option<i64>, Flow> {
        self.spend(1 + source.len() as u64 / 64)?;
        let word = parse_quoted(source, self.dialect()).unwrap_or_else(|_| Word::default());
        let text = self.nested(|shell| shell.expand_text(&word))?;
        if text.trim().is_empty() {
            return Ok(Some(0));
        }
        let dash = self.dialect() == Dialect::Dash;
        let known = if dash { dash_refuses(&text) } else { None };
        if let Some(value) = self.not_a_number(&text).filter(|_| dash && known.is_none()) {
            self.complain(&format!("Illegal number: {value}"))?;
            return Err(self.abort(2));
        }
        let value = match known {
            Some(reason) => Err(Bad(reason.to_owned())),
            None => self.evaluate(&text, 0),
        };
        match value {
            Ok(value) => Ok(Some(value)),
            Err(Bad(reason)) => {
                match self.dialect() {
                    Dialect::Ash if reason.starts_with("division") => self.complain("divide by zero")?,
                    Dialect::Ash => self.complain("arithmetic syntax error")?,
                    Dialect::Dash => {
                        let reason = if reason.starts_with("division") {
                            "division by zero"
                        } else if reason.contains("operand expected") {
                            "expecting primary"
                        } else {
                            "expecting EOF"
                        };
                        self.complain(&format!("arithmetic expression: {reason}: \"{source}\""))?;
                    }
                    _ => self.complain(&format!("{}: {reason}", text.trim_end()))?,
                }
                Ok(None)
            }
        }
    }

    fn evaluate(&mut self, text: &str, depth: usize) -> Result<i64, Bad> {
        let characters = text.chars().take(65_536).collect();
        let mut expression = Expression { shell: self, characters, at: 0, depth, silent: 0 };
        let mut value = expression.assignment()?;
        while expression.eat(",") {
            value = expression.assignment()?;
        }
        expression.blanks();
        match expression.rest() {
            rest if rest.is_empty() => Ok(value),
            rest => Err(Bad(format!("syntax error in expression (error token is \"{}\")", rest.trim_end()))),
        }
    }
}

impl Shell {
    /// The value of a variable of an expression that dash does not take for a number.
    fn not_a_number(&self, text: &str) -> Option<String> {
        let is_part = |character: char| character == '_' || character.is_ascii_alphanumeric();
        let mut names = text.split(|character| !is_part(character));
        let value = |name: &str| self.variable(name).map(str::trim).filter(|value| !value.is_empty());
        names.find_map(|name| {
            let begins = name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic());
            let value = value(name).filter(|_| begins)?;
            number(value.trim_start_matches(['-', '+'])).is_none().then(|| value.to_owned())
        })
    }
}

/// Why dash does not read an expression that others do: it has neither `++`, `**`, `,` nor bases.
fn dash_refuses(text: &str) -> Option<&'static str> {
    // Before an operand these are two signs.
    let trimmed = text.trim_end();
    if trimmed.ends_with("++") || trimmed.ends_with("--") || text.contains("**") {
        return Some("operand expected");
    }
    text.contains([',', '#']).then_some("syntax error in expression")
}

impl Expression<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn rest(&self) -> String {
        self.characters.iter().skip(self.at).collect()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|character| character.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, text: &str) -> bool {
        self.blanks();
        let found = text
            .chars()
            .enumerate()
            .all(|(offset, wanted)| self.characters.get(self.at + offset) == Some(&wanted));
        if found {
            self.at += text.len();
        }
        found
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Bad>) -> Result<T, Bad> {
        if self.depth >= MAX_DEPTH {
            return Err(Bad("expression recursion level exceeded".into()));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn name(&mut self) -> Option<String> {
        self.blanks();
        let start = self.at;
        while self.peek().is_some_and(|character| {
            character == '_'
                || character.is_ascii_alphabetic()
                || (self.at > start && character.is_ascii_digit())
        }) {
            self.at += 1;
        }
        if self.at == start {
            return None;
        }
        if self.peek() == Some('[') && self.shell.dialect().is_bash() {
            self.subscript();
        }
        Some(self.characters.iter().skip(start).take(self.at - start).collect())
    }

    /// Passes over the index of an array.
    fn subscript(&mut self) {
        let (start, mut open) = (self.at, 0);
        while let Some(character) = self.peek() {
            self.at += 1;
            match character {
                '[' => open += 1,
                ']' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
        self.at = start;
    }

    /// What is kept under a name, with an index or without.
    fn kept(&mut self, name: &str) -> Result<String, Bad> {
        let Some((name, index)) = subscripted(name) else {
            return Ok(self.shell.variable(name).unwrap_or("").trim().to_owned());
        };
        let index = self.place(name, index)?;
        let variable = self.shell.state.variables.map.get(name);
        let found = match (index, variable) {
            (Index::Key(key), Some(variable)) => {
                variable.table.as_ref().and_then(|table| table.get(&key)).map(String::from)
            }
            (Index::Number(number), Some(variable)) => variable.item(number).map(String::from),
            (_, None) => None,
        };
        Ok(found.unwrap_or_default().trim().to_owned())
    }

    fn place(&mut self, name: &str, index: &str) -> Result<Index, Bad> {
        if self.shell.state.variables.is_table(name) {
            return Ok(Index::Key(index.trim_matches(['"', '\'']).to_owned()));
        }
        if self.depth >= MAX_DEPTH {
            return Err(Bad("expression recursion level exceeded".into()));
        }
        let number = self.shell.evaluate(index, self.depth + 8)?;
        Ok(Index::Number(self.shell.state.variables.place(name, number)))
    }

    fn assignment(&mut self) -> Result<i64, Bad> {
        self.deeper(|expression| {
            let start = expression.at;
            if let Some(name) = expression.name() {
                for operator in ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="] {
                    let double = operator == "=" && {
                        expression.blanks();
                        expression.characters.get(expression.at + 1) == Some(&'=')
                    };
                    if !double && expression.eat(operator) {
                        let right = expression.assignment()?;
                        let value = if operator == "=" {
                            right
                        } else {
                            let left = expression.variable(&name)?;
                            apply(operator.trim_end_matches('='), left, right)?
                        };
                        expression.assign(&name, value)?;
                        return Ok(value);
                    }
                }
                expression.at = start;
            }
            expression.conditional()
        })
    }

    fn conditional(&mut self) -> Result<i64, Bad> {
        let condition = self.binary(0)?;
        if !self.eat("?") {
            return Ok(condition);
        }
        self.silent += usize::from(condition == 0);
        let yes = self.assignment();
        self.silent -= usize::from(condition == 0);
        if !self.eat(":") {
            return Err(Bad("`:' expected for conditional expression".into()));
        }
        self.silent += usize::from(condition != 0);
        let no = self.assignment();
        self.silent -= usize::from(condition != 0);
        let (yes, no) = (yes?, no?);
        Ok(if condition != 0 { yes } else { no })
    }

    fn binary(&mut self, level: usize) -> Result<i64, Bad> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.blanks();
            let next = self.characters.get(self.at + 1).copied();
            let found = operators.iter().find(|operator| {
                let fits = operator
                    .chars()
                    .enumerate()
                    .all(|(offset, wanted)| self.characters.get(self.at + offset) == Some(&wanted));
                let longer = match **operator {
                    "|" | "&" => next == self.peek(),
                    "*" => next == Some('*'),
                    "<" | ">" => next == self.peek(),
                    _ => false,
                };
                let assigns = self.characters.get(self.at + operator.len()) == Some(&'=')
                    && !["==", "!=", "<=", ">=", "&&", "||", "<", ">"].contains(operator);
                fits && !longer && !assigns
            });
            let Some(operator) = found else { return Ok(left) };
            self.at += operator.len();
            let skip = *operator == "&&" && left == 0 || *operator == "||" && left != 0;
            self.silent += usize::from(skip);
            let right = self.binary(level + 1);
            self.silent -= usize::from(skip);
            let right = right?;
            left = match *operator {
                "&&" => i64::from(left != 0 && right != 0),
                "||" => i64::from(left != 0 || right != 0),
                other if self.silent > 0 && right == 0 && matches!(other, "/" | "%") => 0,
                other => apply(other, left, right)?,
            };
        }
    }

    fn power(&mut self) -> Result<i64, Bad> {
        let base = self.unary()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Expression::power)?;
        let exponent = u32::try_from(exponent).map_err(|_| Bad("exponent less than 0".into()))?;
        Ok(base.wrapping_pow(exponent))
    }

    fn unary(&mut self) -> Result<i64, Bad> {
        self.deeper(|expression| {
            let dash = expression.shell.dialect() == Dialect::Dash;
            for (operator, change) in [("++", 1), ("--", -1)] {
                if !dash && expression.eat(operator) {
                    let name =
                        expression.name().ok_or_else(|| Bad("syntax error: operand expected".into()))?;
                    let value = expression.variable(&name)?.wrapping_add(change);
                    expression.assign(&name, value)?;
                    return Ok(value);
                }
            }
            if expression.eat("!") {
                return Ok(i64::from(expression.unary()? == 0));
            }
            if expression.eat("~") {
                return Ok(!expression.unary()?);
            }
            if expression.eat("-") {
                return Ok(expression.unary()?.wrapping_neg());
            }
            if expression.eat("+") {
                return expression.unary();
            }
            expression.operand()
        })
    }

    fn operand(&mut self) -> Result<i64, Bad> {
        if self.eat("(") {
            let value = self.assignment()?;
            if !self.eat(")") {
                return Err(Bad("missing `)' (error token is \"\")".into()));
            }
            return Ok(value);
        }
        if let Some(name) = self.name() {
            let value = self.variable(&name)?;
            for (operator, change) in [("++", 1), ("--", -1)] {
                if self.eat(operator) {
                    self.assign(&name, value.wrapping_add(change))?;
                }
            }
            return Ok(value);
        }
        self.blanks();
        let digits: String = self
            .characters
            .iter()
            .skip(self.at)
            .take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '#' | '_' | '@'))
            .collect();
        if digits.is_empty() {
            let rest = self.rest();
            let before: String = self.characters.iter().take(self.at).collect();
            // At the end the last operator is what is wrong.
            let sign = |letter: &char| !letter.is_ascii_alphanumeric() && !letter.is_ascii_whitespace();
            let last: Vec<char> = before.trim_end().chars().rev().take_while(sign).collect();
            let token = if rest.trim().is_empty() { last.iter().rev().collect() } else { rest };
            return Err(Bad(format!(
                "syntax error: operand expected (error token is \"{}\")",
                token.trim_end()
            )));
        }
        self.at += digits.chars().count();
        number(&digits).ok_or_else(|| Bad(format!("value too great for base (error token is \"{digits}\")")))
    }

    fn variable(&mut self, name: &str) -> Result<i64, Bad> {
        let value = match name {
            "RANDOM" => return Ok(i64::from(self.shell.live.random_number() % 32_768)),
            "UID" | "EUID" => return Ok(i64::from(self.shell.fs.credentials.uid)),
            _ => self.kept(name)?,
        };
        if value.is_empty() {
            return Ok(0);
        }
        if let Some(number) = number(&value) {
            return Ok(number);
        }
        if self.depth >= MAX_DEPTH {
            return Err(Bad("expression recursion level exceeded".into()));
        }
        self.shell.evaluate(&value, self.depth + 8)
    }

    fn assign(&mut self, name: &str, value: i64) -> Result<(), Bad> {
        if self.silent > 0 {
            return Ok(());
        }
        let value = value.to_string();
        let Some((name, index)) = subscripted(name) else {
            self.shell.state_mut().variables.set(name, &value);
            return Ok(());
        };
        match self.place(name, index)? {
            Index::Key(key) => self.shell.state_mut().variables.set_pair(name, &key, &value),
            Index::Number(number) => self.shell.state_mut().variables.set_element(name, number, &value),
        };
        Ok(())
    }
}

fn number(digits: &str) -> Option<i64> {
    if let Some((base, value)) = digits.split_once('#') {
        let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
        return i64::from_str_radix(value, base).ok();
    }
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok();
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return i64::from_str_radix(digits, 8).ok();
    }
    digits.parse().ok()
}

fn apply(operator: &str, left: i64, right: i64) -> Result<i64, Bad> {
    let shift = u32::try_from(right & 63).unwrap_or(0);
    Ok(match operator {
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" | "%" if right == 0 => return Err(Bad("division by 0 (error token is \"0\")".into())),
        "/" => left.wrapping_div(right),
        "%" => left.wrapping_rem(right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "&" => left & right,
        "|" => left | right,
        "^" => left ^ right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<=" => i64::from(left <= right),
        _ => i64::from(left >= right),
    })
}
