//! What a Telnet server and its login program say until somebody is in.
//!
//! Sources: recordings of inetutils telnetd 2.4 with the login of shadow 4.13 and of BusyBox 1.35's telnetd and
//! login; netkit telnetd and `/etc/issue.net` of Debian, Ubuntu and Red Hat; `login.c` of util-linux and FreeBSD; the
//! start-up dialogues of Cisco IOS 15, VxWorks 6 and Junos 12 as their manuals print them.

use super::dialect::Dialect;
use crate::account;
use netsvc_kit::Host;
use netsvc_shell::Flavour;
use std::time::Duration;

/// A login program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// Wrong passwords before the connection is closed.
    pub(super) tries: u32,
    /// Empty names before it gives up; `None`: an empty name is a name, whose password is asked for.
    pub(super) empty: Option<u32>,
    /// Prompt for the password.
    pub(super) password: &'static str,
    /// Answer to a wrong password.
    pub(super) wrong: &'static str,
    /// Answer to the last one.
    pub(super) last: &'static str,
    /// Time that a wrong password costs, and whether it varies.
    pub(super) delay: (Duration, bool),
    /// Time for the whole login.
    pub(super) time: Duration,
    /// Said when it is over.
    pub(super) late: &'static str,
}

/// Shadow's, of Debian and Ubuntu (`login.defs`: `LOGIN_RETRIES` 5, `LOGIN_TIMEOUT` 60; PAM's `delay` 3 s).
static SHADOW: Login = Login {
    tries: 5,
    empty: None,
    password: "Password: ",
    wrong: "\r\nLogin incorrect\r\n",
    last: "\r\nLogin incorrect\r\nMaximum number of tries exceeded (5)\r\n",
    delay: (Duration::from_secs(3), true),
    time: Duration::from_secs(60),
    late: "\r\nLogin timed out after 60 seconds.\r\n",
};

/// util-linux's, of the systems of Red Hat and of Arch.
static UTIL_LINUX: Login = Login {
    tries: 3,
    empty: Some(50),
    wrong: "Login incorrect\r\n\r\n",
    last: "\r\nLogin incorrect\r\n",
    late: "\r\nLogin timed out after 60 seconds\r\n",
    ..SHADOW
};

static BUSYBOX: Login = Login {
    tries: 3,
    empty: Some(10),
    wrong: "Login incorrect\r\n",
    last: "Login incorrect\r\n",
    delay: (Duration::from_secs(3), false),
    late: "\r\nLogin timed out after 60 seconds\r\n",
    ..SHADOW
};

static IOS: Login = Login {
    tries: 3,
    empty: Some(50),
    wrong: "% Login invalid\r\n\r\n",
    last: "% Login invalid\r\n\r\n",
    delay: (Duration::from_secs(2), false),
    time: Duration::from_secs(30),
    late: "% Username:  timeout expired!\r\n",
    ..SHADOW
};

static VXWORKS: Login =
    Login { wrong: "\r\nLogin incorrect\r\n", last: "\r\nLogin incorrect\r\n", late: "", ..BUSYBOX };

static BSD: Login = Login {
    tries: 3,
    empty: Some(50),
    password: "Password:",
    wrong: "Login incorrect\r\n",
    last: "Login incorrect\r\n",
    delay: (Duration::from_secs(3), false),
    time: Duration::from_secs(300),
    late: "Login timed out after 300 seconds\r\n",
};

/// What is said, and when.
#[derive(Debug)]
pub(super) struct Voice {
    /// The server's way with options.
    pub(super) dialect: &'static Dialect,
    /// What stands above the first prompt.
    pub(super) banner: String,
    /// Prompt for a name.
    pub(super) prompt: String,
    /// Who asks for it.
    pub(super) login: &'static Login,
}

impl Voice {
    /// That of a node.
    pub(super) fn of(host: &Host) -> Self {
        let (persona, product) = (host.persona(), host.product());
        let (hostname, os) = (&persona.hostname, &persona.os);
        let busybox = matches!(account::shell(host).flavour(), Flavour::Busybox | Flavour::Alpine);
        let dialect = Dialect::of(product, busybox);
        let voice = |banner: String, prompt: String, login| Voice { dialect, banner, prompt, login };
        let named = || format!("{hostname} login: ");
        let packaging = product.map(|product| product.packaging.as_str()).unwrap_or_default();
        match product.map(|product| product.name.as_str()) {
            Some("Cisco IOS telnetd") => {
                voice("\r\n\r\nUser Access Verification\r\n\r\n".to_owned(), "Username: ".to_owned(), &IOS)
            }
            Some("VxWorks telnetd") => voice(String::new(), "\r\nVxWorks login: ".to_owned(), &VXWORKS),
            Some("Junos telnetd") => {
                voice(format!("\r\n{hostname} (ttyp0)\r\n\r\n"), "login: ".to_owned(), &BSD)
            }
            _ if busybox => voice("\r\r\n".to_owned(), named(), &BUSYBOX),
            _ if packaging.starts_with("inetutils") => {
                let name = if persona.domain.is_empty() {
                    hostname.clone()
                } else {
                    format!("{hostname}.{}", persona.domain)
                };
                let login = if os.id == "arch" { &UTIL_LINUX } else { &SHADOW };
                voice(format!("\r\nLinux {} ({name}) (pts/0)\r\n\r\n", os.kernel), named(), login)
            }
            _ if os.id.starts_with("debian") || os.id.starts_with("ubuntu") || os.id == "kali" => {
                // `issue.net` has no code name.
                let name = os.pretty_name.split(" (").next().unwrap_or_default();
                voice(format!("{name}\r\n"), named(), &SHADOW)
            }
            _ => voice(format!("\r\nKernel {} on an {}\r\n", os.kernel, os.machine), named(), &UTIL_LINUX),
        }
    }
}
