//! What hosts and programs of attackers can be recognised by, and which were asked what they are.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+) => {
        /// What a fingerprint is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FingerprintKind { $($(#[doc = $about])+ $variant,)+ }

        named!(FingerprintKind);

        impl FingerprintKind {
            /// All, in their order.
            pub const ALL: &'static [FingerprintKind] = &[$(FingerprintKind::$variant),+];

            /// Name, as operators see it.
            pub fn name(self) -> &'static str {
                match self { $(FingerprintKind::$variant => $name,)+ }
            }

            /// What it is.
            pub fn about(self) -> &'static str {
                match self { $(FingerprintKind::$variant => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

kinds! {
    /// First segment of its system, as p0f writes it.
    Tcp = "tcp";
    /// JA3 of a TLS client.
    Ja3 = "ja3";
    /// JA4 of a TLS or QUIC client.
    Ja4 = "ja4";
    /// JA3S of a TLS server that a decky has spoken to.
    Ja3s = "ja3s";
    /// HASSH of an SSH client.
    Hassh = "hassh";
    /// HASSHServer of an SSH server.
    HasshServer = "hassh_server";
    /// What a client of HTTP/2 shows of itself.
    Http2 = "http2";
    /// SHA-256 of a certificate.
    Certificate = "certificate";
    /// Options that it asks a DHCP server for.
    Dhcp = "dhcp";
    /// Several hosts behind the address.
    Shared = "shared";
    /// Connections at even times.
    Beacon = "beacon";
    /// Ticks and deviation of its clock.
    Clock = "clock";
    /// JARM of a TLS server, by the prober.
    Jarm = "jarm";
    /// First words of a server, by the prober.
    Banner = "banner";
    /// What the kernel tells of its SYN-ACK, by the prober.
    SynAck = "syn_ack";
}

/// Something that an address was recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Address.
    pub src_ip: IpAddr,
    /// What it is of.
    pub kind: FingerprintKind,
    /// The fingerprint.
    pub value: String,
    /// What it means, as far as that is known.
    pub detail: String,
    /// Decky that saw it last.
    pub node: String,
    /// Service or sensor that saw it last.
    pub service: String,
    /// How often it was told.
    pub events: u64,
    /// First event that tells it.
    pub first_event: i64,
    /// Last event that tells it.
    pub last_event: i64,
    /// When first.
    pub first_seen: Micros,
    /// When last.
    pub last_seen: Micros,
}

/// When an attacker was asked what it is, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Address.
    pub src_ip: IpAddr,
    /// When it was asked last; told before it is asked.
    pub asked_at: Micros,
    /// What it said the last time, by probe and port: a JSON object.
    pub found: String,
}
