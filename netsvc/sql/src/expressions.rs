//! Reads expressions.

use crate::{
    Fault,
    ast::{Call, Expression},
    lexer::Token,
    number::Decimal,
    parse::{OPERATORS, Parser, Read},
    value::Value,
};

impl Parser<'_> {
    pub(crate) fn expression(&mut self) -> Read<Expression> {
        if self.depth <= 1 {
            self.operators = 0;
        }
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
            if least <= 4 && self.compares() {
                self.count()?;
                left = self.comparison(left)?;
                continue;
            }
            if self.is_postgres()
                && let Some((operator, strength, taken)) = self.own_operator().filter(|own| least <= own.1)
            {
                self.count()?;
                self.at += taken;
                if let Some(found) = self.of_array(&left, operator)? {
                    left = found;
                    continue;
                }
                let right = self.deeper(|parser| parser.binding(strength + 1))?;
                left = Expression::Binary(operator, Box::new(left), Box::new(right));
                continue;
            }
            let Some((operator, strength)) = self.operator().filter(|(_, strength)| least <= *strength)
            else {
                return Ok(left);
            };
            self.count()?;
            self.skip();
            if let Some(found) = self.of_array(&left, operator)? {
                left = found;
                continue;
            }
            let right = self.deeper(|parser| parser.binding(strength + 1))?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn operator(&self) -> Option<(&'static str, u8)> {
        const WORDS: &[(&str, u8)] = &[("or", 0), ("xor", 1), ("and", 2), ("div", 8), ("mod", 8)];
        const SYMBOLS: &[(&str, u8)] = &[
            ("||", 0),
            ("&&", 2),
            ("=", 4),
            ("<=>", 4),
            ("<>", 4),
            ("!=", 4),
            ("<", 4),
            (">", 4),
            ("<=", 4),
            (">=", 4),
            ("|", 5),
            ("&", 6),
            ("<<", 6),
            (">>", 6),
            ("+", 7),
            ("-", 7),
            ("*", 8),
            ("/", 8),
            ("%", 8),
            ("^", 9),
        ];
        match self.peek()? {
            Token::Word(word, false) => {
                WORDS.iter().copied().find(|(known, _)| word.eq_ignore_ascii_case(known))
            }
            Token::Symbol(symbol) => SYMBOLS.iter().copied().find(|(known, _)| known == symbol),
            _ => None,
        }
    }

    fn count(&mut self) -> Read<()> {
        self.operators += 1;
        if OPERATORS < self.operators { Err(self.wrong()) } else { Ok(()) }
    }

    /// Whether IN, BETWEEN, LIKE or one of their kin comes next.
    fn compares(&self) -> bool {
        const KIN: &[&str] = &["in", "between", "like", "ilike", "regexp", "rlike"];
        let known = |word: &String| KIN.iter().any(|known| word.eq_ignore_ascii_case(known));
        let kin = |token: Option<&Token>| matches!(token, Some(Token::Word(word, false)) if known(word));
        self.is("is") || self.is("collate") || kin(self.peek()) || (self.is("not") && kin(self.ahead(1)))
    }

    /// IN, BETWEEN, LIKE and their kin behind `left`.
    fn comparison(&mut self, left: Expression) -> Read<Expression> {
        let left = Box::new(left);
        if self.word("is") {
            let not = self.word("not");
            if self.word("null") {
                return Ok(Expression::IsNull(left, not));
            }
            if self.word("distinct") {
                self.expect("from")?;
                let right = Box::new(self.deeper(|parser| parser.binding(5))?);
                let same = Expression::Binary("<=>", left, right);
                return Ok(if not { same } else { Expression::Unary("not", Box::new(same)) });
            }
            let wanted = i64::from(self.word("true") || !self.word("false"));
            let right = Box::new(Expression::Literal(Value::Integer(wanted)));
            let truth = Box::new(Expression::Unary("truth", left));
            return Ok(Expression::Binary(if not { "<>" } else { "=" }, truth, right));
        }
        if self.word("collate") {
            self.name()?;
            if self.mark(".") {
                self.any_name()?;
            }
            return Ok(*left);
        }
        let negated = self.word("not");
        if self.word("in") {
            self.expect_mark("(")?;
            if self.is("select") {
                let query = self.query()?;
                self.expect_mark(")")?;
                return Ok(Expression::InQuery(left, Box::new(query), negated));
            }
            let list = self.list(")")?;
            return Ok(Expression::In(left, list, negated));
        }
        if self.word("between") {
            let low = self.deeper(|parser| parser.binding(5))?;
            self.expect("and")?;
            let high = self.deeper(|parser| parser.binding(5))?;
            return Ok(Expression::Between(left, Box::new(low), Box::new(high), negated));
        }
        if self.word("like") || self.word("ilike") {
            let pattern = self.deeper(|parser| parser.binding(5))?;
            if self.word("escape") {
                self.text()?;
            }
            return Ok(Expression::Like(left, Box::new(pattern), negated));
        }
        if self.word("regexp") || self.word("rlike") {
            let pattern = self.deeper(|parser| parser.binding(5))?;
            return Ok(Expression::Regular(left, Box::new(pattern), negated));
        }
        Err(self.wrong())
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
        let inner = self.primary()?;
        self.casts(inner)
    }

    fn primary(&mut self) -> Read<Expression> {
        let Some(token) = self.peek().cloned() else { return Err(self.wrong()) };
        let begin = self.at;
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
            Token::Numbered(number) => self.numbered(number),
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
                    _ => Err(self.wrong_at(begin)),
                }
            }
            Token::Word(word, quoted) => self.named(&word, quoted),
            _ => Err(self.wrong_at(begin)),
        }
    }

    /// The statement does not go on like this at the word `begin`. Asked for only where it is so: it counts lines.
    fn wrong_at(&mut self, begin: usize) -> Fault {
        self.at = begin;
        self.wrong()
    }

    /// The value that a word stands for.
    fn constant(&self, word: &str) -> Option<Value> {
        match word {
            "null" => Some(Value::Null),
            "true" | "false" if self.is_postgres() => Some(Value::Truth(word == "true")),
            "true" => Some(Value::Integer(1)),
            "false" => Some(Value::Integer(0)),
            _ => None,
        }
    }

    /// The place of a parameter by its number.
    fn numbered(&mut self, number: usize) -> Read<Expression> {
        let begin = self.at;
        self.skip();
        self.parameters = self.parameters.max(number);
        let place = number.checked_sub(1).filter(|_| number < 1000);
        place.map(Expression::Parameter).ok_or_else(|| self.wrong_at(begin))
    }

    fn named(&mut self, word: &str, quoted: bool) -> Read<Expression> {
        let lower = word.to_lowercase();
        let call = matches!(self.ahead(1), Some(Token::Symbol("(")));
        if !quoted && !call {
            let constant = self.constant(&lower);
            if let Some(value) = constant {
                self.skip();
                return Ok(Expression::Literal(value));
            }
        }
        if self.is_postgres()
            && !quoted
            && let Some(found) = self.own_word(&lower, call)?
        {
            return Ok(found);
        }
        if self.is_tsql()
            && !quoted
            && let Some(found) = self.tsql_word(&lower, call)?
        {
            return Ok(found);
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
                return self.deeper(Self::primary);
            }
            _ => {}
        }
        self.reference(lower, call && !quoted)
    }

    /// A column or a call, by up to four names.
    fn reference(&mut self, lower: String, call: bool) -> Read<Expression> {
        if call {
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
        let third = self.any_name()?;
        if !self.is_tsql() {
            return Ok(Expression::Column(Some(first), Some(second), third));
        }
        // What stands before a table is its schema, and a database before that.
        let (table, name) = if self.mark(".") { (third, self.any_name()?) } else { (second, third) };
        if self.mark("(") {
            self.call(None, name.to_lowercase())
        } else {
            Ok(Expression::Column(None, Some(table), name))
        }
    }

    /// A name behind a point, where keywords are names too.
    pub(crate) fn any_name(&mut self) -> Read<String> {
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
