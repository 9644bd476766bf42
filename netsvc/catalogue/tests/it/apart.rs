//! What one attacker leaves at a node no other finds; he himself does, on another connection and from another
//! address of his network.

use netsvc_catalogue::ALL;
use netsvc_kit::{
    Link,
    testing::{converse_with, host, persona_with, sent, stage, streams},
};
use std::net::IpAddr;

/// A service, what leaves something there, what looks for it, and what is found.
type Case = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

const CONNECT: &[u8] = b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1";

fn cases() -> Vec<Case> {
    let publish: &[u8] = [CONNECT, b"\x31\x10\0\x05mine1left-here"].concat().leak();
    let subscribe: &[u8] = [CONNECT, b"\x82\x0a\0\x01\0\x05mine1\0"].concat().leak();
    vec![
        ("memcached", b"set mine1 0 0 9\r\nleft-here\r\n", b"get mine1\r\n", b"left-here"),
        ("redis", b"SET mine1 left-here\r\n", b"GET mine1\r\n", b"left-here"),
        ("mqtt", publish, subscribe, b"left-here"),
    ]
}

#[test]
fn what_one_leaves_he_finds_again_and_no_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    for (slug, leave, look, found) in cases() {
        let def = ALL.iter().find(|def| def.slug == slug).unwrap();
        let settings: &[(&str, &str)] = if slug == "mqtt" { &[("anonymous", "yes")] } else { &[] };
        let host = host(&stage, persona_with(def, "web-01"), slug, settings);
        let (open, link) = *streams(def).first().unwrap();
        let says = |from: &str, said: &[u8]| {
            let from: IpAddr = from.parse().unwrap();
            let link = Link { peer: (from, 40_000).into(), ..link };
            let answer = sent(&converse_with(open, &host, &link, &[said]));
            answer.windows(found.len()).any(|window| window == found)
        };
        says("192.0.2.7", leave);
        says("2001:db8:7::1", leave);
        for (from, finds) in
            [("192.0.2.7", true), ("192.0.2.8", false), ("2001:db8:7::2", true), ("2001:db8:8::1", false)]
        {
            assert_eq!(says(from, look), finds, "{slug}: {from}");
        }
    }
}
