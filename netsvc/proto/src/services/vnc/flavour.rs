//! What the servers do differently.

use netsvc_kit::Host;
use rand_core::RngCore;

/// Kinds of authentication (RFC 6143 §7.2; rfbproto for the others).
pub(super) const NONE: u8 = 1;
pub(super) const PASSWORD: u8 = 2;
/// TightVNC's, which asks for a kind itself.
pub(super) const TIGHT: u8 = 16;
/// VeNCrypt: TLS, and a kind within it.
pub(super) const VENCRYPT: u8 = 19;
/// Apple's by Diffie-Hellman: an account of the system and its password.
pub(super) const APPLE: u8 = 30;

/// When a server takes nobody's password any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// Never.
    Never,
    /// After wrong passwords: what is said to the last one, and to who comes back.
    Passwords { last: &'static str, after: &'static str },
    /// After connections that came to nothing: what is said instead of a greeting.
    Connections { after: &'static str },
}

/// A server's ways.
#[derive(Clone, Debug)]
pub(super) struct Flavour {
    /// What it says first.
    pub(super) greeting: &'static [u8],
    /// Kinds of authentication in its order.
    pub(super) kinds: Vec<u8>,
    /// What is said to a wrong password.
    pub(super) wrong: &'static str,
    /// When it takes no more of them.
    pub(super) lock: Lock,
    /// Whether a version that it does not speak is told so.
    pub(super) tells_versions: bool,
    /// Name of the desktop.
    pub(super) desktop: String,
    /// Pixels of its sides.
    pub(super) size: (u16, u16),
    /// What stands in a format for "true colour".
    pub(super) truth: u8,
    /// Whether pixels of three bytes are drawn.
    pub(super) takes_24: bool,
    /// Whether colours of a map are given as levels of eight bits.
    pub(super) coarse_map: bool,
}

/// Sizes of desktops.
const SIZES: [(u16, u16); 4] = [(1024, 768), (1280, 800), (1366, 768), (1280, 1024)];
/// What every server here greets with, but for Apple's.
const GREETING: &[u8] = b"RFB 003.008\n";
const APPLE_GREETING: &[u8] = b"RFB 003.889\n";

impl Flavour {
    /// That of the product that `host` shows.
    pub(super) fn of(host: &Host) -> Flavour {
        let name = host.persona().hostname.as_str();
        let product = host.product().map_or("", |product| product.name.as_str());
        let windows = host.persona().os.family.starts_with("windows");
        let mut random = host.generator("desktop");
        let drawn = usize::try_from(random.next_u32()).unwrap_or_default() % SIZES.len();
        let size = SIZES.get(drawn).copied().unwrap_or((1024, 768));
        let drawn_open = random.next_u32().is_multiple_of(5);
        let mut flavour = match product {
            "x11vnc" => Flavour { truth: 0xff, takes_24: true, ..plain(format!("{name}:0")) },
            "TigerVNC" => Flavour { kinds: vec![VENCRYPT, PASSWORD], ..counting(format!("root@{name}")) },
            "RealVNC" => counting(name.to_owned()),
            "Screen Sharing" => Flavour {
                greeting: APPLE_GREETING,
                kinds: vec![APPLE, 33, 36, PASSWORD, 35],
                wrong: "Authentication failed",
                ..plain(name.to_owned())
            },
            _ if windows => {
                tight(name.to_lowercase(), "Authentication failed", "Your connection has been rejected")
            }
            _ => {
                let desktop = format!("root's X desktop ({name}:0)");
                tight(desktop, "Authentication failed, too many tries", "Too many authentication failures")
            }
        };
        flavour.size = size;
        // An X session that is shown as it is has no password unless one is set.
        let open = host.setting("auth").map_or(product == "x11vnc" && drawn_open, |auth| auth == "none");
        if open {
            flavour.kinds.retain(|kind| *kind != APPLE);
            let kinds = flavour.kinds.iter_mut().filter(|kind| **kind == PASSWORD);
            kinds.for_each(|kind| *kind = NONE);
        }
        flavour
    }

    /// Whether nobody is asked for a password.
    pub(super) fn is_open(&self) -> bool {
        self.kinds.contains(&NONE)
    }
}

/// LibVNCServer's ways.
fn plain(desktop: String) -> Flavour {
    Flavour {
        greeting: GREETING,
        kinds: vec![PASSWORD],
        wrong: "password check failed!",
        lock: Lock::Never,
        tells_versions: false,
        desktop,
        size: (1024, 768),
        truth: 1,
        takes_24: false,
        coarse_map: false,
    }
}

/// TightVNC's.
fn tight(desktop: String, last: &'static str, after: &'static str) -> Flavour {
    Flavour {
        kinds: vec![PASSWORD, TIGHT],
        wrong: "Authentication failed",
        lock: Lock::Passwords { last, after },
        ..plain(desktop)
    }
}

/// Those of RealVNC 4 and what came of it.
fn counting(desktop: String) -> Flavour {
    Flavour {
        wrong: "Authentication failure",
        lock: Lock::Connections { after: "Too many security failures" },
        tells_versions: true,
        coarse_map: true,
        ..plain(desktop)
    }
}
