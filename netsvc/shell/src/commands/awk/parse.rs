//! From an awk program to rules.

mod expressions;

use super::tree::{Expression, Function, Program, Rule, Selector, Statement};
use expressions::CONCATENATION;

const MAX_DEPTH: usize = 40;
/// Most operands of a statement: a chain of them is as deep a tree as it is long.
const MAX_LINKS: usize = 1_000;

pub(super) fn parse(source: &str) -> Option<Program> {
    let mut parser = Parser { characters: source.chars().collect(), ..Parser::default() };
    let mut program = Program::default();
    loop {
        parser.links = 0;
        parser.separators();
        if parser.peek().is_none() {
            return Some(program);
        }
        if parser.word("function") || parser.word("func") {
            let (name, function) = parser.function()?;
            program.functions.insert(name, function);
            continue;
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
                parser.lines();
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
        program.rules.push(Rule { selector, body });
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

    /// Line ends where a line goes on.
    fn lines(&mut self) {
        self.blanks();
        while self.peek() == Some('\n') {
            self.at += 1;
            self.blanks();
        }
    }

    fn function(&mut self) -> Option<(String, Function)> {
        let name = self.name()?;
        self.eat("(").then_some(())?;
        let mut parameters = Vec::new();
        if !self.eat(")") {
            loop {
                self.lines();
                parameters.push(self.name()?);
                self.lines();
                if self.eat(")") {
                    break;
                }
                self.eat(",").then_some(())?;
            }
        }
        self.lines();
        let body = self.block()?;
        Some((name, Function { parameters, body }))
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
        self.lines();
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
        if self.word("nextfile") {
            return Some(Statement::NextFile);
        }
        if self.word("next") {
            return Some(Statement::Next);
        }
        if self.word("return") {
            return Some(Statement::Return(self.result()?));
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
            return Some(Statement::Exit(self.result()?));
        }
        self.expression().map(Statement::Expression)
    }

    /// What stands behind `exit` or `return`, if anything does.
    fn result(&mut self) -> Option<Option<Expression>> {
        self.blanks();
        if matches!(self.peek(), None | Some('}' | ';' | '\n')) {
            return Some(None);
        }
        self.expression().map(Some)
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
                self.lines();
            }
        }
        self.in_print = false;
        let mut target = None;
        for sign in [">>", ">", "|"] {
            if self.eat(sign) {
                target = Some((sign.to_owned(), self.binary(CONCATENATION)?));
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
}
