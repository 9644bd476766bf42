//! What people write, by language, topic and part: texts with `[a|b]`, of which one is taken, and `{slot}`.

use decnet_model::people::Language;
use rand_core::RngCore;
use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

/// Topics of threads.
pub(crate) const TOPICS: [&str; 6] = ["file", "host", "access", "meeting", "invoice", "person"];

type Parts = BTreeMap<&'static str, Vec<&'static str>>;

/// The texts of `language`, by part.
fn parts(language: Language) -> &'static Parts {
    static ALL: OnceLock<[Parts; 3]> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        [include_str!("grammar/en.txt"), include_str!("grammar/de.txt"), include_str!("grammar/fr.txt")]
            .map(read)
    });
    let [english, german, french] = all;
    match language {
        Language::English => english,
        Language::German => german,
        Language::French => french,
    }
}

fn read(text: &'static str) -> Parts {
    let mut parts = Parts::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if let Some((part, sentence)) = line.split_once(": ") {
            parts.entry(part).or_default().push(sentence);
        }
    }
    parts
}

/// A sentence for `part` with its choices made and its slots open; none where the language has no such part.
pub(crate) fn sentence(language: Language, part: &str, random: &mut impl RngCore) -> Option<String> {
    let all = parts(language).get(part)?;
    let pattern = all.get(random.next_u32() as usize % all.len().max(1))?;
    Some(choose(pattern, random))
}

/// `pattern` with one of each `[a|b]`.
fn choose(pattern: &str, random: &mut impl RngCore) -> String {
    let mut chosen = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        chosen.push_str(before);
        let (inner, tail) = after.split_once(']').unwrap_or((after, ""));
        let count = inner.split('|').count().max(1);
        chosen.push_str(inner.split('|').nth(random.next_u32() as usize % count).unwrap_or_default());
        rest = tail;
    }
    chosen.push_str(rest);
    // A choice of nothing leaves a space that nobody writes.
    let mut tidy = chosen.replace("  ", " ");
    for sign in [",", "."] {
        tidy = tidy.replace(&format!(" {sign}"), sign);
    }
    tidy.trim().to_owned()
}

/// `text` with its slots filled by `value`.
pub(crate) fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<Cow<'a, str>>) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(&value(name).unwrap_or_default());
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::subkey;

    /// Slots that a text may have.
    const SLOTS: [&str; 14] = [
        "host", "fqdn", "project", "file", "share", "number", "amount", "day", "time", "room", "third",
        "percent", "month", "count",
    ];

    #[test]
    fn every_language_has_every_part_and_every_text_can_be_filled() {
        for language in Language::ALL {
            let parts = parts(*language);
            for topic in TOPICS {
                for part in ["subject", "open", "detail", "ask", "answer", "more", "close"] {
                    let count = parts.get(format!("{topic}.{part}").as_str()).map_or(0, Vec::len);
                    assert!(2 < count, "{language:?} {topic}.{part}: {count}");
                }
            }
            assert!(["warm", "thanks", "forward"].iter().all(|part| parts.contains_key(part)));
            for text in parts.values().flatten() {
                assert_eq!(text.matches('[').count(), text.matches(']').count(), "{text}");
                for slot in text.split('{').skip(1) {
                    let (name, _) = slot.split_once('}').unwrap();
                    assert!(SLOTS.contains(&name), "{text}: {name}");
                }
                let mut random = subkey::generator(b"", &[text]);
                for _ in 0..8 {
                    let chosen = choose(text, &mut random);
                    assert!(!chosen.contains(['[', ']', '|']) && !chosen.contains("  "), "{chosen}");
                    assert!(!fill(&chosen, |_| Some("x".into())).contains(['{', '}']));
                }
            }
        }
    }

    #[test]
    fn a_choice_of_nothing_leaves_no_gap() {
        let mut random = subkey::generator(b"", &[]);
        assert_eq!(choose("a [|] b[|], c.", &mut random), "a b, c.");
        assert_eq!(fill("a {b} {c", |name| Some(name.to_owned().into())), "a b c");
    }
}
