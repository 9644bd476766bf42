//! Reading BSON that a peer sent, without recursion, since he says how deep it goes.

use super::{Broken, DEEPEST, Doc, Value};

/// Most values of one document, with those inside of it.
pub(super) const VALUES: usize = 20_000;

/// The document that `whole` is.
///
/// # Errors
/// When it is none, or more than the bounds allow.
pub(super) fn document(whole: &[u8]) -> Result<Doc, Broken> {
    Reader { rest: whole, values: 0 }.document()
}

/// A document, array or scope that is being read.
struct Open {
    /// Its name in the one around it.
    name: String,
    fields: Vec<(String, Value)>,
    kind: Kind,
    /// Bytes that are left when it ends.
    left: usize,
}

enum Kind {
    Document,
    Array,
    Scope(String),
}

struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Doc, Broken> {
        let mut open = vec![self.begin(String::new(), Kind::Document)?];
        loop {
            let kind = self.byte()?;
            if kind == 0 {
                let done = open.pop().ok_or(Broken)?;
                if done.left != self.rest.len() {
                    return Err(Broken);
                }
                let Some(around) = open.last_mut() else { return Ok(Doc(done.fields)) };
                let value = match done.kind {
                    Kind::Document => Value::Document(Doc(done.fields)),
                    Kind::Array => Value::Array(done.fields.into_iter().map(|(_, value)| value).collect()),
                    Kind::Scope(code) => Value::Scoped(code, Doc(done.fields)),
                };
                around.fields.push((done.name, value));
                continue;
            }
            self.values += 1;
            let name = self.cstring()?;
            if VALUES < self.values || DEEPEST < open.len() {
                return Err(Broken);
            }
            match kind {
                3 => open.push(self.begin(name, Kind::Document)?),
                4 => open.push(self.begin(name, Kind::Array)?),
                15 => {
                    self.int()?;
                    let code = self.string()?;
                    open.push(self.begin(name, Kind::Scope(code))?);
                }
                _ => {
                    let value = self.simple(kind)?;
                    open.last_mut().ok_or(Broken)?.fields.push((name, value));
                }
            }
        }
    }

    fn begin(&mut self, name: String, kind: Kind) -> Result<Open, Broken> {
        let before = self.rest.len();
        let length = usize::try_from(self.int()?).map_err(|_| Broken)?;
        let left = before.checked_sub(length).ok_or(Broken)?;
        Ok(Open { name, fields: Vec::new(), kind, left })
    }

    fn simple(&mut self, kind: u8) -> Result<Value, Broken> {
        Ok(match kind {
            1 => Value::Double(f64::from_le_bytes(self.array()?)),
            2 => Value::Text(self.string()?),
            5 => {
                let length = usize::try_from(self.int()?).map_err(|_| Broken)?;
                let kind = self.byte()?;
                Value::Binary(kind, self.bytes(length)?.to_vec())
            }
            6 => Value::Undefined,
            7 => Value::Id(self.array()?),
            8 => Value::Bool(self.byte()? != 0),
            9 => Value::Date(i64::from_le_bytes(self.array()?)),
            10 => Value::Null,
            11 => Value::Regex(self.cstring()?, self.cstring()?),
            13 => Value::Code(self.string()?),
            14 => Value::Symbol(self.string()?),
            16 => Value::Int(self.int()?),
            17 => Value::Timestamp(u64::from_le_bytes(self.array()?)),
            18 => Value::Long(i64::from_le_bytes(self.array()?)),
            19 => Value::Decimal(self.array()?),
            0x7f => Value::Most,
            0xff => Value::Least,
            _ => return Err(Broken),
        })
    }

    fn bytes(&mut self, count: usize) -> Result<&[u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Broken)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.bytes(N)?.try_into().map_err(|_| Broken)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn int(&mut self) -> Result<i32, Broken> {
        self.array().map(i32::from_le_bytes)
    }

    fn cstring(&mut self) -> Result<String, Broken> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or(Broken)?;
        let text = String::from_utf8_lossy(self.bytes(end)?).into_owned();
        self.byte()?;
        Ok(text)
    }

    fn string(&mut self) -> Result<String, Broken> {
        let length =
            usize::try_from(self.int()?).ok().and_then(|length| length.checked_sub(1)).ok_or(Broken)?;
        let text = String::from_utf8_lossy(self.bytes(length)?).into_owned();
        if self.byte()? == 0 { Ok(text) } else { Err(Broken) }
    }
}
