//! What holds for every service, whoever wrote it.

use netsvc_catalogue::ALL;
use netsvc_kit::{
    Action, Link, Serve,
    declared::Daemon,
    testing::{
        converse_with, datagram_machines, datagrams, dialogues, host, persona_with, sent, stage, streams,
    },
};
use netsvc_persona::{stage::PortSpec, tables::systems::SYSTEMS};
use std::collections::BTreeSet;

/// Words that no peer may read. Built from halves, because the words themselves must not stand here.
pub(super) fn forbidden() -> Vec<String> {
    [("dec", "net"), ("dec", "ky"), ("honey", "pot"), ("dec", "oy"), ("can", "ary")]
        .iter()
        .map(|(left, right)| format!("{left}{right}"))
        .collect()
}

/// A service, what it sent and how many events it wrote.
type Conversation = (&'static str, Vec<u8>, usize);

/// `said` without moments finer than a second, which no two conversations share: the microsecond that redis' INFO was
/// asked in, the millisecond of MongoDB's `hello`, and times of Windows (tenths of a microsecond since 1601)
/// of the hour
/// before and after now.
fn timeless(mut said: Vec<u8>) -> Vec<u8> {
    // A letter's name in the queue is made of the time.
    const QUEUED: &[u8] = b"queued as ";
    if let Some(at) = said.windows(QUEUED.len()).position(|window| window == QUEUED) {
        let name = said.iter_mut().skip(at + QUEUED.len()).take_while(|byte| byte.is_ascii_alphanumeric());
        name.for_each(|byte| *byte = b'0');
    }
    const NAME: &[u8] = b"server_time_usec:";
    const DATE: &[u8] = b"\tlocalTime\0";
    if let Some(at) = said.windows(NAME.len()).position(|window| window == NAME) {
        let digits = said.iter_mut().skip(at + NAME.len()).take_while(|byte| byte.is_ascii_digit());
        digits.for_each(|digit| *digit = b'0');
    }
    let dates: Vec<usize> = said
        .windows(DATE.len())
        .enumerate()
        .filter(|(_, window)| *window == DATE)
        .map(|(at, _)| at + DATE.len())
        .collect();
    for at in dates {
        said.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let hour = |shift: u64| (now + 11_644_473_600 + shift - 3600) * 10_000_000;
    let recent = hour(0)..hour(7200);
    let is_recent = |bytes: &[u8]| recent.contains(&u64::from_le_bytes(bytes.try_into().unwrap()));
    let times: Vec<usize> =
        said.windows(8).enumerate().filter(|(_, bytes)| is_recent(bytes)).map(|(at, _)| at).collect();
    for at in times {
        said.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0);
    }
    said
}

/// Runs every machine service that reads a stream over `pieces` and returns what it sent and how many events it wrote.
fn conversations(pieces: &[&[u8]]) -> Vec<Conversation> {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let machines = ALL.iter().flat_map(|def| streams(def).into_iter().map(|(open, link)| (*def, open, link)));
    machines
        .map(|(def, open, link)| {
            let host = host(&stage, persona_with(def, "web-01"), def.slug, &[]);
            let actions = converse_with(open, &host, &link, pieces);
            let events =
                actions.iter().filter(|action| matches!(action, Action::Record(..) | Action::Capture(..)));
            (def.slug, timeless(sent(&actions)), events.count())
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

/// What a service does not declare, nobody places, touches or attacks.
#[test]
fn every_service_declares_what_it_shows_and_how_peers_talk_to_it() {
    for def in ALL.iter() {
        assert!(!def.products.is_empty(), "{} shows no product on any system", def.slug);
        for port in def.ports.iter().filter(|port| !port.tls) {
            let spoken = def.info();
            let port_spec =
                PortSpec { slug: String::new(), transport: port.transport, port: port.number, tls: false };
            let fits = spoken.exchange_at(&port_spec).is_some();
            assert!(fits, "{} has no first exchange over {}", def.slug, port.transport.name());
        }
        assert!(!def.talks.visit.is_empty(), "{} has no visit", def.slug);
        for apart in def.talks.apart {
            let known = def
                .ports
                .iter()
                .any(|port| (port.transport, port.number) == (apart.port.transport, apart.port.number));
            assert!(known && !apart.visit.is_empty(), "{}: {:?}", def.slug, apart.port);
        }
        for flood in def.talks.floods {
            assert!(!flood.unit.is_empty(), "{}: {} repeats nothing", def.slug, flood.name);
        }
    }
}

/// What is written down of a service is what its lines say.
#[test]
fn every_event_is_of_a_kind_that_its_service_declares() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    for def in ALL.iter() {
        for (open, link) in streams(def).into_iter().chain(datagram_machines(def)) {
            let host = host(&stage, persona_with(def, "web-01"), def.slug, &[]);
            for dialogue in dialogues(def) {
                for action in converse_with(open, &host, &link, &[&dialogue]) {
                    if let Action::Record(kind, fields) | Action::Capture(kind, fields, _) = action {
                        assert!(def.declares(kind), "{} does not declare {}", def.slug, kind.name());
                        let misfits = fields.iter().filter_map(|(name, value)| kind.misfit(name, value));
                        assert_eq!(misfits.collect::<Vec<_>>(), Vec::<String>::new(), "{}", def.slug);
                    }
                }
            }
        }
        for limit in def.limits {
            assert!(limit.ends_with('.') && limit.len() <= 120, "{}: {limit:?} is no sentence", def.slug);
        }
    }
}

/// A port that a product has is one of its service, and what stands on one system has the same ones: which they are
/// is known before a product is drawn.
#[test]
fn products_of_one_system_have_the_same_ports() {
    for def in ALL.iter() {
        let info = def.info();
        for product in &info.products {
            let known = |port: &u16| def.ports.iter().any(|known| known.number == *port);
            assert!(product.ports.iter().all(known), "{}: {:?}", def.slug, product.ports);
        }
        for system in SYSTEMS {
            let mut sets: Vec<_> = info.products_on(system.id).map(|product| &product.ports).collect();
            sets.dedup();
            assert!(sets.len() <= 1, "{} on {}: {sets:?}", def.slug, system.id);
        }
        let bound =
            |port: &u16| SYSTEMS.iter().any(|system| info.ports_on(system.id).any(|on| on.port == *port));
        assert!(
            def.ports.iter().all(|port| bound(&port.number)),
            "{} has a port that nobody binds",
            def.slug
        );
    }
}

/// A process list, a socket and a package that contradict the banner tell more than any banner.
#[test]
fn every_product_of_a_system_with_a_command_line_has_its_daemon() {
    let shells = || SYSTEMS.iter().filter(|system| system.shell);
    for def in ALL.iter() {
        for product in def.info().products {
            for system in shells().filter(|system| product.is_on(system.id)) {
                let found = Daemon::find(def.daemons, system.id, Some(&product.name));
                let name = format!("{}: {} on {}", def.slug, product.name, system.id);
                let daemon = found.unwrap_or_else(|| panic!("{name} has no daemon"));
                assert!(daemon.binary.starts_with('/') && !daemon.command.is_empty(), "{name}: no command");
                let account = |line: &str| line.split(':').next() == Some(daemon.user);
                let known = ["root", "nobody", "www-data", "daemon", "mail"].contains(&daemon.user);
                assert!(known || daemon.account.lines().any(account), "{name}: no account {}", daemon.user);
                let whole = |line: &str| line.split(':').count() == 7;
                assert!(daemon.account.lines().all(whole), "{name}: {:?}", daemon.account);
                assert!(daemon.files.iter().all(|laid| laid.path.starts_with('/')), "{name}: files");
            }
        }
    }
}

#[test]
fn services_of_one_system_have_accounts_of_their_own() {
    for system in SYSTEMS.iter().filter(|system| system.shell) {
        let mut owners: std::collections::BTreeMap<&str, (&str, &str)> = std::collections::BTreeMap::new();
        for def in ALL.iter() {
            for product in def.info().products.iter().filter(|product| product.is_on(system.id)) {
                let Some(daemon) = Daemon::find(def.daemons, system.id, Some(&product.name)) else {
                    continue;
                };
                for line in daemon.account.lines() {
                    let mut fields = line.split(':');
                    let (name, uid) = (fields.next().unwrap(), fields.nth(1).unwrap());
                    let (other, whose) = *owners.entry(uid).or_insert((name, def.slug));
                    // Products of one service do not stand beside each other.
                    let fits = other == name || whose == def.slug;
                    assert!(fits, "{}: {uid} is {name} of {} and {other} of {whose}", system.id, def.slug);
                }
            }
        }
    }
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

/// Longest datagram that a path takes whole (Ethernet, without the headers of IPv4 and UDP).
const WHOLE: usize = 1472;
/// Most datagrams that answer one.
const ANSWERS: usize = 4;

/// A datagram has no second piece, so each is a conversation; and what answers it is bounded, because its sender may be
/// anybody.
#[test]
fn a_datagram_neither_panics_nor_names_what_we_are_nor_is_answered_at_length() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let every: Vec<u8> = (0..=255).collect();
    let long = vec![b'A'; 64 * 1024];
    let said = ALL.iter().flat_map(|def| dialogues(def)).chain([every, long, Vec::new()]);
    let said: Vec<Vec<u8>> = said.collect();
    for def in ALL.iter().filter(|def| matches!(def.serve, Serve::Datagrams(_) | Serve::Both(..))) {
        let host = host(&stage, persona_with(def, "web-01"), def.slug, &[]);
        let ask = |link: &Link, input: &[u8]| {
            let answers: Vec<_> = datagrams(def, &host, link, &[input])
                .into_iter()
                .filter_map(|action| match action {
                    Action::Send(bytes) | Action::Datagram(bytes) => Some(bytes),
                    _ => None,
                })
                .collect();
            assert!(answers.len() <= ANSWERS, "{} answers {} times", def.slug, answers.len());
            for bytes in answers {
                assert!(bytes.len() <= WHOLE, "{}: {} bytes are answered", def.slug, bytes.len());
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                assert!(forbidden().iter().all(|word| !text.contains(word)), "{} says what it is", def.slug);
            }
        };
        let links = datagram_machines(def).into_iter().map(|(_, link)| link);
        for (link, input) in links.flat_map(|link| said.iter().map(move |input| (link, input))) {
            let ask = |input: &[u8]| ask(&link, input);
            ask(input);
            for end in 0..input.len().min(600) {
                ask(input.get(..end).unwrap());
            }
            for at in 0..input.len().min(600) {
                for byte in [0, 0x7f, 0x80, 0xff] {
                    let mut changed = input.clone();
                    *changed.get_mut(at).unwrap() = byte;
                    ask(&changed);
                }
            }
        }
    }
}

/// What every service makes of `input` at once, and of its bytes one by one.
fn both_ways(input: &[u8]) -> (Vec<Conversation>, Vec<Conversation>) {
    let pieces: Vec<&[u8]> = input.chunks(1).collect();
    let (mut whole, mut parts) = (conversations(&[input]), conversations(&pieces));
    if input.windows(5).any(|window| window.eq_ignore_ascii_case(b"host:")) {
        // redis-server hangs up at "Host:", and what it has not sent by then is lost.
        whole.retain(|(slug, ..)| *slug != "redis");
        parts.retain(|(slug, ..)| *slug != "redis");
    }
    (whole, parts)
}

#[test]
fn whole_and_byte_by_byte_give_the_same_conversation() {
    for input in ALL.iter().flat_map(|def| dialogues(def)) {
        // Dates are those of the clock, and its second may change between the two.
        let (whole, parts) = std::iter::repeat_with(|| both_ways(&input))
            .enumerate()
            .find(|(tries, (whole, parts))| whole == parts || *tries == 2)
            .map(|(_, pair)| pair)
            .unwrap();
        assert_eq!(whole, parts);
    }
}
