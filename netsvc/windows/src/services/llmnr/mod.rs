//! Names on the segment as a service: LLMNR (RFC 4795), multicast DNS (RFC 6762) and NetBIOS (RFC 1001, 1002).
//!
//! What a host answers and asks is its stack's ([`netsvc_stack`]): the stack hears what goes to everybody, asks, and
//! tells of whoever answers for a name that nobody has. Here is the socket: what comes to the host alone gets the same
//! answer.

mod products;
mod talks;

use netsvc_kit::{Beyond, Def, Full, Host, Input, Link, Machine, Out, Port, Serve, Setting, SettingKind};
use netsvc_persona::{service::Look, stage::Transport};
use netsvc_stack::Responder;
use netsvc_wire::{Kind, field};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Query, Kind::PoisonerDetected];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Without a segment of its own (the runtime loopback) it answers who asks it alone, and asks nobody.",
    "It asks over IPv4 only, and never connects to whoever answers.",
    "Questions to everybody are told of where they are for the host's own names.",
    "Names are not registered with a WINS server, and none is asked.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "llmnr",
    about: "Names on the segment (LLMNR, mDNS, NBNS)",
    ports: &[Port::udp(5355), Port::udp(5353), Port::udp(137)],
    settings: &[
        Setting {
            key: "asks",
            kind: SettingKind::Bool,
            default: "yes",
            help: "ask now and then for a name that nobody has, and tell of whoever answers",
        },
        Setting {
            key: "every",
            kind: SettingKind::Int(1, 1440),
            default: "",
            help: "minutes between two such questions, roughly; empty: drawn, 15 to 90",
        },
    ],
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(10),
    total: Def::TOTAL,
    full: |_| Full::of(256, Beyond::Displace),
    serve: Serve::Datagrams(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let responder = host.node.shared(|| Shared(Responder::new(host.persona())));
    Box::new(Names { host: host.clone(), link: *link, responder })
}

/// The answers of a node; none where it has no address of IPv4.
struct Shared(Option<Responder>);

/// What one peer asks.
struct Names {
    host: Arc<Host>,
    link: Link,
    responder: Arc<Shared>,
}

impl Names {
    /// Whether a TCP port of the node is open.
    fn is_open(&self, port: u16) -> bool {
        let persona = self.host.persona();
        let catalogue = self.host.node.stage.catalogue();
        catalogue.iter().filter(|def| persona.products.contains_key(def.slug)).any(|def| {
            let is = |known: &&Port| known.transport == Transport::Tcp && known.number == port;
            def.ports_on(&persona.os.id).any(|known| is(&known))
        })
    }
}

impl Machine for Names {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(datagram) = input else { return };
        let port = self.link.port;
        let Some(question) = Responder::question(port, datagram) else {
            let data = datagram.iter().copied().take(256).collect();
            return out.record(
                Kind::Malformed,
                vec![(field::REASON, b"no question".to_vec()), (field::DATA, data)],
            );
        };
        out.record(Kind::Query, vec![(field::QUERY, question.into_bytes())]);
        let IpAddr::V4(peer) = self.link.peer.ip() else { return };
        let from = (peer, self.link.peer.port());
        let open = |port| self.is_open(port);
        let answer = self.responder.0.as_ref().and_then(|own| own.answer(port, datagram, from, open));
        if let Some(answer) = answer {
            out.datagram(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::{
        Action,
        testing::{datagrams, host, link, persona_with, stage},
    };

    fn asked(system: (&str, &str), port: u16, question: &[u8]) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = persona_with(&SERVICE, "pc-01");
        (persona.os.id, persona.os.family) = (system.0.to_owned(), system.1.to_owned());
        let host = host(&stage(folder.path()), persona, "llmnr", &[]);
        let actions = datagrams(&SERVICE, &host, &link(port), &[question]);
        let sent = actions.into_iter().filter_map(|action| match action {
            Action::Datagram(bytes) | Action::Send(bytes) => Some(bytes),
            _ => None,
        });
        sent.collect()
    }

    #[test]
    fn a_host_answers_for_its_own_name_only() {
        const WINDOWS: (&str, &str) = ("windows10", "windows");
        let own = b"\x4c\x04\0\0\0\x01\0\0\0\0\0\0\x0csrv-files-03\0\0\x01\0\x01";
        let [answer] = asked(WINDOWS, 5355, own).try_into().unwrap();
        assert!(answer.starts_with(b"\x4c\x04\x80\0\0\x01\0\x01") && answer.ends_with(&[0, 4, 127, 0, 0, 1]));
        let other = b"\x4c\x04\0\0\0\x01\0\0\0\0\0\0\x0csrv-files-04\0\0\x01\0\x01";
        assert!(asked(WINDOWS, 5355, other).is_empty());
    }

    #[test]
    fn the_names_of_netbios_are_listed() {
        let status = b"\x2b\x01\0\0\0\x01\0\0\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01";
        for system in [("windows7", "windows"), ("debian12", "linux")] {
            let [answer] = asked(system, 137, status).try_into().unwrap();
            assert!(answer.windows(12).any(|window| window == b"SRV-FILES-03"), "{system:?}");
        }
    }
}
