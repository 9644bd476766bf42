//! Runs the part of Lua that scripts of intruders use.

use super::{
    Reply,
    context::Context,
    grammar::{DEPTH, Expression, Program, Statement, Value, parse},
    modes,
    words::Words,
};
use sha1::{Digest, Sha1};

/// Most calls of the server by one script.
const CALLS: usize = 1000;
/// Bytes of values that one script may make: each use of a name is a copy of what it stands for, so that a text that is
/// put together of itself would be twice as long with each line.
const MADE: usize = 16 << 20;

/// Why a script ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of Lua.
    Raised(String),
    /// An error reply of a command.
    Called(String),
}

struct Run<'a, 'b> {
    context: &'a mut Context<'b>,
    locals: Vec<(String, Value)>,
    calls: usize,
    /// Bytes of values that may still be made.
    room: usize,
    read_only: bool,
}

/// Runs a script.
///
/// # Errors
/// Why it ended early.
pub(super) fn run(
    program: &Program,
    context: &mut Context<'_>,
    keys: &[Vec<u8>],
    values: &[Vec<u8>],
    read_only: bool,
) -> Result<Value, Failure> {
    let locals = arguments(keys, values);
    Run { context, locals, calls: 0, room: MADE, read_only }.statements(program)
}

/// What a script has from the beginning.
fn arguments(keys: &[Vec<u8>], values: &[Vec<u8>]) -> Vec<(String, Value)> {
    let table =
        |words: &[Vec<u8>]| Value::Table(words.iter().cloned().map(Value::Text).collect(), Vec::new());
    vec![("KEYS".to_owned(), table(keys)), ("ARGV".to_owned(), table(values))]
}

const LIBRARY: &[&str] = &["redis", "string", "math", "table", "cjson", "struct", "cmsgpack", "bit"];
const FUNCTIONS: &[&str] = &[
    "tonumber",
    "tostring",
    "type",
    "error",
    "pcall",
    "assert",
    "pairs",
    "ipairs",
    "next",
    "unpack",
    "select",
    "loadstring",
    "rawget",
    "rawset",
    "rawequal",
    "setmetatable",
    "getmetatable",
    "collectgarbage",
];

impl Run<'_, '_> {
    fn statements(&mut self, program: &Program) -> Result<Value, Failure> {
        for statement in &program.0 {
            match statement {
                Statement::Assign(true, name, value) => {
                    let value = self.value(value)?;
                    self.locals.push((name.clone(), value));
                }
                Statement::Assign(false, name, value) => {
                    let value = self.value(value)?;
                    let Some(local) = self.locals.iter_mut().rev().find(|(known, _)| known == name) else {
                        return Err(Failure::Raised("Attempt to modify a readonly table".to_owned()));
                    };
                    local.1 = value;
                }
                Statement::Call(call) => {
                    self.value(call)?;
                }
                Statement::Return(Some(value)) => return self.value(value),
                Statement::Return(None) | Statement::Beyond => return Ok(Value::Nil),
            }
        }
        Ok(Value::Nil)
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Failure> {
        let value = self.evaluated(expression)?;
        let room = self.room.checked_sub(value.size());
        self.room = room.ok_or_else(|| Failure::Raised("not enough memory".to_owned()))?;
        Ok(value)
    }

    fn evaluated(&mut self, expression: &Expression) -> Result<Value, Failure> {
        match expression {
            Expression::Value(value) => Ok(value.clone()),
            Expression::Name(name) => self.named(name),
            Expression::Index(table, index) => {
                // What stands under a name is looked into where it is.
                if let Expression::Name(name) = table.as_ref()
                    && self.local(name).is_some()
                {
                    let index = self.value(index)?;
                    return indexed(self.local(name).unwrap_or(&Value::Nil), &index);
                }
                let (table, index) = (self.value(table)?, self.value(index)?);
                indexed(&table, &index)
            }
            Expression::Table(items) => {
                let (mut list, mut fields) = (Vec::new(), Vec::new());
                for (name, item) in items {
                    let value = self.value(item)?;
                    match name {
                        Some(name) => fields.push((name.clone(), value)),
                        None => list.push(value),
                    }
                }
                Ok(Value::Table(list, fields))
            }
            Expression::Unary(symbol, inner) => {
                let inner = self.value(inner)?;
                unary(symbol, &inner)
            }
            Expression::Binary(symbol, left, right) => {
                let left = self.value(left)?;
                match symbol.as_str() {
                    "and" if !left.truth() => return Ok(left),
                    "or" if left.truth() => return Ok(left),
                    "and" | "or" => return self.value(right),
                    _ => {}
                }
                let right = self.value(right)?;
                arithmetic(symbol, &left, &right)
            }
            Expression::Call(function, arguments) => {
                let function = self.value(function)?;
                let mut values = Vec::new();
                for argument in arguments {
                    values.push(self.value(argument)?);
                }
                let Value::Function(name) = function else {
                    return Err(Failure::Raised(format!("attempt to call a {} value", function.kind())));
                };
                self.call(&name, &values)
            }
        }
    }

    fn local(&self, name: &str) -> Option<&Value> {
        self.locals.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn named(&self, name: &str) -> Result<Value, Failure> {
        if let Some(value) = self.local(name) {
            return Ok(value.clone());
        }
        match name {
            "_VERSION" => Ok(Value::Text(b"Lua 5.1".to_vec())),
            "load" => Ok(Value::Nil),
            _ if LIBRARY.contains(&name) => {
                Ok(Value::Table(Vec::new(), vec![("\0library".to_owned(), Value::Text(name.into()))]))
            }
            _ if FUNCTIONS.contains(&name) => Ok(Value::Function(name.to_owned())),
            _ => Err(Failure::Raised(format!(
                "Script attempted to access nonexistent global variable '{name}'"
            ))),
        }
    }

    fn call(&mut self, name: &str, values: &[Value]) -> Result<Value, Failure> {
        let first = values.first().cloned().unwrap_or(Value::Nil);
        let upper = |text: Vec<u8>| Value::Text(text);
        Ok(match name {
            "redis.call" | "redis.pcall" => return self.command(values, name == "redis.pcall"),
            "redis.status_reply" => Value::Table(Vec::new(), vec![("ok".to_owned(), first)]),
            "redis.error_reply" => Value::Table(Vec::new(), vec![("err".to_owned(), first)]),
            "redis.sha1hex" => Value::Text(hex::encode(Sha1::digest(first.bytes())).into_bytes()),
            "tonumber" => first.number().map_or(Value::Nil, Value::Number),
            "tostring" => Value::Text(first.bytes()),
            "type" => Value::Text(first.kind().into()),
            "error" => {
                return Err(Failure::Raised(String::from_utf8_lossy(&first.bytes()).into_owned()));
            }
            "string.upper" => upper(first.bytes().to_ascii_uppercase()),
            "string.lower" => upper(first.bytes().to_ascii_lowercase()),
            #[expect(clippy::cast_precision_loss, reason = "texts are short")]
            "string.len" => Value::Number(first.bytes().len() as f64),
            "math.floor" => Value::Number(first.number().unwrap_or(0.0).floor()),
            "math.ceil" => Value::Number(first.number().unwrap_or(0.0).ceil()),
            "math.abs" => Value::Number(first.number().unwrap_or(0.0).abs()),
            "cjson.encode" => Value::Text(first.json(0).into_bytes()),
            "loadstring" => Value::Function(format!("chunk {}", String::from_utf8_lossy(&first.bytes()))),
            _ => match name.strip_prefix("chunk ") {
                // A chunk within a chunk is not run, so this goes one level deep.
                Some(source) if !source.contains("loadstring") => {
                    let program = parse(source.as_bytes()).unwrap_or(Program(Vec::new()));
                    // It sees nothing of what is around it, and has no room of its own.
                    let around = std::mem::replace(&mut self.locals, arguments(&[], &[]));
                    let result = self.statements(&program);
                    self.locals = around;
                    return result;
                }
                _ => Value::Nil,
            },
        })
    }

    fn command(&mut self, values: &[Value], protected: bool) -> Result<Value, Failure> {
        let failed =
            |text: String| if protected { Ok(Value::failed(text)) } else { Err(Failure::Called(text)) };
        if values.is_empty() {
            return failed("ERR Please specify at least one argument for this redis lib call".to_owned());
        }
        let words: Vec<Vec<u8>> = values.iter().map(Value::bytes).collect();
        self.calls += 1;
        if CALLS < self.calls {
            return failed("ERR Script used too many calls".to_owned());
        }
        let words = Words(&words);
        if let Some(refusal) = modes::refuse_in_script(self.context, words, self.read_only) {
            return failed(refusal.to_owned());
        }
        let nested = std::mem::replace(&mut self.context.nested, true);
        let reply = super::execute(self.context, words);
        self.context.nested = nested;
        match reply {
            Reply::Error(text) => failed(text),
            reply => Ok(Value::of(reply)),
        }
    }
}

fn indexed(table: &Value, index: &Value) -> Result<Value, Failure> {
    match table {
        Value::Table(items, fields) => {
            if let (Some((mark, Value::Text(library))), Value::Text(name)) = (fields.first(), index)
                && mark == "\0library"
            {
                let full = format!("{}.{}", String::from_utf8_lossy(library), String::from_utf8_lossy(name));
                return Ok(if full.starts_with("redis.LOG_") {
                    Value::Number(3.0)
                } else {
                    Value::Function(full)
                });
            }
            let found = match index {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small index")]
                Value::Number(number) if *number >= 1.0 => items.get(*number as usize - 1),
                Value::Text(name) => {
                    fields.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, value)| value)
                }
                _ => None,
            };
            Ok(found.cloned().unwrap_or(Value::Nil))
        }
        other => Err(Failure::Raised(format!("attempt to index a {} value", other.kind()))),
    }
}

fn unary(symbol: &str, inner: &Value) -> Result<Value, Failure> {
    let raised = |what: &str| Failure::Raised(format!("attempt to {what} a {} value", inner.kind()));
    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    match (symbol, inner) {
        ("not", inner) => Ok(Value::Bool(!inner.truth())),
        ("#", Value::Text(text)) => Ok(Value::Number(text.len() as f64)),
        ("#", Value::Table(items, _)) => Ok(Value::Number(items.len() as f64)),
        ("#", _) => Err(raised("get length of")),
        (_, inner) => Ok(Value::Number(-inner.number().ok_or_else(|| raised("perform arithmetic on"))?)),
    }
}

fn arithmetic(symbol: &str, left: &Value, right: &Value) -> Result<Value, Failure> {
    let raised =
        |what: &str, which: &Value| Failure::Raised(format!("attempt to {what} a {} value", which.kind()));
    let order = |found: Option<std::cmp::Ordering>| found.ok_or_else(|| raised("compare", left));
    match symbol {
        "==" => return Ok(Value::Bool(left == right)),
        "~=" => return Ok(Value::Bool(left != right)),
        ".." => {
            for side in [left, right] {
                if !matches!(side, Value::Text(_) | Value::Number(_)) {
                    return Err(raised("concatenate", side));
                }
            }
            return Ok(Value::Text([left.bytes(), right.bytes()].concat()));
        }
        "<" | ">" | "<=" | ">=" => {
            let found = order(match (left, right) {
                (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
                (left, right) => left.number().zip(right.number()).and_then(|(l, r)| l.partial_cmp(&r)),
            })?;
            return Ok(Value::Bool(match symbol {
                "<" => found.is_lt(),
                ">" => found.is_gt(),
                "<=" => found.is_le(),
                _ => found.is_ge(),
            }));
        }
        _ => {}
    }
    let number = |side: &Value| side.number().ok_or_else(|| raised("perform arithmetic on", side));
    let (left, right) = (number(left)?, number(right)?);
    Ok(Value::Number(match symbol {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => left.rem_euclid(right),
    }))
}

impl Value {
    fn failed(text: String) -> Self {
        Value::Table(Vec::new(), vec![("err".to_owned(), Value::Text(text.into_bytes()))])
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let inner = match self {
            Value::Text(text) => text.len(),
            Value::Function(name) => name.len(),
            Value::Table(items, fields) => {
                let fields =
                    fields.iter().map(|(name, value)| size_of::<String>() + name.len() + value.size());
                items.iter().map(Value::size).sum::<usize>() + fields.sum::<usize>()
            }
            _ => 0,
        };
        size_of::<Value>() + inner
    }

    fn truth(&self) -> bool {
        !matches!(self, Value::Nil | Value::Bool(false))
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::Table(..) => "table",
            Value::Function(_) => "function",
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
            _ => None,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Value::Text(text) => text.clone(),
            Value::Number(number) => super::reply::double(*number).into_bytes(),
            Value::Nil => b"nil".to_vec(),
            Value::Bool(value) => value.to_string().into_bytes(),
            Value::Table(..) => b"table: 0x7f1c2c0b3a40".to_vec(),
            Value::Function(_) => b"function: 0x7f1c2c0b3b10".to_vec(),
        }
    }

    fn json(&self, depth: usize) -> String {
        match self {
            Value::Table(items, _) if depth < DEPTH => {
                let parts: Vec<String> = items.iter().map(|item| item.json(depth + 1)).collect();
                format!("[{}]", parts.join(","))
            }
            Value::Text(text) => serde_json::Value::from(String::from_utf8_lossy(text)).to_string(),
            Value::Nil => "null".to_owned(),
            other => String::from_utf8_lossy(&other.bytes()).into_owned(),
        }
    }

    /// A reply as Lua sees it.
    fn of(reply: Reply) -> Self {
        match reply {
            Reply::Simple(text) => {
                Value::Table(Vec::new(), vec![("ok".to_owned(), Value::Text(text.into()))])
            }
            Reply::Error(text) => Value::failed(text),
            #[expect(clippy::cast_precision_loss, reason = "Lua has no other numbers")]
            Reply::Integer(number) => Value::Number(number as f64),
            Reply::Bulk(text) => Value::Text(text),
            Reply::Null | Reply::NullArray => Value::Bool(false),
            Reply::Double(number) => Value::Text(super::reply::double(number).into()),
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) | Reply::Several(items) => {
                Value::Table(items.into_iter().map(Value::of).collect(), Vec::new())
            }
            Reply::Map(pairs) | Reply::Pairs(pairs) => {
                let flat = pairs.into_iter().flat_map(|(key, value)| [Value::of(key), Value::of(value)]);
                Value::Table(flat.collect(), Vec::new())
            }
        }
    }

    /// The value as a reply.
    pub(super) fn into_reply(self) -> Reply {
        match self {
            Value::Nil | Value::Bool(false) | Value::Function(_) => Reply::Null,
            Value::Bool(true) => Reply::Integer(1),
            #[expect(clippy::cast_possible_truncation, reason = "Lua numbers lose their fraction here")]
            Value::Number(number) => Reply::Integer(number as i64),
            Value::Text(text) => Reply::Bulk(text),
            Value::Table(items, fields) => {
                for (name, value) in &fields {
                    let text = String::from_utf8_lossy(&value.bytes()).into_owned();
                    match name.as_str() {
                        "ok" => return Reply::Simple(text),
                        "err" => return Reply::Error(text),
                        _ => {}
                    }
                }
                let known = items.into_iter().take_while(|item| *item != Value::Nil);
                Reply::Array(known.map(Value::into_reply).collect())
            }
        }
    }
}
