//! How clients talk to a remote desktop.

use netsvc_kit::declared::{Flood, Step, Talks};

/// A connection request with a name in its cookie, for TLS and CredSSP.
const REQUEST: &[u8] = b"\x03\0\0\x33\x2e\xe0\0\0\0\0\0Cookie: mstshash={nonce}\r\n\x01\0\x08\0\x0b\0\0\0";
/// The same, for the security of old clients.
const OLD: &[u8] = b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0";
/// The ticket of a client that is sent on by a load balancer.
const TOKEN: &[u8] =
    b"\x03\0\0\x32\x2d\xe0\0\0\0\0\0Cookie: msts=3640205228.15629.0000\r\n\x01\0\x08\0\0\0\0\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(REQUEST), Step::begins("a connection confirm", &[b"\x03\0\0"])],
    visit: &[
        b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=hello\r\n\x01\0\x08\0\x01\0\0\0",
        b"\x03\0\0\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=Domain\r\n\x01\0\x08\0\x03\0\0\0",
    ],
    dialogues: &[
        OLD,
        TOKEN,
        b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x01\0\0\0",
        b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x04\0\0\0",
        b"\x03\0\0\x08\x02\xf0\x80\x28",
    ],
    floods: &[
        Flood { name: "requests", head: b"", unit: OLD },
        Flood {
            name: "a long request",
            head: b"\x03\0\xff\xff\xfe\xe0\0\0\0\0\0Cookie: mstshash=",
            unit: b"A",
        },
        Flood { name: "fast input", head: b"", unit: b"\x44\x04\0\x1e" },
    ],
    client: "xfreerdp /v:{ip}:{port} /cert:ignore",
    ..Talks::NONE
};
