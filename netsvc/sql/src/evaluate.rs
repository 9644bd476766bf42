//! Evaluates expressions.

use crate::{
    Fault, Value,
    ast::{Expression, Query},
    casts,
    dialect::Dialect,
    functions,
    machine::{Bound, Machine, Scope},
    number::Decimal,
    pattern,
};

/// Texts up to this are as good as none.
const SHORT: usize = 256;

/// The value of `expression`.
pub(crate) fn value(
    machine: &mut Machine<'_>,
    expression: &Expression,
    scope: Option<&Scope<'_>>,
) -> Result<Value, Fault> {
    let value = machine.evaluated(expression, scope)?;
    if SHORT < value.length() {
        machine.hold(value.length())?;
    }
    let postgres = machine.session.dialect == Dialect::Postgres;
    Ok(match value {
        Value::Integer(number) if postgres && is_truth(expression) => Value::Truth(number != 0),
        value => value,
    })
}

/// Whether an expression tells a truth.
fn is_truth(expression: &Expression) -> bool {
    match expression {
        Expression::Binary(operator, ..) => !matches!(
            *operator,
            "+" | "-" | "*" | "/" | "%" | "^" | "|" | "&" | "<<" | ">>" | "concat" | "div" | "mod"
        ),
        Expression::Unary(operator, _) => matches!(*operator, "not" | "truth"),
        Expression::In(..)
        | Expression::InQuery(..)
        | Expression::Between(..)
        | Expression::Like(..)
        | Expression::Regular(..)
        | Expression::IsNull(..)
        | Expression::Exists(_) => true,
        _ => false,
    }
}

impl Machine<'_> {
    fn evaluated(&mut self, expression: &Expression, scope: Option<&Scope<'_>>) -> Result<Value, Fault> {
        match expression {
            Expression::Literal(value) => Ok(value.clone()),
            Expression::Parameter(index) => Ok(self.parameters.get(*index).cloned().unwrap_or(Value::Null)),
            Expression::Column(database, table, name) => {
                self.column(database.as_deref(), table.as_deref(), name, scope)
            }
            Expression::Variable(true, name) => self.system(name),
            Expression::Variable(false, name) => {
                Ok(self.session.variables.get(name).cloned().unwrap_or(Value::Null))
            }
            Expression::Assigned(name, inner) => {
                let value = self.value(inner, scope)?;
                self.session.remember(name, value.clone());
                Ok(value)
            }
            Expression::Unary(operator, inner) => {
                let value = self.value(inner, scope)?;
                Ok(unary(operator, value))
            }
            Expression::Binary(operator, left, right) => self.binary(operator, left, right, scope),
            Expression::Call(call) => functions::call(self, call, scope),
            Expression::Case(operand, branches, otherwise) => {
                self.case(operand.as_deref(), branches, otherwise.as_deref(), scope)
            }
            Expression::In(..) | Expression::InQuery(..) | Expression::Between(..) => {
                self.inside(expression, scope)
            }
            Expression::Like(left, right, negated) => {
                let (left, right) = (self.value(left, scope)?, self.value(right, scope)?);
                self.search(&left, &right)?;
                Ok(matched(&left, &right, *negated, pattern::like))
            }
            Expression::Regular(left, right, negated) => {
                let (left, right) = (self.value(left, scope)?, self.value(right, scope)?);
                self.search(&left, &right)?;
                Ok(matched(&left, &right, *negated, pattern::regular))
            }
            Expression::IsNull(inner, negated) => {
                Ok(Value::truth(self.value(inner, scope)?.is_null() != *negated))
            }
            Expression::Cast(inner, kind) => {
                let value = self.value(inner, scope)?;
                casts::cast(self, value, kind)
            }
            Expression::Array(query) => {
                let rows = self.rows(query, scope)?;
                let values: Vec<Value> = rows.into_iter().filter_map(|row| row.into_iter().next()).collect();
                Ok(casts::array(&values))
            }
            Expression::Query(query) => self.single(query, scope),
            Expression::Exists(query) => Ok(Value::truth(!self.rows(query, scope)?.is_empty())),
            Expression::Row(_) => Err(Fault::Operand(1)),
            Expression::Interval(amount, unit) => self.interval(amount, unit, scope),
        }
    }

    /// An interval, s.
    fn interval(
        &mut self,
        amount: &Expression,
        unit: &str,
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Fault> {
        let scale = match unit {
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 604_800,
            _ => 1,
        };
        Ok(Value::Integer(self.value(amount, scope)?.integer().saturating_mul(scale)))
    }

    /// IN and BETWEEN.
    fn inside(&mut self, expression: &Expression, scope: Option<&Scope<'_>>) -> Result<Value, Fault> {
        match expression {
            Expression::In(left, list, negated) => {
                let left = self.value(left, scope)?;
                let mut values = Vec::new();
                for item in list {
                    values.push(self.value(item, scope)?);
                }
                Ok(contained(&left, &values, *negated))
            }
            Expression::InQuery(left, query, negated) => {
                let left = self.value(left, scope)?;
                let rows = self.rows(query, scope)?;
                let values: Vec<Value> = rows.into_iter().filter_map(|row| row.into_iter().next()).collect();
                Ok(contained(&left, &values, *negated))
            }
            Expression::Between(inner, low, high, negated) => {
                let value = self.value(inner, scope)?;
                let (low, high) = (self.value(low, scope)?, self.value(high, scope)?);
                let inside = value.compare(&low).zip(value.compare(&high));
                Ok(inside.map_or(Value::Null, |(low, high)| {
                    Value::truth((low.is_ge() && high.is_le()) != *negated)
                }))
            }
            _ => Ok(Value::Null),
        }
    }

    fn rows(&mut self, query: &Query, scope: Option<&Scope<'_>>) -> Result<Vec<Vec<Value>>, Fault> {
        let clause = self.clause;
        let rows = self.query(query, scope)?;
        self.clause = clause;
        Ok(rows.rows)
    }

    fn single(&mut self, query: &Query, scope: Option<&Scope<'_>>) -> Result<Value, Fault> {
        let clause = self.clause;
        let rows = self.query(query, scope)?;
        self.clause = clause;
        if rows.fields.len() != 1 {
            return Err(Fault::Operand(1));
        }
        if rows.rows.len() > 1 {
            return Err(Fault::SeveralRows);
        }
        Ok(rows.rows.into_iter().next().and_then(|row| row.into_iter().next()).unwrap_or(Value::Null))
    }

    fn column(
        &self,
        database: Option<&str>,
        table: Option<&str>,
        name: &str,
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Fault> {
        let mut scope = scope;
        while let Some(here) = scope {
            if let Some(at) = find(here.columns, database, table, name, self.clause)? {
                return Ok(here.row.get(at).cloned().unwrap_or(Value::Null));
            }
            scope = here.outer;
        }
        Err(unknown(table, name, self.clause))
    }

    fn system(&self, name: &str) -> Result<Value, Fault> {
        let (bare, global) = scoped(name);
        let set = self.session.settings.get(&(global, bare.to_owned())).cloned();
        set.or_else(|| self.facts.variable(bare)).ok_or_else(|| Fault::UnknownVariable(bare.to_owned()))
    }

    fn case(
        &mut self,
        operand: Option<&Expression>,
        branches: &[(Expression, Expression)],
        otherwise: Option<&Expression>,
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Fault> {
        let operand = operand.map(|operand| self.value(operand, scope)).transpose()?;
        for (condition, result) in branches {
            let value = self.value(condition, scope)?;
            let holds = match &operand {
                Some(operand) => operand.compare(&value).is_some_and(std::cmp::Ordering::is_eq),
                None => value.holds() == Some(true),
            };
            if holds {
                return self.value(result, scope);
            }
        }
        otherwise.map_or(Ok(Value::Null), |otherwise| self.value(otherwise, scope))
    }

    fn binary(
        &mut self,
        operator: &str,
        left: &Expression,
        right: &Expression,
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Fault> {
        if let (Expression::Row(lefts), Expression::Row(rights)) = (left, right) {
            if lefts.len() != rights.len() {
                return Err(Fault::Operand(lefts.len()));
            }
            for (left, right) in lefts.iter().zip(rights) {
                let equal = self.binary("=", left, right, scope)?;
                if equal.holds() != Some(true) {
                    return Ok(Value::truth(operator == "<>"));
                }
            }
            return Ok(Value::truth(operator == "="));
        }
        let left = self.value(left, scope)?;
        match operator {
            "and" | "&&" if left.holds() == Some(false) => return Ok(Value::Integer(0)),
            "or" | "||" if left.holds() == Some(true) => return Ok(Value::Integer(1)),
            _ => {}
        }
        let right = self.value(right, scope)?;
        if matches!(operator, "/" | "%" | "div" | "mod") && right.number() == 0.0 && !right.is_null() {
            self.session.warn(1365, "Division by 0");
        }
        if self.session.dialect == Dialect::Postgres {
            if operator.contains('~') {
                self.search(&left, &right)?;
            }
            return combine_postgres(operator, &left, &right);
        }
        if self.session.dialect == Dialect::Tsql
            && operator == "+"
            && let (Value::Text(first), Value::Text(second)) = (&left, &right)
        {
            return Ok(Value::Text([&first[..], second].concat()));
        }
        combine(operator, &left, &right)
    }
}

/// A system variable's name without its scope, and whether the scope is the server.
pub(crate) fn scoped(name: &str) -> (&str, bool) {
    match name.strip_prefix("global.") {
        Some(bare) => (bare, true),
        None => {
            (["session.", "local."].iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(name), false)
        }
    }
}

/// The place of a column among those at hand.
pub(crate) fn find(
    columns: &[Bound],
    database: Option<&str>,
    table: Option<&str>,
    name: &str,
    clause: &'static str,
) -> Result<Option<usize>, Fault> {
    let fits = |column: &Bound| {
        column.name.eq_ignore_ascii_case(name)
            && table.is_none_or(|table| column.table.eq_ignore_ascii_case(table))
            && database.is_none_or(|database| column.database.eq_ignore_ascii_case(database))
    };
    let mut found = columns.iter().enumerate().filter(|(_, column)| fits(column));
    let first = found.next().map(|(at, _)| at);
    if first.is_some() && found.next().is_some() {
        return Err(Fault::AmbiguousColumn(name.to_owned(), clause));
    }
    Ok(first)
}

/// The fault of a column that is not there.
pub(crate) fn unknown(table: Option<&str>, name: &str, clause: &'static str) -> Fault {
    let full = table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"));
    Fault::UnknownColumn(full, clause)
}

fn contained(left: &Value, values: &[Value], negated: bool) -> Value {
    if left.is_null() {
        return Value::Null;
    }
    let found = values.iter().any(|value| left.compare(value).is_some_and(std::cmp::Ordering::is_eq));
    if !found && values.iter().any(Value::is_null) {
        return Value::Null;
    }
    Value::truth(found != negated)
}

fn matched(left: &Value, right: &Value, negated: bool, matches: fn(&[u8], &[u8]) -> bool) -> Value {
    match (left.printed(), right.printed()) {
        (Some(text), Some(pattern)) => Value::truth(matches(&pattern, &text) != negated),
        _ => Value::Null,
    }
}

fn unary(operator: &str, value: Value) -> Value {
    match (operator, value) {
        (_, Value::Null) if operator == "truth" => Value::Null,
        (_, Value::Null) => Value::Null,
        ("-", Value::Integer(number)) => Value::Integer(number.wrapping_neg()),
        ("-", Value::Decimal(number)) => Value::Decimal(number.negated()),
        ("-", value) => Value::Double(-value.number()),
        ("~", value) => Value::text((!value.integer().cast_unsigned()).to_string()),
        ("binary", value) => Value::Binary(value.bytes()),
        ("truth", value) => Value::truth(value.number() != 0.0),
        (_, value) => Value::truth(value.number() == 0.0),
    }
}

/// As [`combine`], for PostgreSQL: texts are compared exactly, and nothing is divided by zero.
fn combine_postgres(operator: &str, left: &Value, right: &Value) -> Result<Value, Fault> {
    if left.is_null() || right.is_null() {
        return combine(operator, left, right);
    }
    let exact = |value: &Value| match value {
        Value::Text(text) => Value::Binary(text.clone()),
        Value::Truth(_) if matches!((left, right), (Value::Text(_), _) | (_, Value::Text(_))) => {
            Value::Binary(value.bytes())
        }
        other => other.clone(),
    };
    let texts = || (left.bytes(), right.bytes());
    Ok(match operator {
        "concat" => Value::Text([left.bytes(), right.bytes()].concat()),
        "~" | "~*" | "!~" | "!~*" => {
            let (text, pattern) = texts();
            Value::truth(pattern::regular(&pattern, &text) != operator.starts_with('!'))
        }
        "~~" | "~~*" | "!~~" | "!~~*" => {
            let (text, pattern) = texts();
            Value::truth(pattern::like(&pattern, &text) != operator.starts_with('!'))
        }
        "/" | "%" if right.number() == 0.0 => return Err(Fault::DivisionByZero),
        "/" if matches!((left, right), (Value::Integer(_), Value::Integer(_))) => {
            return combine("div", left, right);
        }
        "^" => Value::Double(left.number().powf(right.number())),
        "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=" => return combine(operator, &exact(left), &exact(right)),
        _ => return combine(operator, left, right),
    })
}

fn combine(operator: &str, left: &Value, right: &Value) -> Result<Value, Fault> {
    if operator == "<=>" {
        let same = left.is_null() && right.is_null();
        return Ok(Value::truth(same || left.compare(right).is_some_and(std::cmp::Ordering::is_eq)));
    }
    let (first, second) = (left.holds(), right.holds());
    match operator {
        "and" | "&&" => {
            let both = first.zip(second).map(|(left, right)| left && right);
            let refuted = first == Some(false) || second == Some(false);
            return Ok(if refuted { Value::Integer(0) } else { both.map_or(Value::Null, Value::truth) });
        }
        "or" | "||" => {
            let either = first == Some(true) || second == Some(true);
            let known = first.zip(second).is_some();
            return Ok(if either {
                Value::Integer(1)
            } else if known {
                Value::Integer(0)
            } else {
                Value::Null
            });
        }
        _ => {}
    }
    let (Some(first), Some(second)) = (first, second) else { return Ok(Value::Null) };
    let order = || left.compare(right);
    Ok(match operator {
        "xor" => Value::truth(first != second),
        "=" => Value::truth(order().is_some_and(std::cmp::Ordering::is_eq)),
        "<>" | "!=" => Value::truth(order().is_some_and(std::cmp::Ordering::is_ne)),
        "<" => Value::truth(order().is_some_and(std::cmp::Ordering::is_lt)),
        ">" => Value::truth(order().is_some_and(std::cmp::Ordering::is_gt)),
        "<=" => Value::truth(order().is_some_and(std::cmp::Ordering::is_le)),
        ">=" => Value::truth(order().is_some_and(std::cmp::Ordering::is_ge)),
        "|" => Value::Integer(left.integer() | right.integer()),
        "&" => Value::Integer(left.integer() & right.integer()),
        "^" => Value::Integer(left.integer() ^ right.integer()),
        "<<" => Value::Integer(shift(left.integer(), right.integer(), true)),
        ">>" => Value::Integer(shift(left.integer(), right.integer(), false)),
        _ => return arithmetic(operator, left, right),
    })
}

fn shift(value: i64, by: i64, left: bool) -> i64 {
    let by = u32::try_from(by).unwrap_or(64);
    let value = value.cast_unsigned();
    let shifted = if left { value.checked_shl(by) } else { value.checked_shr(by) };
    shifted.unwrap_or(0).cast_signed()
}

fn arithmetic(operator: &str, left: &Value, right: &Value) -> Result<Value, Fault> {
    let exact = |value: &Value| match value {
        Value::Integer(number) => Some(Decimal::whole(*number)),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    };
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        let whole = match operator {
            "+" => Some(left.checked_add(*right)),
            "-" => Some(left.checked_sub(*right)),
            "*" => Some(left.checked_mul(*right)),
            "%" | "mod" => return Ok(left.checked_rem(*right).map_or(Value::Null, Value::Integer)),
            "div" => return Ok(left.checked_div(*right).map_or(Value::Null, Value::Integer)),
            _ => None,
        };
        if let Some(result) = whole {
            let refusal = || Fault::OutOfRange("BIGINT", format!("({left} {operator} {right})"));
            return result.map(Value::Integer).ok_or_else(refusal);
        }
    }
    if let (Some(first), Some(second)) = (exact(left), exact(right)) {
        let result = match operator {
            "+" => first.add(second, false),
            "-" => first.add(second, true),
            "*" => first.multiply(second),
            "/" => return Ok(first.divide(second).map_or(Value::Null, Value::Decimal)),
            _ => None,
        };
        if let Some(result) = result {
            return Ok(Value::Decimal(result));
        }
    }
    let (left, right) = (left.number(), right.number());
    Ok(match operator {
        "+" => Value::Double(left + right),
        "-" => Value::Double(left - right),
        "*" => Value::Double(left * right),
        _ if right == 0.0 => Value::Null,
        "/" => Value::Double(left / right),
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        "div" => Value::Integer((left / right) as i64),
        _ => Value::Double(left % right),
    })
}
