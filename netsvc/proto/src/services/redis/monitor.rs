//! The lines of MONITOR, and attacks that are refused before they run.

use super::context::Context;
use super::words::{Words, text};
use netsvc_wire::{Kind, field};

/// An attack that is refused before it runs is recorded all the same.
pub(super) fn attempt(words: &[Vec<u8>]) -> Option<(Kind, netsvc_kit::machine::Fields)> {
    let words = Words(words);
    let technique: &[u8] = match words.lower(0).as_str() {
        "module" if words.is(1, "load") || words.is(1, "loadex") => b"redis module load",
        "replicaof" | "slaveof" => b"redis rogue master",
        "eval" => b"redis lua script",
        _ => return None,
    };
    let data = words.from(1).join(&b' ');
    Some((Kind::ExploitAttempt, vec![(field::TECHNIQUE, technique.to_vec()), (field::DATA, data)]))
}

/// A line of MONITOR.
pub(super) fn line(context: &Context<'_>, words: Words<'_>) -> String {
    let quoted = |word: &Vec<u8>| {
        let mut shown = String::from("\"");
        for &byte in word {
            match byte {
                b'"' | b'\\' => shown.extend(['\\', char::from(byte)]),
                b'\n' => shown.push_str("\\n"),
                b'\r' => shown.push_str("\\r"),
                b'\t' => shown.push_str("\\t"),
                b' '..=b'~' => shown.push(char::from(byte)),
                _ => shown.push_str(&format!("\\x{byte:02x}")),
            }
        }
        shown + "\""
    };
    let secret = matches!(text(words.at(0)).to_lowercase().as_str(), "auth" | "hello");
    let shown: Vec<String> = words
        .0
        .iter()
        .enumerate()
        .map(|(i, w)| if secret && i > 0 { "(redacted)".to_owned() } else { quoted(w) })
        .collect();
    let (seconds, micros) = (context.now / 1_000_000, context.now % 1_000_000);
    let database = context.client.database;
    format!("{seconds}.{micros:06} [{database} {}] {}", context.link.peer, shown.join(" "))
}
