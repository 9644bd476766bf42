//! What comes back to a node that has spoken, and questions for its name. None of it is a probe.

use super::{Turn, asked::Asked, chance::SECOND, life::Life, multicast::MDNS, speech::Speech};
use crate::{bytes::Mac, node::Node};
use std::net::Ipv4Addr;

/// Whether a question to `port` gets past the node's packet filter to the system's responder. All of those
/// that have one let multicast DNS in (Windows by the rule "mDNS (UDP-In)" for every profile, macOS by its own
/// services); LLMNR, NetBIOS, SSDP and WS-Discovery are let in by none on a network that is not trusted.
pub(crate) fn hears(node: &Node, port: u16) -> bool {
    node.named.contains(&port) || !node.udp.contains(&port) && (node.wall.is_none() || port == MDNS.1)
}

impl Life {
    /// Whether a question is for this node, and its system answers such questions.
    pub(crate) fn is_asked(&self, asked: &Asked, node: &Node) -> bool {
        match self.names.are_asked(asked, node.address) {
            Some(own) => own && (self.speaks() || self.is_named()),
            None => match asked {
                Asked::Search(_) => self.announcer.is_some(),
                _ => self.endpoint.is_some(),
            },
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
            Asked::Multicast(_) | Asked::LinkLocal(_) | Asked::NetBios(_) => {
                self.names.answer(asked, (node.address, node.mac), from, open).into_iter().collect()
            }
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
