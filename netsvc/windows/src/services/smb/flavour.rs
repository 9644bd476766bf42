//! How the servers of systems differ: what they offer, what they allow, what they say of themselves.
//!
//! Sources: [MS-SMB2] and its notes on the behaviour of Windows; Samba 4.17.12 of Debian 12, and smb.conf(5) and the
//! release notes of Samba for what others have by default; public captures of Windows 7 to Server 2022.

use super::crypto::{Cipher, Signing};
use netsvc_kit::Host;
use netsvc_persona::{Persona, subkey};

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Windows,
    Samba,
}

/// Who gets in without an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strangers {
    /// Those whom nobody knows become a guest.
    Guests,
    /// Whoever gives no name may ask a little.
    Nameless,
    /// Nobody.
    Nobody,
}

/// The server of a node.
#[derive(Clone, Debug)]
pub(super) struct Flavour {
    pub(super) family: Family,
    /// Whether it is a domain controller.
    pub(super) controller: bool,
    /// The latest dialect.
    pub(super) latest: u16,
    /// Whether NT LM 0.12 is spoken.
    pub(super) first: bool,
    /// Whether messages must be signed.
    pub(super) signed: bool,
    pub(super) strangers: Strangers,
    /// Bytes of a read or write at most.
    pub(super) most: u32,
    /// Whether it says since when it runs.
    pub(super) tells_start: bool,
    /// Ways to sign that are agreed on by a context of their own; none: it knows no such context.
    pub(super) signings: &'static [Signing],
    pub(super) ciphers: &'static [Cipher],
    /// Whether it knows the context of compression.
    pub(super) compresses: bool,
    /// Whether it is in a domain, and offers Kerberos.
    pub(super) member: bool,
    /// What SMB 1 says of the system and of the server.
    pub(super) native: (String, String),
    /// What stands for it: of Windows drawn, of Samba its name.
    pub(super) guid: [u8; 16],
    /// What credits are granted at most.
    pub(super) credits: u16,
}

/// Numbers of the dialects of SMB 2.
pub(super) const DIALECTS: [u16; 5] = [0x0202, 0x0210, 0x0300, 0x0302, 0x0311];

const OLD: &[Cipher] = &[Cipher::Gcm128, Cipher::Ccm128];
const NEW: &[Cipher] = &[Cipher::Gcm128, Cipher::Ccm128, Cipher::Gcm256, Cipher::Ccm256];
const SIGNINGS: &[Signing] = &[Signing::Gmac, Signing::Cmac, Signing::Hmac];

impl Flavour {
    /// That of the product that `host` shows, as it is set.
    pub(super) fn of(host: &Host) -> Flavour {
        let persona = host.persona();
        let version = host.product().map(|product| product.version.clone()).unwrap_or_default();
        let mut flavour = match persona.os.family.as_str() {
            "windows" | "windows_server" => windows(persona),
            _ => samba(persona, &version),
        };
        flavour.first = host.flag("smb1", flavour.first);
        match host.setting("signing") {
            Some("required") => flavour.signed = true,
            Some("enabled") => flavour.signed = false,
            _ => {}
        }
        match host.setting("strangers") {
            Some("guests") => flavour.strangers = Strangers::Guests,
            Some("nameless") => flavour.strangers = Strangers::Nameless,
            Some("nobody") => flavour.strangers = Strangers::Nobody,
            _ => {}
        }
        flavour
    }

    /// Bytes of a transaction, a read and a write in `dialect`; with 0x02ff none is chosen yet.
    pub(super) fn most_in(&self, dialect: u16) -> u32 {
        if dialect == 0x0202 { 65_536 } else { self.most }
    }

    /// Its security mode: signing is possible, or a must.
    pub(super) fn mode(&self) -> u16 {
        if self.signed { 3 } else { 1 }
    }
}

fn windows(persona: &Persona) -> Flavour {
    let served = |slug: &str| persona.products.contains_key(slug);
    let controller = persona.os.family == "windows_server" && (served("kerberos") || served("dns"));
    let build = persona.os.build;
    let named = persona.os.pretty_name.clone();
    // SMB 1 is no part of Windows 10 from 1709, and of Server from 2019 on.
    let first = build < 14_400;
    let latest = match build {
        0..7_000 => 0x0202,
        7_000..9_000 => 0x0210,
        9_000..9_600 => 0x0300,
        9_600..10_000 => 0x0302,
        _ => 0x0311,
    };
    let named = named.split_once(" Service Pack").map_or(named.as_str(), |(name, _)| name).to_owned();
    let pack = if build == 7_601 { " Service Pack 1" } else { "" };
    let drawn = subkey::bytes(&key(persona), &["smb", "server guid"]);
    let mut guid: [u8; 16] = drawn.first_chunk().copied().unwrap_or_default();
    // A random GUID says so (RFC 4122 §4.4).
    let [.., seventh, eighth, _, _, _, _, _, _, _] = &mut guid;
    *seventh = *seventh & 0x0f | 0x40;
    *eighth = *eighth & 0x3f | 0x80;
    let fresh = 20_000 <= build;
    Flavour {
        family: Family::Windows,
        controller,
        latest,
        first,
        signed: controller,
        strangers: if controller || first { Strangers::Nameless } else { Strangers::Nobody },
        most: if build < 9_000 { 1 << 20 } else { 8 << 20 },
        tells_start: build < 10_000,
        signings: if fresh { SIGNINGS } else { &[] },
        ciphers: if fresh { NEW } else { OLD },
        compresses: 18_362 <= build,
        member: !persona.domain.is_empty(),
        native: (format!("{named} {build}{pack}"), format!("{named} {}", native(&persona.os.version))),
        guid,
        credits: 512,
    }
}

/// The version that the server of a system has in its name.
fn native(version: &str) -> &str {
    // That of Windows 10 and its servers stands still, for compatibility.
    if version.starts_with("10") { "6.3" } else { version }
}

fn samba(persona: &Persona, version: &str) -> Flavour {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(4), numbers.next().unwrap_or(0));
    let since = |wanted: (u32, u32)| wanted <= (major, minor);
    // The name stands where others draw.
    let mut guid = [0; 16];
    guid.iter_mut().zip(persona.hostname.to_lowercase().bytes()).for_each(|(to, from)| *to = from);
    let debian = ["debian", "ubuntu", "kali"].iter().any(|family| persona.os.id.starts_with(family));
    Flavour {
        family: Family::Samba,
        controller: false,
        latest: if since((4, 3)) { 0x0311 } else { 0x0300 },
        // Not by default since 4.11.
        first: !since((4, 11)),
        signed: false,
        // `map to guest = bad user` is what Debian's package and the makers of storage boxes set.
        strangers: match debian || persona.os.family == "embedded" {
            true => Strangers::Guests,
            false => Strangers::Nameless,
        },
        most: 8 << 20,
        tells_start: false,
        signings: if since((4, 15)) { SIGNINGS } else { &[] },
        ciphers: if since((4, 15)) { NEW } else { OLD },
        compresses: false,
        member: false,
        native: ("Windows 6.1".to_owned(), format!("Samba {}", release(persona, version))),
        guid,
        credits: 8192,
    }
}

/// The version of Samba as the packages of a system have it.
pub(super) fn release(persona: &Persona, version: &str) -> String {
    match persona.os.id.as_str() {
        id if id.starts_with("debian") || id == "kali" => format!("{version}-Debian"),
        id if id.starts_with("ubuntu") => format!("{version}-Ubuntu"),
        _ => version.to_owned(),
    }
}

/// What secrets of the node are drawn from.
pub(super) fn key(persona: &Persona) -> Vec<u8> {
    persona.subkey.hex_bytes().unwrap_or_default()
}

/// A number below `most` for `label`, the same for ever.
pub(super) fn drawn(persona: &Persona, label: &str, most: usize) -> usize {
    let bytes = subkey::bytes(&key(persona), &["smb", label]);
    let number = u32::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default());
    usize::try_from(number).unwrap_or(0) % most.max(1)
}
