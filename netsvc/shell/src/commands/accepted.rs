//! What applets of BusyBox accept.
//!
//! `texts/applets.tsv` is what BusyBox 1.35 (Debian's static build) was seen to accept: name, letters as getopt reads
//! them (`=`: none, `-`: it reads none itself, a leading `+`: what follows the first operand is not looked at),
//! least and most operands (empty: any number), status on wrong use, and options of more than a letter (missing: not
//! known).

use std::{collections::BTreeMap, sync::OnceLock};

/// What an applet accepts.
pub(super) struct Applet {
    /// Letters of getopt; `None`: it reads its words itself.
    pub(super) letters: Option<&'static str>,
    /// What follows the first operand belongs to another program.
    pub(super) stops: bool,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) status: i32,
    /// Its options of more than a letter, as far as they are known.
    pub(super) long: Option<&'static str>,
}

/// What an applet accepts, where that is known.
pub(super) fn applet(name: &str) -> Option<&'static Applet> {
    table().get(name)
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
        long: fields.next(),
    };
    Some((name, applet))
}

/// The status with which an applet ends on wrong use.
pub(super) fn wrong_use_status(name: &str) -> i32 {
    table().get(name).map_or(1, |applet| applet.status)
}
