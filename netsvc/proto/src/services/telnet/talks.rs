//! How clients talk to a Telnet server (RFC 854).

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::ends("a login prompt", &[b"ogin:", b"sername:", b"ccount:"]),
        Step::Say(b"{nonce}\r\n"),
        Step::ends("a password prompt", &[b"assword:", b"ASSWORD:"]),
        Step::Say(b"nobody-7\r\n"),
        Step::hear("an answer to the login", 3),
    ],
    refuses_options: true,
    login: &[
        Step::ends("a login prompt", &[b"ogin:", b"sername:", b"ccount:"]),
        Step::Say(b"admin\r\n"),
        Step::ends("a password prompt", &[b"assword:", b"ASSWORD:"]),
        Step::Say(b"{nonce}\r\n"),
        Step::ends("another login prompt", &[b"ogin:", b"sername:", b"ccount:"]),
    ],
    visit: &[b"root\r\n", b"xc3511\r\n", b"enable\r\nsystem\r\nshell\r\nsh\r\n/bin/busybox ECCHI\r\n"],
    dialogues: &[b"\x00\x01\x02\xff\xfd\x18root\r\nsecret\r\n"],
    floods: &[Flood { name: "interpret as command", head: b"\xff\xfa", unit: b"\xff\x01" }],
    client: "telnet {ip} {port}",
    ..Talks::NONE
};
