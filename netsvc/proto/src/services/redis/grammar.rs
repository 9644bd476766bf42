//! How a script of the part of Lua that intruders use is built: a row of statements over simple expressions.

use super::lexer::{Token, tokens};

/// Deepest nesting of expressions.
pub(super) const DEPTH: usize = 32;
/// Most operators, indices and calls of a statement: a chain of them is as deep a tree as it is long.
const LINKS: usize = 1000;

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// `local name = value`, or `name = value`.
    Assign(bool, String, Expression),
    Call(Expression),
    Return(Option<Expression>),
    /// A construct that is not run.
    Beyond,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Value(Value),
    Name(String),
    Index(Box<Expression>, Box<Expression>),
    Call(Box<Expression>, Vec<Expression>),
    Table(Vec<(Option<String>, Expression)>),
    Binary(String, Box<Expression>, Box<Expression>),
    Unary(String, Box<Expression>),
}

/// A parsed script.
#[derive(Debug)]
pub(super) struct Program(pub Vec<Statement>);

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Number(f64),
    Text(Vec<u8>),
    /// Items, and named fields.
    Table(Vec<Value>, Vec<(String, Value)>),
    /// A function of the library by its full name.
    Function(String),
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Operators, indices and calls of the statement so far.
    links: usize,
}

/// Reads a script.
///
/// # Errors
/// What Lua says of it, without the place.
pub(super) fn parse(source: &[u8]) -> Result<Program, String> {
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens: &tokens, at: 0, links: 0 };
    let mut statements = Vec::new();
    while parser.at < tokens.len() {
        if parser.take(";") {
            continue;
        }
        parser.links = 0;
        let statement = parser.statement()?;
        let last = matches!(statement, Statement::Return(_) | Statement::Beyond);
        statements.push(statement);
        if last {
            break;
        }
    }
    Ok(Program(statements))
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn near(&self) -> String {
        self.peek().map_or_else(|| "'<eof>'".to_owned(), |token| format!("'{}'", token.shown()))
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(symbol));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) { Ok(()) } else { Err(format!("'{symbol}' expected near {}", self.near())) }
    }

    /// Counts one more link of a chain.
    fn link(&mut self) -> Result<(), String> {
        self.links += 1;
        if LINKS < self.links { Err("chunk has too many syntax levels".to_owned()) } else { Ok(()) }
    }

    fn statement(&mut self) -> Result<Statement, String> {
        if self.take("return") {
            let ended = self.peek().is_none_or(|token| token.is(";"));
            let value = if ended { None } else { Some(self.expression(0, 0)?) };
            while self.take(";") {}
            if self.peek().is_some() {
                return Err(format!("'<eof>' expected near {}", self.near()));
            }
            return Ok(Statement::Return(value));
        }
        let beyond = ["if", "for", "while", "repeat", "function", "do"];
        if beyond.iter().any(|word| self.peek().is_some_and(|token| token.is(word))) {
            return Ok(Statement::Beyond);
        }
        let local = self.take("local");
        if local {
            let Some(Token::Name(name)) = self.peek().cloned() else {
                return if self.peek().is_some_and(|token| token.is("function")) {
                    Ok(Statement::Beyond)
                } else {
                    Err(format!("<name> expected near {}", self.near()))
                };
            };
            self.at += 1;
            if !self.take("=") {
                return Ok(Statement::Assign(true, name, Expression::Value(Value::Nil)));
            }
            return Ok(Statement::Assign(true, name, self.expression(0, 0)?));
        }
        let target = self.postfix(0)?;
        match target {
            Expression::Call(..) => Ok(Statement::Call(target)),
            Expression::Name(name) => {
                self.expect("=")?;
                Ok(Statement::Assign(false, name, self.expression(0, 0)?))
            }
            _ if self.take("=") => Ok(Statement::Beyond),
            _ => Err(format!("'=' expected near {}", self.near())),
        }
    }

    /// An expression whose operators bind at least as strongly as `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Expression, String> {
        if DEPTH < depth {
            return Err("chunk has too many syntax levels".to_owned());
        }
        let unary = ["not", "-", "#"].into_iter().find(|symbol| self.take(symbol));
        let mut left = match unary {
            Some(symbol) => Expression::Unary(symbol.to_owned(), Box::new(self.expression(7, depth + 1)?)),
            None => self.postfix(depth)?,
        };
        while let Some((symbol, strength)) = self.peek().and_then(binary).filter(|(_, s)| least <= *s) {
            self.at += 1;
            self.link()?;
            let next = if symbol == ".." { strength } else { strength + 1 };
            let right = self.expression(next, depth + 1)?;
            left = Expression::Binary(symbol.to_owned(), Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn postfix(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.primary(depth)?;
        loop {
            if self.take(".") || self.take(":") {
                let Some(Token::Name(name)) = self.peek().cloned() else {
                    return Err(format!("<name> expected near {}", self.near()));
                };
                self.at += 1;
                self.link()?;
                let name = Expression::Value(Value::Text(name.into_bytes()));
                left = Expression::Index(Box::new(left), Box::new(name));
            } else if self.take("[") {
                self.link()?;
                let index = self.expression(0, depth + 1)?;
                self.expect("]")?;
                left = Expression::Index(Box::new(left), Box::new(index));
            } else if self.take("(") {
                self.link()?;
                let mut arguments = Vec::new();
                while !self.take(")") {
                    if !arguments.is_empty() {
                        self.expect(",")?;
                    }
                    arguments.push(self.expression(0, depth + 1)?);
                    if self.peek().is_none() {
                        return Err(format!("')' expected near {}", self.near()));
                    }
                }
                left = Expression::Call(Box::new(left), arguments);
            } else {
                return Ok(left);
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, String> {
        let refusal = Err(format!("unexpected symbol near {}", self.near()));
        let Some(token) = self.peek().cloned() else { return refusal };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expression::Value(Value::Number(number))),
            Token::Text(text) => Ok(Expression::Value(Value::Text(text))),
            Token::Name(name) => Ok(Expression::Name(name)),
            token if token.is("nil") => Ok(Expression::Value(Value::Nil)),
            token if token.is("true") => Ok(Expression::Value(Value::Bool(true))),
            token if token.is("false") => Ok(Expression::Value(Value::Bool(false))),
            token if token.is("(") => {
                let inner = self.expression(0, depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            token if token.is("{") => self.table(depth),
            _ => refusal,
        }
    }

    fn table(&mut self, depth: usize) -> Result<Expression, String> {
        let mut items = Vec::new();
        while !self.take("}") {
            let named = match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
                (Some(Token::Name(name)), Some(next)) if next.is("=") => Some(name.clone()),
                _ => None,
            };
            if named.is_some() {
                self.at += 2;
            }
            items.push((named, self.expression(0, depth + 1)?));
            if !self.take(",") && !self.take(";") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expression::Table(items))
    }
}

fn binary(token: &Token) -> Option<(&'static str, u8)> {
    const OPERATORS: &[(&str, u8)] = &[
        ("or", 1),
        ("and", 2),
        ("==", 3),
        ("~=", 3),
        ("<", 3),
        (">", 3),
        ("<=", 3),
        (">=", 3),
        ("..", 4),
        ("+", 5),
        ("-", 5),
        ("*", 6),
        ("/", 6),
        ("%", 6),
    ];
    OPERATORS.iter().copied().find(|(symbol, _)| token.is(symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_is_as_deep_as_it_is_long() {
        for (head, link) in
            [("1", "+1"), ("a", ".a"), ("a", "[1]"), ("f", "()"), ("1", " or 1"), ("a", "..a")]
        {
            let script = |links: usize| format!("return {head}{}", link.repeat(links));
            assert!(parse(script(20).as_bytes()).is_ok(), "{link}");
            assert!(parse(script(100_000).as_bytes()).is_err(), "{link}");
        }
    }
}
