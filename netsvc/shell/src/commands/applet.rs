//! What an applet of BusyBox says of wrong use before it does anything: letters it does not have, too few or too many
//! operands.
//!
//! `texts/applets.tsv` is what BusyBox 1.35 (Debian's static build) was seen to accept: name, letters as getopt reads
//! them (`=`: none, `-`: it reads none itself, a leading `+`: what follows the first operand is not looked at), least and
//! most operands (empty: any number), status on wrong use.

use super::{help, rest};
use crate::interpret::{Shell, Status};
use std::{collections::BTreeMap, sync::OnceLock};

/// What an applet accepts.
struct Applet {
    /// Letters of getopt; `None`: it reads its words itself.
    letters: Option<&'static str>,
    /// What follows the first operand belongs to another program.
    stops: bool,
    least: usize,
    most: usize,
    status: i32,
}

fn table() -> &'static BTreeMap<&'static str, Applet> {
    static TABLE: OnceLock<BTreeMap<&str, Applet>> = OnceLock::new();
    TABLE.get_or_init(|| include_str!("texts/applets.tsv").lines().filter_map(row).collect())
}

fn row(line: &'static str) -> Option<(&'static str, Applet)> {
    let mut fields = line.split('\t');
    let (name, letters) = (fields.next()?, fields.next()?);
    let applet = Applet {
        letters: (letters != "-").then(|| letters.trim_start_matches(['+', '='])),
        stops: letters.starts_with('+'),
        least: fields.next()?.parse().ok()?,
        most: fields.next()?.parse().unwrap_or(usize::MAX),
        status: fields.next()?.parse().ok()?,
    };
    Some((name, applet))
}

/// The status with which an applet ends on wrong use.
pub(super) fn wrong_use_status(name: &str) -> i32 {
    table().get(name).map_or(1, |applet| applet.status)
}

/// Refuses what an applet does not accept; `None`: it may run.
pub(super) fn refusal(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    let applet = table().get(name)?;
    let seen = match applet.letters {
        Some(letters) => match look(letters, applet.stops, arguments) {
            Ok(seen) => seen,
            Err(text) => {
                let status = applet.status;
                return Some(super::options::refuse(shell, name, &text).map(|()| status));
            }
        },
        None => Seen { operands: rest(arguments).len(), ..Seen::default() },
    };
    let gives_pattern = |letter| seen.flags.contains(letter);
    let least = match name {
        "grep" | "sed" | "awk" if gives_pattern('e') || gives_pattern('f') => 0,
        "rm" if gives_pattern('f') => 0,
        "cp" | "mv" if gives_pattern('t') => 1,
        _ => applet.least,
    };
    let wrong = seen.operands < least || seen.operands > applet.most;
    (wrong && !seen.long).then(|| help::usage(shell, name).map(|()| applet.status))
}

/// What getopt saw.
#[derive(Default)]
struct Seen {
    flags: String,
    operands: usize,
    /// Whether there were options of more than a letter, whose values are not known here.
    long: bool,
}

fn look(letters: &str, stops: bool, arguments: &[String]) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut words = rest(arguments).iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("-") => {
                seen.operands += words.len();
                break;
            }
            Some(long @ ("-version" | "-help")) => return Err(format!("unrecognized option '-{long}'")),
            Some(long) if long.starts_with('-') => seen.long = true,
            Some(cluster) if !cluster.is_empty() => {
                // `-5` of head, tail and fold.
                let counts = letters.contains("n:") || letters.contains("w:");
                if counts && cluster.starts_with(|first: char| first.is_ascii_digit()) {
                    continue;
                }
                let mut rest = cluster.chars();
                while let Some(letter) = rest.next() {
                    let mut found = letters.chars().skip_while(|known| *known != letter);
                    if letter == ':' || found.next().is_none() {
                        return Err(format!("invalid option -- '{letter}'"));
                    }
                    seen.flags.push(letter);
                    if found.next() == Some(':') {
                        if rest.as_str().is_empty() && words.next().is_none() {
                            return Err(format!("option requires an argument -- '{letter}'"));
                        }
                        break;
                    }
                }
            }
            _ if stops => {
                seen.operands += 1 + words.len();
                break;
            }
            _ => seen.operands += 1,
        }
    }
    Ok(seen)
}
