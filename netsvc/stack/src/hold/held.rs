//! A connection that is held: its peer takes it for open, and nothing of it exists but its numbers. What the
//! peer sends first is acknowledged with a window of nothing, and so he waits to be let send (RFC 9293,
//! 3.8.6.1: he asks again for ever). Now and then he is, a little; that keeps him from giving up. LaBrea did
//! so first.

use crate::packet::{ACK, FIN, RST, SYN, Segment};

/// Time after which a peer that still asks may send a little, µs.
const DRIP: i64 = 30_000_000;
/// How far ahead of what was taken a reset may stand: a peer has sent what was not taken.
const AHEAD: u32 = 1 << 20;

/// The numbers of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Number of the next byte to the peer, of which there is none.
    pub(crate) sequence: u32,
    /// Number of the next byte of the peer.
    pub(crate) next: u32,
    /// When the peer was last let send, µs.
    dripped: i64,
    /// Whether he may send now.
    open: bool,
    /// Whether he has said that nothing more comes.
    pub(crate) closed: bool,
}

/// What comes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing is said to it.
    Nothing,
    /// What was taken is acknowledged, with a window of so many units.
    Answer { window: u16 },
    /// The connection is over.
    Over,
}

impl Held {
    /// A connection that the first segment after the handshake makes.
    pub(crate) fn new(now: i64, segment: &Segment<'_>) -> Self {
        let (sequence, next) = (segment.acknowledgement, segment.sequence);
        Held { sequence, next, dripped: now, open: true, closed: false }
    }

    /// Hears a segment of the peer.
    pub(crate) fn hear(&mut self, now: i64, segment: &Segment<'_>) -> Heard {
        if segment.has(RST) {
            let near = segment.sequence.wrapping_sub(self.next) < AHEAD;
            return if near { Heard::Over } else { Heard::Nothing };
        }
        if !segment.has(ACK) || segment.has(SYN) {
            return Heard::Nothing;
        }
        let here = segment.sequence == self.next;
        // Bare acknowledgements are not acknowledged, or two would go on for ever.
        if here && segment.length() == 0 {
            return Heard::Nothing;
        }
        if self.closed {
            return Heard::Answer { window: 0 };
        }
        if !self.open && now.saturating_sub(self.dripped) >= DRIP {
            self.open = true;
            self.dripped = now;
        }
        let taken = here && (self.open || segment.data.is_empty());
        if taken {
            self.next = self.next.wrapping_add(segment.length());
            self.closed = segment.has(FIN);
            self.open = false;
            self.dripped = now;
        }
        Heard::Answer { window: u16::from(self.open) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: i64 = 1_000_000;
    const OURS: u32 = 9001;
    const THEIRS: u32 = u32::MAX - 1;

    fn segment(sequence: u32, flags: u8, data: &[u8]) -> Segment<'_> {
        let (source_port, destination_port) = (5000, 22);
        let (acknowledgement, window) = (OURS, 512);
        Segment {
            source_port,
            destination_port,
            sequence,
            acknowledgement,
            flags,
            window,
            options: &[],
            data,
        }
    }

    fn held() -> Held {
        Held::new(START, &segment(THEIRS, ACK, &[]))
    }

    const SHUT: Heard = Heard::Answer { window: 0 };
    const AJAR: Heard = Heard::Answer { window: 1 };

    #[test]
    fn what_comes_first_is_taken_and_then_nothing_until_it_drips() {
        let mut held = held();
        assert_eq!(held.hear(START, &segment(THEIRS, ACK, b"GET /")), SHUT);
        assert_eq!(held.next, THEIRS.wrapping_add(5));
        // A second segment of the same flight, and it again as a probe.
        for now in [START, START + DRIP - 1] {
            assert_eq!(held.hear(now, &segment(held.next, ACK, b"x")), SHUT);
        }
        assert_eq!(held.next, THEIRS.wrapping_add(5));
        assert_eq!(held.hear(START + DRIP, &segment(held.next, ACK, b"x")), SHUT);
        assert_eq!(held.next, THEIRS.wrapping_add(6));
    }

    #[test]
    fn a_probe_of_a_byte_that_is_there_opens_the_window_a_little() {
        let mut held = held();
        held.hear(START, &segment(THEIRS, ACK, b"GET /"));
        let before = held.next.wrapping_sub(1);
        assert_eq!(held.hear(START + 200_000, &segment(before, ACK, &[])), SHUT);
        assert_eq!(held.hear(START + DRIP, &segment(before, ACK, &[])), AJAR);
        assert_eq!(held.hear(START + DRIP + 1, &segment(held.next, ACK, &[7; 128])), SHUT);
        assert_eq!(held.next, THEIRS.wrapping_add(133));
    }

    #[test]
    fn bare_acknowledgements_are_not_answered_and_others_keep_the_connection() {
        let mut held = held();
        for flags in [ACK, 0, SYN | ACK, SYN] {
            assert_eq!(held.hear(START, &segment(THEIRS, flags, &[])), Heard::Nothing, "{flags}");
        }
        assert_eq!(held.next, THEIRS);
    }

    #[test]
    fn who_has_nothing_more_to_say_is_acknowledged_and_goes_on_waiting() {
        let mut held = held();
        held.hear(START, &segment(THEIRS, ACK, b"GET /"));
        let last = held.next;
        // Although no window is open: it takes no room.
        assert_eq!(held.hear(START, &segment(last, FIN | ACK, &[])), SHUT);
        assert_eq!((held.closed, held.next), (true, last.wrapping_add(1)));
        assert_eq!(held.hear(START, &segment(last, FIN | ACK, &[])), SHUT);
        assert_eq!(held.next, last.wrapping_add(1));
    }

    #[test]
    fn a_reset_ends_it_only_from_where_the_peer_can_be() {
        for (ahead, heard) in [(0, Heard::Over), (70_000, Heard::Over), (1 << 30, Heard::Nothing)] {
            let reset = segment(THEIRS.wrapping_add(ahead), RST, &[]);
            assert_eq!(held().hear(START, &reset), heard, "{ahead}");
        }
        assert_eq!(held().hear(START, &segment(THEIRS.wrapping_sub(1), RST | ACK, &[])), Heard::Nothing);
    }

    proptest! {
        #[test]
        fn whatever_comes_the_window_is_a_unit_at_most_and_what_was_taken_stays_taken(
            segments in prop::collection::vec((0..2000_u32, any::<u8>(), 0..1500_usize, 0..90_i64), 0..60),
        ) {
            let (mut held, mut now) = (held(), START);
            for (at, flags, length, pause) in segments {
                now += pause * 1_000_000;
                let data = vec![0; length];
                let before = held;
                let heard = held.hear(now, &segment(THEIRS.wrapping_add(at), flags, &data));
                let gone = held.next.wrapping_sub(before.next);
                prop_assert!(gone <= 1501, "{gone}");
                prop_assert_eq!(held.sequence, OURS);
                prop_assert!(!before.closed || gone == 0);
                if let Heard::Answer { window } = heard {
                    prop_assert!(window <= 1);
                    prop_assert!(flags & RST == 0);
                }
            }
        }
    }
}
