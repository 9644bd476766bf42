//! What one peer says to the agent, datagram by datagram.

use super::{
    device::Device,
    message::{self, Message, Pdu, SET, shown},
    operations::{self, Asker},
    usm::{self, Verdict},
};
use netsvc_kit::{Credential, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Variables of a request that its event names.
const NAMED: usize = 16;
/// Most bytes of a datagram that its event has.
const SHOWN: usize = 256;

/// A peer.
pub(super) struct Session {
    host: Arc<Host>,
    link: Link,
    device: Arc<Device>,
    /// The community that was recorded last: walks say the same one over and over.
    recorded: Option<Vec<u8>>,
}

impl Session {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let device = host.node.shared(|| Device::of(host));
        Session { host: host.clone(), link: *link, device, recorded: None }
    }

    fn take(&mut self, datagram: &[u8], out: &mut Out) {
        let answer = match message::version(datagram) {
            Ok(0 | 1) => Message::read(datagram).map(|message| self.classic(&message, out)),
            Ok(3) if self.device.has_users() => {
                usm::Message::read(datagram).map(|message| self.third(datagram, &message, out))
            }
            Ok(3) => Ok(None),
            Ok(_) | Err(_) => Err(super::ber::Malformed),
        };
        match answer {
            Ok(Some(bytes)) => out.datagram(bytes),
            Ok(None) => {}
            Err(error) => {
                let data = datagram.get(..SHOWN).unwrap_or(datagram).to_vec();
                let reason = error.to_string().into_bytes();
                out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, data)]);
            }
        }
    }

    /// v1 and v2c: a community that is wrong gets silence.
    fn classic(&mut self, message: &Message, out: &mut Out) -> Option<Vec<u8>> {
        let known = self.device.knows(&message.community);
        if self.recorded.as_ref() != Some(&message.community) {
            self.recorded = Some(message.community.clone());
            out.credential(Credential {
                kind: "snmp_community",
                secret: message.community.clone(),
                method: if message.version == 0 { "v1" } else { "v2c" },
                accepted: known.is_some(),
                ..Credential::default()
            });
        }
        let writes = known?;
        let asker = Asker { source: self.link.source(), writes, now: self.host.clock() };
        let reply = operations::answer(&self.device, message, asker);
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        out.record(Kind::Command, told(&message.pdu, status));
        reply.map(|reply| message.answer(&reply))
    }

    /// v3: whoever does not know the engine is told it, and nobody's digest is right.
    fn third(&mut self, datagram: &[u8], message: &usm::Message<'_>, out: &mut Out) -> Option<Vec<u8>> {
        let judged = usm::judge(&self.device, message);
        if let Some(credential) = message.credential(datagram) {
            out.credential(credential);
        }
        let command = format!("v3 {} {}", message.level(), String::from_utf8_lossy(message.user));
        let mut fields = vec![
            (field::COMMAND, command.trim_ascii_end().as_bytes().to_vec()),
            (field::PRINCIPAL, message.user.to_vec()),
        ];
        let (outcome, answer) = match judged {
            Verdict::Silence => (None, None),
            Verdict::NoAccess => {
                let answer = usm::no_access(&self.device, message, self.host.clock());
                (Some("authorizationError"), Some(answer))
            }
            Verdict::Refused(refusal) => {
                let count = self.device.count(refusal);
                let answer = usm::report(&self.device, message, refusal, count, self.host.clock());
                (Some(refusal.name()), Some(answer))
            }
        };
        fields.extend(outcome.map(|outcome| (field::OUTCOME, outcome.as_bytes().to_vec())));
        out.record(Kind::Command, fields);
        answer
    }
}

impl Machine for Session {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(datagram) = input {
            self.take(datagram, out);
        }
    }
}

/// The fields of a request.
fn told(pdu: &Pdu, status: i64) -> Vec<(&'static str, Vec<u8>)> {
    let mut command = pdu.verb().as_bytes().to_vec();
    for asked in pdu.variables.iter().take(NAMED) {
        command.push(b' ');
        command.extend_from_slice(shown(&asked.name).as_bytes());
        if pdu.kind == SET {
            command.push(b'=');
            command.extend_from_slice(asked.content.get(..SHOWN).unwrap_or(&asked.content));
        }
    }
    if NAMED < pdu.variables.len() {
        command.extend_from_slice(format!(" and {} more", pdu.variables.len() - NAMED).as_bytes());
    }
    vec![(field::COMMAND, command), (field::STATUS, status.to_string().into_bytes())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::snmp::ber::{INTEGER, NAME, SEQUENCE, TEXT, put, put_integer, put_name};
    use netsvc_kit::testing;

    /// Contents in a row under `tag`.
    fn group(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, tag, &parts.concat());
        out
    }

    fn number(number: i128) -> Vec<u8> {
        let mut out = Vec::new();
        put_integer(&mut out, INTEGER, number);
        out
    }

    fn words(words: &[u8]) -> Vec<u8> {
        group(TEXT, &[words.to_vec()])
    }

    /// A get of sysContact.0 by `user` of `engine`.
    fn asked(flags: u8, engine: &[u8], user: &[u8], digest: &[u8]) -> Vec<u8> {
        let head = group(SEQUENCE, &[number(9), number(65_507), words(&[flags]), number(3)]);
        let users = [words(engine), number(1), number(5), words(user), words(digest), words(b"")];
        let mut name = Vec::new();
        put_name(&mut name, &[1, 3, 6, 1, 2, 1, 1, 4, 0]);
        assert_eq!(name.first(), Some(&NAME));
        let variable = group(SEQUENCE, &[name, vec![5, 0]]);
        let pdu = group(0xa0, &[number(7), number(0), number(0), group(SEQUENCE, &[variable])]);
        let scoped = group(SEQUENCE, &[words(engine), words(b""), pdu]);
        group(SEQUENCE, &[number(3), head, words(&group(SEQUENCE, &users)), scoped])
    }

    #[test]
    fn users_of_version_3_are_told_apart_as_by_the_real_agent() {
        let folder = tempfile::tempdir().unwrap();
        let persona = testing::persona_with(&super::super::SERVICE, "srv-01");
        let host = testing::host(&testing::stage(folder.path()), persona, "snmp", &[]);
        let mut session = Session::new(&host, &testing::link(161));
        let (engine, user) = (session.device.engine().to_vec(), session.device.user().to_vec());
        // The counter of usmStats that a report has, or the status of an answer.
        for (flags, engine, user, digest, counter) in [
            (4, &b""[..], &b""[..], &b""[..], Some(4)),
            (4, &engine, b"nobody", b"", Some(3)),
            (5, &engine, b"nobody", &[1; 12], Some(3)),
            (5, &engine, &user, &[1; 12], Some(5)),
            (4, &engine, &user, b"", None),
        ] {
            let mut out = Out::default();
            session.step(Input::Bytes(&asked(flags, engine, user, digest)), &mut out);
            let sent = testing::sent(&out.take());
            let stats = [0x2b, 6, 1, 6, 3, 15, 1, 1];
            let at = sent.windows(stats.len()).position(|window| window == stats);
            let told = at.and_then(|at| sent.get(at + stats.len())).copied();
            assert_eq!(told, counter, "{flags} {user:?}");
            let refused = [2, 1, 7, 2, 1, 16, 2, 1, 0];
            let no_access = sent.windows(refused.len()).any(|window| window == refused);
            assert_eq!(no_access, counter.is_none(), "{flags} {user:?}: {sent:x?}");
        }
    }
}
