//! How clients and scanners talk to a time server.

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    // The nonce stands where a client's packet has the times of the answer before.
    datagrams: &[
        Step::Say(
            b"\x23\0\x06\xec\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0{nonce}\xee\x01\x02\x03\x04\x05\
              \x06\x07",
        ),
        Step::begins("the time", &[b"\x24", b"\x64", b"\xa4", b"\xe4"]),
    ],
    visit: &[
        b"\xe3\0\x04\xfa\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
          \xc5O#Kq\xb1R\xf3",
        b"\x16\x02\0\x01\0\0\0\0\0\0\0\0",
        b"\x17\0\x03\x2a\0\0\0\0",
    ],
    dialogues: &[
        b"\x16\x01\0\x01\0\0\0\0\0\0\0\0",
        b"\x16\x02\0\x02\0\0\0\0\0\0\0\x07version\0",
        b"\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
          \0\0\0",
        b"\x17\0\x02\x2a\0\0\0\0\0\0\0\0\0\0\0\0",
    ],
    floods: &[
        Flood { name: "control messages", head: b"", unit: b"\x16\x02\0\x01\0\0\0\0\0\0\0\0" },
        Flood { name: "lists", head: b"", unit: b"\x17\0\x03\x2a\0\0\0\0" },
    ],
    client: "ntpdate -q {ip}",
    ..Talks::NONE
};
