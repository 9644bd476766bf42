//! Name servers of a domain with several hosts: they say the same of it, and Windows and BIND say it in their ways.

#![allow(clippy::indexing_slicing, reason = "a reply that is too short ends the test here")]

use netsvc_kit::{
    Action, Host, Input, Out, Serve,
    testing::{host, link, persona, stage},
};
use netsvc_persona::{Persona, Product};
use netsvc_proto::services::dns::SERVICE;
use std::sync::Arc;

const A: u16 = 1;
const NS: u16 = 2;
const SOA: u16 = 6;
const PTR: u16 = 12;
const MX: u16 = 15;
const SRV: u16 = 33;
const AXFR: u16 = 252;
const ANY: u16 = 255;

/// A host `name` with the address 10.1.2.`last`.
fn member(name: &str, last: u8, windows: bool) -> Persona {
    let mut persona = persona(name);
    (persona.hostname, persona.ip) = (name.to_owned(), [10, 1, 2, last].into());
    persona.gateway = Some([10, 1, 2, 1].into());
    let (family, product) = if windows { ("windows_server", "Microsoft DNS") } else { ("linux", "BIND") };
    persona.os.family = family.to_owned();
    let product =
        Product { name: product.to_owned(), version: "9.18.28".to_owned(), packaging: String::new() };
    persona.products.insert("dns".to_owned(), product);
    persona
}

fn question(name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend(class.to_be_bytes());
    message
}

/// What is said to a question, over datagrams or a connection: the code, counts of answers, and the message.
fn ask(host: &Arc<Host>, message: &[u8], connection: bool) -> (u8, [u16; 3], Vec<u8>) {
    let Serve::Both(stream, datagrams) = SERVICE.serve else { unreachable!() };
    let mut out = Out::default();
    let mut machine = if connection { stream(host, &link(53)) } else { datagrams(host, &link(53)) };
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    let bytes = if connection { [&length[..], message].concat() } else { message.to_vec() };
    machine.step(Input::Bytes(&bytes), &mut out);
    let said = out.take().into_iter().find_map(|action| match action {
        Action::Send(bytes) => Some(bytes[2..].to_vec()),
        Action::Datagram(bytes) => Some(bytes),
        _ => None,
    });
    let said = said.unwrap();
    let count = |at: usize| u16::from_be_bytes([said[at], said[at + 1]]);
    (said[3] & 15, [count(6), count(8), count(10)], said)
}

fn holds(message: &[u8], part: &[u8]) -> bool {
    message.windows(part.len()).any(|window| window == part)
}

#[test]
fn all_servers_of_a_domain_say_what_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let first = host(&stage, member("ns-a", 10, false), "dns", &[]);
    let second = host(&stage, member("ns-b", 11, false), "dns", &[]);
    let mails = host(&stage, member("post", 25, false), "smtp", &[]);
    let mut foreign = member("other", 40, false);
    foreign.domain = "else.example".to_owned();
    let _foreign = host(&stage, foreign, "smtp", &[]);
    for server in [&first, &second] {
        let answers = |name: &str, kind: u16| ask(server, &question(name, kind, 1), false);
        assert_eq!(answers("corp.example", NS).1[0], 2);
        let (code, [count, ..], said) = answers("corp.example", MX);
        assert!((code, count) == (0, 1) && holds(&said, b"\x04post"));
        assert!(holds(&answers("post.corp.example", A).2, &[10, 1, 2, 25]));
        assert!(holds(&answers("mail.corp.example", A).2, &[10, 1, 2, 25]));
        assert!(holds(&answers("gw.corp.example", A).2, &[10, 1, 2, 1]));
        assert!(holds(&answers("25.2.1.10.in-addr.arpa", PTR).2, b"\x04post\x04corp\x07example"));
        assert_eq!((answers("other.corp.example", A).0, answers("other.else.example", A).0), (3, 5));
        assert!(holds(&answers("corp.example", SOA).2, b"\x04ns-a"));
    }
    let (_, [whole, ..], _) = ask(&first, &question("corp.example", AXFR, 1), true);
    // SOA twice, two NS, MX, TXT, four hosts with the gateway, `mail`.
    assert_eq!(whole, 11);
    drop(mails);
    assert_eq!(ask(&first, &question("post.corp.example", A, 1), false).0, 3);
}

#[test]
fn a_controller_is_found_by_the_names_of_its_directory_and_gives_its_zones_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let server = host(&stage, member("dc-a", 10, true), "dns", &[]);
    let answers = |name: &str, kind: u16| ask(&server, &question(name, kind, 1), false);
    for name in ["_ldap._tcp", "_kerberos._udp", "_ldap._tcp.dc._msdcs", "_ldap._tcp.pdc._msdcs", "_gc._tcp"]
    {
        let (code, counts, said) = answers(&format!("{name}.corp.example"), SRV);
        assert!((code, counts) == (0, [1, 0, 1]) && holds(&said, b"\x04dc-a"), "{name} {said:?}");
    }
    // Recursion is available (RA) and leads nowhere.
    let (code, _, said) = answers("example.com", A);
    assert_eq!((code, said[3] & 0x80), (2, 0x80));
    assert_eq!(answers("corp.example", A).1[0], 1);
    assert_eq!(ask(&server, &question("corp.example", AXFR, 1), true).0, 5);
    // What scanners know it by.
    let said = ask(&server, &question("version.bind", 16, 3), false).2;
    assert_eq!(&said[2..], [b"\x81\x04\0\x01\0\0\0\0\0\0", &question("version.bind", 16, 3)[12..]].concat());
}

#[test]
fn an_answer_fits_what_its_peer_takes_and_a_release_keeps_its_habits() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let server = host(&stage, member("ns-a", 10, false), "dns", &[]);
    let _all: Vec<_> =
        (20..90).map(|last| host(&stage, member(&format!("mx-{last}"), last, false), "smtp", &[])).collect();
    let whole = question("corp.example", ANY, 1);
    let (_, _, small) = ask(&server, &whole, false);
    assert!(small.len() <= 512 && small[2] & 2 == 2, "{}", small.len());
    let mut large = whole.clone();
    large[11] = 1;
    large.extend(b"\0\0\x29\xff\xff\0\0\0\0\0\0");
    let (_, [answers, ..], cut) = ask(&server, &large, false);
    assert!(cut.len() <= 1232 && cut[2] & 2 == 2 && answers == 0, "{}", cut.len());
    let (_, [answers, ..], said) = ask(&server, &whole, true);
    assert_eq!((answers, said[2] & 2), (73, 0));

    let mut newer = member("ns-b", 12, false);
    "9.20.2".clone_into(&mut newer.products.get_mut("dns").unwrap().version);
    let newer = host(&stage, newer, "dns", &[]);
    assert_eq!(ask(&newer, &question("corp.example", AXFR, 1), true).0, 5);
    let closed = host(&stage, member("ns-c", 13, false), "dns", &[("transfers", "no"), ("server_id", "s1")]);
    assert_eq!(ask(&closed, &question("corp.example", AXFR, 1), true).0, 5);
    assert!(holds(&ask(&closed, &question("id.server", 16, 3), false).2, b"\x02s1"));
}
