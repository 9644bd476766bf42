//! Values turned into values of another type, as PostgreSQL does: what does not fit is a fault.

use crate::{Fault, Value, machine::Machine, number::Decimal};

/// `value` as a value of the type `kind`.
pub(crate) fn cast(machine: &mut Machine<'_>, value: Value, kind: &str) -> Result<Value, Fault> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(result) = machine.facts.cast(machine.world, &value, kind) {
        return result;
    }
    if let Some(number) = number(&value, kind) {
        return number;
    }
    let bad = |value: &Value| Fault::BadInput(plain(kind).to_owned(), value.string());
    match plain(kind) {
        "boolean" => match &value {
            Value::Text(_) | Value::Binary(_) => match value.string().trim().to_lowercase().as_str() {
                "t" | "true" | "yes" | "on" | "1" | "y" => Ok(Value::Truth(true)),
                "f" | "false" | "no" | "off" | "0" | "n" => Ok(Value::Truth(false)),
                _ => Err(bad(&value)),
            },
            _ => Ok(Value::Truth(value.number() != 0.0)),
        },
        "character varying" | "character" if kind.contains('(') => {
            let most = kind.split(['(', ')']).nth(1).and_then(|most| most.parse().ok()).unwrap_or(usize::MAX);
            Ok(Value::text(value.string().chars().take(most).collect::<String>()))
        }
        "text"
        | "character varying"
        | "character"
        | "name"
        | "bytea"
        | "json"
        | "jsonb"
        | "xml"
        | "inet"
        | "cidr"
        | "uuid"
        | "date"
        | "interval"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "timestamp"
        | "time without time zone"
        | "unknown" => {
            let text = if let Value::Truth(truth) = value {
                if truth { "true" } else { "false" }.to_owned()
            } else {
                value.string()
            };
            Ok(Value::text(text))
        }
        other if other.ends_with("[]") => Ok(Value::Text(value.bytes())),
        other => Err(Fault::UnknownType(other.to_owned())),
    }
}

/// `value` as a number of the type `kind`; `None`: that is no type of numbers.
fn number(value: &Value, kind: &str) -> Option<Result<Value, Fault>> {
    let bad = || Fault::BadInput(plain(kind).to_owned(), value.string());
    Some(match plain(kind) {
        "integer" | "bigint" | "smallint" | "oid" => match value {
            Value::Text(_) | Value::Binary(_) => {
                let text = value.string();
                text.trim().parse().map(Value::Integer).map_err(|_| bad())
            }
            _ => Ok(Value::Integer(value.integer())),
        },
        "numeric" => match value {
            Value::Text(_) | Value::Binary(_) => {
                let text = value.string();
                let decimal = text.trim().parse::<f64>().ok().and_then(|_| Decimal::parse(text.trim()));
                decimal.map(Value::Decimal).ok_or_else(bad)
            }
            Value::Integer(number) => Ok(Value::Decimal(Decimal::whole(*number))),
            _ => Ok(value.clone()),
        },
        "real" | "double precision" => match value {
            Value::Text(_) | Value::Binary(_) => {
                value.string().trim().parse().map(Value::Double).map_err(|_| bad())
            }
            _ => Ok(Value::Double(value.number())),
        },
        _ => return None,
    })
}

/// A type without its bounds.
fn plain(kind: &str) -> &str {
    kind.split('(').next().unwrap_or_default()
}

/// The elements of an array as it is written: `{a,b}`.
fn elements(array: &Value) -> Vec<Value> {
    let text = array.string();
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    if inner.is_empty() {
        return Vec::new();
    }
    inner.split(',').map(|part| Value::text(part.trim_matches('"'))).collect()
}

/// An array of `values` as it is written.
pub(crate) fn array(values: &[Value]) -> Value {
    let shown = |value: &Value| match value.printed() {
        None => "NULL".to_owned(),
        Some(text) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            let plain = !text.is_empty() && !text.contains([' ', ',', '"', '{', '}', '\\']);
            if plain { text } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
        }
    };
    Value::text(format!("{{{}}}", values.iter().map(shown).collect::<Vec<_>>().join(",")))
}

/// What the parser writes as calls about arrays.
pub(crate) fn of_arrays(name: &str, values: &[Value]) -> Option<Value> {
    Some(match (name, values) {
        ("array_of", _) => array(values),
        (_, [left, right]) if left.is_null() || right.is_null() => {
            return matches!(name, "equals_any" | "equals_all" | "element").then_some(Value::Null);
        }
        ("equals_any", [left, array]) => {
            Value::Truth(elements(array).iter().any(|element| element.string() == left.string()))
        }
        ("equals_all", [left, array]) => {
            Value::Truth(elements(array).iter().all(|element| element.string() == left.string()))
        }
        ("element", [array, at]) => {
            let at = usize::try_from(at.integer()).ok().and_then(|at| at.checked_sub(1));
            at.and_then(|at| elements(array).get(at).cloned()).unwrap_or(Value::Null)
        }
        _ => return None,
    })
}
