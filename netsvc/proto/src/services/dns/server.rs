//! The server of one node: what all its peers share.

use super::{
    bind::Bind,
    contents::Books,
    message::Request,
    record::{class, code, kind},
    said::{Over, Said},
    watch::{Asked, Watch},
    windows,
};
use netsvc_kit::{Host, Link, Out, network};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// After this long a Windows server has heard of nobody (`RecursionTimeout`).
const PATIENCE: Duration = Duration::from_secs(8);
/// Most bytes of a message that its event has.
const SHOWN: usize = 512;

#[derive(Debug)]
enum Software {
    Bind(Bind),
    Windows,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Server {
    software: Software,
    books: Arc<Books>,
    watch: Mutex<Watch>,
}

impl Server {
    /// That of the node of `host`.
    pub(super) fn of(host: &Arc<Host>) -> Arc<Self> {
        let books = host.node.stage.shared(Books::default);
        host.node.shared(|| Server {
            software: match host.product() {
                Some(product) if product.name.starts_with("Microsoft") => Software::Windows,
                _ => Software::Bind(Bind::of(host)),
            },
            books,
            watch: Mutex::default(),
        })
    }

    /// Answers `message`; `None` where no server does. `number` is that of the message on its connection.
    pub(super) fn answer(
        &self,
        host: &Host,
        link: &Link,
        over: Over,
        (message, number): (&[u8], u64),
        out: &mut Out,
    ) -> Option<Vec<Vec<u8>>> {
        let Some(request) = Request::read(message) else {
            malformed("no request", message, out);
            return None;
        };
        let zones = self.books.zones(host);
        let (now, peer) = (host.clock(), link.peer.ip());
        let seconds = u32::try_from(now / 1_000_000).unwrap_or_default();
        let seed = link.session.0 ^ number << 32 ^ u64::from(request.id);
        let said = match &self.software {
            Software::Bind(bind) => bind.answer(&request, &zones, over, (peer, seconds, seed)),
            Software::Windows => windows::answer(&request, &zones, over, seed),
        };
        if request.broken {
            malformed("no message", message, out);
        }
        self.tell(&request, &said, (peer, now), out);
        if said.delayed && host.natural_delays() {
            out.wait(PATIENCE);
        }
        Some(said.messages)
    }

    /// The event of a request.
    fn tell(&self, request: &Request, said: &Said, (peer, now): (std::net::IpAddr, i64), out: &mut Out) {
        let Some(question) = request.questions.first() else { return };
        let operation = match request.operation() {
            0 => String::new(),
            4 => "NOTIFY ".to_owned(),
            5 => "UPDATE ".to_owned(),
            other => format!("OPCODE{other} "),
        };
        let (name, kind) = (question.name.text(), kind::name(question.kind));
        let query = format!("{operation}{name} {} {kind}", class::name(question.class));
        let asked = Asked { request, question, code: said.code, transfer: said.transfer };
        let techniques = self.watch.lock().look(&asked, network(peer), now);
        let outcome =
            if said.code == code::REFUSED || said.code == code::NOTAUTH { "denied" } else { "accepted" };
        let mut fields = vec![
            (field::QUERY, query.into_bytes()),
            (field::NAME, name.into_bytes()),
            (field::STATUS, code::name(said.code).as_bytes().to_vec()),
            (field::OUTCOME, outcome.as_bytes().to_vec()),
        ];
        if !techniques.is_empty() {
            fields.push((field::TECHNIQUE, techniques.join(",").into_bytes()));
        }
        out.record(Kind::Query, fields);
    }
}

fn malformed(reason: &str, message: &[u8], out: &mut Out) {
    let data = message.get(..SHOWN).unwrap_or(message).to_vec();
    out.record(Kind::Malformed, vec![(field::REASON, reason.as_bytes().to_vec()), (field::DATA, data)]);
}
