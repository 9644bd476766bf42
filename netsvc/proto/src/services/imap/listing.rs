//! LIST, LSUB and STATUS (RFC 3501 §6.3.8, RFC 5258, RFC 5819), and names of folders.

use super::{argument::Argument, envelope::string};
use crate::mailbox::{Flags, INBOX, Mailbox};
use std::{collections::BTreeMap, fmt::Write};

/// Folders with a use of their own (RFC 6154), as the configuration that comes with Dovecot has them.
const SPECIAL: [(&str, &str); 5] = [
    ("Drafts", "\\Drafts"),
    ("Junk", "\\Junk"),
    ("Sent", "\\Sent"),
    ("Sent Messages", "\\Sent"),
    ("Trash", "\\Trash"),
];
/// Longest name.
const NAME: usize = 255;

/// A folder's name as it is kept: INBOX has no case.
pub(super) fn canonical(name: &str) -> String {
    if name.eq_ignore_ascii_case(INBOX) { INBOX.to_owned() } else { name.to_owned() }
}

/// Why `name` is no name of a folder.
pub(super) fn fault(name: &str) -> Option<&'static str> {
    let coded = name.split('&').skip(1).all(|rest| rest.contains('-'));
    if !coded || !name.is_ascii() {
        return Some("Mailbox name is not valid mUTF-7");
    }
    Some(match name {
        "" => "[CANNOT] Invalid mailbox name: Name is empty",
        _ if name.contains('/') => "[CANNOT] Invalid mailbox name: Name must not have '/' characters",
        _ if name.starts_with('.') => "[CANNOT] Invalid mailbox name: Begins with hierarchy separator",
        _ if name.contains("..") => "[CANNOT] Invalid mailbox name: Has adjacent hierarchy separators",
        _ if NAME < name.len() => "[CANNOT] Mailbox name too long",
        _ if name.bytes().any(|byte| byte < b' ') => {
            "[CANNOT] Invalid mailbox name: Contains control characters"
        }
        _ => return None,
    })
}

/// What a LIST asks for besides names.
#[derive(Debug, Default)]
struct Options {
    subscribed: bool,
    special: bool,
    /// What the answers are to hold; without RETURN they hold what is usual.
    returned: Option<Vec<String>>,
    status: Vec<String>,
}

/// The answers to LIST and its like.
///
/// # Errors
/// What Dovecot says.
pub(super) fn list(mailbox: &Mailbox, verb: &str, arguments: &[Argument]) -> Result<Vec<u8>, String> {
    let mut options = Options { subscribed: verb == "LSUB", ..Options::default() };
    let mut rest = arguments;
    if let Some((Argument::List(selection), tail)) = rest.split_first().filter(|_| verb == "LIST") {
        let words: Vec<String> = selection.iter().filter_map(Argument::keyword).collect();
        options.subscribed = words.iter().any(|word| word == "SUBSCRIBED");
        options.special = words.iter().any(|word| word == "SPECIAL-USE");
        rest = tail;
    }
    let reference = rest.first().and_then(Argument::text).ok_or("Invalid reference")?;
    let patterns: Vec<String> = match rest.get(1) {
        Some(Argument::List(list)) => list.iter().filter_map(Argument::text).take(50).collect(),
        Some(other) => vec![other.text().unwrap_or_default()],
        None => return Err("Invalid pattern".to_owned()),
    };
    if let Some(Argument::List(returned)) = rest.get(3) {
        let words: Vec<String> = returned.iter().filter_map(Argument::keyword).collect();
        let status = returned.iter().position(|word| word.keyword().as_deref() == Some("STATUS"));
        let items = status.and_then(|at| returned.get(at + 1)).and_then(Argument::list).unwrap_or_default();
        options.status = items.iter().filter_map(Argument::keyword).collect();
        options.returned = Some(words);
    }
    if patterns.iter().all(String::is_empty) {
        return Ok(b"* LIST (\\Noselect) \".\" \"\"\r\n".to_vec());
    }
    let patterns: Vec<String> = patterns.iter().map(|pattern| format!("{reference}{pattern}")).collect();
    Ok(answers(mailbox, verb, &options, &patterns))
}

fn answers(mailbox: &Mailbox, verb: &str, options: &Options, patterns: &[String]) -> Vec<u8> {
    let mut said = Vec::new();
    let subscribed = options.subscribed;
    for (name, there) in names(mailbox, subscribed) {
        let fits = |pattern: &String| {
            matches(pattern, &name) || name == INBOX && matches(&pattern.to_ascii_uppercase(), &name)
        };
        // With `%`, LSUB shows what stands above a name that it would not show itself.
        let above = subscribed && !there && patterns.iter().any(|pattern| pattern.ends_with('%'));
        if !patterns.iter().any(fits) || subscribed && !there && !above {
            continue;
        }
        let special = SPECIAL.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag);
        if options.special && special.is_none() {
            continue;
        }
        let mut flags = Vec::new();
        if !there {
            flags.push("\\Noselect");
        }
        let children =
            options.returned.as_ref().is_none_or(|words| words.iter().any(|word| word == "CHILDREN"));
        if children && !subscribed {
            flags.push(if mailbox.has_below(&name) { "\\HasChildren" } else { "\\HasNoChildren" });
        }
        if options.returned.as_ref().is_some_and(|words| words.iter().any(|word| word == "SUBSCRIBED"))
            && mailbox.subscribed.contains(&name)
        {
            flags.push("\\Subscribed");
        }
        let wanted =
            options.returned.as_ref().is_none_or(|words| words.iter().any(|word| word == "SPECIAL-USE"));
        flags.extend(special.filter(|_| wanted && !subscribed));
        let verb = if verb == "LSUB" { "LSUB" } else { "LIST" };
        said.extend(format!("* {verb} ({}) \".\" ", flags.join(" ")).into_bytes());
        said.extend(shown(&name));
        said.extend_from_slice(b"\r\n");
        if !options.status.is_empty() && there {
            said.extend(status(mailbox, &name, &options.status));
        }
    }
    said
}

/// Names as they are listed, INBOX last, and whether each is a folder or only stands above one.
fn names(mailbox: &Mailbox, subscribed: bool) -> Vec<(String, bool)> {
    let mut all: BTreeMap<String, bool> = BTreeMap::new();
    let own: Vec<&String> =
        if subscribed { mailbox.subscribed.iter().collect() } else { mailbox.folders.keys().collect() };
    for name in own {
        let mut above = String::new();
        for level in name.split('.') {
            if !above.is_empty() {
                all.entry(above.clone()).or_insert(false);
                above.push('.');
            }
            above.push_str(level);
        }
        all.insert(name.clone(), true);
    }
    let inbox = all.remove_entry(INBOX);
    all.into_iter().chain(inbox).collect()
}

/// A name as answers have it: an atom where it can be one.
fn shown(name: &str) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        name.as_bytes().to_vec()
    } else {
        string(name.as_bytes())
    }
}

/// Whether `name` is one of those that `pattern` stands for: `*` is anything, `%` anything within a level. Linear in
/// their product, which is bounded by the length of names.
fn matches(pattern: &str, name: &str) -> bool {
    if NAME * 2 < pattern.len() {
        return false;
    }
    let name: Vec<char> = name.chars().collect();
    // Which beginnings of the name are matched by the pattern so far.
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for wild in pattern.chars() {
        let mut next = vec![false; reached.len()];
        for at in 0..reached.len() {
            let before = at.checked_sub(1);
            let letter = before.and_then(|before| name.get(before)).copied();
            let came = before.and_then(|before| reached.get(before)).copied().unwrap_or_default();
            let went = before.and_then(|before| next.get(before)).copied().unwrap_or_default();
            let here = reached.get(at).copied().unwrap_or_default();
            let fits = match wild {
                '*' => here || went,
                '%' => here || went && letter != Some('.'),
                _ => came && letter == Some(wild),
            };
            if let Some(slot) = next.get_mut(at) {
                *slot = fits;
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// Items of STATUS in the order of answers.
pub(super) const ITEMS: [&str; 7] =
    ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"];

/// The answer to STATUS of a folder that is there.
pub(super) fn status(mailbox: &Mailbox, name: &str, items: &[String]) -> Vec<u8> {
    let Some(folder) = mailbox.folders.get(name) else { return Vec::new() };
    let mut told = String::new();
    for item in ITEMS.iter().filter(|item| items.iter().any(|wanted| wanted == *item)) {
        let value = match *item {
            "MESSAGES" => folder.mails.len() as u64,
            "RECENT" => folder.mails.iter().filter(|mail| mail.recent).count() as u64,
            "UIDNEXT" => u64::from(folder.next),
            "UIDVALIDITY" => u64::from(folder.validity),
            "UNSEEN" => folder.mails.iter().filter(|mail| !mail.flags.has(Flags::SEEN)).count() as u64,
            "HIGHESTMODSEQ" => folder.changed,
            _ => folder.mails.iter().map(|mail| mail.content.len() as u64).sum(),
        };
        // Writing into a string cannot fail.
        let _ = write!(told, "{}{item} {value}", if told.is_empty() { "" } else { " " });
    }
    [b"* STATUS ", shown(name).as_slice(), format!(" ({told})\r\n").as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, wanted) in [
            ("*", "a.b", true),
            ("%", "a.b", false),
            ("%", "ab", true),
            ("a.%", "a.b", true),
            ("a.%", "a.b.c", false),
            ("a*c", "a.b.c", true),
            ("", "a", false),
            ("a", "a", true),
            ("%%%%%%%%%%%%%%%%%%%%%%%%b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        assert_eq!(fault("x.y"), None);
        assert_eq!(fault("&AOQ-"), None);
        assert_eq!(fault("a&b"), Some("Mailbox name is not valid mUTF-7"));
        assert!(fault("").is_some() && fault("a/b").is_some() && fault("..").is_some());
    }
}
