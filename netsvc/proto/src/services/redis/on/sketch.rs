//! Counts of distinct elements (HyperLogLog): a string with a header and 16384 registers of six bits.
//!
//! Source: <https://redis.io/docs/latest/commands/pfcount/>; the estimate is Ertl's
//! (<https://arxiv.org/abs/1702.01284>), as in the server since 5.0.

use super::super::{Reply, context::Context, reply::Outcome, value::Value, words::Words};

const REGISTERS: usize = 16_384;
const HEADER: usize = 16;
const DENSE: usize = HEADER + REGISTERS * 6 / 8;

/// Runs `name` if it counts distinct elements.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "pfadd" => add(context, words),
        "pfcount" => merged(context, words.from(1)).map(|registers| Reply::Integer(estimate(&registers))),
        "pfmerge" => merged(context, words.from(1)).and_then(|registers| {
            context.store(words.at(1), Value::Text(written(&registers)), None)?;
            Ok(Reply::ok())
        }),
        "pfselftest" => Ok(Reply::ok()),
        "pfdebug" => Err(Reply::error("ERR The specified key does not exist")),
        _ => return None,
    })
}

/// The registers of `key`, all zero without it.
fn registers(context: &mut Context<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, Reply> {
    context.spend(DENSE)?;
    let Some(text) = context.text(key)? else { return Ok(None) };
    let wrong = || Reply::error("WRONGTYPE Key is not a valid HyperLogLog string value.");
    if !text.starts_with(b"HYLL\0") || text.len() != DENSE {
        return Err(wrong());
    }
    let packed = text.get(HEADER..).unwrap_or_default();
    let at = |index: usize| u16::from(packed.get(index).copied().unwrap_or(0));
    let read = |register: usize| {
        let (byte, shift) = (register * 6 / 8, register * 6 % 8);
        let value = (at(byte) | at(byte + 1) << 8) >> shift & 63;
        u8::try_from(value).unwrap_or(0)
    };
    Ok(Some((0..REGISTERS).map(read).collect()))
}

fn written(registers: &[u8]) -> Vec<u8> {
    let mut text = b"HYLL".to_vec();
    text.resize(DENSE, 0);
    // The highest bit of the last header byte says that the cached count is stale.
    if let Some(byte) = text.get_mut(HEADER - 1) {
        *byte = 0x80;
    }
    for (register, value) in registers.iter().enumerate() {
        let (byte, shift) = (HEADER + register * 6 / 8, register * 6 % 8);
        let [low, high] = (u16::from(*value) << shift).to_le_bytes();
        if let Some(place) = text.get_mut(byte) {
            *place |= low;
        }
        if let Some(place) = text.get_mut(byte + 1) {
            *place |= high;
        }
    }
    text
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let old = registers(context, words.at(1))?;
    let mut changed = old.is_none();
    let mut all = old.unwrap_or_else(|| vec![0; REGISTERS]);
    for element in words.from(2) {
        let hash = murmur(element);
        let register = usize::try_from(hash & 16_383).unwrap_or(0);
        // A bit behind the hash bounds the run of zeros.
        let run = u8::try_from((hash >> 14 | 1 << 50).trailing_zeros() + 1).unwrap_or(0);
        if let Some(value) = all.get_mut(register).filter(|value| **value < run) {
            *value = run;
            changed = true;
        }
    }
    if changed {
        context.store(words.at(1), Value::Text(written(&all)), None)?;
    }
    Ok(Reply::flag(changed))
}

fn merged(context: &mut Context<'_>, keys: &[Vec<u8>]) -> Result<Vec<u8>, Reply> {
    let mut all = vec![0; REGISTERS];
    for key in keys {
        for (value, other) in all.iter_mut().zip(registers(context, key)?.unwrap_or_default()) {
            *value = other.max(*value);
        }
    }
    Ok(all)
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate of fewer elements than 2^63")]
fn estimate(registers: &[u8]) -> i64 {
    let mut histogram = [0.0_f64; 64];
    for value in registers {
        if let Some(count) = histogram.get_mut(usize::from(*value)) {
            *count += 1.0;
        }
    }
    let at = |index: usize| histogram.get(index).copied().unwrap_or(0.0);
    let m = 16_384.0;
    let mut z = m * tau((m - at(51)) / m);
    for index in (1..=50).rev() {
        z = 0.5 * (z + at(index));
    }
    z += m * sigma(at(0) / m);
    (0.721_347_520_444_481_7 * m * m / z).round() as i64
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if before == z {
            return z / 3.0;
        }
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

/// MurmurHash64A with the server's seed.
fn murmur(bytes: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let length = u64::try_from(bytes.len()).unwrap_or(0);
    let mut hash = 0xadc8_3b19 ^ length.wrapping_mul(M);
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let mut word = u64::from_le_bytes(*chunk).wrapping_mul(M);
        word ^= word >> 47;
        hash = (hash ^ word.wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash ^= hash >> 47;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 47
}
