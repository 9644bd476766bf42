//! The one list of words that must not be on the stage, and the search for them.

use crate::tree;
use anyhow::Result;

/// Product vocabulary and peers' product names. Lower case; found anywhere in a line, in any case.
pub(crate) const WORDS: &[&str] = &[
    "decnet",
    "decky",
    "deckies",
    "honeypot",
    "honeynet",
    "honeytoken",
    "honeyd ",
    "honeyd/",
    "decoy",
    "canary",
    "cowrie",
    "kippo",
    "opencanary",
    "dionaea",
    "conpot",
    "t-pot",
    "tpotce",
    "glastopf",
    "heralding",
    "mailoney",
    "endlessh",
    "sshesame",
    "beelzebub",
    "honeytrap",
    "qeeqbox",
];

/// Where the stage lives.
const STAGE: &[&str] = &["netsvc/", "images/"];

/// Files of the house that must not name machines or tools they were written on.
const PATHS: &[&str] = &["/work/", "/tmp/wt", "/tmp/t/"];

/// Lines on the stage with a word of the list, and lines anywhere with a path of somebody's machine.
pub(crate) fn check(files: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files {
        let stage = STAGE.iter().any(|folder| file.starts_with(folder));
        if stage && let Some(word) = found(file) {
            findings.push(format!("{file}: the name contains {word:?}"));
        }
        let Some(text) = tree::text(file) else { continue };
        for (index, line) in text.lines().enumerate() {
            if stage && let Some(word) = found(line) {
                findings.push(format!("{file}:{}: {word:?} must not be on the stage", index + 1));
            }
            if !file.starts_with("xtask/") && PATHS.iter().any(|path| line.contains(path)) {
                findings.push(format!("{file}:{}: a path of somebody's machine", index + 1));
            }
        }
    }
    Ok(findings)
}

/// The first word of the list in `text`.
pub(crate) fn found(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    WORDS.iter().copied().find(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_any_case_and_place() {
        assert_eq!(found("the DECNET thing"), Some("decnet"));
        assert_eq!(found("let unDecoyed = 1"), Some("decoy"));
        assert_eq!(found("an honest trap in a fake /root/ folder"), None);
    }
}
