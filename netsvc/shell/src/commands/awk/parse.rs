//! From an awk program to rules.

use super::tree::{Expression, Rule, Selector, Statement};

const MAX_DEPTH: usize = 40;
/// Most operands of a statement: a chain of them is as deep a tree as it is long.
const MAX_LINKS: usize = 1_000;

pub(super) fn parse(source: &str) -> Option<Vec<Rule>> {
    let mut parser = Parser { characters: source.chars().collect(), ..Parser::default() };
    let mut rules = Vec::new();
    loop {
        parser.links = 0;
        parser.separators();
        if parser.peek().is_none() {
            return Some(rules);
        }
        let selector = if parser.word("BEGIN") {
            Selector::Begin
        } else if parser.word("END") {
            Selector::End
        } else if parser.peek() == Some('{') {
            Selector::Always
        } else {
            let first = parser.expression()?;
            if parser.eat(",") {
                Selector::Range(first, parser.expression()?)
            } else {
                Selector::Match(first)
            }
        };
        parser.blanks();
        let body = if parser.peek() == Some('{') {
            parser.block()?
        } else {
            vec![Statement::Print(Vec::new(), false, None)]
        };
        rules.push(Rule { selector, body });
    }
}

#[derive(Default)]
struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    links: usize,
    in_print: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(character) = self.peek() {
            match character {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.characters.get(self.at + 1) == Some(&'\n') => self.at += 2,
                '#' => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1
                    }
                }
                _ => break,
            }
        }
    }

    fn separators(&mut self) {
        loop {
            self.blanks();
            if !matches!(self.peek(), Some('\n' | ';')) {
                return;
            }
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

    fn word(&mut self, text: &str) -> bool {
        self.blanks();
        let start = self.at;
        if self.eat(text) {
            if self.peek().is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_') {
                return true;
            }
            self.at = start;
        }
        false
    }

    fn name(&mut self) -> Option<String> {
        self.blanks();
        let start = self.at;
        while self.peek().is_some_and(|next| {
            next == '_' || next.is_ascii_alphabetic() || self.at > start && next.is_ascii_digit()
        }) {
            self.at += 1;
        }
        (self.at > start).then(|| self.characters.iter().skip(start).take(self.at - start).collect())
    }

    fn block(&mut self) -> Option<Vec<Statement>> {
        self.eat("{").then_some(())?;
        let mut body = Vec::new();
        loop {
            self.separators();
            if self.eat("}") {
                return Some(body);
            }
            self.peek()?;
            body.push(self.statement()?);
        }
    }

    fn body(&mut self) -> Option<Vec<Statement>> {
        self.blanks();
        while self.peek() == Some('\n') {
            self.at += 1;
            self.blanks();
        }
        if self.peek() == Some(';') {
            return Some(Vec::new());
        }
        if self.peek() == Some('{') { self.block() } else { Some(vec![self.statement()?]) }
    }

    /// Runs `read` one level deeper and one link further.
    fn deeper<T>(&mut self, read: fn(&mut Parser) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH || self.links >= MAX_LINKS {
            return None;
        }
        (self.depth, self.links) = (self.depth + 1, self.links + 1);
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn statement(&mut self) -> Option<Statement> {
        self.links = 0;
        self.deeper(Self::statement_inner)
    }

    fn statement_inner(&mut self) -> Option<Statement> {
        self.blanks();
        if self.peek() == Some('{') {
            return Some(Statement::If(Expression::Number(1.0), self.block()?, Vec::new()));
        }
        if self.word("if") {
            return self.if_else();
        }
        if self.word("while") {
            let condition = self.condition()?;
            return Some(Statement::While(condition, self.body()?, false));
        }
        if self.word("do") {
            let body = self.body()?;
            self.separators();
            self.word("while").then_some(())?;
            return Some(Statement::While(self.condition()?, body, true));
        }
        if self.word("for") {
            return self.for_loop();
        }
        if self.word("printf") {
            return self.print(true);
        }
        if self.word("print") {
            return self.print(false);
        }
        if self.word("next") {
            return Some(Statement::Next);
        }
        if self.word("break") {
            return Some(Statement::Break);
        }
        if self.word("continue") {
            return Some(Statement::Continue);
        }
        if self.word("delete") {
            let name = self.name()?;
            let index = if self.eat("[") { self.list("]")? } else { Vec::new() };
            return Some(Statement::Delete(name, index));
        }
        if self.word("exit") {
            self.blanks();
            let code = if matches!(self.peek(), None | Some('}' | ';' | '\n')) {
                None
            } else {
                Some(self.expression()?)
            };
            return Some(Statement::Exit(code));
        }
        self.expression().map(Statement::Expression)
    }

    /// An expression in round brackets.
    fn condition(&mut self) -> Option<Expression> {
        self.eat("(").then_some(())?;
        let condition = self.expression()?;
        self.eat(")").then_some(condition)
    }

    fn if_else(&mut self) -> Option<Statement> {
        let condition = self.condition()?;
        let yes = self.body()?;
        let start = self.at;
        self.separators();
        if self.word("else") {
            return Some(Statement::If(condition, yes, self.body()?));
        }
        self.at = start;
        Some(Statement::If(condition, yes, Vec::new()))
    }

    fn for_loop(&mut self) -> Option<Statement> {
        self.eat("(").then_some(())?;
        let start = self.at;
        if let Some(name) = self.name()
            && self.word("in")
        {
            let list = self.name()?;
            if self.eat(")") {
                return Some(Statement::ForIn(name, list, self.body()?));
            }
        }
        self.at = start;
        let mut part = |end: &str| -> Option<Option<Expression>> {
            if self.eat(end) {
                return Some(None);
            }
            let expression = self.expression()?;
            self.eat(end).then_some(Some(expression))
        };
        let (first, condition, step) = (part(";")?, part(";")?, part(")")?);
        Some(Statement::For(first, condition, step, self.body()?))
    }

    fn print(&mut self, format: bool) -> Option<Statement> {
        self.in_print = true;
        self.blanks();
        let mut list = Vec::new();
        if !matches!(self.peek(), None | Some('}' | ';' | '\n' | '>' | '|')) {
            loop {
                list.push(self.expression()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.in_print = false;
        let mut target = None;
        for sign in [">>", ">", "|"] {
            if self.eat(sign) {
                target = Some((sign.to_owned(), self.binary(3)?));
                break;
            }
        }
        // A list in brackets is the list itself.
        if let [Expression::Call(name, inner)] = list.as_slice()
            && name == "()"
        {
            return Some(Statement::Print(inner.clone(), format, target));
        }
        Some(Statement::Print(list, format, target))
    }

    fn list(&mut self, end: &str) -> Option<Vec<Expression>> {
        let mut list = Vec::new();
        let outer = std::mem::take(&mut self.in_print);
        if !self.eat(end) {
            loop {
                list.push(self.expression()?);
                if self.eat(end) {
                    break;
                }
                self.eat(",").then_some(())?;
            }
        }
        self.in_print = outer;
        Some(list)
    }

    fn expression(&mut self) -> Option<Expression> {
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
            for operator in ["+=", "-=", "*=", "/=", "%=", "^="] {
                if self.eat(operator) {
                    return Some(Expression::Assign(
                        Box::new(left),
                        operator.chars().next(),
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

    fn binary(&mut self, level: usize) -> Option<Expression> {
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
            let found = if level == 4 {
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
            if level != 4 {
                self.eat(operator);
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
                    return Some(Expression::Getline);
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
