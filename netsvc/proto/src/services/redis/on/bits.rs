//! Commands on the bits of strings.

use super::{
    super::{Reply, context::Context, reply::Outcome, request::integer, value::Value, words::Words},
    texts::LONGEST,
};

/// Runs `name` if it is a command on bits.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "setbit" => set(context, words),
        "getbit" => get(context, words),
        "bitcount" => count(context, words),
        "bitpos" => position(context, words),
        "bitop" => operate(context, words),
        "bitfield" | "bitfield_ro" => fields(context, name, words),
        _ => return None,
    })
}

fn offset(word: &[u8]) -> Result<usize, Reply> {
    let number = integer(word).and_then(|number| usize::try_from(number).ok());
    let number = number.filter(|number| number / 8 < LONGEST);
    number.ok_or_else(|| Reply::error("ERR bit offset is not an integer or out of range"))
}

fn bit(text: &[u8], offset: usize) -> u8 {
    text.get(offset / 8).map_or(0, |byte| byte >> (7 - offset % 8) & 1)
}

fn put(text: &mut [u8], offset: usize, value: u8) {
    if let Some(byte) = text.get_mut(offset / 8) {
        let mask = 1 << (7 - offset % 8);
        *byte = if value == 0 { *byte & !mask } else { *byte | mask };
    }
}

fn set(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let offset = offset(words.at(2))?;
    let value = match words.at(3) {
        b"0" => 0,
        b"1" => 1,
        _ => return Err(Reply::error("ERR bit is not an integer or out of range")),
    };
    let length = context.text(words.at(1))?.map_or(0, Vec::len);
    let wanted = (offset / 8 + 1).max(length);
    let text = context.edit_text(words.at(1), wanted - length)?;
    text.resize(wanted, 0);
    let old = bit(text, offset);
    put(text, offset, value);
    Ok(Reply::Integer(i64::from(old)))
}

fn get(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let offset = offset(words.at(2))?;
    let text = context.text(words.at(1))?.map(Vec::as_slice).unwrap_or_default();
    Ok(Reply::Integer(i64::from(bit(text, offset))))
}

/// A range of bits from the words at `index`, which count bytes or bits.
fn bits(words: Words<'_>, index: usize, length: usize) -> Result<std::ops::Range<usize>, Reply> {
    let by_bit = match words.lower(index + 2).as_str() {
        "" | "byte" => false,
        "bit" => true,
        _ => return Err(Reply::syntax()),
    };
    let unit = if by_bit { 1 } else { 8 };
    let from = words.integer(index)?;
    let to = if words.len() > index + 1 { words.integer(index + 1)? } else { -1 };
    let range = super::super::context::range(from, to, length * 8 / unit);
    Ok(range.start * unit..range.end * unit)
}

fn count(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if words.len() == 3 || words.len() > 5 {
        return Err(Reply::syntax());
    }
    let length = context.text(words.at(1))?.map_or(0, Vec::len);
    let range = if words.len() == 2 { 0..length * 8 } else { bits(words, 2, length)? };
    let text = context.text(words.at(1))?.map(Vec::as_slice).unwrap_or_default();
    let whole = text.get(range.start.div_ceil(8)..range.end / 8).unwrap_or_default();
    let inside: usize = whole.iter().map(|byte| byte.count_ones() as usize).sum();
    let head = range.start..range.start.next_multiple_of(8).min(range.end);
    let tail = (range.end / 8 * 8).max(head.end)..range.end;
    let edges = head.chain(tail).filter(|at| bit(text, *at) == 1).count();
    Ok(Reply::count(inside + edges))
}

fn position(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let wanted = match integer(words.at(2)) {
        Some(0) => 0,
        Some(1) => 1,
        Some(_) => return Err(Reply::error("ERR The bit argument must be 1 or 0.")),
        None => return Err(Reply::not_integer()),
    };
    if words.len() > 6 {
        return Err(Reply::syntax());
    }
    let Some(length) = context.text(words.at(1))?.map(Vec::len) else {
        return Ok(Reply::Integer(if wanted == 1 { -1 } else { 0 }));
    };
    let range = if words.len() == 3 { 0..length * 8 } else { bits(words, 3, length)? };
    let text = context.text(words.at(1))?.map(Vec::as_slice).unwrap_or_default();
    let end = range.end;
    let found = range.clone().find(|at| bit(text, *at) == wanted);
    Ok(match found {
        Some(at) => Reply::count(at),
        // A string of ones only is followed by zeros, unless an end was given.
        None if wanted == 0 && words.len() < 5 && !range.is_empty() => Reply::count(end),
        None => Reply::Integer(-1),
    })
}

fn operate(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let operation = words.lower(1);
    if !matches!(operation.as_str(), "and" | "or" | "xor" | "not") {
        return Err(Reply::syntax());
    }
    let keys = words.from(3);
    if operation == "not" && keys.len() != 1 {
        return Err(Reply::error("ERR BITOP NOT must be called with a single source key."));
    }
    let mut texts = Vec::new();
    for key in keys {
        let text = context.text(key)?.cloned().unwrap_or_default();
        context.spend(text.len())?;
        texts.push(text);
    }
    let length = texts.iter().map(Vec::len).max().unwrap_or(0);
    // Each text is read as if it were as long as the longest.
    context.spend(texts.iter().map(|text| length - text.len()).sum())?;
    let mut texts = texts.into_iter();
    let mut result = texts.next().unwrap_or_default();
    result.resize(length, 0);
    if operation == "not" {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    for text in texts {
        let padded = text.into_iter().chain(std::iter::repeat(0));
        for (byte, other) in result.iter_mut().zip(padded) {
            *byte = match operation.as_str() {
                "and" => *byte & other,
                "or" => *byte | other,
                _ => *byte ^ other,
            };
        }
    }
    if length == 0 {
        context.remove(words.at(2));
    } else {
        context.store(words.at(2), Value::Text(result), Some(None))?;
    }
    Ok(Reply::count(length))
}

/// The type of a field of bits.
#[derive(Clone, Copy)]
struct Kind {
    signed: bool,
    width: u32,
}

fn kind(word: &[u8]) -> Result<Kind, Reply> {
    let refusal = || {
        Reply::error(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        )
    };
    let (mark, width) = word.split_first().ok_or_else(refusal)?;
    let signed = match mark {
        b'i' => true,
        b'u' => false,
        _ => return Err(refusal()),
    };
    let width = integer(width).and_then(|width| u32::try_from(width).ok()).ok_or_else(refusal)?;
    if width < 1 || width > if signed { 64 } else { 63 } {
        return Err(refusal());
    }
    Ok(Kind { signed, width })
}

impl Kind {
    fn range(self) -> (i128, i128) {
        let one = 1_i128;
        if self.signed {
            (-(one << (self.width - 1)), (one << (self.width - 1)) - 1)
        } else {
            (0, (one << self.width) - 1)
        }
    }

    fn read(self, text: &[u8], offset: usize) -> i128 {
        let bits = (0..self.width as usize).map(|at| i128::from(bit(text, offset + at)));
        let value = bits.fold(0, |value, bit| value << 1 | bit);
        if self.signed && value > self.range().1 { value - (1 << self.width) } else { value }
    }

    fn write(self, text: &mut [u8], offset: usize, value: i128) {
        for at in 0..self.width {
            let one = (value >> (self.width - 1 - at)) & 1;
            put(text, offset + at as usize, u8::from(one == 1));
        }
    }

    /// The value as it fits; `None` where overflow fails.
    fn fit(self, value: i128, overflow: &str) -> Option<i128> {
        let (low, high) = self.range();
        if (low..=high).contains(&value) {
            return Some(value);
        }
        match overflow {
            "fail" => None,
            "sat" => Some(value.clamp(low, high)),
            _ => {
                let size = 1_i128 << self.width;
                let wrapped = value.rem_euclid(size);
                Some(if self.signed && wrapped > high { wrapped - size } else { wrapped })
            }
        }
    }
}

fn fields(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    const MOST: usize = 10_000;
    let mut text = context.text(words.at(1))?.cloned().unwrap_or_default();
    let (mut overflow, mut replies, mut written) = ("wrap".to_owned(), Vec::new(), false);
    let mut index = 2;
    while index < words.len() && replies.len() < MOST {
        let verb = words.lower(index);
        if verb == "overflow" && name == "bitfield" {
            overflow = words.lower(index + 1);
            if !matches!(overflow.as_str(), "wrap" | "sat" | "fail") {
                return Err(Reply::error("ERR Invalid OVERFLOW type specified"));
            }
            index += 2;
            continue;
        }
        let writes = matches!(verb.as_str(), "set" | "incrby");
        if !(verb == "get" || writes) || words.len() <= index + 2 + usize::from(writes) {
            return Err(Reply::syntax());
        }
        if writes && name == "bitfield_ro" {
            return Err(Reply::error("ERR BITFIELD_RO only supports the GET subcommand"));
        }
        let kind = kind(words.at(index + 1))?;
        let place = words.at(index + 2);
        let (place, scale) =
            place.strip_prefix(b"#").map_or((place, 1), |place| (place, kind.width as usize));
        let at = offset(place)?.saturating_mul(scale);
        if LONGEST * 8 <= at + 64 {
            return Err(Reply::error("ERR bit offset is not an integer or out of range"));
        }
        let old = kind.read(&text, at);
        let shown = |value: i128| Reply::Integer(i64::try_from(value).unwrap_or(i64::MAX));
        if !writes {
            replies.push(shown(old));
            index += 3;
            continue;
        }
        let amount = i128::from(words.integer(index + 3)?);
        let value = if verb == "set" { amount } else { old + amount };
        match kind.fit(value, &overflow) {
            None => replies.push(Reply::Null),
            Some(value) => {
                let end = (at + kind.width as usize).div_ceil(8);
                if text.len() < end {
                    text.resize(end, 0);
                }
                kind.write(&mut text, at, value);
                written = true;
                replies.push(shown(if verb == "set" { old } else { value }));
            }
        }
        index += 4;
    }
    if written {
        context.store(words.at(1), Value::Text(text), None)?;
    }
    Ok(Reply::Array(replies))
}
