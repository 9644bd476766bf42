//! What a Telnet server says until somebody is in.
//!
//! Sources: netkit telnetd and login(1) of Debian; BusyBox telnetd.c and login.c; the start-up dialogues of Cisco IOS 15,
//! VxWorks 6 and Junos 12 as their manuals print them.

use super::options;
use crate::account;
use netsvc_kit::Host;
use netsvc_shell::Flavour;

/// What is said, and when.
#[derive(Debug)]
pub(super) struct Voice {
    /// Whether it asks for a name at once, as devices do.
    pub(super) device: bool,
    /// First bytes.
    pub(super) opening: &'static [u8],
    /// What stands above the first prompt.
    pub(super) banner: String,
    /// Prompt for a name.
    pub(super) prompt: String,
    /// Answer to a wrong password.
    pub(super) wrong: &'static [u8],
    /// Said before the connection is closed.
    pub(super) last: &'static [u8],
}

impl Voice {
    /// That of a node.
    pub(super) fn of(host: &Host) -> Self {
        let hostname = &host.persona().hostname;
        let plain = |opening, banner: &str, prompt: &str, wrong| Voice {
            device: true,
            opening,
            banner: banner.to_owned(),
            prompt: prompt.to_owned(),
            wrong,
            last: b"",
        };
        match host.product().map(|product| product.name.as_str()) {
            Some("Cisco IOS telnetd") => {
                let banner = "\r\n\r\nUser Access Verification\r\n\r\n";
                plain(options::IOS, banner, "Username: ", b"% Login invalid\r\n\r\n")
            }
            Some("VxWorks telnetd") => {
                plain(options::VXWORKS, "", "\r\nVxWorks login: ", b"\r\nLogin incorrect\r\n")
            }
            Some("Junos telnetd") => Voice {
                device: false,
                banner: format!("\r\n{hostname} (ttyp0)\r\n\r\n"),
                ..plain(options::NETKIT, "", "login: ", b"\r\nLogin incorrect\r\n")
            },
            _ if account::shell(host).flavour() == Flavour::Busybox => {
                plain(options::BUSYBOX, "", &format!("\r\n{hostname} login: "), b"Login incorrect\r\n")
            }
            _ => Voice {
                device: false,
                last: b"Maximum number of tries exceeded (3)\r\n",
                banner: format!("{}\r\n", host.persona().os.pretty_name),
                ..plain(options::NETKIT, "", &format!("{hostname} login: "), b"\r\nLogin incorrect\r\n")
            },
        }
    }
}
