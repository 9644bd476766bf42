//! What answers of a node's own stack have in common: their numbers, and oddities of their headers.

use crate::{
    bytes::put,
    face::{Oddity, Reply, ReplyAcknowledgement, ReplySequence},
    node::Node,
    packet::Segment,
};

/// Sequence and acknowledgement number of the reply to `segment`.
pub(crate) fn numbers(node: &mut Node, reply: &Reply, segment: &Segment<'_>, now: i64) -> (u32, u32) {
    let past_data = segment.sequence.wrapping_add(u32::try_from(segment.data.len()).unwrap_or_default());
    let isn = node.face.isn;
    let sequence = match reply.sequence {
        ReplySequence::Zero => 0,
        ReplySequence::Acknowledged => segment.acknowledgement,
        ReplySequence::Past => segment.acknowledgement.wrapping_add(1),
        ReplySequence::Own => node.counters.isn(&isn, now),
    };
    let acknowledgement = match reply.acknowledgement {
        ReplyAcknowledgement::Zero => 0,
        ReplyAcknowledgement::Same => past_data,
        ReplyAcknowledgement::Next => segment.sequence.wrapping_add(segment.length().max(1)),
        ReplyAcknowledgement::One => segment.sequence.wrapping_add(1),
        ReplyAcknowledgement::Other => node.counters.random32() | 2,
    };
    (sequence, acknowledgement)
}

/// The segment with oddities in its header.
pub(crate) fn marked(mut segment: Vec<u8>, oddity: Oddity) -> Vec<u8> {
    if oddity.urgent {
        put(&mut segment, 18, &[0, 1]);
    }
    if oddity.reserved
        && let Some(byte) = segment.get_mut(12)
    {
        *byte |= 0x08;
    }
    segment
}
