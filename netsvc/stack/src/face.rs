//! How an operating system's network stack looks from outside, as values.

/// The values of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Initial time to live of everything it sends.
    pub ttl: u8,
    /// Don't Fragment on resets.
    pub reset_dont_fragment: bool,
    /// How identifications of resets and ICMP run.
    pub identification: Identification,
    /// What a FIN, NULL or XMAS segment meets at an open port.
    pub odd_segment_at_open: OddSegment,
    /// Whether an echo reply has the request's code and Don't Fragment, or zeros.
    pub echo: Echo,
    /// What a datagram to a closed UDP port gets.
    pub closed_udp: ClosedUdp,
}

/// How the identification of IP packets runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identification {
    /// Always 0.
    Zero,
    /// One more with each packet.
    Incremental,
    /// Unpredictable.
    Random,
}

/// What a segment that no handshake began meets at an open port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddSegment {
    /// Nothing, as RFC 9293 has it.
    Silence,
    /// A reset, as at a closed port.
    Reset,
}

/// How echo requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// Code and Don't Fragment as in the request.
    Same,
    /// Code 0, no Don't Fragment.
    Plain,
    /// Code as in the request, no Don't Fragment.
    SameCode,
}

/// What a datagram to a closed port gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedUdp {
    /// Nothing: a firewall drops it.
    Silence,
    /// Port unreachable.
    Unreachable {
        /// Bytes of the packet that are quoted, at most.
        quote: usize,
        /// Type of service of the message.
        tos: u8,
        /// Messages per second and peer, after a burst of six; 0: no limit.
        per_second: u32,
    },
}

impl Face {
    /// The face of a persona's family; an unknown one looks like Linux. `ttl` is the persona's own.
    pub fn of_family(family: &str, ttl: u8) -> Face {
        match family {
            "windows" | "windows_server" => Face {
                ttl,
                reset_dont_fragment: true,
                identification: Identification::Incremental,
                odd_segment_at_open: OddSegment::Reset,
                echo: Echo::Plain,
                closed_udp: ClosedUdp::Unreachable { quote: 548, tos: 0, per_second: 0 },
            },
            "bsd" => Face {
                ttl,
                reset_dont_fragment: true,
                identification: Identification::Random,
                odd_segment_at_open: OddSegment::Silence,
                echo: Echo::Same,
                closed_udp: ClosedUdp::Unreachable { quote: 28, tos: 0, per_second: 200 },
            },
            "cisco" | "embedded" => Face {
                ttl,
                reset_dont_fragment: false,
                identification: Identification::Incremental,
                odd_segment_at_open: OddSegment::Silence,
                echo: Echo::Same,
                closed_udp: ClosedUdp::Unreachable { quote: 28, tos: 0, per_second: 2 },
            },
            _ => Face {
                ttl,
                reset_dont_fragment: true,
                identification: Identification::Zero,
                odd_segment_at_open: OddSegment::Silence,
                echo: Echo::SameCode,
                // net.ipv4.icmp_ratelimit: one a second; icmp(7): 576 bytes in all.
                closed_udp: ClosedUdp::Unreachable { quote: 548, tos: 0xc0, per_second: 1 },
            },
        }
    }
}
