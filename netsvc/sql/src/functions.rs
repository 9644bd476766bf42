//! Functions: those of texts, numbers and time, those that tell of the server, and aggregates.

use crate::{
    Fault, Value,
    ast::{Call, Expression},
    casts,
    machine::{Machine, Scope},
    number::Decimal,
    texts::{self, LONGEST},
};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use time::{OffsetDateTime, macros::format_description};

/// Longest sleep of a statement, s.
const SLEEP: f64 = 60.0;

/// Calls a function.
pub(crate) fn call(
    machine: &mut Machine<'_>,
    call: &Call,
    scope: Option<&Scope<'_>>,
) -> Result<Value, Fault> {
    machine.visit()?;
    let name = call.name.as_str();
    if is_aggregate(name) {
        return aggregate(machine, call, scope);
    }
    if name == "if" && call.arguments.len() == 3 {
        let holds = machine.value(argument(call, 0), scope)?.holds() == Some(true);
        return machine.value(argument(call, if holds { 1 } else { 2 }), scope);
    }
    if name == "benchmark" {
        // The work is not done; the time that it would take is waited.
        let count = machine.value(argument(call, 0), scope)?.number();
        machine.value(argument(call, 1), scope)?;
        machine.session.slept = (machine.session.slept + count * 4e-7).min(SLEEP);
        return Ok(Value::Integer(0));
    }
    let mut values = Vec::new();
    for argument in &call.arguments {
        values.push(machine.value(argument, scope)?);
    }
    let own = machine.facts.call(machine.world, name, &values);
    if let Some(result) = own.or_else(|| casts::of_arrays(name, &values).map(Ok)) {
        return result;
    }
    if let ("instr" | "locate" | "position", [text, part, ..]) = (name, values.as_slice()) {
        machine.search(text, part)?;
    }
    let groups = [server, of_texts, encodings, numbers, times];
    for group in groups {
        if let Some(result) = group(machine, name, &values) {
            let value = result?;
            return if LONGEST < value.size() { Ok(Value::Null) } else { Ok(value) };
        }
    }
    let database = call.database.clone().unwrap_or_else(|| machine.session.database.clone());
    Err(Fault::UnknownFunction(database, call.name.clone()))
}

fn argument(call: &Call, index: usize) -> &Expression {
    const NOTHING: &Expression = &Expression::Literal(Value::Null);
    call.arguments.get(index).unwrap_or(NOTHING)
}

/// Whether a function sums up rows.
pub(crate) fn is_aggregate(name: &str) -> bool {
    matches!(name, "count" | "sum" | "min" | "max" | "avg" | "group_concat" | "std" | "bit_or" | "bit_and")
}

fn aggregate(machine: &mut Machine<'_>, call: &Call, scope: Option<&Scope<'_>>) -> Result<Value, Fault> {
    let Some((here, group)) = scope.and_then(|scope| Some((scope, scope.group?))) else {
        return Err(Fault::Aggregate);
    };
    let mut values: Vec<Value> = Vec::new();
    for row in group {
        machine.visit()?;
        if call.star || call.arguments.is_empty() {
            values.push(Value::Integer(1));
            continue;
        }
        let inner = Scope { row, group: None, ..*here };
        let mut parts = Vec::new();
        for argument in &call.arguments {
            parts.push(machine.value(argument, Some(&inner))?);
        }
        values.push(match (parts.len(), parts.pop()) {
            (1, Some(one)) => one,
            (_, last) => {
                parts.extend(last);
                joined(&parts)
            }
        });
    }
    values.retain(|value| !value.is_null());
    if call.distinct {
        let mut kept: Vec<Value> = Vec::new();
        for value in values {
            if !kept.iter().any(|known| known.compare(&value).is_some_and(std::cmp::Ordering::is_eq)) {
                machine.visit()?;
                kept.push(value);
            }
        }
        values = kept;
    }
    Ok(summed(call, &values))
}

fn summed(call: &Call, values: &[Value]) -> Value {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let total = || {
        let exact = values.iter().try_fold(Decimal::whole(0), |sum, value| match value {
            Value::Integer(number) => sum.add(Decimal::whole(*number), false),
            Value::Decimal(number) => sum.add(*number, false),
            _ => None,
        });
        exact.map_or_else(|| Value::Double(values.iter().map(Value::number).sum()), Value::Decimal)
    };
    match call.name.as_str() {
        "count" => Value::Integer(count),
        "bit_or" => Value::Integer(values.iter().fold(0, |all, value| all | value.integer())),
        "bit_and" => Value::Integer(values.iter().fold(-1, |all, value| all & value.integer())),
        _ if values.is_empty() => Value::Null,
        "sum" => total(),
        "avg" => match total() {
            Value::Decimal(sum) => sum.divide(Decimal::whole(count)).map_or(Value::Null, Value::Decimal),
            #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
            sum => Value::Double(sum.number() / count as f64),
        },
        "min" => values.iter().min_by(|left, right| left.order(right)).cloned().unwrap_or(Value::Null),
        "max" => values.iter().max_by(|left, right| left.order(right)).cloned().unwrap_or(Value::Null),
        "group_concat" => {
            // The server's default for the length of the result (`group_concat_max_len`).
            const MOST: usize = 1 << 20;
            let separator = call.separator.as_deref().unwrap_or(",");
            let mut text = Vec::new();
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.extend_from_slice(separator.as_bytes());
                }
                text.extend(value.bytes());
                if MOST < text.len() {
                    text.truncate(MOST);
                    break;
                }
            }
            Value::Text(text)
        }
        _ => Value::Double(0.0),
    }
}

fn joined(parts: &[Value]) -> Value {
    if parts.iter().any(Value::is_null) {
        return Value::Null;
    }
    Value::Text(parts.iter().flat_map(Value::bytes).collect())
}

type Outcome = Option<Result<Value, Fault>>;

fn arity(name: &str) -> Outcome {
    Some(Err(Fault::WrongArguments(name.to_owned())))
}

fn server(machine: &mut Machine<'_>, name: &str, values: &[Value]) -> Outcome {
    Some(Ok(match (name, values) {
        ("version" | "user" | "current_user" | "session_user" | "system_user" | "connection_id", []) => {
            machine.facts.fact(name)?
        }
        ("database" | "schema", []) if machine.session.database.is_empty() => Value::Null,
        ("database" | "schema", []) => Value::text(machine.session.database.clone()),
        ("row_count", []) => Value::Integer(machine.session.last.0),
        ("found_rows", []) => Value::Integer(machine.session.last.1),
        ("last_insert_id", _) => {
            machine.session.variables.get("\0inserted").cloned().unwrap_or(Value::Integer(0))
        }
        ("sleep", [time]) => {
            machine.session.slept = (machine.session.slept + time.number().max(0.0)).min(SLEEP);
            Value::Integer(0)
        }
        ("load_file", [path]) => machine.facts.file(&path.bytes()).map_or(Value::Null, Value::Binary),
        ("rand", _) => Value::Double(machine.facts.random()),
        ("uuid", []) => {
            let mut part = |digits: usize| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2^48")]
                let number = (machine.facts.random() * 281_474_976_710_656.0) as u64;
                let text = format!("{number:012x}");
                text.get(12 - digits..).unwrap_or_default().to_owned()
            };
            Value::text(format!("{}-{}-11ee-{}-{}", part(8), part(4), part(4), part(12)))
        }
        ("extractvalue" | "updatexml", [_, path, ..]) => {
            let text = path.string();
            if text.starts_with(|first: char| first == '/' || first.is_ascii_alphabetic()) {
                return Some(Ok(Value::text("")));
            }
            return Some(Err(Fault::XPath(text.chars().take(32).collect())));
        }
        ("sys_eval" | "sys_exec", _) => {
            return Some(Err(Fault::UnknownFunction(machine.session.database.clone(), name.to_owned())));
        }
        _ => return None,
    }))
}

fn place(text: &[u8], from: i64, length: Option<i64>) -> Vec<u8> {
    let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let begin = if from < 0 { size.saturating_add(from) } else { from - 1 };
    if from == 0 || begin < 0 {
        return Vec::new();
    }
    let begin = usize::try_from(begin).unwrap_or(usize::MAX);
    let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
    text.iter().skip(begin).take(length).copied().collect()
}

fn of_texts(_: &mut Machine<'_>, name: &str, values: &[Value]) -> Outcome {
    let known = [
        "concat",
        "concat_ws",
        "length",
        "octet_length",
        "char_length",
        "character_length",
        "upper",
        "ucase",
        "lower",
        "lcase",
        "substring",
        "substr",
        "mid",
        "left",
        "right",
        "reverse",
        "trim",
        "ltrim",
        "rtrim",
        "replace",
        "repeat",
        "lpad",
        "rpad",
        "space",
        "instr",
        "locate",
        "position",
        "ascii",
        "ord",
        "char",
        "strcmp",
        "coalesce",
        "ifnull",
        "nullif",
        "isnull",
        "elt",
        "field",
        "find_in_set",
        "quote",
        "insert",
    ];
    if !known.contains(&name) {
        return None;
    }
    let told = lenient(name, values);
    if told.is_some() {
        return told;
    }
    if values.iter().any(Value::is_null) {
        return Some(Ok(Value::Null));
    }
    let Some(first) = values.first() else { return arity(name) };
    let text = first.bytes();
    text_function(name, text, values)
}

/// Functions that take what has no value.
fn lenient(name: &str, values: &[Value]) -> Outcome {
    match (name, values) {
        ("coalesce", _) => Some(Ok(values.iter().find(|v| !v.is_null()).cloned().unwrap_or(Value::Null))),
        ("ifnull", [first, second]) => Some(Ok(if first.is_null() { second.clone() } else { first.clone() })),
        ("nullif", [first, second]) => {
            let same = first.compare(second).is_some_and(std::cmp::Ordering::is_eq);
            Some(Ok(if same { Value::Null } else { first.clone() }))
        }
        ("isnull", [value]) => Some(Ok(Value::truth(value.is_null()))),
        ("concat_ws", [separator, rest @ ..]) => Some(Ok(texts::joined(&separator.bytes(), rest))),
        ("elt", [index, rest @ ..]) => {
            let at = usize::try_from(index.integer() - 1).ok();
            Some(Ok(at.and_then(|at| rest.get(at)).cloned().unwrap_or(Value::Null)))
        }
        ("field", [wanted, rest @ ..]) => {
            let at =
                rest.iter().position(|value| value.compare(wanted).is_some_and(std::cmp::Ordering::is_eq));
            Some(Ok(Value::Integer(at.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0)))))
        }
        ("char", _) => {
            let byte = |value: &Value| u8::try_from(value.integer()).ok();
            Some(Ok(Value::Text(values.iter().filter_map(byte).collect())))
        }
        _ => None,
    }
}

/// A text of `length` bytes, filled up `with`.
fn padded(text: &[u8], length: usize, with: &[u8], left: bool) -> Value {
    let missing = length.saturating_sub(text.len());
    let filling: Vec<u8> = with.iter().copied().cycle().take(missing).collect();
    let kept = text.get(..length.min(text.len())).unwrap_or_default();
    Value::Text(if left { [&filling, kept].concat() } else { [kept, &filling].concat() })
}

fn text_function(name: &str, text: Vec<u8>, values: &[Value]) -> Outcome {
    let whole = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let find = |text: &[u8], part: &[u8]| {
        if part.is_empty() {
            return Value::Integer(1);
        }
        let (text, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
        whole(text.windows(part.len()).position(|window| window == part).map_or(0, |at| at + 1))
    };
    let size = |value: &Value| usize::try_from(value.integer()).unwrap_or(0).min(LONGEST);
    Some(Ok(match (name, values) {
        ("concat", _) => joined(values),
        ("length" | "octet_length", [_]) => whole(text.len()),
        ("char_length" | "character_length", [_]) => whole(String::from_utf8_lossy(&text).chars().count()),
        ("upper" | "ucase", [_]) => Value::Text(text.to_ascii_uppercase()),
        ("lower" | "lcase", [_]) => Value::Text(text.to_ascii_lowercase()),
        ("substring" | "substr" | "mid", [_, from]) => Value::Text(place(&text, from.integer(), None)),
        ("substring" | "substr" | "mid", [_, from, length]) => {
            Value::Text(place(&text, from.integer(), Some(length.integer())))
        }
        ("left", [_, length]) => Value::Text(place(&text, 1, Some(length.integer()))),
        ("right", [_, length]) => {
            let skipped = text.len().saturating_sub(size(length));
            Value::Text(text.get(skipped..).unwrap_or_default().to_vec())
        }
        ("reverse", [_]) => Value::Text(text.into_iter().rev().collect()),
        ("trim", [_]) => Value::Text(text.trim_ascii().to_vec()),
        ("ltrim", [_]) => Value::Text(text.trim_ascii_start().to_vec()),
        ("rtrim", [_]) => Value::Text(text.trim_ascii_end().to_vec()),
        ("replace", [_, from, to]) => texts::replaced(&text, &from.string(), &to.string()),
        ("repeat", [_, count]) if text.len().saturating_mul(size(count)) <= LONGEST => {
            Value::Text(text.repeat(size(count)))
        }
        ("repeat", [_, _]) => Value::Null,
        ("space", [count]) => Value::Text(vec![b' '; size(count)]),
        ("lpad", [_, length, with]) => padded(&text, size(length), &with.bytes(), true),
        ("rpad", [_, length, with]) => padded(&text, size(length), &with.bytes(), false),
        ("instr", [_, part]) => find(&text, &part.bytes()),
        ("locate" | "position", [_, within, ..]) => find(&within.bytes(), &text),
        ("ascii" | "ord", [_]) => Value::Integer(text.first().copied().map_or(0, i64::from)),
        ("strcmp", [first, second]) => Value::Integer(first.compare(second).map_or(0, |order| order as i64)),
        ("find_in_set", [_, list]) => {
            let list = list.string().to_lowercase();
            let wanted = String::from_utf8_lossy(&text).to_lowercase();
            whole(list.split(',').position(|item| item == wanted).map_or(0, |at| at + 1))
        }
        ("quote", [_]) => {
            let text = String::from_utf8_lossy(&text).replace('\\', "\\\\").replace('\'', "\\'");
            Value::text(format!("'{text}'"))
        }
        _ => return arity(name),
    }))
}

fn encodings(_: &mut Machine<'_>, name: &str, values: &[Value]) -> Outcome {
    let known = [
        "hex",
        "unhex",
        "md5",
        "sha",
        "sha1",
        "sha2",
        "to_base64",
        "from_base64",
        "password",
        "cast",
        "convert",
        "compress",
        "uncompress",
        "aes_encrypt",
        "aes_decrypt",
        "crc32",
    ];
    if !known.contains(&name) {
        return None;
    }
    if values.first().is_none_or(Value::is_null) {
        return Some(Ok(Value::Null));
    }
    let text = values.first().map(Value::bytes).unwrap_or_default();
    Some(Ok(match (name, values) {
        ("hex", [Value::Integer(number)]) => Value::text(format!("{number:X}")),
        ("hex", [_]) => Value::text(hex::encode_upper(text)),
        ("unhex", [_]) => {
            let digits = if text.len() % 2 == 1 { [b"0".as_slice(), &text].concat() } else { text };
            hex::decode(digits).map_or(Value::Null, Value::Binary)
        }
        ("md5", [_]) => Value::text(hex::encode(Md5::digest(text))),
        ("sha" | "sha1", [_]) => Value::text(hex::encode(Sha1::digest(text))),
        ("sha2", [_, bits]) if matches!(bits.integer(), 0 | 256) => {
            Value::text(hex::encode(Sha256::digest(text)))
        }
        ("password", [_]) if text.is_empty() => Value::text(""),
        ("password", [_]) => Value::text(format!("*{}", hex::encode_upper(Sha1::digest(Sha1::digest(text))))),
        ("cast" | "convert", [value, kind, rest @ ..]) => converted(value, &kind.string(), rest),
        ("cast" | "convert", [value]) => value.clone(),
        ("crc32", [_]) => {
            let step = |crc: u32, byte: &u8| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                    if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
                })
            };
            Value::Integer(i64::from(!text.iter().fold(u32::MAX, step)))
        }
        _ => Value::Null,
    }))
}

fn converted(value: &Value, kind: &str, rest: &[Value]) -> Value {
    match kind {
        "signed" | "unsigned" | "integer" | "int" => Value::Integer(value.integer()),
        "decimal" => {
            let scale = u32::try_from(rest.get(1).map_or(0, Value::integer)).unwrap_or(0);
            let exact = Decimal::parse(&format!("{:.30}", value.number()));
            exact.map_or(Value::Null, |exact| Value::Decimal(exact.rounded(scale)))
        }
        "binary" => Value::Binary(value.bytes()),
        "double" | "float" => Value::Double(value.number()),
        "char" | "nchar" if !rest.is_empty() => {
            let length = usize::try_from(rest.first().map_or(0, Value::integer)).unwrap_or(0);
            Value::Text(value.bytes().into_iter().take(length).collect())
        }
        _ => Value::Text(value.bytes()),
    }
}

fn numbers(_: &mut Machine<'_>, name: &str, values: &[Value]) -> Outcome {
    let whole = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let number = number as i64;
        Value::Integer(number)
    };
    if values.iter().any(Value::is_null) && matches!(name, "floor" | "ceil" | "round" | "abs" | "exp" | "pow")
    {
        return Some(Ok(Value::Null));
    }
    Some(Ok(match (name, values) {
        ("floor", [value]) => whole(value.number().floor()),
        ("ceil" | "ceiling", [value]) => whole(value.number().ceil()),
        ("round", [Value::Integer(number)]) => Value::Integer(*number),
        ("round", [Value::Decimal(number)]) => Value::Decimal(number.rounded(0)),
        ("round", [Value::Decimal(number), places]) => {
            Value::Decimal(number.rounded(u32::try_from(places.integer()).unwrap_or(0)))
        }
        ("round", [value, ..]) => Value::Double(value.number().round()),
        ("abs", [Value::Integer(number)]) => Value::Integer(number.wrapping_abs()),
        ("abs", [value]) => Value::Double(value.number().abs()),
        ("mod", [left, right]) if right.number() != 0.0 => whole(left.number() % right.number()),
        ("mod", [_, _]) => Value::Null,
        ("pow" | "power", [left, right]) => Value::Double(left.number().powf(right.number())),
        ("sqrt", [value]) => Value::Double(value.number().sqrt()),
        ("exp", [value]) if value.number() > 709.0 => {
            return Some(Err(Fault::OutOfRange("DOUBLE", format!("exp({})", value.string()))));
        }
        ("exp", [value]) => Value::Double(value.number().exp()),
        ("sign", [value]) => whole(value.number().signum()),
        ("pi", []) => Value::Double((std::f64::consts::PI * 1e6).round() / 1e6),
        ("greatest", [_, ..]) => values.iter().max_by(|l, r| l.order(r)).cloned().unwrap_or(Value::Null),
        ("least", [_, ..]) => values.iter().min_by(|l, r| l.order(r)).cloned().unwrap_or(Value::Null),
        _ => return None,
    }))
}

fn times(machine: &mut Machine<'_>, name: &str, values: &[Value]) -> Outcome {
    let (utc, local) = machine.facts.now();
    let moment = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok();
    let full = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let date = format_description!("[year]-[month]-[day]");
    let clock = format_description!("[hour]:[minute]:[second]");
    let shown =
        |seconds: i64, form| -> Option<Value> { Some(Value::text(moment(seconds)?.format(form).ok()?)) };
    Some(Ok(match (name, values) {
        ("now" | "current_timestamp" | "sysdate" | "localtime" | "localtimestamp", _) => shown(local, full)?,
        ("utc_timestamp", _) => shown(utc, full)?,
        ("curdate" | "current_date", _) => shown(local, date)?,
        ("curtime" | "current_time", _) => shown(local, clock)?,
        ("unix_timestamp", []) => Value::Integer(utc),
        ("from_unixtime", [seconds]) => shown(seconds.integer().saturating_add(local - utc), full)?,
        ("year", [_]) => Value::Integer(i64::from(moment(local)?.year())),
        _ => return None,
    }))
}
