//! POSIX regular expressions, translated for the engine.

use regex::{Regex, RegexBuilder};

/// A compiled POSIX expression; `None`: it is wrong or too large.
pub(crate) fn expression(text: &str, extended: bool, ignore_case: bool) -> Option<Regex> {
    let translated =
        if extended { text.replace("[[:", "\u{1}").replace('\u{1}', "[[:") } else { basic(text) };
    RegexBuilder::new(&fix_sets(&translated))
        .case_insensitive(ignore_case)
        .multi_line(false)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .ok()
}

/// A Perl expression: what stands in `(?<=…)` before it or `(?=…)` behind it, or before `\K`, has to be there and is
/// no part of what is found, which is the group `k`.
pub(super) fn perl(text: &str) -> String {
    let (mut before, mut found, mut behind) = (String::new(), text, String::new());
    if let Some((looked, rest)) = found.strip_prefix("(?<=").and_then(|rest| rest.split_once(')')) {
        before = format!("(?:{looked})");
        found = rest;
    }
    if let Some((looked, rest)) = found.split_once("\\K") {
        before.push_str(&format!("(?:{looked})"));
        found = rest;
    }
    if let Some((rest, looked)) = found.rsplit_once("(?=").filter(|(_, looked)| looked.ends_with(')')) {
        behind = format!("(?:{looked}");
        found = rest;
    }
    if before.is_empty() && behind.is_empty() {
        text.to_owned()
    } else {
        format!("{before}(?P<k>{found}){behind}")
    }
}

/// A basic expression as an extended one: escapes change their meaning.
pub(super) fn basic(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    let mut set = false;
    let mut start = true;
    while let Some(character) = characters.next() {
        if set {
            set = character != ']';
            out.push(character);
            continue;
        }
        match character {
            '\\' => match characters.next() {
                Some(special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?')) => out.push(special),
                Some('<' | '>') => out.push_str("\\b"),
                Some(other) => out.extend(['\\', other]),
                None => out.push_str("\\\\"),
            },
            '(' | ')' | '{' | '}' | '|' | '+' | '?' => out.extend(['\\', character]),
            '*' if start => out.push_str("\\*"),
            '[' => {
                set = true;
                out.push('[');
                if let Some(next) = characters.next_if_eq(&'^') {
                    out.push(next);
                }
                if characters.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
                if characters.peek() == Some(&'[') {
                    // A class inside of the set has its own bracket.
                    while let Some(inner) = characters.next() {
                        out.push(inner);
                        if inner == ':' && characters.peek() == Some(&']') {
                            out.extend(characters.next());
                            if characters.peek() != Some(&'[') {
                                break;
                            }
                        }
                    }
                }
            }
            other => out.push(other),
        }
        start = out.ends_with('(') && !out.ends_with("\\(")
            || out == "^"
            || out.ends_with('|') && !out.ends_with("\\|");
    }
    out
}

/// In POSIX sets a backslash and `[` stand for themselves.
fn fix_sets(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    let mut set = false;
    let mut first = false;
    while let Some(character) = characters.next() {
        match (set, character) {
            (false, '\\') => {
                out.push('\\');
                match characters.next() {
                    Some(next @ ('<' | '>')) => {
                        let _ = next;
                        out.push('b');
                    }
                    next => out.extend(next),
                }
            }
            (false, '[') => {
                (set, first) = (true, true);
                out.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                continue;
            }
            (true, ']') if first => out.push_str("\\]"),
            (true, ']') => {
                set = false;
                out.push(']');
            }
            (true, '[') if characters.peek() == Some(&':') => {
                out.push('[');
                for inner in characters.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            (true, '\\')
                if characters.peek() == Some(&']')
                    || characters.peek().is_some_and(|next| "ntrdws\\.-/".contains(*next)) =>
            {
                out.push('\\');
                out.extend(characters.next());
            }
            (true, special @ ('[' | '\\' | '&' | '~')) => out.extend(['\\', special]),
            (_, other) => out.push(other),
        }
        first = false;
    }
    out
}
