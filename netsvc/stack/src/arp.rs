//! ARP over Ethernet for IPv4 (RFC 826).

use crate::{
    bytes::{BROADCAST, Mac, array, number16},
    face::Step,
    packet::{self, ETHERTYPE_ARP, PACKET},
};
use std::net::Ipv4Addr;

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
/// Ethernet, IPv4, lengths 6 and 4.
const FORM: [u8; 6] = [0, 1, 8, 0, 6, 4];
const IPV4: u16 = 0x0800;

/// A message. Whether its form is sound is for each host to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// Type of hardware, and lengths of both kinds of address.
    pub(crate) hardware: u16,
    pub(crate) lengths: [u8; 2],
    pub(crate) request: bool,
    pub(crate) sender_mac: Mac,
    pub(crate) sender: Ipv4Addr,
    pub(crate) target: Ipv4Addr,
}

impl Message {
    /// The message of an ARP frame; `None` when nobody hears it: a sender that is nobody's unicast address,
    /// another protocol, another operation.
    pub(crate) fn parse(frame: &[u8]) -> Option<Self> {
        let body = frame.get(PACKET..)?;
        let operation = number16(body, 6);
        let message = Message {
            hardware: number16(body, 0),
            lengths: array(body, 4)?,
            request: operation == REQUEST,
            sender_mac: array(body, 8)?,
            sender: Ipv4Addr::from(array::<4>(body, 14)?),
            target: Ipv4Addr::from(array::<4>(body, 24)?),
        };
        let sound = number16(body, 2) == IPV4
            && matches!(operation, REQUEST | REPLY)
            && message.sender_mac[0] & 1 == 0
            && !message.sender.is_multicast();
        sound.then_some(message)
    }

    /// Whether it is of Ethernet and IPv4 down to its form.
    pub(crate) fn is_plain(&self) -> bool {
        self.hardware == 1 && self.lengths == [6, 4]
    }
}

/// The answer to `asked`, for the host `address` at `mac`.
pub(crate) fn reply(asked: &Message, mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    let body = body(REPLY, mac, address, asked.sender_mac, asked.sender);
    packet::frame(asked.sender_mac, mac, ETHERTYPE_ARP, &body)
}

/// Asks for `target`.
pub(crate) fn request(mac: Mac, address: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    packet::frame(BROADCAST, mac, ETHERTYPE_ARP, &body(REQUEST, mac, address, [0; 6], target))
}

/// Asks `mac` whether it still has `target`.
pub(crate) fn check(own: Mac, address: Ipv4Addr, mac: Mac, target: Ipv4Addr) -> Vec<u8> {
    packet::frame(mac, own, ETHERTYPE_ARP, &body(REQUEST, own, address, [0; 6], target))
}

/// One step of a host's introduction to the segment (RFC 5227).
pub(crate) fn introduction(step: Step, mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    match step {
        Step::Probe => request(mac, Ipv4Addr::UNSPECIFIED, address),
        Step::Request => announcement(mac, address),
        Step::Reply => {
            packet::frame(BROADCAST, mac, ETHERTYPE_ARP, &body(REPLY, mac, address, BROADCAST, address))
        }
    }
}

/// Tells the segment where `address` is (RFC 5227, 3).
pub(crate) fn announcement(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    request(mac, address, address)
}

fn body(operation: u16, mac: Mac, sender: Ipv4Addr, target_mac: Mac, target: Ipv4Addr) -> Vec<u8> {
    let mut body = Vec::with_capacity(28);
    body.extend_from_slice(&FORM);
    body.extend_from_slice(&operation.to_be_bytes());
    body.extend_from_slice(&mac);
    body.extend_from_slice(&sender.octets());
    body.extend_from_slice(&target_mac);
    body.extend_from_slice(&target.octets());
    body
}
