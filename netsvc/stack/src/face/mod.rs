//! How an operating system's network stack looks from outside, as values.
//!
//! The values are written by hand in `faces/*.face`, one file a system, each with its sources; [`read`]
//! says how such a file is written.

mod arp;
mod library;
mod read;

pub use crate::exact::Exact;
pub(crate) use arp::Step;
pub use arp::{Manners, Start};
pub use library::Unknown;
pub use read::BadFace;

use crate::options::Layout;

/// The values of one system.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// Initial time to live of everything it sends.
    pub ttl: u8,
    /// Identifications of IP packets.
    pub ids: Ids,
    /// How initial sequence numbers run.
    pub isn: Isn,
    /// Timestamps of TCP.
    pub clock: Clock,
    /// Answers to a SYN at an open port.
    pub handshake: Handshake,
    /// What a segment without any flag meets at an open port; FIN and XMAS probes too.
    pub null_at_open: Answer,
    /// What SYN together with FIN meets at an open port.
    pub odd_at_open: Answer,
    /// What an acknowledgement out of nowhere meets at an open port.
    pub ack_at_open: Answer,
    /// What a SYN meets at a closed port.
    pub syn_at_closed: Answer,
    /// What an acknowledgement meets at a closed port.
    pub ack_at_closed: Answer,
    /// What every other segment meets at a closed port.
    pub odd_at_closed: Answer,
    /// How many resets leave closed ports within a second; 0: no limit.
    pub resets_per_second: u32,
    /// What a datagram meets at a closed port.
    pub closed_udp: ClosedUdp,
    /// How echo requests are answered.
    pub echo: Echo,
    /// Which other questions by ICMP are answered.
    pub queries: Queries,
    /// Seconds that a packet in fragments gets to become whole, after which its sender is told by an ICMP error
    /// in the form of `closed_udp`; none: he is told nothing.
    pub reassembly: Option<u16>,
    /// What a packet of another protocol than ICMP, TCP and UDP meets.
    pub protocols: Protocols,
    /// Behaviour in ARP.
    pub arp: Manners,
}

/// How identifications run, for handshakes, resets and ICMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Of what belongs to a connection.
    pub handshake: Sequence,
    /// Of resets.
    pub reset: Sequence,
    /// Of ICMP.
    pub icmp: Sequence,
    /// How those of ICMP stand to those of TCP.
    pub shared: Shared,
}

/// How the identifications of ICMP stand to those of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// One counter serves both.
    Yes,
    /// Each has its own.
    No,
    /// Each has its own, and that of ICMP is the smaller.
    Below,
    /// Each has its own, and that of ICMP is far ahead.
    Above,
}

/// How a series of identifications runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// Always 0.
    Zero,
    /// One more with each packet.
    One,
    /// One more, written in the wrong byte order.
    Swapped,
    /// More by a random step of some thousand.
    Steps,
    /// Unpredictable.
    Random,
    /// Always this one.
    Fixed(u16),
}

/// How initial sequence numbers run. Rate and spread as binary logarithms in eighths, the unit that
/// nmap's ISR and SP have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Isn {
    /// Increments per second.
    pub rate: f64,
    /// Their standard deviation.
    pub spread: f64,
    /// What all increments are a multiple of; 0: every connection begins with the same number.
    pub step: u32,
    /// Whether every connection begins with 0.
    pub zero: bool,
}

/// Timestamps of TCP (RFC 7323).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The option is not spoken.
    None,
    /// Spoken, but always 0.
    Zero,
    /// Ticks per second since boot.
    Ticks(u32),
    /// A thousand ticks a second, from a start that differs for each connection; the starts of nmap's probes
    /// differ by this power of two a second, if it is not 0.
    Random(u8),
}

/// Answers to a SYN at an open port.
#[derive(Clone, Debug, PartialEq)]
pub struct Handshake {
    /// Don't Fragment on everything that belongs to a connection.
    pub dont_fragment: bool,
    /// Options when the peer offers all that are usual, and when one is missing.
    pub all: Layout,
    /// Without selective acknowledgements.
    pub no_sack: Layout,
    /// Without window scaling.
    pub no_scale: Layout,
    /// Without timestamps.
    pub no_time: Layout,
    /// Largest segment.
    pub mss: u16,
    /// Whether no larger one is named than the peer's.
    pub mss_follows: bool,
    /// Shift of the window.
    pub scale: Option<u8>,
    /// First window with timestamps, and without.
    pub windows: (u16, u16),
    /// Largest segments and windows for nmap's six probes, where no rule of the above gives them.
    pub probe_mss: Option<[u16; 6]>,
    /// See `probe_mss`.
    pub probe_windows: Option<[u16; 6]>,
    /// Options for nmap's six probes, where no rule of the above gives them.
    pub probe_options: Option<[Exact; 6]>,
    /// Flags and numbers of the answers to nmap's six probes, where they are not those of a SYN-ACK.
    pub probe_reply: Option<Reply>,
    /// Oddities of the answers to nmap's six probes, and to that of congestion notification.
    pub probe_oddity: Oddity,
    /// See `probe_oddity`.
    pub ecn_oddity: Oddity,
    /// Options for nmap's probe of congestion notification, where they are others.
    pub ecn_options: Option<Exact>,
    /// Segment size and Don't Fragment for nmap's probe of congestion notification, where they are others.
    pub ecn_mss: Option<u16>,
    /// See `ecn_mss`.
    pub ecn_dont_fragment: Option<bool>,
    /// Time to live of that answer, where it is another.
    pub ecn_ttl: Option<u8>,
    /// Window of the answer to a SYN that has other flags too, where it is another.
    pub odd_window: Option<u16>,
    /// Whether nmap's probes get their timestamp back.
    pub probe_echo: bool,
    /// How many of nmap's six probes are answered.
    pub probes: usize,
    /// Seconds after which an answer that nobody acknowledges is sent again; none: as Linux has it, and the
    /// services' kernel: 1, 3, 7, 15, 31.
    pub again: Vec<u16>,
    /// Whether congestion notification is spoken, and whether a SYN that offers it is answered at all.
    pub ecn: Ecn,
}

/// What a SYN that offers congestion notification gets (RFC 3168).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecn {
    /// Agreement.
    Yes,
    /// An answer without it.
    No,
    /// An answer that has both flags of the SYN.
    Both,
    /// An answer that has the flag that means something else.
    Reduced,
    /// None.
    Silence,
}

/// What stands in a segment's header where nothing should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddity {
    /// An urgent pointer without the flag that says so.
    pub urgent: bool,
    /// A reserved bit.
    pub reserved: bool,
}

/// An answer of the stack itself to a TCP segment.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// None.
    Silence,
    /// As a SYN gets.
    Handshake,
    /// This segment.
    Segment(Reply),
}

/// A segment that answers another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Flags.
    pub flags: u8,
    /// Sequence number.
    pub sequence: ReplySequence,
    /// Acknowledgement number.
    pub acknowledgement: ReplyAcknowledgement,
    /// Window.
    pub window: u16,
    /// Don't Fragment.
    pub dont_fragment: bool,
    /// Time to live, where it is not the usual one.
    pub ttl: Option<u8>,
    /// Options.
    pub options: Exact,
    /// Oddities of its header.
    pub oddity: Oddity,
    /// What stands behind it: some systems tell in a reset why it comes.
    pub data: Vec<u8>,
}

/// Sequence number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplySequence {
    /// 0.
    Zero,
    /// What the peer acknowledged.
    Acknowledged,
    /// One past that.
    Past,
    /// A number of its own.
    Own,
}

/// Acknowledgement number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyAcknowledgement {
    /// 0.
    Zero,
    /// The peer's sequence number past its data.
    Same,
    /// The same past SYN and FIN.
    Next,
    /// One past the peer's sequence number, whatever came.
    One,
    /// Neither: left over from something else.
    Other,
}

/// What a datagram to a closed port gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedUdp {
    /// Nothing: a firewall drops it.
    Silence,
    /// Port unreachable.
    Unreachable(Unreachable),
}

/// How an ICMP error looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Bytes of the packet that are quoted, at most.
    pub quote: usize,
    /// Type of service.
    pub tos: u8,
    /// Time to live, where it is not the usual one.
    pub ttl: Option<u8>,
    /// Don't Fragment.
    pub dont_fragment: bool,
    /// Messages per second and peer, after a burst; 0: no limit.
    pub per_second: u32,
    /// What stands in the four bytes that are to be 0 (RFC 792).
    pub unused: u32,
    /// Total length in the quoted header: as it came, or this.
    pub quoted_length: Option<u16>,
    /// Messages to all peers within a second; 0: no limit.
    pub in_all: u32,
    /// Identification in the quoted header: as it came, or this.
    pub quoted_id: Option<u16>,
    /// Checksum in the quoted IP header.
    pub quoted_checksum: QuotedChecksum,
    /// Checksum in the quoted UDP header: as it came, or this.
    pub quoted_udp_checksum: Option<u16>,
    /// Whether what is quoted is filled up to `quote` bytes.
    pub filled: bool,
    /// Whether the quoted data is not what came.
    pub spoilt: bool,
}

/// The checksum of a quoted IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotedChecksum {
    /// As it came.
    Good,
    /// 0.
    Zero,
    /// Wrong.
    Bad,
}

/// How echo requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Whether they are answered at all.
    pub answered: bool,
    /// Whether the code is that of the request, or 0.
    pub same_code: bool,
    /// Don't Fragment.
    pub dont_fragment: EchoFragment,
    /// Time to live, where it is not the usual one.
    pub ttl: Option<u8>,
}

/// Which questions by ICMP are answered, in the header that echo replies have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queries {
    /// For the time of day (RFC 792).
    pub time: bool,
    /// For the mask of the segment (RFC 950).
    pub mask: bool,
}

/// What protocols meet that nobody speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// Nothing.
    Silence,
    /// Protocol unreachable, in the form of `closed_udp`, but for those that the system has a part for.
    Unreachable {
        /// Their numbers.
        but: Vec<u8>,
    },
}

/// Don't Fragment of an echo reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoFragment {
    /// As in the request.
    Same,
    /// Never.
    No,
    /// Always.
    Yes,
    /// The other way round.
    Opposite,
}
