//! Who a node says it is when somebody asks for names: multicast DNS, LLMNR and NetBIOS, as its system knows them.

use super::{
    asked::Asked,
    dns,
    habit::{self, Habits, NetBios},
    multicast::{self, Identity, Multicast},
    netbios,
    speech::Speech,
};
use crate::bytes::Mac;
use netsvc_persona::Persona;
use std::net::{IpAddr, Ipv4Addr};

/// The names of a node.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    how: Option<Multicast>,
    llmnr: bool,
    by_netbios: bool,
    pub(crate) host: Box<str>,
    /// What its services are called.
    pub(crate) instance: Box<str>,
    /// Names in NetBIOS: the host's, and its group's.
    pub(crate) netbios: (Box<str>, Box<str>),
    /// Vendor and product, where the system tells of them.
    product: (Box<str>, Box<str>),
}

impl Names {
    pub(crate) fn new(persona: &Persona, habits: &Habits) -> Self {
        let mac = persona.mac_bytes().unwrap_or_default();
        let group = if persona.domain.is_empty() { "WORKGROUP" } else { persona.domain.as_str() };
        Names {
            how: habits.multicast,
            llmnr: habits.llmnr,
            by_netbios: habits.netbios.is_some(),
            host: persona.hostname.as_str().into(),
            instance: instance(persona, mac).into(),
            netbios: (netbios::name(&persona.hostname).into(), netbios::name(group).into()),
            product: product(persona, habits),
        }
    }

    pub(crate) fn identity(&self, address: Ipv4Addr) -> Identity<'_> {
        let machine = (&*self.product.0, &*self.product.1);
        Identity { host: &self.host, instance: &self.instance, machine, address }
    }

    /// Whether a question is for these names; `None`: it asks for none.
    pub(crate) fn are_asked(&self, asked: &Asked, address: Ipv4Addr) -> Option<bool> {
        Some(match asked {
            Asked::Multicast(query) => self
                .how
                .is_some_and(|how| multicast::concerns(how, &self.host, &self.instance, address, query)),
            Asked::LinkLocal(query) => {
                let own = |question: &dns::Question| question.name.eq_ignore_ascii_case(&self.host);
                self.llmnr && query.questions.iter().any(own)
            }
            Asked::NetBios(question) => {
                self.by_netbios && (question.status || *self.netbios.0 == question.name)
            }
            Asked::Search(_) | Asked::Discovery(_) => return None,
        })
    }

    /// The answer to a question for them, and whether it waits a moment because others may answer too.
    pub(crate) fn answer(
        &self,
        asked: &Asked,
        (address, mac): (Ipv4Addr, Mac),
        from: (Ipv4Addr, u16),
        open: impl Fn(u16) -> bool,
    ) -> Option<(Speech, bool)> {
        match asked {
            Asked::Multicast(query) => {
                multicast::answer(self.how?, &self.identity(address), query, from, open)
            }
            Asked::LinkLocal(query) => {
                multicast::llmnr_answer(&self.identity(address), query, from).map(|speech| (speech, false))
            }
            Asked::NetBios(question) if question.status => {
                let names = (&*self.netbios.0, &*self.netbios.1);
                Some((netbios::status(question, names, mac, from), false))
            }
            Asked::NetBios(question) => Some((netbios::answer(question, address, from), false)),
            Asked::Search(_) | Asked::Discovery(_) => None,
        }
    }
}

/// Answers questions for a host's names that come to the host alone: what a node's own stack does, for whoever has the
/// sockets.
#[derive(Clone, Debug)]
pub struct Responder {
    names: Names,
    address: Ipv4Addr,
    mac: Mac,
}

impl Responder {
    /// That of a host with the service; `None`: its address is not IPv4.
    pub fn new(persona: &Persona) -> Option<Self> {
        let IpAddr::V4(address) = persona.ip else { return None };
        let names = Names::new(persona, &habits_with_names(persona));
        Some(Responder { names, address, mac: persona.mac_bytes().unwrap_or_default() })
    }

    /// What is asked in a datagram to `port`, as people write it; `None`: nothing.
    pub fn question(port: u16, data: &[u8]) -> Option<String> {
        Asked::parse_alone(port, data).and_then(|asked| asked.text())
    }

    /// The answer to a datagram that `from` has sent to `port`; `open` tells which TCP ports are.
    pub fn answer(
        &self,
        port: u16,
        data: &[u8],
        from: (Ipv4Addr, u16),
        open: impl Fn(u16) -> bool,
    ) -> Option<Vec<u8>> {
        let asked = Asked::parse_alone(port, data)?;
        if !self.names.are_asked(&asked, self.address)? {
            return None;
        }
        let (speech, _) = self.names.answer(&asked, (self.address, self.mac), from, open)?;
        Some(speech.data)
    }
}

/// The habits of a host that has the service: those of its system, or where that knows no names of the segment, LLMNR
/// and NetBIOS.
pub(crate) fn habits_with_names(persona: &Persona) -> Habits {
    let habits = habit::of(&persona.os);
    let knows = habits.llmnr || habits.multicast.is_some() || habits.netbios.is_some();
    if knows { habits } else { Habits { llmnr: true, netbios: Some(NetBios { browser: None }), ..habits } }
}

/// What a machine's services are called: a device by its product and the end of its hardware address.
fn instance(persona: &Persona, mac: Mac) -> String {
    let [_, _, _, d, e, f] = mac;
    let storage = ["synology", "qnap"].contains(&persona.os.id.as_str());
    let name = if persona.os.family == "embedded" && !storage {
        format!("{} {} [{d:02X}{e:02X}{f:02X}]", persona.hardware.vendor, persona.hardware.product)
    } else {
        persona.hostname.clone()
    };
    name.replace('.', " ").chars().take(63).collect()
}

/// Vendor and product, where the system tells of them.
fn product(persona: &Persona, habits: &Habits) -> (Box<str>, Box<str>) {
    if !matches!(habits.multicast, Some(Multicast::Full { .. })) {
        return Default::default();
    }
    (persona.hardware.vendor.as_str().into(), persona.hardware.product.as_str().into())
}
