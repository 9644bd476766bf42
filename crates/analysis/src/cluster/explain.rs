//! Reasons in words.

use super::scheme::BINDS;
use decnet_model::record::{ClusterLink, Evidence, Level};

/// Why two are linked, or are not, in a sentence.
pub fn sentence(link: &ClusterLink, level: Level) -> String {
    let what = match level {
        Level::Identity => "the same actor",
        Level::Campaign => "working together",
    };
    let telling: Vec<&Evidence> = link.evidence.iter().filter(|one| one.weight > 0).collect();
    if link.is_decided() {
        return format!("{what}, because an analyst says so");
    }
    if telling.is_empty() {
        return "nothing that tells anything is the same".to_owned();
    }
    let reasons: Vec<String> = telling.iter().take(4).map(|one| reason(one)).collect();
    let more = match telling.len().saturating_sub(4) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let judged =
        if u64::from(BINDS) <= link.weight { what.to_owned() } else { format!("too little for {what}") };
    format!("{judged} ({} of {BINDS}): the same {}{more}", link.weight, reasons.join(", the same "))
}

fn reason(one: &Evidence) -> String {
    let about = one.kind.about();
    let about = about.strip_prefix("a ").or_else(|| about.strip_prefix("an ")).unwrap_or(about);
    let about = about.strip_prefix("the ").unwrap_or(about);
    format!("{about} \"{}\" (at most {} have it)", one.value, one.holders)
}
