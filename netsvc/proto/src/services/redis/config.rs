//! CONFIG: parameters, what they take, and what the chain of `dir` and `dbfilename` does.

use super::{
    Reply,
    context::Context,
    disk, parameters,
    pattern::glob,
    reply::Outcome,
    words::{Words, text},
};
use netsvc_shell::text::decode;

/// Longest value that CONFIG SET takes, bytes.
const LONGEST_VALUE: usize = 1024;

/// Runs CONFIG.
pub(super) fn call(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "get" => {
            let patterns: Vec<Vec<u8>> = words.from(2).iter().map(|word| word.to_ascii_lowercase()).collect();
            let wanted = |name: &str| patterns.iter().any(|pattern| glob(pattern, name.as_bytes()));
            let found = context.state.config.iter().filter(|(name, _)| wanted(name));
            Ok(Reply::Map(found.map(|(name, value)| (Reply::bulk(name), Reply::bulk(value))).collect()))
        }
        "set" => set(context, words),
        "resetstat" => {
            context.state.counters = super::state::Counters::default();
            Ok(Reply::ok())
        }
        "rewrite" => Ok(Reply::ok()),
        _ => context.unknown_subcommand(words),
    }
}

fn set(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let pairs = words.from(2);
    if pairs.len() % 2 == 1 {
        return Err(Reply::arity("config|set"));
    }
    let mut values: Vec<(String, String)> = Vec::new();
    for pair in pairs.chunks(2) {
        let [name, value] = pair else { continue };
        let name = text(name).to_lowercase();
        if !context.state.config.contains_key(&name) {
            return Err(Reply::error(if context.seventh() {
                format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            } else {
                format!("ERR Unsupported CONFIG parameter: {name}")
            }));
        }
        if values.iter().any(|(known, _)| *known == name) {
            return Err(failed(context, &name, "duplicate parameter"));
        }
        let value = checked(context, &name, value).map_err(|reason| failed(context, &name, &reason))?;
        values.push((name, value));
    }
    for (name, value) in values {
        let alias = match name.as_str() {
            "slave-read-only" => Some("replica-read-only"),
            "replica-read-only" => Some("slave-read-only"),
            _ => None,
        };
        if let Some(alias) = alias {
            context.state.config.insert(alias.to_owned(), value.clone());
        }
        context.state.config.insert(name, value);
    }
    Ok(Reply::ok())
}

/// The value as it is kept, or why it is not taken.
fn checked(context: &Context<'_>, name: &str, value: &[u8]) -> Result<String, String> {
    let kind = parameters::kind(name);
    let given = text(value);
    if matches!(name, "dir" | "dbfilename") && !context.host.flag("persistence", true) {
        return Err("can't set protected config".to_owned());
    }
    if name == "dir" {
        let mut fs = disk::files(context);
        fs.set_cwd(&decode(value)).map_err(|error| error.to_string())?;
        return Ok(fs.cwd().to_owned());
    }
    if name == "dbfilename" && given.contains('/') {
        return Err("dbfilename can't be a path, just a filename".to_owned());
    }
    if LONGEST_VALUE < given.len() {
        return Err("Invalid argument".to_owned());
    }
    let (kind, rest) = kind.split_once(':').unwrap_or((kind, ""));
    match kind {
        "fixed" => Err("can't set immutable config".to_owned()),
        "bool" => match given.to_ascii_lowercase().as_str() {
            "yes" | "no" => Ok(given.to_ascii_lowercase()),
            _ => Err("argument must be 'yes' or 'no'".to_owned()),
        },
        "memory" => {
            let bytes = memory(&given).ok_or_else(|| "argument must be a memory value".to_owned())?;
            Ok(bytes.to_string())
        }
        "number" => {
            let (low, high) = rest.split_once(':').unwrap_or(("0", "0"));
            let number: i64 =
                given.parse().map_err(|_| "argument couldn't be parsed into an integer".to_owned())?;
            if number < low.parse().unwrap_or(i64::MIN) || high.parse().unwrap_or(i64::MAX) < number {
                return Err(format!("argument must be between {low} and {high} inclusive"));
            }
            Ok(number.to_string())
        }
        "enum" => {
            let known = rest.split(", ").find(|known| given.eq_ignore_ascii_case(known));
            known
                .map(str::to_owned)
                .ok_or_else(|| format!("argument(s) must be one of the following: {rest}"))
        }
        _ => Ok(given),
    }
}

/// Bytes of `100mb`, `1k`, `5`.
fn memory(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match lower.get(digits.len()..)? {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn failed(context: &Context<'_>, name: &str, reason: &str) -> Reply {
    if context.seventh() {
        Reply::error(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"))
    } else if name == "dir" {
        Reply::error(format!("ERR Changing directory: {reason}"))
    } else {
        Reply::error(format!("ERR Invalid argument for CONFIG SET '{name}'"))
    }
}
