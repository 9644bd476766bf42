//! What the releases of Windows do differently.
//!
//! Sources: [MS-RDPBCGR] §2.2.1.2.1, §2.2.1.4.2 and its appendix on product behaviour; [MS-CSSP] appendix A; answers of
//! such hosts as nmap's database of services has them.

use super::protocol::{CREDSSP, CREDSSP_EARLY, RDSTLS, TLS};
use netsvc_kit::Host;

/// A server's ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flavour {
    /// Flags of its negotiation response.
    pub(super) flags: u8,
    /// Security protocols that it takes.
    pub(super) protocols: u32,
    /// Whether who does not authenticate before the session gets none.
    pub(super) nla: bool,
    /// Whether TLS is a must.
    pub(super) tls: bool,
    /// Version of the protocol, as it tells it in its core data.
    pub(super) version: u32,
}

/// First builds of releases.
const WINDOWS_8: u32 = 9200;
const WINDOWS_10: u32 = 10_240;
const WINDOWS_10_1607: u32 = 14_393;

impl Flavour {
    /// That of the system of `host`, with its settings.
    pub(super) fn of(host: &Host) -> Flavour {
        let build = host.persona().os.build;
        // Windows 7 lets everybody up to its login screen unless it is told otherwise.
        let usual = WINDOWS_8 <= build || build == 0;
        let mut flavour =
            Flavour::windows(if build == 0 { WINDOWS_10_1607 } else { build }, host.flag("nla", usual));
        flavour.tls |= host.setting("security") == Some("tls");
        flavour
    }

    /// That of a build of Windows.
    pub(super) fn windows(build: u32, nla: bool) -> Flavour {
        let (flags, more) = match build {
            WINDOWS_10_1607.. => (0x1f, CREDSSP_EARLY | RDSTLS),
            WINDOWS_8.. => (0x0f, CREDSSP_EARLY),
            _ => (0x09, 0),
        };
        Flavour { flags, protocols: TLS | CREDSSP | more, nla, tls: nla, version: version(build) }
    }
}

/// Version of the protocol of a build.
fn version(build: u32) -> u32 {
    match build {
        22_000.. => 0x0008_0011,
        20_348.. => 0x0008_000f,
        19_041.. => 0x0008_000e,
        18_362.. => 0x0008_000c,
        17_763.. => 0x0008_000b,
        WINDOWS_10_1607.. => 0x0008_0007,
        WINDOWS_10.. => 0x0008_0005,
        _ => 0x0008_0004,
    }
}
