//! How clients talk to an FTP server (RFC 959).

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::line("a 220 greeting", &[b"220"]),
        Step::Say(b"USER {nonce}\r\n"),
        Step::begins("a 331 reply", &[b"331"]),
        Step::Say(b"PASS nobody-7\r\n"),
        Step::hear("a reply to PASS", 4),
    ],
    login: &[
        Step::line("a 220 greeting", &[b"220"]),
        Step::Say(b"USER admin\r\n"),
        Step::line("a 331 reply", &[b"331"]),
        Step::Say(b"PASS {nonce}\r\n"),
        Step::line("a 530 reply", &[b"530"]),
    ],
    visit: &[b"USER anonymous\r\n", b"PASS mozilla@example.com\r\n", b"SYST\r\n", b"PWD\r\n", b"QUIT\r\n"],
    dialogues: &[b"USER root\r\nPASS toor\r\nSYST\r\nFEAT\r\nPWD\r\nCWD /tmp\r\nQUIT\r\n"],
    floods: &[Flood { name: "a login", head: b"USER root\r\nPASS toor\r\n", unit: b"NOOP\r\n" }],
    client: "ftp {ip} {port}",
    ..Talks::NONE
};
