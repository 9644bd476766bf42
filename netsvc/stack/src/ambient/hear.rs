//! What comes back to a node that has spoken, and questions for its name. None of it is a probe.

use super::{
    Turn,
    chance::SECOND,
    dns,
    life::Life,
    multicast::{self, LLMNR, MDNS},
    netbios,
    speech::Speech,
    ssdp::{self, SSDP},
    wsd::{self, DISCOVERY},
};
use crate::{bytes::Mac, node::Node};
use std::net::Ipv4Addr;

/// A question to everybody, or to one node by a protocol whose questions usually go to everybody.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Multicast(dns::Query),
    LinkLocal(dns::Query),
    NetBios(netbios::Question),
    Search(ssdp::Search),
    Discovery(wsd::Asked),
}

impl Asked {
    /// The question in a datagram to everybody at `to`, as far as it has one.
    pub(crate) fn parse(to: (Ipv4Addr, u16), data: &[u8]) -> Option<Self> {
        let to_group = [MDNS, LLMNR, SSDP, DISCOVERY].contains(&to);
        let broadcast = to.1 == netbios::NAMES && !to.0.is_multicast();
        let asked = Self::parse_alone(to.1, data).filter(|_| to_group || broadcast)?;
        // A search of everybody says how long the answers may take; the names of a host are asked of one.
        let sound = match &asked {
            Asked::Search(search) => search.within.is_some(),
            Asked::NetBios(question) => !question.status,
            _ => true,
        };
        sound.then_some(asked)
    }

    /// The question in a datagram to one node's `port`.
    pub(crate) fn parse_alone(port: u16, data: &[u8]) -> Option<Self> {
        match port {
            5353 => dns::Query::parse(data).map(Asked::Multicast),
            5355 => dns::Query::parse(data).map(Asked::LinkLocal),
            netbios::NAMES => netbios::question(data).map(Asked::NetBios),
            1900 => ssdp::Search::parse(data).map(Asked::Search),
            3702 => wsd::Asked::parse(data).map(Asked::Discovery),
            _ => None,
        }
    }

    /// How long an answer that others may give too takes to come, µs.
    fn patience(&self) -> (i64, i64) {
        match self {
            // RFC 6762, 6; UPnP Device Architecture 1.1, 1.3.3; WS-Discovery, 3.1.3 (APP_MAX_DELAY).
            Asked::Multicast(_) => (20_000, 120_000),
            Asked::Search(search) => {
                (10_000, i64::from(search.within.unwrap_or_default()).max(1).saturating_mul(SECOND))
            }
            Asked::Discovery(_) => (5_000, SECOND / 2),
            Asked::LinkLocal(_) | Asked::NetBios(_) => (0, 0),
        }
    }
}

/// Whether a question to `port` gets past the node's packet filter to the system's responder. All of those
/// that have one let multicast DNS in (Windows by the rule "mDNS (UDP-In)" for every profile, macOS by its own
/// services); LLMNR, NetBIOS, SSDP and WS-Discovery are let in by none on a network that is not trusted.
pub(crate) fn hears(node: &Node, port: u16) -> bool {
    !node.udp.contains(&port) && (node.wall.is_none() || port == MDNS.1)
}

impl Life {
    /// Whether a question is for this node, and its system answers such questions.
    pub(crate) fn is_asked(&self, asked: &Asked, node: &Node) -> bool {
        let habits = &self.habits;
        self.speaks()
            && match asked {
                Asked::Multicast(query) => habits.multicast.is_some_and(|how| {
                    multicast::concerns(how, &self.host, &self.instance, node.address, query)
                }),
                Asked::LinkLocal(query) => {
                    let own = |question: &dns::Question| question.name.eq_ignore_ascii_case(&self.host);
                    habits.llmnr && query.questions.iter().any(own)
                }
                Asked::NetBios(question) => {
                    let own = question.status || *self.netbios.0 == question.name;
                    habits.netbios.is_some() && own
                }
                Asked::Search(_) => self.announcer.is_some(),
                Asked::Discovery(_) => self.endpoint.is_some(),
            }
    }

    /// The answers to a question of `from`, and whether they wait a moment because others may answer too.
    pub(crate) fn answers(
        &mut self,
        asked: &Asked,
        node: &Node,
        from: (Ipv4Addr, u16),
    ) -> Vec<(Speech, bool)> {
        let open = |port| node.listens(port);
        match asked {
            Asked::Multicast(query) => {
                let who = self.identity(node.address);
                let how = self.habits.multicast;
                let answer = how.and_then(|how| multicast::answer(how, &who, query, from, open));
                answer.into_iter().collect()
            }
            Asked::LinkLocal(query) => {
                let answer = multicast::llmnr_answer(&self.identity(node.address), query, from);
                answer.into_iter().map(|speech| (speech, false)).collect()
            }
            Asked::NetBios(question) if question.status => {
                let names = (&*self.netbios.0, &*self.netbios.1);
                vec![(netbios::status(question, names, node.mac, from), false)]
            }
            Asked::NetBios(question) => vec![(netbios::answer(question, node.address, from), false)],
            Asked::Search(search) => {
                let found = self.announcer.as_ref().map(|own| own.found(search, node.address, from, open));
                found.into_iter().flatten().map(|speech| (speech, true)).collect()
            }
            Asked::Discovery(asked) => {
                let Some(endpoint) = &mut self.endpoint else { return Vec::new() };
                let answer = endpoint.answer(&mut self.chance, asked, node.address, from, open);
                answer.into_iter().map(|speech| (speech, true)).collect()
            }
        }
    }

    /// Answers the question of `from`, whose frame came from `mac`.
    pub(crate) fn reply(&mut self, turn: &mut Turn<'_>, asked: &Asked, from: (Ipv4Addr, u16), mac: Mac) {
        let mut delay = self.chance.between(asked.patience().0, asked.patience().1);
        for (speech, waits) in self.answers(asked, turn.node, from) {
            let mac = (speech.to == from).then_some(mac);
            if mac.is_none() && matches!(asked, Asked::Multicast(_)) {
                // A record goes to the group once a second at most (RFC 6762, 6).
                if turn.now < self.said_until {
                    return;
                }
                self.said_until = turn.now.saturating_add(SECOND);
            }
            match mac {
                Some(mac) if !waits => self.say_to(turn, &speech, mac),
                None if !waits => self.say(turn, &speech),
                _ => self.say_later(turn, delay, mac, speech),
            }
            delay = delay.saturating_add(2_000);
        }
    }
}
