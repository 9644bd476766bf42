//! Messages of ARP for IPv4 over Ethernet (RFC 826).

use super::{Mac, ethernet, number16};
use crate::capture::Link;
use std::net::Ipv4Addr;

const ARP: u16 = 0x0806;
/// Ethernet, IPv4, lengths 6 and 4.
const FORM: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Whether it asks.
    pub request: bool,
    /// Hardware address of the sender.
    pub sender_mac: Mac,
    /// Address that he says he has; unspecified: none yet.
    pub sender: Ipv4Addr,
    /// The address in question, or whom it is for.
    pub target: Ipv4Addr,
}

impl Arp {
    /// The message in a frame; `None`: there is none.
    pub fn read(link: Link, frame: &[u8]) -> Option<Arp> {
        if link != Link::Ethernet {
            return None;
        }
        let (_, kind, body) = ethernet(frame)?;
        let (head, _) = body.split_first_chunk::<28>().filter(|_| kind == ARP)?;
        let operation = number16(head, 6);
        let sound = head.starts_with(&FORM) && matches!(operation, 1 | 2);
        let address = |at: usize| head.get(at..)?.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes));
        let arp = Arp {
            request: operation == 1,
            sender_mac: head.get(8..)?.first_chunk::<6>().copied()?,
            sender: address(14)?,
            target: address(24)?,
        };
        // A group sends nothing.
        (sound && arp.sender_mac[0] & 1 == 0).then_some(arp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_with_tags_or_without() {
        let mut body = vec![0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1];
        body.extend([2, 0, 0, 0, 0, 2, 192, 0, 2, 9]);
        let ends = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        let wanted = Arp {
            request: false,
            sender_mac: [2, 0, 0, 0, 0, 1],
            sender: [192, 0, 2, 1].into(),
            target: [192, 0, 2, 9].into(),
        };
        for tag in [&[][..], &[0x81, 0, 0, 7]] {
            let frame = [&ends[..], tag, &[8, 6], &body].concat();
            assert_eq!(Arp::read(Link::Ethernet, &frame), Some(wanted));
            assert_eq!(Arp::read(Link::Raw, &frame), None);
            for length in 0..frame.len() {
                assert_eq!(Arp::read(Link::Ethernet, &frame[..length]), None);
            }
        }
        body[8] = 3;
        assert_eq!(Arp::read(Link::Ethernet, &[&ends[..], &[8, 6], &body].concat()), None);
    }
}
