//! Directories over datagrams ([MS-ADTS] §6.3): what a domain controller is, in one datagram.

use super::{
    message::{Message, Operation, Search},
    reply::{Outcome, shown},
    server::{Manner, Server},
    session::malformed,
};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest answer: what a path takes whole, without the headers of IPv4 and UDP.
const LONGEST: usize = 1472;
/// Longest question that is read.
const QUESTION: usize = 2048;
/// The site of the first server.
const SITE: &str = "Default-First-Site-Name";
/// What the server is: first of its kind, with the global catalogue, LDAP, Kerberos, the time; near; may be written to;
/// by its own domain's level.
const FLAGS: u32 = 0x0001_f3fd;
/// An account that is known, and one that is not.
const KNOWN: u16 = 23;
const UNKNOWN: u16 = 25;

/// A peer who sends datagrams.
pub(super) struct Pinged {
    host: Arc<Host>,
}

impl Pinged {
    pub(super) fn new(host: &Arc<Host>, _link: &Link) -> Self {
        Pinged { host: host.clone() }
    }

    fn take(&self, datagram: &[u8], out: &mut Out) {
        let message = if datagram.len() <= QUESTION { Message::read(datagram).ok() } else { None };
        let Some(Message { id, operation: Operation::Search(search), .. }) = message else {
            return malformed("no search", datagram, out);
        };
        record(&search, out);
        if !search.base.is_empty() || search.scope != 0 {
            return;
        }
        let server = Server::of(&self.host);
        let wants = search.attributes.iter().any(|name| name.eq_ignore_ascii_case("netlogon"));
        let mut root = server.root(&self.host);
        if wants && matches!(server.manner, Manner::Active(_)) {
            if let Some(about) = about(&server, &search) {
                root.set("Netlogon", vec![about]);
            }
        } else if !search.filter.is_met(&root) {
            return out.datagram(server.scribe.done(id, &Outcome::success(), None));
        }
        let attributes = shown(&root, &search.attributes);
        let mut answer = server.scribe.entry(id, "", &attributes, search.names_only);
        answer.extend(server.scribe.done(id, &Outcome::success(), None));
        // More than a path takes whole is not sent: whose address it is did perhaps not ask.
        if answer.len() <= LONGEST {
            out.datagram(answer);
        }
    }
}

/// What the server is ([MS-ADTS] §6.3.1.9), where what is asked about is here.
fn about(server: &Server, search: &Search) -> Option<Vec<u8>> {
    let organisation = &server.organisation;
    if let Some(domain) = search.filter.equal_to("dnsdomain") {
        let domain = String::from_utf8_lossy(domain).trim_end_matches('.').to_owned();
        if !domain.is_empty() && !domain.eq_ignore_ascii_case(&organisation.domain) {
            return None;
        }
    }
    let user = search.filter.equal_to("user").map(String::from_utf8_lossy);
    let user = user.filter(|user| !user.is_empty());
    let known =
        user.as_ref().is_none_or(|user| organisation.account(user).is_some_and(|known| known.enabled));
    let mut out = if known { KNOWN } else { UNKNOWN }.to_le_bytes().to_vec();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&FLAGS.to_le_bytes());
    out.extend(super::active::place::guid(organisation, &server.base));
    // Names are written as in DNS (RFC 1035 §4.1.4); those that end with the domain point to it.
    let forest = out.len() as u8;
    for label in organisation.domain.split('.') {
        put_label(&mut out, label);
    }
    out.push(0);
    out.extend_from_slice(&[0xc0, forest]);
    put_label(&mut out, &server.hostname);
    out.extend_from_slice(&[0xc0, forest]);
    put_label(&mut out, &organisation.netbios);
    out.push(0);
    put_label(&mut out, &server.hostname.to_ascii_uppercase());
    out.push(0);
    if let Some(user) = user {
        put_label(&mut out, &user);
    }
    out.push(0);
    let site = out.len() as u8;
    put_label(&mut out, SITE);
    out.push(0);
    out.extend_from_slice(&[0xc0, site]);
    out.extend_from_slice(&5_u32.to_le_bytes());
    out.extend_from_slice(&[0xff; 4]);
    Some(out)
}

fn put_label(out: &mut Vec<u8>, label: &str) {
    let bytes = label.as_bytes().get(..63).unwrap_or(label.as_bytes());
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

fn record(search: &Search, out: &mut Out) {
    let query = format!("{} {} {}", search.scope_name(), search.filter.text, search.attributes.join(","));
    let base = search.base.clone();
    out.record(Kind::Query, vec![(field::QUERY, query.trim_end().into()), (field::DATABASE, base)]);
}

impl Machine for Pinged {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(datagram) = input {
            self.take(datagram, out);
        }
    }
}
