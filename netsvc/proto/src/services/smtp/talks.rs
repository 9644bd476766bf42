//! How clients talk to a mail server (RFC 5321).

use netsvc_kit::declared::{Flood, Step, Talks};

const MAIL: &[u8] = b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<root@corp.example>\r\nDATA\r\n";

/// See [`Talks`].
pub(in crate::services) const TALKS: Talks = Talks {
    stream: &[
        Step::line("a 220 greeting", &[b"220"]),
        Step::Say(b"EHLO {nonce}\r\n"),
        Step::begins("a 250 reply", &[b"250"]),
    ],
    // An empty authorisation identity and the user `admin-1`: with their NULs a whole number of base64 groups.
    login: &[
        Step::line("a 220 greeting", &[b"220"]),
        Step::Say(b"EHLO client.example\r\n"),
        Step::line("a 250 reply", &[b"250"]),
        Step::Say(b"AUTH PLAIN AGFkbWluLTEA{nonce}\r\n"),
        Step::line("a refusal", &[b"5"]),
        Step::Say(b"QUIT\r\n"),
        Step::line("a 221 reply", &[b"221"]),
    ],
    visit: &[
        b"EHLO mail.example.net\r\n",
        b"MAIL FROM:<info@example.net>\r\n",
        b"RCPT TO:<probe@example.org>\r\n",
        b"QUIT\r\n",
    ],
    dialogues: &[b"EHLO there\r\nNOOP\r\nQUIT\r\n"],
    floods: &[
        Flood { name: "a mail", head: MAIL, unit: b"A" },
        Flood { name: "lines of mail", head: MAIL, unit: b"A\r\n" },
    ],
    client: "swaks --server {ip}:{port} --to root@localhost",
    ..Talks::NONE
};
