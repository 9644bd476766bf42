//! How each product negotiates options: one table for what it asks, offers, agrees to and waits for.
//!
//! Sources: recordings of inetutils telnetd 2.4 (Debian 12) and BusyBox telnetd 1.35; `telnetd.c`, `state.c` and
//! `sys_term.c` of netkit-telnet 0.17 and FreeBSD 11; `telnetd.c` of BusyBox 1.20 and 1.22; start-up dialogues of
//! Cisco IOS 15 and VxWorks 6.

use super::numbers::{
    AUTHENTICATION, BINARY, ECHO, ENCRYPTION, ENVIRONMENT, FLOW_CONTROL, LINE_MODE, OLD_ENVIRONMENT, SPEED,
    STATUS, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE, X_DISPLAY,
};
use Move::{Await, AwaitOurs, Binary, Do, Echo, Restart, Send, Told, Will};
use netsvc_persona::Product;

/// A step of the negotiation before the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Offers an option, unless it is on.
    Will(u8),
    /// Asks the client for an option, unless it is on.
    Do(u8),
    /// Waits for the answer to [`Move::Do`].
    Await(u8),
    /// Waits for the answer to [`Move::Will`].
    AwaitOurs(u8),
    /// Asks for the value of an option, if the client has agreed to it.
    Send(u8),
    /// Waits for all values that were asked for.
    Told,
    /// Lets any key restart output, if the client has flow control. inetutils sends a NUL too many.
    Restart,
    /// Makes sure that the server echoes and the client does not (`telnetd.c`: "clean things up").
    Echo,
    /// Asks for a timing mark, with which clients without line mode answer, and for eight bits.
    Binary,
}

/// How commands are told from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// RFC 855.
    Standard,
    /// Three bytes each, whatever the command says, but for the window's size.
    Triples,
    /// As [`Framing::Triples`], with commands of two bytes known (from BusyBox 1.29 on).
    PairsAndTriples,
}

/// A product's way with options.
#[derive(Debug)]
pub(super) struct Dialect {
    /// What happens before the login.
    pub(super) script: &'static [Move],
    /// Options that the server turns on when asked to.
    pub(super) agrees: &'static [u8],
    /// Options that the client may turn on unasked.
    pub(super) lets: &'static [u8],
    /// Options whose value is asked for as soon as the client has agreed to them.
    pub(super) asks: &'static [u8],
    /// Whether anything is answered to what the client asks and offers.
    pub(super) answers: bool,
    /// Answer to "are you there".
    pub(super) here: &'static [u8],
    /// Whether "interrupt process" and its like become the characters of the terminal.
    pub(super) keys: bool,
    /// Whether a `USER` that the client tells is the login name.
    pub(super) takes_user: bool,
    /// How commands are told from data.
    pub(super) framing: Framing,
}

const BSD: Dialect = Dialect {
    script: &[],
    agrees: &[BINARY, ECHO, SUPPRESS_GO_AHEAD, STATUS],
    lets: &[
        BINARY,
        SUPPRESS_GO_AHEAD,
        TERMINAL_TYPE,
        WINDOW_SIZE,
        SPEED,
        FLOW_CONTROL,
        X_DISPLAY,
        ENVIRONMENT,
    ],
    asks: &[],
    answers: true,
    here: b"\r\n[Yes]\r\n",
    keys: true,
    takes_user: true,
    framing: Framing::Standard,
};

/// netkit telnetd 0.17 of Debian up to 11, Ubuntu up to 22.04 and the systems of Red Hat.
static NETKIT: Dialect = Dialect {
    script: &[
        Do(TERMINAL_TYPE),
        Do(SPEED),
        Do(X_DISPLAY),
        Do(ENVIRONMENT),
        Await(TERMINAL_TYPE),
        Await(SPEED),
        Await(X_DISPLAY),
        Await(ENVIRONMENT),
        Send(SPEED),
        Send(X_DISPLAY),
        Send(ENVIRONMENT),
        Send(TERMINAL_TYPE),
        Told,
        Will(SUPPRESS_GO_AHEAD),
        Do(ECHO),
        Do(WINDOW_SIZE),
        Will(STATUS),
        Do(FLOW_CONTROL),
        Await(WINDOW_SIZE),
        Echo,
    ],
    ..BSD
};

/// inetutils telnetd of Debian from 12, Ubuntu from 24.04, Kali and Arch.
static INETUTILS: Dialect = Dialect {
    script: &[
        Will(AUTHENTICATION),
        Will(ENCRYPTION),
        Do(TERMINAL_TYPE),
        Do(SPEED),
        Do(X_DISPLAY),
        Do(ENVIRONMENT),
        Do(OLD_ENVIRONMENT),
        AwaitOurs(ENCRYPTION),
        Await(TERMINAL_TYPE),
        Await(SPEED),
        Await(X_DISPLAY),
        Await(ENVIRONMENT),
        Await(OLD_ENVIRONMENT),
        Send(SPEED),
        Send(X_DISPLAY),
        Send(ENVIRONMENT),
        Send(OLD_ENVIRONMENT),
        Send(TERMINAL_TYPE),
        Told,
        Will(SUPPRESS_GO_AHEAD),
        Do(ECHO),
        Do(LINE_MODE),
        Do(WINDOW_SIZE),
        Will(STATUS),
        Do(FLOW_CONTROL),
        Await(WINDOW_SIZE),
        Restart,
        Echo,
        Binary,
    ],
    takes_user: false,
    ..BSD
};

/// The BSD telnetd of Junos.
static JUNOS: Dialect = Dialect {
    script: &[
        Do(AUTHENTICATION),
        Await(AUTHENTICATION),
        Will(ENCRYPTION),
        Do(TERMINAL_TYPE),
        Do(SPEED),
        Do(X_DISPLAY),
        Do(ENVIRONMENT),
        Do(OLD_ENVIRONMENT),
        AwaitOurs(ENCRYPTION),
        Await(TERMINAL_TYPE),
        Await(SPEED),
        Await(X_DISPLAY),
        Await(ENVIRONMENT),
        Await(OLD_ENVIRONMENT),
        Send(SPEED),
        Send(X_DISPLAY),
        Send(ENVIRONMENT),
        Send(OLD_ENVIRONMENT),
        Send(TERMINAL_TYPE),
        Told,
        Will(SUPPRESS_GO_AHEAD),
        Do(ECHO),
        Do(WINDOW_SIZE),
        Will(STATUS),
        Do(FLOW_CONTROL),
        Await(WINDOW_SIZE),
        Echo,
    ],
    ..BSD
};

static BUSYBOX_OLD: Dialect = Dialect {
    script: &[Do(ECHO), Do(WINDOW_SIZE), Will(ECHO), Will(SUPPRESS_GO_AHEAD)],
    agrees: &[],
    lets: &[],
    answers: false,
    here: b"",
    keys: false,
    takes_user: false,
    framing: Framing::Triples,
    ..BSD
};

/// The same from 1.29 on, which answers "are you there" with a NOP, and doubles its IAC as if it were data.
static BUSYBOX: Dialect = Dialect {
    script: BUSYBOX_OLD.script,
    agrees: &[],
    lets: &[],
    answers: false,
    here: b"\xff\xff\xf1",
    keys: false,
    takes_user: false,
    framing: Framing::PairsAndTriples,
    ..BSD
};

static IOS: Dialect = Dialect {
    script: &[Will(ECHO), Will(SUPPRESS_GO_AHEAD), Do(TERMINAL_TYPE), Do(WINDOW_SIZE)],
    agrees: &[ECHO, SUPPRESS_GO_AHEAD],
    lets: &[SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE],
    asks: &[TERMINAL_TYPE],
    here: b"",
    keys: false,
    takes_user: false,
    ..BSD
};

static VXWORKS: Dialect = Dialect {
    script: &[Will(ECHO)],
    agrees: &[ECHO, SUPPRESS_GO_AHEAD],
    lets: &[SUPPRESS_GO_AHEAD],
    here: b"",
    keys: false,
    takes_user: false,
    ..BSD
};

impl Dialect {
    /// That of a product; `busybox`: whether the system is built of BusyBox.
    pub(super) fn of(product: Option<&Product>, busybox: bool) -> &'static Dialect {
        let old = |version: &str| {
            let minor = version.strip_prefix("1.").and_then(|rest| rest.split('.').next()?.parse().ok());
            minor.is_some_and(|minor: u32| minor < 29)
        };
        match product.map(|product| (product.name.as_str(), product)) {
            Some(("Cisco IOS telnetd", _)) => &IOS,
            Some(("VxWorks telnetd", _)) => &VXWORKS,
            Some(("Junos telnetd", _)) => &JUNOS,
            Some(("BusyBox telnetd", product)) if old(&product.version) => &BUSYBOX_OLD,
            Some(("BusyBox telnetd", _)) => &BUSYBOX,
            _ if busybox => &BUSYBOX,
            Some((_, product)) if product.packaging.starts_with("inetutils") => &INETUTILS,
            _ => &NETKIT,
        }
    }

    /// One by name, for tests.
    #[cfg(test)]
    pub(super) fn named(name: &str) -> &'static Dialect {
        match name {
            "inetutils" => &INETUTILS,
            "junos" => &JUNOS,
            "busybox" => &BUSYBOX,
            "busybox 1.22" => &BUSYBOX_OLD,
            "ios" => &IOS,
            "vxworks" => &VXWORKS,
            _ => &NETKIT,
        }
    }
}
