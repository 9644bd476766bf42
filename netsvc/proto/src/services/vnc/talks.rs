//! How clients talk to a VNC server.

use netsvc_kit::declared::{Flood, Step, Talks};

/// Version, no password, shared.
const IN: &[u8] = b"RFB 003.008\n\x01\x01";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::begins("a version", &[b"RFB 003."]),
        Step::Say(b"RFB 003.003\n{nonce}"),
        Step::hear("a security type", 4),
    ],
    login: &[
        Step::begins("a version", &[b"RFB 003."]),
        Step::Say(b"RFB 003.003\n"),
        Step::hear("a challenge", 4),
        Step::Say(b"{nonce}"),
        Step::begins("a refusal", &[b"\0\0\0\x01"]),
    ],
    visit: &[b"RFB 003.008\n", b"\x02", b"0123456789abcdef"],
    dialogues: &[
        b"RFB 003.003\n0123456789abcdef",
        b"RFB 003.007\n\x02aaaaaaaaaaaaaaaa",
        b"RFB 003.008\n\x10\0\0\0\x02aaaaaaaaaaaaaaaa",
        b"RFB 003.008\n\x01\x01\x02\0\0\x02\0\0\0\x05\0\0\0\0\x03\0\0\0\0\0\0\x40\0\x40\x04\x01\0\0\0\0\0\x61\
          \x04\x01\0\0\0\0\xff\x0d\x05\x01\0\x10\0\x10\x06\0\0\0\0\0\0\x01z\x03\x01\0\0\0\0\x04\0\x03\0",
        b"RFB 003.008\n\x01\x01\0\0\0\0\x08\x08\0\x01\0\x07\0\x07\0\x03\0\x03\x06\0\0\0\x03\0\0\0\0\0\0\x08\0\x08",
    ],
    floods: &[
        Flood { name: "pictures", head: IN, unit: b"\x03\0\0\0\0\0\x04\0\x03\0" },
        Flood { name: "keys", head: IN, unit: b"\x04\x01\0\0\0\0\0\x61" },
        Flood { name: "lines", head: IN, unit: b"\x04\x01\0\0\0\0\0\x61\x04\x01\0\0\0\0\xff\x0d" },
        Flood { name: "a clipboard", head: b"RFB 003.008\n\x01\x01\x06\0\0\0\xff\xff\xff\xff", unit: b"A" },
        Flood { name: "encodings", head: IN, unit: b"\x02\0\0\x01\0\0\0\x05" },
        Flood { name: "movements", head: IN, unit: b"\x05\0\0\x01\0\x01" },
    ],
    client: "vncviewer {ip}::{port}",
    ..Talks::NONE
};
