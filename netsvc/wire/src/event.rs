//! The vocabulary of events: every MSGID there is, what it means, and what is given up first when a
//! spool is full.

use crate::Severity;

/// How much an event matters. When a spool is full, lower classes are dropped first (the order of
/// the variants), and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Our own state: started, dropped, malformed. Not a deed of the peer.
    Noise,
    /// Contact without intent shown: connections, probes, scans.
    Scan,
    /// The peer did something: a command, a request, a query.
    Interaction,
    /// A payload or a secret. Given up last.
    Evidence,
}

impl Class {
    /// Every class, the least first.
    pub const ALL: &'static [Class] = &[Class::Noise, Class::Scan, Class::Interaction, Class::Evidence];

    /// `noise`, `scan`, `interaction` or `evidence`.
    pub fn name(self) -> &'static str {
        match self {
            Class::Noise => "noise",
            Class::Scan => "scan",
            Class::Interaction => "interaction",
            Class::Evidence => "evidence",
        }
    }
}

/// What an event is to those who join events. Readers match it whole, so that a new meaning is dealt with
/// everywhere or does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Our own state.
    Own,
    /// Contact without more.
    Contact,
    /// A connection began.
    Opened,
    /// A connection ended, with its numbers.
    Closed,
    /// What the client says it is.
    Client,
    /// A secret was offered.
    Secret,
    /// A public key was offered.
    Key,
    /// Somebody was let in.
    Session,
    /// A command, request or query.
    Command,
    /// Another deed.
    Deed,
    /// A payload was kept.
    Payload,
    /// A mail was kept.
    Mail,
    /// The recording of a session was kept.
    Recording,
    /// Packets were kept.
    Packets,
    /// Many events of another kind.
    Flood,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $class:ident, $severity:ident, $meaning:ident;)+) => {
        /// What happened. The name is the MSGID on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[doc = $doc])+ $variant,)+ }

        impl Kind {
            /// Every kind, in the order of declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// MSGID.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)+ }
            }

            /// What it means, in one or two sentences.
            pub fn about(self) -> &'static str {
                match self { $(Kind::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// How much it matters.
            pub fn class(self) -> Class {
                match self { $(Kind::$variant => Class::$class,)+ }
            }

            /// Severity of its line.
            pub fn severity(self) -> Severity {
                match self { $(Kind::$variant => Severity::$severity,)+ }
            }

            /// What it is to those who join events.
            pub fn meaning(self) -> Meaning {
                match self { $(Kind::$variant => Meaning::$meaning,)+ }
            }
        }
    };
}

kinds! {
    /// A process began to serve a node.
    Started = "started", Noise, Info, Own;
    /// A process stopped serving a node.
    Stopped = "stopped", Noise, Info, Own;
    /// Events were given up because the spool was full: `count`, `class`.
    Dropped = "dropped", Noise, Error, Own;
    /// A reader found that lines of a writer are missing: `count`, `from`, `to`.
    Lost = "lost", Noise, Error, Own;
    /// A connection's task failed inside; the connection was closed: `reason`.
    Fault = "fault", Noise, Error, Own;
    /// A limit closed or refused a connection: `limit`.
    Limited = "limited", Scan, Info, Contact;
    /// Bytes that are not the protocol: `reason`, `data`.
    Malformed = "malformed", Scan, Info, Contact;
    /// A connection was accepted.
    Connect = "connect", Scan, Info, Opened;
    /// The first bytes a peer sent on a connection: `data`.
    FirstBytes = "first_bytes", Scan, Info, Contact;
    /// A connection ended: `duration_ms`, `bytes_in`, `bytes_out`, `reason`.
    Disconnect = "disconnect", Scan, Info, Closed;
    /// A TLS handshake finished or failed: `tls_version`, `cipher`, `sni`, `alpn`, `ja3`, `ja4`, `outcome`.
    TlsHandshake = "tls_handshake", Scan, Info, Contact;
    /// Who the client says it is and what its handshake looks like: `client_version`, `hassh`, ….
    ClientFingerprint = "client_fingerprint", Scan, Info, Client;
    /// A secret was offered: `principal`, `secret_kind`, `secret_printable`, `secret_b64`, `outcome`.
    AuthAttempt = "auth_attempt", Evidence, Warning, Secret;
    /// A public key was offered: `principal`, `key_type`, `key_sha256`, `outcome`.
    KeyOffer = "key_offer", Evidence, Warning, Key;
    /// A session with a shell or the like began: `principal`.
    SessionStart = "session_start", Interaction, Warning, Session;
    /// A session's recording was stored: `sha256`, `size`, `format`, `duration_ms`.
    SessionRecorded = "session_recorded", Evidence, Warning, Recording;
    /// A command was given, by shell, protocol verb or query: `command`, `outcome`.
    Command = "command", Interaction, Warning, Command;
    /// A command that the emulation does not know: `command`, `name`.
    UnknownCommand = "unknown_command", Interaction, Info, Command;
    /// An HTTP request: `method`, `target`, `status`, `user_agent`, `host`, `header_order`, ….
    Request = "request", Interaction, Info, Command;
    /// A database query: `query`, `database`.
    Query = "query", Interaction, Warning, Command;
    /// A pattern known from exploits was recognised: `technique`, `data`.
    ExploitAttempt = "exploit_attempt", Evidence, Warning, Deed;
    /// The peer wants something fetched from elsewhere: `url`, `command`.
    DownloadAttempt = "download_attempt", Evidence, Warning, Deed;
    /// The peer read a file of the node: `path`.
    FileRead = "file_read", Interaction, Info, Deed;
    /// A file, upload or payload was kept: `sha256`, `size`, `path`, `origin`.
    FileCaptured = "file_captured", Evidence, Warning, Payload;
    /// A mail was taken: `sha256`, `size`, `mail_from`, `rcpt_to`, `subject`, `attachments`.
    MessageStored = "message_stored", Evidence, Warning, Mail;
    /// A mail's envelope sender: `mail_from`.
    MailFrom = "mail_from", Interaction, Info, Deed;
    /// A mail's envelope recipient: `rcpt_to`, `outcome`.
    RcptTo = "rcpt_to", Interaction, Info, Deed;
    /// The peer asked to have a connection forwarded: `target`, `outcome`.
    ForwardRequest = "forward_request", Interaction, Warning, Deed;
    /// TCP ports were probed without a handshake: `technique` (syn, fin, null, xmas, ack, maimon), `ports`, `count`.
    PortScan = "port_scan", Scan, Warning, Contact;
    /// UDP ports without a service were probed: `ports`, `count`, `data`.
    UdpProbe = "udp_probe", Scan, Info, Contact;
    /// A host asked for many addresses by ARP: `targets`, `count`.
    ArpSweep = "arp_sweep", Scan, Warning, Contact;
    /// A host pinged nodes: `targets`, `count`.
    PingSweep = "ping_sweep", Scan, Info, Contact;
    /// Frames or packets that no ordinary host sends: `technique`, `count`.
    OddPacket = "odd_packet", Scan, Info, Contact;
    /// Connections were held open and nothing said in them, told from time to time for each peer: `ports`, `count`
    /// (begun since the last time), `held` (open now), `duration_ms` (of all together), `packets`, `bytes_in`,
    /// `bytes_out` (of whole packets).
    Held = "held", Scan, Warning, Contact;
    /// Somebody answered for a name that nobody has, as poisoners do: `query` (the name), `technique`, `targets` (where
    /// he says that it is).
    PoisonerDetected = "poisoner_detected", Evidence, Warning, Deed;
    /// Another host has, or says that it has, the node's address: `outcome` (`asked for`, `suspected`, `defended`,
    /// `kept`, `withdrawn`, `returned`), `src_mac`, `dst_mac`, `count` (of claims).
    AddressConflict = "address_conflict", Interaction, Warning, Own;
    /// Somebody says that he is where he is not: `technique` (`arp_spoofing`, `gateway_spoofing`, `dhcp_spoofing`,
    /// `rogue_router`), `src_mac`, `before` (who it was), `targets` (the addresses in question), `count`.
    SpooferDetected = "spoofer_detected", Evidence, Warning, Deed;
    /// More of one kind than a minute has whole, from one source: `name` (the kind), `count`, `from`, `to`, `samples`.
    Flood = "flood", Scan, Warning, Flood;
    /// Something that was laid out was used: it called back, or a secret of it was offered: `reference`, `channel`,
    /// `method`, `target`, `query_name`, `user_agent`, `event` (that of the use).
    Callback = "callback", Evidence, Warning, Deed;
    /// A call that says little of who has it, by a previewer, a scanner or a resolver that asks again: as `callback`,
    /// with `reason`, `count`.
    Echo = "echo", Scan, Info, Contact;
    /// A program that is not one of ours wrote a line: `data`, `stream`, `src_ip` where it could be told.
    CustomLine = "custom_line", Interaction, Info, Deed;
    /// A DHCP server was asked for the node's address: `outcome`, `from`, `dst_ip`.
    Lease = "lease", Noise, Info, Own;
    /// What a host's first segment says of its system: `signature` (as p0f writes it), `side`, `os_guess`, `ttl`,
    /// `distance`, `mtu`, `tool`.
    TcpFingerprint = "tcp_fingerprint", Scan, Info, Contact;
    /// What a side of a TLS or QUIC handshake says first: `side`, `transport`, `ja3`, `ja4`, `ja3s`, `sni`, `alpn`,
    /// `tls_version`, `cipher`.
    TlsFingerprint = "tls_fingerprint", Scan, Info, Contact;
    /// What a side of an SSH connection says first: `side`, `hassh` or `hassh_server`, `client_version` or
    /// `server_version`, `hassh_algorithms`.
    SshFingerprint = "ssh_fingerprint", Scan, Info, Contact;
    /// A certificate was shown in the clear: `side`, `certificate_sha256`, `subject_name`, `issuer`, `names`, `from`,
    /// `to`, `self_signed`.
    CertificateSeen = "certificate_seen", Scan, Info, Contact;
    /// A name was asked for: `query_name`, `query_type`.
    DnsLookup = "dns_lookup", Scan, Info, Contact;
    /// How a host asks for an address (RFC 2132): `dhcp_parameters`, `vendor_class`, `client_name`, `src_mac`.
    DhcpFingerprint = "dhcp_fingerprint", Scan, Info, Contact;
    /// A connection was over, seen from outside: `duration_ms`, `packets`, `bytes_in`, `bytes_out`, `retransmits`,
    /// `interval_ms`, `clock_hz`, `skew_ppm`.
    Flow = "flow", Scan, Info, Contact;
    /// Connections came at even times: `interval_ms`, `jitter_percent`, `count`.
    Beacon = "beacon", Scan, Info, Contact;
    /// Several hosts are behind an address: `count`, `reason`.
    SharedAddress = "shared_address", Scan, Info, Contact;
    /// What passed between a host and a port of a node was kept, packet by packet: `sha256`, `size`, `format`,
    /// `packets`, `duration_ms`, `cut`.
    PacketsCaptured = "packets_captured", Scan, Info, Packets;
    /// A host was asked what it is, by who watches: `probe`, `value`, `phase`.
    ProbeResult = "probe_result", Noise, Info, Own;
    /// A host answers otherwise than when it was asked before: `probe`, `value`, `before`.
    FingerprintRotated = "fingerprint_rotated", Noise, Info, Own;
}

impl Kind {
    /// What events with this MSGID are; `None` for a kind that only a newer release knows.
    pub fn meaning_of(name: &str) -> Option<Meaning> {
        Kind::from_name(name).map(Kind::meaning)
    }

    /// The kind with this MSGID.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_a_msgid() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert!(
            names
                .iter()
                .all(|name| name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
        assert!(Kind::ALL.iter().all(|kind| Kind::from_name(kind.name()) == Some(*kind)));
    }
}
