//! Reads queries.

use crate::{
    Fault,
    ast::{Expression, Item, Join, Name, Query, Select, Source},
    dialect::Dialect,
    lexer::{self, Placed, Token},
    lexer_postgres, lexer_tsql,
    value::Value,
};

/// Deepest nesting.
const DEPTH: usize = 32;
/// Most operators of an expression: chains of them are as deep as they are long.
pub(crate) const OPERATORS: usize = 200;
/// Most words of a statement.
const WORDS: usize = 200_000;

/// Words that end a name without AS.
pub(crate) const RESERVED: &[&str] = &[
    "from",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "on",
    "join",
    "inner",
    "left",
    "right",
    "cross",
    "into",
    "as",
    "and",
    "or",
    "set",
    "values",
    "procedure",
    "for",
    "lock",
    "using",
    "natural",
    "desc",
    "asc",
    "between",
    "like",
    "in",
    "is",
    "not",
    "regexp",
    "rlike",
    "div",
    "mod",
    "xor",
    "when",
    "then",
    "else",
    "end",
    "collate",
    "separator",
    "offset",
    "straight_join",
    "select",
    "case",
];

pub(crate) struct Parser<'a> {
    pub source: &'a str,
    pub dialect: Dialect,
    pub words: Vec<Placed>,
    pub at: usize,
    pub depth: usize,
    pub parameters: usize,
    /// Operators of the outermost expression so far.
    pub operators: usize,
    /// Rows that the SELECT that was read last would have at most.
    pub top: Option<usize>,
}

/// The words of a statement.
pub(crate) fn words(source: &str, dialect: Dialect) -> Vec<Placed> {
    match dialect {
        Dialect::Mysql => lexer::tokens(source),
        Dialect::Postgres => lexer_postgres::tokens(source),
        Dialect::Tsql => lexer_tsql::tokens(source),
    }
}

pub(crate) type Read<T> = Result<T, Fault>;

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str, dialect: Dialect) -> Read<Self> {
        let words = words(source, dialect);
        let parser =
            Parser { source, dialect, words, at: 0, depth: 0, parameters: 0, operators: 0, top: None };
        if WORDS < parser.words.len() { Err(parser.wrong()) } else { Ok(parser) }
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.words.get(self.at).map(|placed| &placed.token)
    }

    pub(crate) fn ahead(&self, count: usize) -> Option<&Token> {
        self.words.get(self.at + count).map(|placed| &placed.token)
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    pub(crate) fn done(&self) -> bool {
        self.at >= self.words.len()
    }

    /// Place of the next word.
    pub(crate) fn place(&self) -> usize {
        self.words.get(self.at).map_or(self.source.len(), |placed| placed.at)
    }

    /// The statement does not go on like this.
    pub(crate) fn wrong(&self) -> Fault {
        let place = self.place();
        let before = self.source.get(..place).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let near: String = self.source.get(place..).unwrap_or_default().chars().take(80).collect();
        Fault::Syntax { near, line, at: place }
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(own, false)) if own.eq_ignore_ascii_case(word))
    }

    pub(crate) fn word(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, word: &str) -> Read<()> {
        if self.word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(crate) fn mark(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(own)) if *own == symbol);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect_mark(&mut self, symbol: &str) -> Read<()> {
        if self.mark(symbol) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(crate) fn name(&mut self) -> Read<String> {
        match self.peek() {
            Some(Token::Word(word, quoted))
                if *quoted
                    || !(RESERVED.contains(&word.to_lowercase().as_str()) || self.dialect.reserves(word)) =>
            {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn table_name(&mut self) -> Read<Name> {
        if self.is_tsql() {
            return self.table_of_schema();
        }
        let first = self.name()?;
        if self.mark(".") { Ok((Some(first), self.name()?)) } else { Ok((None, first)) }
    }

    pub(crate) fn text(&mut self) -> Read<Vec<u8>> {
        match self.peek().cloned() {
            Some(Token::Text(text) | Token::Bytes(text)) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn natural(&mut self) -> Read<usize> {
        if matches!(self.peek(), Some(Token::Parameter)) {
            return Err(self.wrong());
        }
        match self.peek() {
            Some(Token::Number(digits)) => {
                let number = digits.parse().map_err(|_| self.wrong())?;
                self.at += 1;
                Ok(number)
            }
            _ => Err(self.wrong()),
        }
    }

    /// Runs `read` one level deeper.
    pub(crate) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.depth += 1;
        let outcome = if DEPTH < self.depth { Err(self.wrong()) } else { read(self) };
        self.depth -= 1;
        outcome
    }

    pub(crate) fn query(&mut self) -> Read<Query> {
        self.deeper(|parser| {
            let mut query = Query::default();
            loop {
                let closed = parser.mark("(");
                if closed {
                    let inner = parser.query()?;
                    parser.expect_mark(")")?;
                    let more = parser.is("union") || !query.selects.is_empty();
                    let plain = inner.selects.len() == 1 && inner.order.is_empty() && inner.limit.is_none();
                    if more && !plain {
                        let nested = Some(Box::new(inner));
                        query.selects.push(Select { nested, ..Select::default() });
                        query.all.push(false);
                    } else {
                        query.all.extend(inner.all.iter().copied());
                        query.selects.extend(inner.selects);
                        query.order = inner.order;
                        query.limit = inner.limit;
                    }
                } else {
                    let select = parser.select()?;
                    if let Some(top) = parser.top.take() {
                        query.limit = Some((0, top));
                    }
                    query.selects.push(select);
                    query.all.push(false);
                }
                if !parser.word("union") {
                    break;
                }
                let all = parser.word("all");
                let _ = parser.word("distinct");
                let kept = query.all.len();
                query.all.resize(kept, false);
                if let Some(last) = query.all.last_mut() {
                    // Whether the next one keeps what is there stands with the one before it.
                    *last = all;
                }
            }
            parser.tail(&mut query)?;
            Ok(query)
        })
    }

    fn tail(&mut self, query: &mut Query) -> Read<()> {
        if self.word("order") {
            self.expect("by")?;
            query.order = self.ordering()?;
        }
        if self.is_postgres() {
            return self.bounds(query);
        }
        if self.is_tsql() {
            return self.pages(query);
        }
        if self.word("limit") {
            let first = self.natural()?;
            query.limit = Some(if self.mark(",") {
                (first, self.natural()?)
            } else if self.word("offset") {
                (self.natural()?, first)
            } else {
                (0, first)
            });
        }
        if self.word("procedure") {
            // An old way to read data from errors: the server knows ANALYSE only.
            while !self.done() && !matches!(self.peek(), Some(Token::Symbol(")" | ";"))) {
                self.skip();
            }
        }
        if let Some(last) = query.selects.last_mut()
            && last.into.is_none()
        {
            last.into = self.file_behind_into()?;
        }
        if self.word("for") {
            self.expect("update")?;
        }
        if self.word("lock") {
            for word in ["in", "share", "mode"] {
                self.expect(word)?;
            }
        }
        Ok(())
    }

    pub(crate) fn ordering(&mut self) -> Read<Vec<(Expression, bool)>> {
        let mut order = Vec::new();
        loop {
            let expression = self.expression()?;
            let descending = self.word("desc");
            let _ = !descending && self.word("asc");
            if self.is_postgres() && self.word("nulls") {
                let _ = self.word("first") || self.word("last");
            }
            order.push((expression, descending));
            if !self.mark(",") {
                return Ok(order);
            }
        }
    }

    fn select(&mut self) -> Read<Select> {
        self.expect("select")?;
        let mut select = Select::default();
        loop {
            if self.word("distinct") || self.word("distinctrow") {
                select.distinct = true;
            } else if !["all", "sql_no_cache", "sql_calc_found_rows", "straight_join", "high_priority"]
                .iter()
                .any(|word| self.word(word))
            {
                break;
            }
        }
        let top = self.top()?;
        loop {
            let item = self.item()?;
            select.items.push(item);
            if !self.mark(",") {
                break;
            }
        }
        select.into = self.file_behind_into()?;
        if self.word("from") {
            self.sources(&mut select)?;
        }
        if self.word("where") {
            select.filter = Some(self.expression()?);
        }
        if self.word("group") {
            self.expect("by")?;
            select.groups = self.ordering()?.into_iter().map(|(expression, _)| expression).collect();
        }
        if self.word("having") {
            select.having = Some(self.expression()?);
        }
        if select.into.is_none() && self.is("into") {
            select.into = self.file_behind_into()?;
        }
        self.top = top;
        Ok(select)
    }

    fn item(&mut self) -> Read<Item> {
        if self.mark("*") {
            return Ok(Item::Star(None));
        }
        if let (Some(Token::Word(table, _)), Some(Token::Symbol(".")), Some(Token::Symbol("*"))) =
            (self.peek(), self.ahead(1), self.ahead(2))
        {
            let table = table.clone();
            self.at += 3;
            return Ok(Item::Star(Some(table)));
        }
        if let Some(item) = self.assigned_item()? {
            return Ok(item);
        }
        let begin = self.place();
        let expression = self.expression()?;
        let end = self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or(begin, |placed| placed.end);
        if let Some(alias) = self.alias()? {
            return Ok(Item::One(expression, alias));
        }
        if self.is_postgres() {
            let name = Self::shown_name(&expression);
            return Ok(Item::One(expression, name));
        }
        if self.is_tsql() {
            let name =
                if let Expression::Column(_, _, name) = &expression { name.clone() } else { String::new() };
            return Ok(Item::One(expression, name));
        }
        let name = match &expression {
            Expression::Column(_, _, name) => name.clone(),
            Expression::Literal(Value::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Expression::Literal(Value::Null | Value::Integer(_))
                if self.source.get(begin..end).is_some_and(|word| word.starts_with(char::is_alphabetic)) =>
            {
                self.source.get(begin..end).unwrap_or_default().to_uppercase()
            }
            _ => self.source.get(begin..end).unwrap_or_default().to_owned(),
        };
        Ok(Item::One(expression, name))
    }

    pub(crate) fn alias(&mut self) -> Read<Option<String>> {
        let told = self.word("as");
        match self.peek() {
            Some(Token::Text(text)) if self.dialect != Dialect::Postgres => {
                let name = String::from_utf8_lossy(text).into_owned();
                self.skip();
                Ok(Some(name))
            }
            Some(Token::Word(word, quoted))
                if *quoted
                    || !(RESERVED.contains(&word.to_lowercase().as_str()) || self.dialect.reserves(word)) =>
            {
                Ok(Some(self.name()?))
            }
            _ if told => Err(self.wrong()),
            _ => Ok(None),
        }
    }

    fn sources(&mut self, select: &mut Select) -> Read<()> {
        let mut join = Join::Inner;
        loop {
            let source = self.source_table()?;
            let mut condition = None;
            if self.word("on") {
                condition = Some(self.expression()?);
            } else if self.word("using") {
                self.expect_mark("(")?;
                let name = self.name()?;
                self.expect_mark(")")?;
                let column =
                    |table: &Source| Box::new(Expression::Column(None, Some(table.name()), name.clone()));
                if let Some((_, first, _)) = select.from.first() {
                    condition = Some(Expression::Binary("=", column(first), column(&source)));
                }
            }
            select.from.push((join, source, condition));
            join = Join::Inner;
            if self.mark(",") {
                continue;
            }
            let left = self.word("left");
            if left || self.word("right") {
                let _ = self.word("outer");
                join = if left { Join::Left } else { Join::Right };
                self.expect("join")?;
            } else if self.word("inner") || self.word("cross") {
                self.expect("join")?;
            } else if !(self.word("join") || self.word("straight_join")) {
                return Ok(());
            }
        }
    }

    fn source_table(&mut self) -> Read<Source> {
        let call = |at| matches!(self.ahead(at), Some(Token::Symbol("(")));
        if self.is_postgres() && matches!(self.peek(), Some(Token::Word(..))) && (call(1) || call(3)) {
            return self.source_function();
        }
        if self.mark("(") {
            let query = self.query()?;
            self.expect_mark(")")?;
            let alias = self.alias()?.ok_or_else(|| self.wrong())?;
            return Ok(Source::Query(Box::new(query), alias));
        }
        let (database, table) = self.table_name()?;
        self.hints()?;
        let alias = self.alias()?;
        self.hints()?;
        Ok(Source::Table(database, table, alias))
    }
}

impl Source {
    /// Its name in expressions.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::Table(_, table, alias) => alias.clone().unwrap_or_else(|| table.clone()),
            Source::Query(_, alias) => alias.clone(),
        }
    }
}
