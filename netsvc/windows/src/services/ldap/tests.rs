//! What peers see of a directory, from messages to answers.

use super::SERVICE;
use netsvc_daemon::ber::{BOOLEAN, ENUMERATED, INTEGER, Lengths, Reader, SEQUENCE, Writer};
use netsvc_kit::{
    Action, Host, Link,
    testing::{self, converse, datagrams, sent, stage},
};
use netsvc_persona::Secret;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// A filter as its text is written, as far as tests need it.
enum F<'a> {
    And(&'a [F<'a>]),
    Not(&'a F<'a>),
    Has(&'a str),
    Is(&'a str, &'a str),
    Rule(&'a str, &'a str, &'a str),
}

impl F<'_> {
    fn put(&self, writer: &mut Writer) {
        match self {
            F::And(parts) => {
                writer.group(0xa0, |writer| parts.iter().rev().for_each(|part| part.put(writer)));
            }
            F::Not(part) => writer.group(0xa2, |writer| part.put(writer)),
            F::Has(name) => writer.value(0x87, name.as_bytes()),
            F::Is(name, value) => writer.group(0xa3, |writer| {
                writer.text(value);
                writer.text(name);
            }),
            F::Rule(name, rule, value) => writer.group(0xa9, |writer| {
                writer.value(0x83, value.as_bytes());
                writer.value(0x82, name.as_bytes());
                writer.value(0x81, rule.as_bytes());
            }),
        }
    }
}

fn message(id: i64, controls: &[u8], fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    writer.group(SEQUENCE, |writer| {
        writer.raw(controls);
        fill(writer);
        writer.number(INTEGER, id);
    });
    writer.finish()
}

fn search(base: &str, scope: i64, filter: &F<'_>, attributes: &[&str], controls: &[u8]) -> Vec<u8> {
    message(2, controls, |writer| {
        writer.group(0x63, |writer| {
            writer.group(SEQUENCE, |writer| attributes.iter().rev().for_each(|name| writer.text(name)));
            filter.put(writer);
            writer.value(BOOLEAN, &[0]);
            writer.number(INTEGER, 0);
            writer.number(INTEGER, 0);
            writer.number(ENUMERATED, 0);
            writer.number(ENUMERATED, scope);
            writer.text(base);
        });
    })
}

fn bind(name: &str, password: &str) -> Vec<u8> {
    message(1, &[], |writer| {
        writer.group(0x60, |writer| {
            writer.value(0x80, password.as_bytes());
            writer.text(name);
            writer.number(INTEGER, 3);
        });
    })
}

/// An answer: its tag, the name of an entry or the text of a result, its code, its values.
#[derive(Debug)]
struct Told {
    tag: u8,
    name: String,
    code: i64,
    text: String,
    values: Vec<(String, Vec<String>)>,
    controls: Vec<u8>,
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn told(bytes: &[u8]) -> Vec<Told> {
    let mut all = Vec::new();
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let mut inside = reader.inside(SEQUENCE).unwrap();
        inside.integer().unwrap();
        let operation = inside.value().unwrap();
        let mut parts = operation.reader();
        let mut one = Told {
            tag: operation.tag,
            name: String::new(),
            code: 0,
            text: String::new(),
            values: Vec::new(),
            controls: if inside.is_empty() { Vec::new() } else { inside.value().unwrap().content.to_vec() },
        };
        if operation.tag == 0x64 {
            one.name = string(parts.text().unwrap());
            let mut list = parts.inside(SEQUENCE).unwrap();
            while !list.is_empty() {
                let mut pair = list.inside(SEQUENCE).unwrap();
                let name = string(pair.text().unwrap());
                let mut set = pair.inside(0x31).unwrap();
                let mut values = Vec::new();
                while !set.is_empty() {
                    values.push(string(set.text().unwrap()));
                }
                one.values.push((name, values));
            }
        } else if operation.tag != 0x73 {
            one.code = parts.of(ENUMERATED).unwrap().integer().unwrap();
            one.name = string(parts.text().unwrap());
            one.text = string(parts.text().unwrap());
            if !parts.is_empty() {
                let value = parts.value().unwrap();
                one.values.push((format!("{:x}", value.tag), vec![string(value.content)]));
            }
        }
        all.push(one);
    }
    all
}

fn controller(folder: &std::path::Path) -> Arc<Host> {
    let mut persona = testing::persona("dc-01");
    "windows_server_2019".clone_into(&mut persona.os.id);
    "windows_server".clone_into(&mut persona.os.family);
    "DC01".clone_into(&mut persona.hostname);
    if let Some(first) = persona.users.first_mut() {
        "Administrator".clone_into(&mut first.name);
        first.password = Some(Secret("Summer2024".to_owned()));
    }
    testing::host(&stage(folder), testing::with_product(&SERVICE, persona), "ldap", &[])
}

const BASE: &str = "DC=corp,DC=example";
const ALL: F<'_> = F::Has("objectClass");

fn administrator() -> Vec<u8> {
    bind("CORP\\administrator", "Summer2024")
}

fn entries(host: &Arc<Host>, asked: &[u8]) -> Vec<Told> {
    let actions = converse(&SERVICE, host, &testing::link(389), &[&administrator(), asked]);
    told(&sent(&actions)).into_iter().filter(|told| told.tag == 0x64).collect()
}

#[test]
fn nobody_sees_more_than_the_entry_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let asked = [search("", 0, &ALL, &[], &[]), search(BASE, 2, &ALL, &[], &[])];
    let bytes = sent(&converse(&SERVICE, &host, &testing::link(389), &[&asked.concat()]));
    // As scanners recognise it.
    let settings = b"dsServiceName1\x84\0\0\0";
    let at = bytes.windows(settings.len()).position(|window| window == settings).unwrap();
    assert!(
        bytes.get(at + settings.len() + 3..).unwrap().starts_with(b"CN=NTDS Settings,CN=DC01,CN=Servers,")
    );
    let all = told(&bytes);
    assert_eq!(all.len(), 3);
    let refused = all.last().unwrap();
    assert_eq!(refused.code, 1);
    assert!(
        refused.text.starts_with("000004DC: LdapErr: DSID-0C090A5C, comment: In order to"),
        "{refused:?}"
    );
    assert!(refused.text.ends_with(", data 0, v4563\0"));
}

#[test]
fn names_of_all_forms_are_let_in_with_their_password_and_with_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let whoami = message(3, &[], |writer| {
        writer.group(0x77, |writer| writer.value(0x80, b"1.3.6.1.4.1.4203.1.11.3"));
    });
    for (name, password, wanted) in [
        ("CORP\\Administrator", "Summer2024", Some("u:CORP\\Administrator")),
        ("administrator@corp.example", "Summer2024", Some("u:CORP\\Administrator")),
        ("CN=Administrator,CN=Users,DC=corp,DC=example", "Summer2024", Some("u:CORP\\Administrator")),
        ("OTHER\\Administrator", "Summer2024", None),
        ("CORP\\Administrator", "Summer2023", None),
        ("CN=Nobody,DC=corp,DC=example", "Summer2024", None),
    ] {
        let asked = [bind(name, password), whoami.clone()].concat();
        let all = told(&sent(&converse(&SERVICE, &host, &testing::link(389), &[&asked])));
        let [first, second] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(first.code, if wanted.is_some() { 0 } else { 49 }, "{name}");
        if wanted.is_none() {
            assert!(first.text.contains("AcceptSecurityContext error, data 52e, v4563\0"));
        }
        let who = second.values.first().map(|(_, values)| values.concat()).unwrap_or_default();
        assert_eq!(who, wanted.unwrap_or_default(), "{name}");
    }
}

#[test]
fn what_roasters_search_for_is_found_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let bits = F::Rule("userAccountControl", "1.2.840.113556.1.4.803", "4194304");
    let unproven = F::And(&[F::Is("objectClass", "user"), bits]);
    let krbtgt = F::Is("samaccountname", "krbtgt");
    let services =
        F::And(&[F::Has("servicePrincipalName"), F::Is("objectCategory", "person"), F::Not(&krbtgt)]);
    for (filter, technique) in [(&unproven, "AS-REP roasting"), (&services, "kerberoasting")] {
        let asked = search(BASE, 2, filter, &["sAMAccountName", "servicePrincipalName"], &[]);
        let actions = converse(&SERVICE, &host, &testing::link(389), &[&administrator(), &asked]);
        let told_of = format!("{actions:?}");
        assert!(told_of.contains("ExploitAttempt"), "{told_of}");
        let events = actions.iter().filter_map(|action| match action {
            Action::Record(_, fields) => Some(fields),
            _ => None,
        });
        let named = |value: &[u8]| String::from_utf8_lossy(value).contains(technique);
        assert!(events.flatten().any(|(_, value)| named(value)), "{technique}");
        let found = entries(&host, &asked);
        assert!(!found.is_empty(), "{technique}");
        assert!(found.iter().all(|entry| entry.name.contains("OU=Service Accounts")), "{found:?}");
    }
}

#[test]
fn a_category_may_be_named_by_its_class() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let people = entries(&host, &search(BASE, 2, &F::Is("objectCategory", "person"), &["1.1"], &[]));
    assert!(20 < people.len());
    let computers = entries(&host, &search(BASE, 2, &F::Is("objectCategory", "computer"), &["1.1"], &[]));
    assert!(!computers.is_empty() && computers.iter().all(|entry| entry.values.is_empty()));
}

#[test]
fn pages_have_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let whole: Vec<_> = entries(&host, &search(BASE, 2, &F::Is("objectClass", "user"), &["1.1"], &[]))
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let (mut paged, mut cookie) = (Vec::new(), Vec::new());
    loop {
        let mut value = Writer::new(Lengths::Short);
        value.group(SEQUENCE, |writer| {
            writer.text(&cookie);
            writer.number(INTEGER, 7);
        });
        let value = value.finish();
        let mut control = Writer::new(Lengths::Short);
        control.group(0xa0, |writer| {
            writer.group(SEQUENCE, |writer| {
                writer.text(&value);
                writer.text("1.2.840.113556.1.4.319");
            });
        });
        let asked = search(BASE, 2, &F::Is("objectClass", "user"), &["1.1"], &control.finish());
        let actions = converse(&SERVICE, &host, &testing::link(389), &[&administrator(), &asked]);
        let all = told(&sent(&actions));
        let found = all.iter().filter(|told| told.tag == 0x64);
        assert!(found.clone().count() <= 7);
        paged.extend(found.map(|entry| entry.name.clone()));
        let mut control = Reader::new(&all.last().unwrap().controls).inside(SEQUENCE).unwrap();
        control.text().unwrap();
        let value = control.text().unwrap();
        let mut inside = Reader::new(value).inside(SEQUENCE).unwrap();
        inside.integer().unwrap();
        cookie = inside.text().unwrap().to_vec();
        if cookie.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[test]
fn administrators_are_found_through_groups() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let group = format!("CN=Administrators,CN=Builtin,{BASE}");
    let chain = F::Rule("memberOf", "1.2.840.113556.1.4.1941", &group);
    let through =
        entries(&host, &search(BASE, 2, &F::And(&[F::Is("objectClass", "user"), chain]), &["1.1"], &[]));
    let direct = F::And(&[F::Is("objectClass", "user"), F::Is("memberOf", &group)]);
    let direct = entries(&host, &search(BASE, 2, &direct, &["1.1"], &[]));
    assert!(direct.len() <= through.len() && !through.is_empty());
}

#[test]
fn changes_are_seen_by_who_made_them_and_by_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let name = format!("CN=eve,CN=Users,{BASE}");
    let add = message(3, &[], |writer| {
        writer.group(0x68, |writer| {
            writer.group(SEQUENCE, |writer| {
                writer.group(SEQUENCE, |writer| {
                    writer.group(0x31, |writer| writer.text("user"));
                    writer.text("objectClass");
                });
            });
            writer.text(&name);
        });
    });
    let look = search(BASE, 2, &F::Has("objectClass"), &["1.1"], &[]);
    let seen = |link: &Link, first: &[u8]| {
        let actions = converse(&SERVICE, &host, link, &[&administrator(), first, &look]);
        told(&sent(&actions)).iter().any(|told| told.tag == 0x64 && told.name == name)
    };
    let other = Link { peer: ([192, 0, 2, 8], 40_000).into(), ..testing::link(389) };
    assert!(seen(&testing::link(389), &add));
    assert!(!seen(&other, &look));
    assert!(seen(&testing::link(389), &look));
    let delete = message(4, &[], |writer| writer.value(0x4a, name.as_bytes()));
    assert!(!seen(&testing::link(389), &delete));
}

/// A change of the password of `name` as Active Directory takes it, and a request by which OpenLDAP does.
fn changes_of_passwords(name: &str) -> (Vec<u8>, Vec<u8>) {
    let quoted =
        |text: &str| -> Vec<u8> { format!("\"{text}\"").encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let modify = message(3, &[], |writer| {
        writer.group(0x66, |writer| {
            writer.group(SEQUENCE, |writer| {
                for (how, value) in [(0, "New-Pass-2"), (1, "Old-Pass-1")] {
                    writer.group(SEQUENCE, |writer| {
                        writer.group(SEQUENCE, |writer| {
                            writer.group(0x31, |writer| writer.text(quoted(value)));
                            writer.text("unicodePwd");
                        });
                        writer.number(ENUMERATED, how);
                    });
                }
            });
            writer.text(name);
        });
    });
    let request = message(4, &[], |writer| {
        writer.group(0x77, |writer| {
            writer.group(0x81, |writer| {
                writer.group(SEQUENCE, |writer| {
                    writer.value(0x82, b"next-4");
                    writer.value(0x81, b"last-3");
                    writer.value(0x80, b"uid=eve");
                });
            });
            writer.value(0x80, b"1.3.6.1.4.1.4203.1.11.1");
        });
    });
    (modify, request)
}

#[test]
fn passwords_in_changes_are_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    let name = format!("CN=Administrator,CN=Users,{BASE}");
    let (modify, request) = changes_of_passwords(&name);
    let read = search(&name, 0, &ALL, &["unicodePwd"], &[]);
    let said = [administrator(), modify, request, read].concat();
    let actions = converse(&SERVICE, &host, &testing::link(389), &[&said]);
    let told_of = |action: &Action| {
        let Action::Record(Kind::AuthAttempt, fields) = action else { return None };
        let field = |wanted| {
            let found = fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
            String::from_utf8_lossy(found.unwrap()).into_owned()
        };
        let [who, what] = [field::PRINCIPAL, field::SECRET_PRINTABLE].map(field);
        Some(format!("{who} {what} {}", field(field::SECRET_KIND)))
    };
    let all: Vec<String> = actions.iter().filter_map(told_of).skip(1).collect();
    let wanted = [
        format!("{name} Old-Pass-1 plaintext"),
        format!("{name} New-Pass-2 password_set"),
        "uid=eve last-3 plaintext".to_owned(),
        "uid=eve next-4 password_set".to_owned(),
    ];
    assert_eq!(all, wanted);
    let found = told(&sent(&actions)).into_iter().find(|told| told.tag == 0x64).unwrap();
    assert_eq!((found.name, found.values), (name, Vec::new()));
    for (password, code) in [("New-Pass-2", 0), ("Summer2024", 49)] {
        let asked = bind("CORP\\administrator", password);
        let answer = sent(&converse(&SERVICE, &host, &testing::link(389), &[&asked]));
        assert_eq!(told(&answer).first().unwrap().code, code, "{password}");
    }
}

#[test]
fn a_ping_tells_who_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let host = controller(folder.path());
    for (user, wanted) in [("", 23), ("Administrator", 23), ("nobody-here", 25)] {
        let filter =
            F::And(&[F::Is("DnsDomain", "corp.example"), F::Is("User", user), F::Is("NtVer", "\x06\0\0\0")]);
        let asked = search("", 0, &filter, &["Netlogon"], &[]);
        let bytes = sent(&datagrams(&SERVICE, &host, &testing::link(389), &[&asked]));
        let mut message = Reader::new(&bytes).inside(SEQUENCE).unwrap();
        message.integer().unwrap();
        let mut entry = message.inside(0x64).unwrap();
        entry.text().unwrap();
        let mut attribute = entry.inside(SEQUENCE).unwrap().inside(SEQUENCE).unwrap();
        assert_eq!(attribute.text().unwrap(), b"Netlogon");
        let mut set = attribute.inside(0x31).unwrap();
        let value = set.text().unwrap();
        assert_eq!(value.first(), Some(&wanted), "{user}");
        assert!(value.ends_with(&[5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
    }
}
