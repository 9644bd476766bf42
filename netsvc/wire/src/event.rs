//! The vocabulary of events: every MSGID there is, what it means, and what is given up first when a
//! spool is full.

use crate::{Severity, escape, field};

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
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $name:literal, $class:ident, $severity:ident, $meaning:ident, [$($field:ident),*];
    )+) => {
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

            /// Names of the fields that it may have beside [`field::COMMON`].
            pub fn fields(self) -> &'static [&'static str] {
                match self { $(Kind::$variant => &[$(field::$field),*],)+ }
            }
        }
    };
}

kinds! {
    /// A process began to serve a node.
    Started = "started", Noise, Info, Own, [];
    /// A process stopped serving a node.
    Stopped = "stopped", Noise, Info, Own, [];
    /// Events were given up because the spool was full, or a payload is not kept (`limit`).
    Dropped = "dropped", Noise, Error, Own, [COUNT, CLASS, ORIGIN, FORMAT];
    /// A reader found that lines of a writer are missing.
    Lost = "lost", Noise, Error, Own, [COUNT, FROM, TO, WRITER];
    /// A connection's task failed inside; the connection was closed.
    Fault = "fault", Noise, Error, Own, [REASON];
    /// A limit closed or refused a connection, or several (`count`).
    Limited = "limited", Scan, Info, Contact, [COUNT, FROM, TO];
    /// Bytes that are not the protocol.
    Malformed = "malformed", Scan, Info, Contact, [REASON, DATA];
    /// A connection was accepted.
    Connect = "connect", Scan, Info, Opened, [];
    /// The first bytes a peer sent on a connection.
    FirstBytes = "first_bytes", Scan, Info, Contact, [DATA];
    /// A connection ended.
    Disconnect = "disconnect", Scan, Info, Closed, [DURATION_MS, BYTES_IN, BYTES_OUT, REASON];
    /// A TLS handshake finished or failed.
    TlsHandshake = "tls_handshake", Scan, Info, Contact, [OUTCOME, TLS_VERSION, CIPHER, SNI, ALPN, JA3, JA4];
    /// Who the client says it is and what its handshake looks like.
    ClientFingerprint = "client_fingerprint", Scan, Info, Client, [
        CLIENT_VERSION, CLIENT_NAME, NAME, USER_AGENT, HASSH, HASSH_ALGORITHMS, HTTP2_FINGERPRINT, PRINCIPAL, REALM,
        METHOD_NAME, DATABASE, TERMINAL, TERMINAL_SPEED, DISPLAY, ENVIRONMENT, COMMAND, CWD
    ];
    /// A secret was offered.
    AuthAttempt = "auth_attempt", Evidence, Warning, Secret, [
        PRINCIPAL, SECRET_KIND, SECRET_PRINTABLE, SECRET_B64, CHALLENGE_B64, CRACK_LINE, METHOD_NAME, REALM,
        DATABASE, CLIENT_NAME, OUTCOME, DATA, STREAM
    ];
    /// A public key was offered.
    KeyOffer = "key_offer", Evidence, Warning, Key, [PRINCIPAL, KEY_TYPE, KEY_SHA256, OUTCOME];
    /// A session with a shell or the like began.
    SessionStart = "session_start", Interaction, Warning, Session, [
        PRINCIPAL, METHOD_NAME, REALM, CLIENT_NAME, CLIENT_VERSION, COMMAND, OUTCOME
    ];
    /// A session's recording was stored.
    SessionRecorded = "session_recorded", Evidence, Warning, Recording, [FORMAT, DURATION_MS, ORIGIN];
    /// A command was given, by shell, protocol verb or query.
    Command = "command", Interaction, Warning, Command, [
        COMMAND, NAME, STATUS, OUTCOME, REASON, CWD, PATH, URL, DATA, COUNT, PRINCIPAL, REALM, METHOD_NAME,
        CLIENT_NAME, ENVIRONMENT, IMAGE, MOUNTS, PRIVILEGED, ORIGIN, TECHNIQUE, DATABASE
    ];
    /// A command that the emulation does not know.
    UnknownCommand = "unknown_command", Interaction, Info, Command, [COMMAND, NAME, DATA, DATABASE, OUTCOME];
    /// An HTTP request, or one like it.
    Request = "request", Interaction, Info, Command, [
        METHOD, STATUS, HOST, USER_AGENT, HEADERS, HEADER_ORDER, HEADER_HASH, DATA, PRINCIPAL
    ];
    /// A database query, or another question.
    Query = "query", Interaction, Warning, Command, [
        QUERY, DATABASE, COMMAND, NAME, DATA, OUTCOME, STATUS, TECHNIQUE, SRC_MAC
    ];
    /// A pattern known from exploits was recognised.
    ExploitAttempt = "exploit_attempt", Evidence, Warning, Deed, [
        TECHNIQUE, DATA, COMMAND, QUERY, DATABASE, PATH, URL, NAME, REASON, OUTCOME, IMAGE, MOUNTS, PRIVILEGED,
        ENVIRONMENT
    ];
    /// The peer wants something fetched from elsewhere.
    DownloadAttempt = "download_attempt", Evidence, Warning, Deed, [
        URL, COMMAND, NAME, PATH, ORIGIN, DATA, TECHNIQUE
    ];
    /// The peer read a file of the node.
    FileRead = "file_read", Interaction, Info, Deed, [PATH, NAME, COMMAND, ORIGIN, SUBJECT, REFERENCE];
    /// A file, upload or payload was kept.
    FileCaptured = "file_captured", Evidence, Warning, Payload, [
        PATH, NAME, ORIGIN, FORMAT, COMMAND, URL, DATA, SUBJECT, MAIL_FROM, PRINCIPAL, IMAGE, STATUS
    ];
    /// A mail was taken.
    MessageStored = "message_stored", Evidence, Warning, Mail, [
        MAIL_FROM, RCPT_TO, SUBJECT, ATTACHMENTS, PATH, NAME, ORIGIN, FORMAT
    ];
    /// A mail's envelope sender.
    MailFrom = "mail_from", Interaction, Info, Deed, [MAIL_FROM, OUTCOME];
    /// A mail's envelope recipient.
    RcptTo = "rcpt_to", Interaction, Info, Deed, [RCPT_TO, OUTCOME];
    /// The peer asked to have a connection forwarded.
    ForwardRequest = "forward_request", Interaction, Warning, Deed, [
        OUTCOME, COMMAND, PRINCIPAL, BYTES_IN, BYTES_OUT, DATA
    ];
    /// TCP ports were probed without a handshake; `technique` is syn, fin, null, xmas, ack or maimon.
    PortScan = "port_scan", Scan, Warning, Contact, [TECHNIQUE, PORTS, COUNT, DURATION_MS, DATA, SRC_MAC];
    /// UDP ports without a service were probed.
    UdpProbe = "udp_probe", Scan, Info, Contact, [TECHNIQUE, PORTS, COUNT, DURATION_MS, DATA, SRC_MAC];
    /// A host asked for many addresses by ARP.
    ArpSweep = "arp_sweep", Scan, Warning, Contact, [TECHNIQUE, TARGETS, COUNT, DURATION_MS, DATA, SRC_MAC];
    /// A host pinged nodes.
    PingSweep = "ping_sweep", Scan, Info, Contact, [TECHNIQUE, TARGETS, COUNT, DURATION_MS, DATA, SRC_MAC];
    /// Frames or packets that no ordinary host sends.
    OddPacket = "odd_packet", Scan, Info, Contact, [TECHNIQUE, PORTS, COUNT, DURATION_MS, DATA, SRC_MAC];
    /// Connections were held open and nothing said in them, told from time to time for each peer: `count` were begun
    /// since the last time, `held` are open now; times and bytes (of whole packets) are of all together, `data` is
    /// what was said first.
    Held = "held", Scan, Warning, Contact, [
        COUNT, HELD, PORTS, DURATION_MS, PACKETS, BYTES_IN, BYTES_OUT, SRC_MAC, DATA
    ];
    /// Somebody answered for a name that nobody has (`query`), as poisoners do, and said where it is (`targets`).
    PoisonerDetected = "poisoner_detected", Evidence, Warning, Deed, [QUERY, TARGETS, TECHNIQUE, SRC_MAC];
    /// Another host has, or says that it has, the node's address: `outcome` is `asked for`, `suspected`, `defended`,
    /// `kept`, `withdrawn` or `returned`, after so many claims (`count`).
    AddressConflict = "address_conflict", Interaction, Warning, Own, [OUTCOME, SRC_MAC, DST_MAC, COUNT];
    /// Somebody says that he is where he is not: `technique` is `arp_spoofing`, `gateway_spoofing`, `dhcp_spoofing` or
    /// `rogue_router`, `before` who it was, `targets` the addresses in question.
    SpooferDetected = "spoofer_detected", Evidence, Warning, Deed, [
        TECHNIQUE, SRC_MAC, DST_MAC, BEFORE, TARGETS, COUNT
    ];
    /// More of one kind (`name`) than a minute has whole, from one source.
    Flood = "flood", Scan, Warning, Flood, [NAME, COUNT, FROM, TO, SAMPLES];
    /// Something that was laid out was used: it called back, or a secret of it was offered (`event` is that of the
    /// use).
    Callback = "callback", Evidence, Warning, Deed, [
        REFERENCE, CHANNEL, EVENT, METHOD, HOST, USER_AGENT, HEADERS, HEADER_ORDER, QUERY_NAME, QUERY_TYPE,
        PRINCIPAL, OUTCOME, RCPT_TO, CLIENT_VERSION
    ];
    /// A call that says little of who has it, by a previewer, a scanner or a resolver that asks again.
    Echo = "echo", Scan, Info, Contact, [
        REFERENCE, CHANNEL, REASON, COUNT, METHOD, HOST, USER_AGENT, HEADERS, HEADER_ORDER, QUERY_NAME,
        QUERY_TYPE
    ];
    /// A program that is not one of ours wrote a line; `src_ip` stands there where it could be told.
    CustomLine = "custom_line", Interaction, Info, Deed, [DATA, STREAM, PRINCIPAL];
    /// A DHCP server (`from`) was asked for the node's address.
    Lease = "lease", Noise, Info, Own, [OUTCOME, FROM];
    /// What a host's first segment says of its system.
    TcpFingerprint = "tcp_fingerprint", Scan, Info, Contact, [SIDE, SIGNATURE, OS_GUESS, TOOL, TTL, DISTANCE, MTU];
    /// What a side of a TLS or QUIC handshake says first.
    TlsFingerprint = "tls_fingerprint", Scan, Info, Contact, [SIDE, JA3, JA4, JA3S, SNI, ALPN, TLS_VERSION, CIPHER];
    /// What a side of an SSH connection says first.
    SshFingerprint = "ssh_fingerprint", Scan, Info, Contact, [
        SIDE, HASSH, HASSH_SERVER, HASSH_ALGORITHMS, CLIENT_VERSION, SERVER_VERSION
    ];
    /// A certificate was shown in the clear; it holds `from` a time `to` a time.
    CertificateSeen = "certificate_seen", Scan, Info, Contact, [
        SIDE, CERTIFICATE_SHA256, SUBJECT_NAME, ISSUER, NAMES, FROM, TO, SELF_SIGNED
    ];
    /// A name was asked for.
    DnsLookup = "dns_lookup", Scan, Info, Contact, [QUERY_NAME, QUERY_TYPE];
    /// How a host asks for an address (RFC 2132).
    DhcpFingerprint = "dhcp_fingerprint", Scan, Info, Contact, [DHCP_PARAMETERS, VENDOR_CLASS, CLIENT_NAME, SRC_MAC];
    /// A connection was over, seen from outside.
    Flow = "flow", Scan, Info, Contact, [
        DURATION_MS, PACKETS, BYTES_IN, BYTES_OUT, RETRANSMITS, INTERVAL_MS, CLOCK_HZ, SKEW_PPM
    ];
    /// Connections came at even times.
    Beacon = "beacon", Scan, Info, Contact, [INTERVAL_MS, JITTER_PERCENT, COUNT];
    /// Several hosts are behind an address.
    SharedAddress = "shared_address", Scan, Info, Contact, [COUNT, REASON];
    /// What passed between a host and a port of a node was kept, packet by packet.
    PacketsCaptured = "packets_captured", Scan, Info, Packets, [PACKETS, DURATION_MS, FORMAT, ORIGIN, CUT];
    /// A host was asked what it is, by who watches.
    ProbeResult = "probe_result", Noise, Info, Own, [
        PROBE, VALUE, PHASE, SERVER_VERSION, HASSH_ALGORITHMS, SIDE, CERTIFICATE_SHA256, SUBJECT_NAME, ISSUER, NAMES,
        FROM, TO, SELF_SIGNED
    ];
    /// A host answers otherwise than when it was asked before.
    FingerprintRotated = "fingerprint_rotated", Noise, Info, Own, [
        PROBE, VALUE, BEFORE, PHASE, SERVER_VERSION, HASSH_ALGORITHMS, SIDE, CERTIFICATE_SHA256, SUBJECT_NAME,
        ISSUER, NAMES, FROM, TO, SELF_SIGNED
    ];
}

impl Kind {
    /// What events with this MSGID are; `None` for a kind that only a newer release knows.
    pub fn meaning_of(name: &str) -> Option<Meaning> {
        Kind::from_name(name).map(Kind::meaning)
    }

    /// What is wrong with a field of such an event; `None`: it is as the vocabulary has it.
    pub fn misfit(self, name: &str, value: &[u8]) -> Option<String> {
        if !field::COMMON.contains(&name) && !self.fields().contains(&name) {
            return Some(format!("{} declares no field {name}", self.name()));
        }
        let shape = field::find(name)?.shape;
        let shown = escape::printable(value);
        (!shape.fits(value))
            .then(|| format!("{name} of {} is no {}: {}", self.name(), shape.name(), shown.as_str()))
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

    #[test]
    fn a_field_is_declared_once_and_is_what_it_says() {
        for kind in Kind::ALL {
            let fields = kind.fields();
            for (index, name) in fields.iter().enumerate() {
                assert!(!field::COMMON.contains(name), "{} has {name} as all do", kind.name());
                assert!(!fields[..index].contains(name), "{} has {name} twice", kind.name());
            }
        }
        let used = |name: &str| {
            field::COMMON.contains(&name) || Kind::ALL.iter().any(|kind| kind.fields().contains(&name))
        };
        for one in field::ALL {
            assert!(used(one.name), "no kind has {}", one.name);
        }
        for (kind, name, value, right) in [
            (Kind::Flow, "packets", &b"12"[..], true),
            (Kind::Flow, "packets", b"many", false),
            (Kind::Flow, "skew_ppm", b"-3.5", true),
            (Kind::Flow, "dst_port", b"65536", false),
            (Kind::Flow, "src_ip", b"2001:db8::1", true),
            (Kind::Flow, "command", b"x", false),
            (Kind::Command, "command", b"\xff\x00", true),
            (Kind::FileCaptured, "sha256", b"abc", false),
            (Kind::Command, "privileged", b"true", true),
            (Kind::Command, "nothing", b"", false),
        ] {
            assert_eq!(kind.misfit(name, value).is_none(), right, "{} {name}", kind.name());
        }
    }
}
