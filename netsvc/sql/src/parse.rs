//! Reads expressions and queries.

use crate::{
    Fault,
    ast::{Call, Expression, Item, Join, Name, Query, Select, Source},
    lexer::{Placed, Token, tokens},
    number::Decimal,
    value::Value,
};

/// Deepest nesting.
const DEPTH: usize = 48;
/// Most words of a statement.
const WORDS: usize = 200_000;

/// Words that end a name without AS.
const RESERVED: &[&str] = &[
    "from", "where", "group", "order", "having", "limit", "union", "on", "join", "inner", "left", "right", "cross",
    "into", "as", "and", "or", "set", "values", "procedure", "for", "lock", "using", "natural", "desc", "asc",
    "between", "like", "in", "is", "not", "regexp", "rlike", "div", "mod", "xor", "when", "then", "else", "end",
    "collate", "separator", "offset", "straight_join", "select", "case",
];

pub(crate) struct Parser<'a> {
    pub source: &'a str,
    words: Vec<Placed>,
    at: usize,
    depth: usize,
    pub parameters: usize,
}

pub(crate) type Read<T> = Result<T, Fault>;

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str) -> Read<Self> {
        let words = tokens(source);
        let parser = Parser { source, words, at: 0, depth: 0, parameters: 0 };
        if WORDS < parser.words.len() { Err(parser.wrong()) } else { Ok(parser) }
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.words.get(self.at).map(|placed| &placed.token)
    }

    fn ahead(&self, count: usize) -> Option<&Token> {
        self.words.get(self.at + count).map(|placed| &placed.token)
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    pub(crate) fn done(&self) -> bool {
        self.at >= self.words.len()
    }

    /// Place of the next word.
    fn place(&self) -> usize {
        self.words.get(self.at).map_or(self.source.len(), |placed| placed.at)
    }

    /// The statement does not go on like this.
    pub(crate) fn wrong(&self) -> Fault {
        let place = self.place();
        let before = self.source.get(..place).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let near: String = self.source.get(place..).unwrap_or_default().chars().take(80).collect();
        Fault::Syntax { near, line }
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
            Some(Token::Word(word, quoted)) if *quoted || !RESERVED.contains(&word.to_lowercase().as_str()) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn table_name(&mut self) -> Read<Name> {
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
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
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
                    let lone = query.selects.is_empty();
                    let (order, limit) = (inner.order.clone(), inner.limit);
                    query.all.extend(inner.all.iter().copied());
                    query.selects.extend(inner.selects);
                    if lone {
                        query.order = order;
                        query.limit = limit;
                    }
                } else {
                    let select = parser.select()?;
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
            last.into = self.into_file()?;
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

    fn ordering(&mut self) -> Read<Vec<(Expression, bool)>> {
        let mut order = Vec::new();
        loop {
            let expression = self.expression()?;
            let descending = self.word("desc");
            let _ = !descending && self.word("asc");
            order.push((expression, descending));
            if !self.mark(",") {
                return Ok(order);
            }
        }
    }

    fn into_file(&mut self) -> Read<Option<Vec<u8>>> {
        if !self.word("into") {
            return Ok(None);
        }
        if !(self.word("outfile") || self.word("dumpfile")) {
            return Err(self.wrong());
        }
        let path = self.text()?;
        while ["fields", "columns", "lines", "terminated", "enclosed", "optionally", "escaped", "starting", "by", "character", "set"]
            .iter()
            .any(|word| self.word(word))
            || matches!(self.peek(), Some(Token::Text(_) | Token::Bytes(_)))
        {
            if matches!(self.peek(), Some(Token::Text(_) | Token::Bytes(_))) {
                self.skip();
            }
        }
        Ok(Some(path))
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
        loop {
            let item = self.item()?;
            select.items.push(item);
            if !self.mark(",") {
                break;
            }
        }
        select.into = self.into_file()?;
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
            select.into = self.into_file()?;
        }
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
        let begin = self.place();
        let expression = self.expression()?;
        let end = self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or(begin, |placed| placed.end);
        if let Some(alias) = self.alias()? {
            return Ok(Item::One(expression, alias));
        }
        let name = match &expression {
            Expression::Column(_, _, name) => name.clone(),
            Expression::Literal(Value::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => self.source.get(begin..end).unwrap_or_default().to_owned(),
        };
        Ok(Item::One(expression, name))
    }

    fn alias(&mut self) -> Read<Option<String>> {
        let told = self.word("as");
        match self.peek() {
            Some(Token::Text(text)) => {
                let name = String::from_utf8_lossy(text).into_owned();
                self.skip();
                Ok(Some(name))
            }
            Some(Token::Word(word, quoted)) if *quoted || !RESERVED.contains(&word.to_lowercase().as_str()) => {
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
                let column = |table: &Source| Box::new(Expression::Column(None, Some(table.name()), name.clone()));
                if let Some((_, first, _)) = select.from.first() {
                    condition = Some(Expression::Binary("=", column(first), column(&source)));
                }
            }
            select.from.push((join, source, condition));
            join = Join::Inner;
            if self.mark(",") {
                continue;
            }
            if self.word("left") || self.word("right") {
                let _ = self.word("outer");
                join = Join::Left;
                self.expect("join")?;
            } else if self.word("inner") || self.word("cross") {
                self.expect("join")?;
            } else if !(self.word("join") || self.word("straight_join")) {
                return Ok(());
            }
        }
    }

    fn source_table(&mut self) -> Read<Source> {
        if self.mark("(") {
            let query = self.query()?;
            self.expect_mark(")")?;
            let alias = self.alias()?.ok_or_else(|| self.wrong())?;
            return Ok(Source::Query(Box::new(query), alias));
        }
        let (database, table) = self.table_name()?;
        let alias = self.alias()?;
        Ok(Source::Table(database, table, alias))
    }

    pub(crate) fn expression(&mut self) -> Read<Expression> {
        self.deeper(|parser| parser.binding(0))
    }

    /// An expression whose operators bind at least as strongly as `least`.
    fn binding(&mut self, least: u8) -> Read<Expression> {
        let mut left = if self.is("not") && least <= 3 {
            self.skip();
            let inner = self.deeper(|parser| parser.binding(3))?;
            Expression::Unary("not", Box::new(inner))
        } else {
            self.prefix()?
        };
        loop {
            if least <= 4
                && let Some(next) = self.comparison(left.clone())?
            {
                left = next;
                continue;
            }
            let Some((operator, strength)) = self.operator().filter(|(_, strength)| least <= *strength) else {
                return Ok(left);
            };
            self.skip();
            let right = self.deeper(|parser| parser.binding(strength + 1))?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn operator(&self) -> Option<(&'static str, u8)> {
        const WORDS: &[(&str, u8)] =
            &[("or", 0), ("xor", 1), ("and", 2), ("div", 8), ("mod", 8)];
        const SYMBOLS: &[(&str, u8)] = &[
            ("||", 0), ("&&", 2), ("=", 4), ("<=>", 4), ("<>", 4), ("!=", 4), ("<", 4), (">", 4), ("<=", 4), (">=", 4),
            ("|", 5), ("&", 6), ("<<", 6), (">>", 6), ("+", 7), ("-", 7), ("*", 8), ("/", 8), ("%", 8), ("^", 9),
        ];
        match self.peek()? {
            Token::Word(word, false) => WORDS.iter().copied().find(|(known, _)| word.eq_ignore_ascii_case(known)),
            Token::Symbol(symbol) => SYMBOLS.iter().copied().find(|(known, _)| known == symbol),
            _ => None,
        }
    }

    /// IN, BETWEEN, LIKE and their kin behind `left`.
    fn comparison(&mut self, left: Expression) -> Read<Option<Expression>> {
        let left = Box::new(left);
        if self.word("is") {
            let not = self.word("not");
            if self.word("null") {
                return Ok(Some(Expression::IsNull(left, not)));
            }
            let wanted = i64::from(self.word("true") || !self.word("false"));
            let right = Box::new(Expression::Literal(Value::Integer(wanted)));
            let truth = Box::new(Expression::Unary("truth", left));
            return Ok(Some(Expression::Binary(if not { "<>" } else { "=" }, truth, right)));
        }
        if self.word("collate") {
            self.name()?;
            return Ok(Some(*left));
        }
        let negated = self.is("not")
            && matches!(self.ahead(1), Some(Token::Word(word, false))
                if ["in", "between", "like", "regexp", "rlike"].iter().any(|known| word.eq_ignore_ascii_case(known)));
        self.at += usize::from(negated);
        if self.word("in") {
            self.expect_mark("(")?;
            if self.is("select") {
                let query = self.query()?;
                self.expect_mark(")")?;
                return Ok(Some(Expression::InQuery(left, Box::new(query), negated)));
            }
            let list = self.list(")")?;
            return Ok(Some(Expression::In(left, list, negated)));
        }
        if self.word("between") {
            let low = self.deeper(|parser| parser.binding(5))?;
            self.expect("and")?;
            let high = self.deeper(|parser| parser.binding(5))?;
            return Ok(Some(Expression::Between(left, Box::new(low), Box::new(high), negated)));
        }
        if self.word("like") {
            let pattern = self.deeper(|parser| parser.binding(5))?;
            if self.word("escape") {
                self.text()?;
            }
            return Ok(Some(Expression::Like(left, Box::new(pattern), negated)));
        }
        if self.word("regexp") || self.word("rlike") {
            let pattern = self.deeper(|parser| parser.binding(5))?;
            return Ok(Some(Expression::Regular(left, Box::new(pattern), negated)));
        }
        Ok(None)
    }

    /// Expressions up to `end`, which is taken.
    pub(crate) fn list(&mut self, end: &str) -> Read<Vec<Expression>> {
        let mut list = Vec::new();
        if self.mark(end) {
            return Ok(list);
        }
        loop {
            list.push(self.expression()?);
            if self.mark(end) {
                return Ok(list);
            }
            self.expect_mark(",")?;
        }
    }

    fn prefix(&mut self) -> Read<Expression> {
        for (symbol, operator) in [("-", "-"), ("+", "+"), ("!", "not"), ("~", "~")] {
            if self.mark(symbol) {
                let inner = self.deeper(Self::prefix)?;
                return Ok(match (operator, inner) {
                    ("+", inner) => inner,
                    ("-", Expression::Literal(Value::Integer(number))) => {
                        Expression::Literal(Value::Integer(number.wrapping_neg()))
                    }
                    ("-", Expression::Literal(Value::Decimal(number))) => {
                        Expression::Literal(Value::Decimal(number.negated()))
                    }
                    (operator, inner) => Expression::Unary(operator, Box::new(inner)),
                });
            }
        }
        if self.word("binary") {
            return self.deeper(Self::prefix).map(|inner| Expression::Unary("binary", Box::new(inner)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Read<Expression> {
        let Some(token) = self.peek().cloned() else { return Err(self.wrong()) };
        let refusal = self.wrong();
        match token {
            Token::Number(digits) => {
                self.skip();
                Ok(Expression::Literal(literal(&digits)))
            }
            Token::Text(mut text) => {
                self.skip();
                while let Some(Token::Text(more)) = self.peek() {
                    text.extend_from_slice(more);
                    self.skip();
                }
                Ok(Expression::Literal(Value::Text(text)))
            }
            Token::Bytes(bytes) => {
                self.skip();
                Ok(Expression::Literal(Value::Binary(bytes)))
            }
            Token::Variable(signs, name) => {
                self.skip();
                if signs == 1 && self.mark(":=") {
                    let value = self.expression()?;
                    return Ok(Expression::Assigned(name.to_lowercase(), Box::new(value)));
                }
                Ok(Expression::Variable(signs == 2, name.to_lowercase()))
            }
            Token::Parameter => {
                self.skip();
                self.parameters += 1;
                Ok(Expression::Parameter(self.parameters - 1))
            }
            Token::Symbol("(") => {
                self.skip();
                if self.is("select") {
                    let query = self.query()?;
                    self.expect_mark(")")?;
                    return Ok(Expression::Query(Box::new(query)));
                }
                let mut list = self.list(")")?;
                match (list.len(), list.pop()) {
                    (1, Some(one)) => Ok(one),
                    (_, Some(last)) => {
                        list.push(last);
                        Ok(Expression::Row(list))
                    }
                    _ => Err(refusal),
                }
            }
            Token::Word(word, quoted) => self.named(&word, quoted),
            _ => Err(refusal),
        }
    }

    fn named(&mut self, word: &str, quoted: bool) -> Read<Expression> {
        let lower = word.to_lowercase();
        let call = matches!(self.ahead(1), Some(Token::Symbol("(")));
        if !quoted && !call {
            let constant = match lower.as_str() {
                "null" => Some(Value::Null),
                "true" => Some(Value::Integer(1)),
                "false" => Some(Value::Integer(0)),
                _ => None,
            };
            if let Some(value) = constant {
                self.skip();
                return Ok(Expression::Literal(value));
            }
        }
        match lower.as_str() {
            "case" if !quoted => return self.case(),
            "exists" if call => {
                self.at += 2;
                let query = self.query()?;
                self.expect_mark(")")?;
                return Ok(Expression::Exists(Box::new(query)));
            }
            "interval" if !quoted && !call => {
                self.skip();
                let amount = self.expression()?;
                let unit = self.name()?;
                return Ok(Expression::Interval(Box::new(amount), unit.to_lowercase()));
            }
            "current_user" | "current_timestamp" | "current_date" | "current_time" if !quoted && !call => {
                self.skip();
                return Ok(Expression::Call(Call::plain(None, lower, Vec::new())));
            }
            // A character set in front of a string.
            "_utf8" | "_utf8mb4" | "_latin1" | "_binary" if !quoted => {
                self.skip();
                return self.primary();
            }
            _ => {}
        }
        if call && !quoted {
            self.at += 2;
            return self.call(None, lower);
        }
        let first = self.name()?;
        if !self.mark(".") {
            return Ok(Expression::Column(None, None, first));
        }
        let second = self.any_name()?;
        if self.mark("(") {
            return self.call(Some(first), second.to_lowercase());
        }
        if !self.mark(".") {
            return Ok(Expression::Column(None, Some(first), second));
        }
        Ok(Expression::Column(Some(first), Some(second), self.any_name()?))
    }

    /// A name behind a point, where keywords are names too.
    fn any_name(&mut self) -> Read<String> {
        match self.peek().cloned() {
            Some(Token::Word(word, _)) => {
                self.skip();
                Ok(word)
            }
            _ => Err(self.wrong()),
        }
    }

    fn case(&mut self) -> Read<Expression> {
        self.skip();
        let operand = if self.is("when") { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        while self.word("when") {
            let condition = self.expression()?;
            self.expect("then")?;
            branches.push((condition, self.expression()?));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.expression()?)) } else { None };
        self.expect("end")?;
        Ok(Expression::Case(operand, branches, otherwise))
    }

    fn call(&mut self, database: Option<String>, name: String) -> Read<Expression> {
        let mut call = Call::plain(database, name, Vec::new());
        call.distinct = self.word("distinct");
        if self.mark("*") {
            call.star = true;
            self.expect_mark(")")?;
            return Ok(Expression::Call(call));
        }
        if self.is("select") {
            let query = self.query()?;
            self.expect_mark(")")?;
            call.arguments.push(Expression::Query(Box::new(query)));
            return Ok(Expression::Call(call));
        }
        if self.mark(")") {
            return Ok(Expression::Call(call));
        }
        loop {
            call.arguments.push(self.expression()?);
            // CAST(x AS type), CONVERT(x USING set), SUBSTRING(x FROM a FOR b), TRIM(… FROM x).
            if self.word("as") || self.word("using") {
                let kind = self.name()?.to_lowercase();
                let mut cells = vec![Expression::Literal(Value::text(kind))];
                if self.mark("(") {
                    cells.extend(self.list(")")?);
                }
                let _ = self.word("integer");
                call.arguments.extend(cells);
            }
            if self.word("from") || self.word("for") || self.word("in") {
                continue;
            }
            if self.word("order") {
                self.expect("by")?;
                self.ordering()?;
            }
            if self.word("separator") {
                call.separator = Some(String::from_utf8_lossy(&self.text()?).into_owned());
            }
            if self.mark(")") {
                return Ok(Expression::Call(call));
            }
            self.expect_mark(",")?;
        }
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

impl Call {
    pub(crate) fn plain(database: Option<String>, name: String, arguments: Vec<Expression>) -> Self {
        Call { database, name, arguments, distinct: false, star: false, separator: None }
    }
}

/// A number as written.
fn literal(digits: &str) -> Value {
    if digits.contains(['e', 'E']) {
        return Value::Double(digits.parse().unwrap_or(0.0));
    }
    if let Ok(number) = digits.parse() {
        return Value::Integer(number);
    }
    Decimal::parse(digits).map_or_else(|| Value::Double(digits.parse().unwrap_or(0.0)), Value::Decimal)
}
