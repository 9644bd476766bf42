//! Tickets from request to reply, as tools ask for them, and the lines that crackers read.

use super::{
    SERVICE,
    crypto::{Key, Kind},
    message,
};
use netsvc_daemon::{
    ber::{BITS, INTEGER, Lengths, Reader, SEQUENCE, TEXT, Writer},
    date,
    organisation::Organisation,
};
use netsvc_kit::{
    Action, Host,
    testing::{self, datagrams, sent, stage},
};
use netsvc_persona::Secret;
use netsvc_wire::field;
use std::sync::Arc;

const REALM: &str = "CORP.EXAMPLE";

fn controller(folder: &std::path::Path) -> Arc<Host> {
    let mut persona = testing::persona("dc-01");
    "windows_server_2019".clone_into(&mut persona.os.id);
    "windows_server".clone_into(&mut persona.os.family);
    "DC01".clone_into(&mut persona.hostname);
    if let Some(first) = persona.users.first_mut() {
        "Administrator".clone_into(&mut first.name);
        first.password = Some(Secret("Summer2024".to_owned()));
    }
    testing::host(&stage(folder), testing::with_product(&SERVICE, persona), "kerberos", &[])
}

fn put_name(writer: &mut Writer, kind: i64, parts: &[&str]) {
    writer.group(SEQUENCE, |writer| {
        writer.group(0xa1, |writer| {
            writer.group(SEQUENCE, |writer| {
                parts.iter().rev().for_each(|part| writer.value(message::STRING, part.as_bytes()));
            });
        });
        writer.group(0xa0, |writer| writer.number(INTEGER, kind));
    });
}

fn put_sealed(writer: &mut Writer, kind: i64, cipher: &[u8]) {
    writer.group(SEQUENCE, |writer| {
        writer.group(0xa2, |writer| writer.value(TEXT, cipher));
        writer.group(0xa0, |writer| writer.number(INTEGER, kind));
    });
}

/// A request with the tag `tag`.
fn request(
    tag: u8,
    client: Option<&str>,
    service: &[&str],
    kinds: &[i64],
    proof: Option<(i64, &[u8])>,
) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    writer.group(tag, |writer| {
        writer.group(SEQUENCE, |writer| {
            writer.group(0xa4, |writer| {
                writer.group(SEQUENCE, |writer| {
                    writer.group(0xa8, |writer| {
                        writer.group(SEQUENCE, |writer| {
                            kinds.iter().rev().for_each(|kind| writer.number(INTEGER, *kind));
                        });
                    });
                    writer.group(0xa7, |writer| writer.number(INTEGER, 77));
                    writer.group(0xa5, |writer| writer.value(message::TIME, b"20370913024805Z"));
                    writer.group(0xa3, |writer| put_name(writer, 2, service));
                    writer.group(0xa2, |writer| writer.value(message::STRING, REALM.as_bytes()));
                    if let Some(client) = client {
                        writer.group(0xa1, |writer| put_name(writer, 1, &[client]));
                    }
                    writer.group(0xa0, |writer| writer.value(BITS, &[0, 0x40, 0x80, 0, 0x10]));
                });
            });
            if let Some((kind, value)) = proof {
                writer.group(0xa3, |writer| {
                    writer.group(SEQUENCE, |writer| {
                        writer.group(SEQUENCE, |writer| {
                            writer.group(0xa2, |writer| writer.value(TEXT, value));
                            writer.group(0xa1, |writer| writer.number(INTEGER, kind));
                        });
                    });
                });
            }
            writer.group(0xa2, |writer| writer.number(INTEGER, if tag == 0x6a { 10 } else { 12 }));
            writer.group(0xa1, |writer| writer.number(INTEGER, 5));
        });
    });
    writer.finish()
}

/// The proof that its sender has `key` at the time `now`.
fn stamp(key: &Key, now: i64) -> Vec<u8> {
    let mut plain = Writer::new(Lengths::Short);
    plain.group(SEQUENCE, |writer| {
        let text = format!("{}Z", date::compact(now));
        writer.group(0xa0, |writer| writer.value(message::TIME, text.as_bytes()));
    });
    let mut proof = Writer::new(Lengths::Short);
    put_sealed(&mut proof, key.kind.number(), &key.encrypt(1, &[3; 16], &plain.finish()));
    proof.finish()
}

fn ask(host: &Arc<Host>, request: &[u8]) -> (Vec<u8>, Vec<Action>) {
    let actions = datagrams(&SERVICE, host, &testing::link(88), &[request]);
    (sent(&actions), actions)
}

/// The code of an error; none where it is none.
fn code(answer: &[u8]) -> Option<i64> {
    Reader::new(message::field(answer, 0x7e, 0xa6)?).integer().ok()
}

/// The line for crackers that was recorded.
fn line(actions: &[Action]) -> Option<String> {
    let fields = actions.iter().filter_map(|action| match action {
        Action::Record(_, fields) => Some(fields),
        _ => None,
    });
    let found = fields.flatten().find(|(name, _)| *name == field::CRACK_LINE)?;
    String::from_utf8(found.1.clone()).ok()
}

#[test]
fn names_are_told_apart_as_scanners_expect() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    for (name, wanted) in [
        ("Administrator", 25),
        ("administrator", 25),
        ("nobody", 6),
        ("krbtgt", 18),
        ("DC01$", 25),
        ("Guest", 18),
    ] {
        let (answer, _) = ask(&host, &request(0x6a, Some(name), &["krbtgt", REALM], &[18, 17, 23], None));
        assert_eq!(code(&answer), Some(wanted), "{name}");
    }
    let (answer, _) = ask(&host, &request(0x6a, Some("Administrator"), &["krbtgt", REALM], &[3], None));
    assert_eq!(code(&answer), Some(14));
    let (answer, _) = ask(&host, &request(0x6a, Some("Administrator"), &["cifs", "nowhere"], &[18], None));
    assert_eq!(code(&answer), Some(7));
}

#[test]
fn a_proof_is_taken_with_the_right_password_at_the_right_time_and_kept_for_crackers() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let salt = b"CORP.EXAMPLEAdministrator";
    let now = host.clock();
    for kind in [Kind::Rc4, Kind::Aes128, Kind::Aes256] {
        for (password, at, wanted) in [
            ("Summer2024", now, None),
            ("Summer2023", now, Some(24)),
            ("Summer2024", now - 3_600_000_000, Some(37)),
        ] {
            let key = Key::of_password(kind, password.as_bytes(), salt);
            let proof = stamp(&key, at);
            let asked = request(
                0x6a,
                Some("Administrator"),
                &["krbtgt", REALM],
                &[kind.number()],
                Some((message::TIMESTAMP, &proof)),
            );
            let (answer, actions) = ask(&host, &asked);
            assert_eq!(code(&answer), wanted, "{kind:?} {password}");
            let line = line(&actions).unwrap();
            assert!(
                line.starts_with(&format!("$krb5pa${}$Administrator$CORP.EXAMPLE$", kind.number())),
                "{line}"
            );
            // What a cracker does with the line.
            let cipher = hex::decode(line.rsplit('$').next().unwrap()).unwrap();
            let cipher = if kind == Kind::Rc4 {
                let (stamp, check) = cipher.split_at(cipher.len() - 16);
                [check, stamp].concat()
            } else {
                cipher
            };
            assert!(key.decrypt(1, &cipher).is_some());
            if wanted.is_none() {
                let sealed = message::field(&answer, 0x6b, 0xa6).unwrap();
                let sealed = message::Sealed::read(&mut Reader::new(sealed)).unwrap();
                let plain = key.decrypt(3, &sealed.cipher).unwrap();
                let nonce = message::field(&plain, 0x79, 0xa2).unwrap();
                assert_eq!(Reader::new(nonce).integer(), Ok(77));
            }
        }
    }
}

#[test]
fn who_need_not_prove_himself_gets_what_can_be_cracked() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let organisation = Organisation::of(&host);
    let account = organisation.accounts.iter().find(|account| !account.proves).unwrap();
    let (answer, actions) = ask(&host, &request(0x6a, Some(&account.name), &["krbtgt", REALM], &[23], None));
    let sealed = message::field(&answer, 0x6b, 0xa6).unwrap();
    let sealed = message::Sealed::read(&mut Reader::new(sealed)).unwrap();
    let key = Key::of_password(Kind::Rc4, account.password.as_ref().unwrap().as_bytes(), b"");
    assert!(key.decrypt(3, &sealed.cipher).is_some());
    assert!(format!("{actions:?}").contains("ExploitAttempt"));
}

#[test]
fn tickets_for_services_are_given_for_tickets_and_can_be_cracked() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let key = Key::of_password(Kind::Aes256, b"Summer2024", b"CORP.EXAMPLEAdministrator");
    let proof = stamp(&key, host.clock());
    let asked =
        request(0x6a, Some("Administrator"), &["krbtgt", REALM], &[18], Some((message::TIMESTAMP, &proof)));
    let (answer, _) = ask(&host, &asked);
    let sealed = message::field(&answer, 0x6b, 0xa6).unwrap();
    let sealed = message::Sealed::read(&mut Reader::new(sealed)).unwrap();
    let plain = key.decrypt(3, &sealed.cipher).unwrap();
    let (kind, bytes) = message::key(message::field(&plain, 0x79, 0xa0).unwrap()).unwrap();
    let session = Key { kind: Kind::of(kind).unwrap(), bytes };
    let ticket = message::field(&answer, 0x6b, 0xa5).unwrap();
    let mut authenticator = Writer::new(Lengths::Short);
    authenticator.group(0x62, |writer| {
        writer.group(SEQUENCE, |writer| writer.group(0xa0, |writer| writer.number(INTEGER, 5)));
    });
    let sealed = session.encrypt(7, &[5; 16], &authenticator.finish());
    let mut presented = Writer::new(Lengths::Short);
    presented.group(0x6e, |writer| {
        writer.group(SEQUENCE, |writer| {
            writer.group(0xa4, |writer| put_sealed(writer, kind, &sealed));
            writer.group(0xa3, |writer| writer.raw(ticket));
        });
    });
    let presented = presented.finish();
    let organisation = Organisation::of(&host);
    let account = organisation
        .accounts
        .iter()
        .find(|account| account.password.is_some() && !account.principals.is_empty());
    let account = account.unwrap();
    let principal: Vec<&str> = account.principals.first().unwrap().split('/').collect();
    let asked = request(0x6c, None, &principal, &[18, 23], Some((message::TICKET, &presented)));
    let (answer, actions) = ask(&host, &asked);
    assert_eq!(code(&answer), None);
    let ticket = message::field(&answer, 0x6d, 0xa5).unwrap();
    let ticket = message::Ticket::read(&mut Reader::new(ticket)).unwrap();
    assert_eq!((ticket.sealed.kind, ticket.service.text()), (23, principal.join("/")));
    let cracked = Key::of_password(Kind::Rc4, account.password.as_ref().unwrap().as_bytes(), b"");
    assert!(cracked.decrypt(2, &ticket.sealed.cipher).is_some());
    let sealed = message::field(&answer, 0x6d, 0xa6).unwrap();
    let sealed = message::Sealed::read(&mut Reader::new(sealed)).unwrap();
    assert!(session.decrypt(8, &sealed.cipher).is_some());
    assert!(
        format!("{actions:?}").contains("kerberoasting") || format!("{actions:?}").contains("ExploitAttempt")
    );
    // A ticket that somebody made up opens nothing.
    let mut forged = presented;
    let last = forged.len() - 200;
    *forged.get_mut(last).unwrap() ^= 1;
    let asked = request(0x6c, None, &principal, &[18, 23], Some((message::TICKET, &forged)));
    assert!(matches!(code(&ask(&host, &asked).0), Some(41 | 31)));
}
