//! How clients talk to a SOCKS proxy (RFC 1928, 1929, and the note on SOCKS 4A).

use netsvc_kit::declared::{Flood, Step, Talks};

const HELLO: &[u8] = b"\x05\x01\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"\x05\x02\0\x02"),
        Step::begins("a method", &[b"\x05\0", b"\x05\x02"]),
        Step::Say(b"\x05\x01\0\x03\x18{nonce}.invalid\0\x50"),
        Step::begins("a refusal: there is no such host", &[b"\x05\x04", b"\x05\x01"]),
    ],
    visit: &[HELLO, b"\x05\x01\0\x03\x0fmail.example.org\0\x19", b"\x05\x01\0\x01\x7f\0\0\x01\x18\xeb"],
    dialogues: &[
        b"\x05\x01\0\x05\x01\0\x03\x10mail.example.org\0\x19EHLO a\r\nMAIL FROM:<a@b.example>\r\n\
          RCPT TO:<c@d.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n",
        b"\x05\x01\0\x05\x01\0\x03\x0fwww.example.org\0\x50GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
        b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x09\0\x16SSH-2.0-x\r\n",
        b"\x05\x01\x02\x01\x04root\x04toor",
        b"\x05\x01\0\x05\x03\0\x01\0\0\0\0\0\0",
        b"\x04\x01\0\x50\0\0\0\x01me\0www.example.org\0HEAD / HTTP/1.0\r\n\r\n",
        b"\x04\x01\0\x16\x7f\0\0\x01root\0",
        b"\x05\x01\0\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
    ],
    floods: &[
        Flood { name: "a user of SOCKS 4", head: b"\x04\x01\0\x50\x0a\0\0\x01", unit: b"a" },
        Flood {
            name: "a mail through it",
            head: b"\x05\x01\0\x05\x01\0\x03\x10mail.example.org\0\x19EHLO a\r\nMAIL FROM:<a@b.example>\r\n\
                    RCPT TO:<c@d.example>\r\nDATA\r\n",
            unit: b"A\r\n",
        },
    ],
    client: "curl --socks5-hostname {ip}:{port} http://www.example.org/",
    ..Talks::NONE
};
