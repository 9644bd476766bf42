//! Expressions of awk.

use super::{
    super::tree::{Expression, Source},
    Parser,
};

/// The level of binary operators at which texts are joined.
pub(super) const CONCATENATION: usize = 4;

impl Parser {
    pub(super) fn list(&mut self, end: &str) -> Option<Vec<Expression>> {
        let mut list = Vec::new();
        let outer = std::mem::take(&mut self.in_print);
        if !self.eat(end) {
            loop {
                self.lines();
                list.push(self.expression()?);
                self.lines();
                if self.eat(end) {
                    break;
                }
                self.eat(",").then_some(())?;
            }
        }
        self.in_print = outer;
        Some(list)
    }

    pub(super) fn expression(&mut self) -> Option<Expression> {
        self.deeper(Self::ternary)
    }

    fn ternary(&mut self) -> Option<Expression> {
        let left = self.binary(0)?;
        if self.eat("?") {
            let yes = self.expression()?;
            self.eat(":").then_some(())?;
            return Some(Expression::Conditional(
                Box::new(left),
                Box::new(yes),
                Box::new(self.expression()?),
            ));
        }
        let assignable =
            matches!(left, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_));
        if assignable {
            for operator in ["+=", "-=", "*=", "/=", "%=", "^=", "**="] {
                if self.eat(operator) {
                    return Some(Expression::Assign(
                        Box::new(left),
                        operator.chars().next().map(|sign| if operator == "**=" { '^' } else { sign }),
                        Box::new(self.expression()?),
                    ));
                }
            }
            self.blanks();
            if self.peek() == Some('=') && self.characters.get(self.at + 1) != Some(&'=') {
                self.at += 1;
                return Some(Expression::Assign(Box::new(left), None, Box::new(self.expression()?)));
            }
        }
        Some(left)
    }

    pub(super) fn binary(&mut self, level: usize) -> Option<Expression> {
        const LEVELS: [&[&str]; 7] = [
            &["||"],
            &["&&"],
            &["!~", "~"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &[" "],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.blanks();
            if level == 2 && self.word("in") {
                return Some(Expression::In(Box::new(left), self.name()?));
            }
            if level == 3 && self.reads_command() {
                left = self.getline(Source::Command(Box::new(left)))?;
                continue;
            }
            let found = if level == CONCATENATION {
                let begins =
                    self.peek().is_some_and(|next| next.is_ascii_alphanumeric() || "$\"(!_.".contains(next));
                let keyword = ["in"].iter().any(|word| {
                    let start = self.at;
                    let found = self.word(word);
                    self.at = start;
                    found
                });
                let not =
                    self.peek() == Some('!') && matches!(self.characters.get(self.at + 1), Some('=' | '~'));
                (begins && !keyword && !not).then_some(" ")
            } else {
                operators.iter().copied().find(|operator| {
                    if self.in_print && *operator == ">" {
                        return false;
                    }
                    let start = self.at;
                    let next = self.characters.get(self.at + operator.len()).copied();
                    let assigns = next == Some('=') && matches!(*operator, "+" | "-" | "*" | "/" | "%");
                    let doubled = matches!(*operator, "+" | "-") && next == operator.chars().next();
                    let fits = !assigns && !doubled && self.eat(operator);
                    self.at = start;
                    fits
                })
            };
            let Some(operator) = found else { return Some(left) };
            if level != CONCATENATION {
                self.eat(operator);
            }
            if level < 2 {
                self.lines();
            }
            let right = self.binary(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Option<Expression> {
        self.deeper(Self::unary_inner)
    }

    fn unary_inner(&mut self) -> Option<Expression> {
        for (sign, change) in [("++", 1.0), ("--", -1.0)] {
            if self.eat(sign) {
                return Some(Expression::Step(Box::new(self.unary()?), change, true));
            }
        }
        if self.eat("!") {
            return Some(Expression::Not(Box::new(self.unary()?)));
        }
        if self.eat("-") {
            return Some(Expression::Minus(Box::new(self.unary()?)));
        }
        if self.eat("+") {
            return self.unary();
        }
        let base = self.primary()?;
        for (sign, change) in [("++", 1.0), ("--", -1.0)] {
            if matches!(base, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_))
                && self.eat(sign)
            {
                return Some(Expression::Step(Box::new(base), change, false));
            }
        }
        if self.eat("^") || self.eat("**") {
            return Some(Expression::Binary("^", Box::new(base), Box::new(self.unary()?)));
        }
        Some(base)
    }

    fn primary(&mut self) -> Option<Expression> {
        self.blanks();
        match self.peek()? {
            '(' => {
                self.at += 1;
                let mut list = self.list(")")?;
                if list.len() == 1 { list.pop() } else { Some(Expression::Call("()".into(), list)) }
            }
            '$' => {
                self.at += 1;
                Some(Expression::Field(Box::new(self.deeper(Self::primary)?)))
            }
            '"' => {
                self.at += 1;
                let raw = self.until('"')?;
                Some(Expression::Text(
                    crate::commands::unescape(&raw.replace("\\/", "/").replace("\\\"", "\""), true).0,
                ))
            }
            '/' => {
                self.at += 1;
                self.until('/').map(|text| Expression::Regex(text.replace("\\/", "/")))
            }
            digit if digit.is_ascii_digit() || digit == '.' => {
                let start = self.at;
                while self.peek().is_some_and(|next| next.is_ascii_digit() || next == '.') {
                    self.at += 1;
                }
                self.exponent();
                self.characters
                    .get(start..self.at)?
                    .iter()
                    .collect::<String>()
                    .parse()
                    .ok()
                    .map(Expression::Number)
            }
            _ => {
                let name = self.name()?;
                if name == "getline" {
                    return self.getline(Source::Main);
                }
                if self.peek() == Some('(') {
                    self.at += 1;
                    return Some(Expression::Call(name, self.list(")")?));
                }
                if self.peek() == Some('[') {
                    self.at += 1;
                    return Some(Expression::Element(name, self.list("]")?));
                }
                if name == "length" {
                    return Some(Expression::Call(name, Vec::new()));
                }
                Some(Expression::Variable(name))
            }
        }
    }

    /// The exponent of a number, if one is at hand.
    fn exponent(&mut self) {
        let at = |offset: usize| self.characters.get(self.at + offset).copied();
        let sign = usize::from(matches!(at(1), Some('+' | '-')));
        if matches!(at(0), Some('e' | 'E')) && at(1 + sign).is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1 + sign;
            while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
                self.at += 1;
            }
        }
    }

    /// Whether `| getline` comes; the sign is consumed then, with the word.
    fn reads_command(&mut self) -> bool {
        let start = self.at;
        let reads = self.eat("|") && self.peek() != Some('|') && self.word("getline");
        if !reads {
            self.at = start;
        }
        reads
    }

    /// What stands behind `getline`: a place for the line, and a file.
    fn getline(&mut self, source: Source) -> Option<Expression> {
        self.blanks();
        let named = self.peek().is_some_and(|next| next == '$' || next == '_' || next.is_ascii_alphabetic());
        let start = self.at;
        let place =
            if named && !self.word("in") { Some(Box::new(self.deeper(Self::primary)?)) } else { None };
        let place = place.filter(|place| {
            matches!(**place, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_))
        });
        if place.is_none() {
            self.at = start;
        }
        let source = match source {
            Source::Main if self.eat("<") => Source::File(Box::new(self.deeper(Self::primary)?)),
            source => source,
        };
        Some(Expression::Getline(source, place))
    }

    fn until(&mut self, end: char) -> Option<String> {
        let mut out = String::new();
        loop {
            let character = self.peek()?;
            self.at += 1;
            match character {
                '\\' => {
                    out.push('\\');
                    out.push(self.peek()?);
                    self.at += 1;
                }
                other if other == end => return Some(out),
                '\n' => return None,
                other => out.push(other),
            }
        }
    }
}
