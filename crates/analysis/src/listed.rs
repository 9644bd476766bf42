//! Secrets that say nothing about who offers them: those that devices and programs come with, and those that stand
//! on every list. The lists are our own, put together from manuals and from what fleets like this one hear daily.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

/// `NAME<tab>SECRET<tab>of what`, one a line.
const DEFAULTS: &str = include_str!("../lists/defaults.tsv");
/// One secret a line.
const COMMON: &str = include_str!("../lists/common.txt");

/// Login names that everybody tries: accounts that systems and devices come with, and words of every list. They
/// tie nobody to anybody.
const NAMES: &str = include_str!("../lists/names.txt");

/// The list that a secret is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// A device or program comes with it.
    Default(&'static str),
    /// It is on every list.
    Common,
}

impl List {
    /// Name, as operators see it.
    pub fn name(self) -> &'static str {
        match self {
            List::Default(_) => "default",
            List::Common => "common",
        }
    }
}

/// What is known of pairs and secrets.
struct Lists {
    pairs: HashMap<(&'static str, &'static str), &'static str>,
    secrets: HashMap<&'static str, &'static str>,
    common: HashSet<&'static str>,
    names: HashSet<&'static str>,
}

fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let mut pairs = HashMap::new();
        let mut secrets = HashMap::new();
        for line in lines(DEFAULTS) {
            let mut parts = line.split('\t');
            let (Some(name), Some(secret), Some(of)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            pairs.entry((name, secret)).or_insert(of);
            secrets.entry(secret).or_insert(of);
        }
        Lists { pairs, secrets, common: lines(COMMON).collect(), names: lines(NAMES).collect() }
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
}

/// The list that a login with a secret is on.
pub fn pair(name: &str, secret: &str) -> Option<List> {
    let lists = lists();
    let known = lists.pairs.get(&(name, secret)).map(|of| List::Default(of));
    known
        .or_else(|| (secret.is_empty() || secret.eq_ignore_ascii_case(name)).then_some(List::Common))
        .or_else(|| {
            let of_list = lists.common.contains(secret) || lists.secrets.contains_key(secret);
            of_list.then_some(List::Common)
        })
}

/// The list that a secret alone is on.
pub fn secret(secret: &str) -> Option<List> {
    let lists = lists();
    match lists.secrets.get(secret) {
        // What everybody tries is not told as the secret of one device.
        Some(of) if !lists.common.contains(secret) => Some(List::Default(of)),
        Some(_) => Some(List::Common),
        None => (secret.is_empty() || lists.common.contains(secret)).then_some(List::Common),
    }
}

/// Whether everybody tries a login name; its case does not matter.
pub fn name(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.is_empty() || lists().names.contains(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_whole_and_have_nothing_twice() {
        for line in lines(DEFAULTS) {
            assert_eq!(line.split('\t').count(), 3, "{line:?}");
        }
        for list in [DEFAULTS, COMMON, NAMES] {
            let mut all: Vec<_> =
                lines(list).map(|line| line.rsplit_once('\t').map_or(line, |(key, _)| key)).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "a line is there twice");
        }
        assert!(lists().pairs.len() >= 100 && lists().common.len() >= 100);
        assert!(lines(NAMES).all(|name| name == name.to_lowercase()));
    }

    #[test]
    fn what_devices_come_with_is_known() {
        for (login, offered, expected) in [
            ("root", "xc3511", Some("default")),
            ("root", "vizxv", Some("default")),
            ("tomcat", "s3cret", Some("default")),
            ("oracle", "oracle", Some("common")),
            ("nobody", "123456", Some("common")),
            ("svc-backup", "Qr7!wint4", None),
            ("x", "", Some("common")),
        ] {
            assert_eq!(pair(login, offered).map(List::name), expected, "{login} {offered}");
        }
        assert_eq!(secret("xc3511").map(List::name), Some("default"));
        assert_eq!(secret("123456").map(List::name), Some("common"));
        assert_eq!(secret("Qr7!wint4"), None);
        assert!(name("Root") && name("") && !name("svc-backup"));
    }
}
