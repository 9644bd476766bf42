//! What only PostgreSQL writes: types with casts to them, arrays, operators of patterns.

use crate::{
    ast::{Call, Expression, Item, Query, Select, Source},
    dialect::Dialect,
    lexer::Token,
    parse::{Parser, Read},
    value::Value,
};

/// Types under the names that the catalogue shows, by those that statements use.
const TYPES: &[(&str, &str)] = &[
    ("bigserial", "bigint"),
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("char", "character"),
    ("decimal", "numeric"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("serial", "integer"),
    ("serial4", "integer"),
    ("serial8", "bigint"),
    ("smallserial", "smallint"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("time", "time without time zone"),
    ("timetz", "time with time zone"),
    ("varchar", "character varying"),
];
/// Types whose literals may be written behind their names.
const LITERALS: &[&str] =
    &["date", "time", "timestamp", "timestamptz", "interval", "bool", "text", "regclass"];
/// Functions that are called without parentheses.
const BARE: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

impl Parser<'_> {
    /// Whether the statement is PostgreSQL's.
    pub(crate) fn is_postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// A type by the name that the catalogue shows, with its bounds, and the word that it began with.
    pub(crate) fn type_name(&mut self) -> Read<(String, String)> {
        let mut word = match self.peek().cloned() {
            Some(Token::Word(word, _)) => word,
            _ => return Err(self.wrong()),
        };
        self.skip();
        if self.mark(".") {
            word = self.name()?;
        }
        let begin = word.clone();
        if word == "double" && self.word("precision") {
            word = "double precision".to_owned();
        } else if (word == "character" || word == "char") && self.word("varying") {
            word = "character varying".to_owned();
        }
        let mut shown =
            TYPES.iter().find(|(known, _)| *known == word).map_or(word, |(_, shown)| (*shown).to_owned());
        if self.mark("(") {
            let mut bounds = vec![self.natural()?.to_string()];
            while self.mark(",") {
                bounds.push(self.natural()?.to_string());
            }
            self.expect_mark(")")?;
            shown = match shown.split_once(' ') {
                Some((first, rest)) if first != "character" => {
                    format!("{first}({}) {rest}", bounds.join(","))
                }
                _ => format!("{shown}({})", bounds.join(",")),
            };
        }
        if begin == "timestamp" || begin == "time" {
            let with = self.word("with");
            if with || self.word("without") {
                self.expect("time")?;
                self.expect("zone")?;
            }
            if with {
                shown = shown.replace("without", "with");
            }
        }
        while self.mark("[") {
            self.expect_mark("]")?;
            shown.push_str("[]");
        }
        Ok((shown, begin))
    }

    /// Casts behind `inner`.
    pub(crate) fn casts(&mut self, mut inner: Expression) -> Read<Expression> {
        loop {
            let index = self.is_postgres() && self.mark("[");
            if !index && !self.mark("::") {
                return Ok(inner);
            }
            self.operators += 1;
            if crate::parse::OPERATORS < self.operators {
                return Err(self.wrong());
            }
            inner = if index {
                let at = self.expression()?;
                self.expect_mark("]")?;
                Expression::Call(Call::plain(None, "element".to_owned(), vec![inner, at]))
            } else {
                Expression::Cast(Box::new(inner), self.type_name()?.0)
            };
        }
    }

    /// What begins with a word that only PostgreSQL knows; `call`: a parenthesis follows.
    pub(crate) fn own_word(&mut self, word: &str, call: bool) -> Read<Option<Expression>> {
        if word == "array" {
            self.skip();
            if self.mark("(") {
                let query = self.query()?;
                self.expect_mark(")")?;
                return Ok(Some(Expression::Array(Box::new(query))));
            }
            self.expect_mark("[")?;
            let list = self.list("]")?;
            return Ok(Some(Expression::Call(Call::plain(None, "array_of".to_owned(), list))));
        }
        if word == "cast" && call {
            self.at += 2;
            let inner = self.expression()?;
            self.expect("as")?;
            let (kind, _) = self.type_name()?;
            self.expect_mark(")")?;
            return Ok(Some(Expression::Cast(Box::new(inner), kind)));
        }
        if call {
            return Ok(None);
        }
        if BARE.contains(&word) {
            self.skip();
            return Ok(Some(Expression::Call(Call::plain(None, word.to_owned(), Vec::new()))));
        }
        if let (true, Some(Token::Text(text))) = (LITERALS.contains(&word), self.ahead(1).cloned()) {
            self.at += 2;
            let literal = Box::new(Expression::Literal(Value::Text(text)));
            return Ok(Some(Expression::Cast(literal, word.to_owned())));
        }
        Ok(None)
    }

    /// The operator that comes next where it is one of PostgreSQL's, with its strength and how many words it takes.
    pub(crate) fn own_operator(&self) -> Option<(&'static str, u8, usize)> {
        const SYMBOLS: &[(&str, &str)] = &[
            ("||", "concat"),
            ("~", "~"),
            ("~*", "~*"),
            ("!~", "!~"),
            ("!~*", "!~*"),
            ("~~", "~~"),
            ("~~*", "~~*"),
            ("!~~", "!~~"),
            ("!~~*", "!~~*"),
        ];
        // OPERATOR(schema.symbol)
        let (symbol, taken) = if self.is("operator") {
            let Some(Token::Symbol(symbol)) = self.ahead(4) else { return None };
            (*symbol, 6)
        } else {
            let Some(Token::Symbol(symbol)) = self.peek() else { return None };
            (*symbol, 1)
        };
        if taken == 6 && symbol == "=" {
            return Some(("=", 5, taken));
        }
        let (_, name) = SYMBOLS.iter().find(|(known, _)| *known == symbol)?;
        Some((name, 5, taken))
    }

    /// ANY or ALL behind a comparison, as a call of what tells whether a value is in an array.
    pub(crate) fn of_array(&mut self, left: &Expression, operator: &str) -> Read<Option<Expression>> {
        if !self.is_postgres() || !(self.is("any") || self.is("some") || self.is("all")) {
            return Ok(None);
        }
        let all = self.is("all");
        self.skip();
        self.expect_mark("(")?;
        if self.is("select") {
            let query = self.query()?;
            self.expect_mark(")")?;
            return Ok(Some(Expression::InQuery(Box::new(left.clone()), Box::new(query), operator != "=")));
        }
        let array = self.expression()?;
        self.expect_mark(")")?;
        let name = if all { "equals_all" } else { "equals_any" };
        let found = Expression::Call(Call::plain(None, name.to_owned(), vec![left.clone(), array]));
        Ok(Some(if operator == "=" { found } else { Expression::Unary("not", Box::new(found)) }))
    }

    /// LIMIT, OFFSET and FETCH in any order.
    pub(crate) fn bounds(&mut self, query: &mut Query) -> Read<()> {
        let (mut offset, mut count) = (0, usize::MAX);
        loop {
            if self.word("limit") {
                if !self.word("all") {
                    count = self.natural()?;
                }
            } else if self.word("offset") {
                offset = self.natural()?;
                let _ = self.word("row") || self.word("rows");
            } else if self.word("fetch") {
                let _ = self.word("first") || self.word("next");
                count = if self.is("row") || self.is("rows") { 1 } else { self.natural()? };
                let _ = self.word("row") || self.word("rows");
                self.expect("only")?;
            } else {
                break;
            }
            query.limit = Some((offset, count));
        }
        if self.word("for") && !(self.word("update") || self.word("share")) {
            return Err(self.wrong());
        }
        Ok(())
    }

    /// A function that rows come from: one row, with its result.
    pub(crate) fn source_function(&mut self) -> Read<Source> {
        let expression = self.expression()?;
        let name = Self::shown_name(&expression);
        let alias = self.alias()?.unwrap_or_else(|| name.clone());
        let select = Select { items: vec![Item::One(expression, name)], ..Select::default() };
        let query = Query { selects: vec![select], all: vec![false], ..Query::default() };
        Ok(Source::Query(Box::new(query), alias))
    }

    /// The name of a column that shows `expression`.
    pub(crate) fn shown_name(expression: &Expression) -> String {
        match expression {
            Expression::Column(_, _, name) => name.clone(),
            Expression::Call(call) if call.name == "array_of" => "array".to_owned(),
            Expression::Call(call) => call.name.clone(),
            Expression::Array(_) => "array".to_owned(),
            Expression::Case(..) => "case".to_owned(),
            Expression::Exists(_) => "exists".to_owned(),
            Expression::Cast(inner, kind) => match &**inner {
                Expression::Column(..) | Expression::Call(_) => Self::shown_name(inner),
                _ => {
                    let plain = kind.split('(').next().unwrap_or_default();
                    let short = TYPES.iter().find(|(short, long)| {
                        *long == plain && short.ends_with(|c: char| c.is_ascii_digit())
                    });
                    short.map_or_else(|| plain.to_owned(), |(short, _)| (*short).to_owned())
                }
            },
            _ => "?column?".to_owned(),
        }
    }
}
