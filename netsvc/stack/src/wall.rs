//! What a node's packet filter makes of a TCP segment that belongs to no connection.

use crate::packet::{ACK, FIN, RST, SYN, Segment};
use netsvc_persona::tables::firewalls::Firewall;

/// Whether a segment that begins no connection gets to an open port.
pub(crate) fn lets_in(wall: &Firewall, segment: &Segment<'_>) -> bool {
    !wall.stateful || (wall.picks_up && is_middle(segment))
}

/// Whether a segment to a closed port is refused, rather than dropped for being no beginning.
pub(crate) fn refuses(wall: &Firewall, segment: &Segment<'_>) -> bool {
    let begins = segment.flags & (SYN | ACK | FIN | RST) == SYN;
    begins || (!segment.has(RST) && lets_in(wall, segment))
}

/// Whether a segment could be one of a connection that began unseen: such are taken for new ones by
/// conntrack (`nf_conntrack_tcp_loose`).
fn is_middle(segment: &Segment<'_>) -> bool {
    segment.flags & (SYN | ACK | FIN | RST) == ACK
}
