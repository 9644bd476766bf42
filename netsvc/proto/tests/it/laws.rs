//! What holds for every service, whoever wrote it.

use netsvc_kit::{
    Action, Serve,
    testing::{converse, host, link, persona, sent, stage},
};
use netsvc_proto::ALL;
use std::collections::BTreeSet;

/// Words that no peer may read. Built from halves, because the words themselves must not stand here.
fn forbidden() -> Vec<String> {
    [("dec", "net"), ("dec", "ky"), ("honey", "pot"), ("dec", "oy"), ("can", "ary")]
        .iter()
        .map(|(left, right)| format!("{left}{right}"))
        .collect()
}

/// A service, what it sent and how many events it wrote.
type Conversation = (&'static str, Vec<u8>, usize);

/// Runs every machine service over `pieces` and returns what it sent and how many events it wrote.
fn conversations(pieces: &[&[u8]]) -> Vec<Conversation> {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    ALL.iter()
        .filter(|def| matches!(def.serve, Serve::Machine(_)))
        .map(|def| {
            let host = host(&stage, persona("web-01"), def.slug, &[]);
            let port = def.ports.first().map_or(0, |port| port.number);
            let actions = converse(def, &host, &link(port), pieces);
            let events =
                actions.iter().filter(|action| matches!(action, Action::Record(..) | Action::Capture(..)));
            (def.slug, sent(&actions), events.count())
        })
        .collect()
}

#[test]
fn slugs_are_unique_sorted_and_plain() {
    let slugs: Vec<_> = ALL.iter().map(|def| def.slug).collect();
    assert!(slugs.is_sorted());
    assert_eq!(slugs.iter().collect::<BTreeSet<_>>().len(), slugs.len());
    assert!(
        slugs
            .iter()
            .all(|slug| slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'))
    );
    assert!(ALL.iter().all(|def| !def.ports.is_empty() && !def.about.is_empty()));
}

#[test]
fn garbage_neither_panics_nor_names_what_we_are() {
    let every: Vec<u8> = (0..=255).collect();
    let long = vec![b'A'; 64 * 1024];
    for input in [&every[..], &long, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\n", b"HELP\r\n"] {
        for (slug, bytes, _) in conversations(&[input]) {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(forbidden().iter().all(|word| !text.contains(word)), "{slug} says what it is");
            assert!(bytes.len() < 8 << 20, "{slug} sends {} bytes for {}", bytes.len(), input.len());
        }
    }
}

/// What every service makes of `input` at once, and of its bytes one by one.
fn both_ways(input: &[u8]) -> (Vec<Conversation>, Vec<Conversation>) {
    let pieces: Vec<&[u8]> = input.chunks(1).collect();
    let (mut whole, mut parts) = (conversations(&[input]), conversations(&pieces));
    if input.starts_with(b"GET") {
        // redis-server hangs up at "Host:", and what it has not sent by then is lost.
        whole.retain(|(slug, ..)| *slug != "redis");
        parts.retain(|(slug, ..)| *slug != "redis");
    }
    (whole, parts)
}

#[test]
fn whole_and_byte_by_byte_give_the_same_conversation() {
    for input in [
        &b"EHLO there\r\nNOOP\r\nQUIT\r\n"[..],
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\nECHO hi\r\n",
        b"\x00\x01\x02\xff\xfd\x18root\r\nsecret\r\n",
    ] {
        // Dates are those of the clock, and its second may change between the two.
        let (whole, parts) = std::iter::repeat_with(|| both_ways(input))
            .enumerate()
            .find(|(tries, (whole, parts))| whole == parts || *tries == 2)
            .map(|(_, pair)| pair)
            .unwrap();
        assert_eq!(whole, parts);
    }
}
