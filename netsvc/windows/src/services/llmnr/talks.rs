//! How peers ask a host for its names: whoever asks for another one gets no answer.

use netsvc_kit::{
    Port,
    declared::{Apart, Flood, Step, Talks},
};

const STATUS: &[u8] = b"\x2b\x01\0\0\0\x01\0\0\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    datagrams: &[Step::Say(b"\x4c\x01\0\0\0\x01\0\0\0\0\0\0\x10{nonce}\0\0\x01\0\x01")],
    visit: &[
        b"\x4c\x02\0\0\0\x01\0\0\0\0\0\0\x04wpad\0\0\x01\0\x01",
        b"\x4c\x03\0\0\0\x01\0\0\0\0\0\0\x0afileserver\0\0\xff\0\x01",
    ],
    dialogues: &[
        b"\x4c\x04\0\0\0\x01\0\0\0\0\0\0\x0csrv-files-03\0\0\x01\0\x01",
        b"\0\0\0\0\0\x01\0\0\0\0\0\0\x0csrv-files-03\x05local\0\0\x01\0\x01",
        b"\0\0\0\0\0\x01\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01",
        STATUS,
        b"\x2b\x02\x01\x10\0\x01\0\0\0\0\0\0\x20FDFCFGCNEGEJEMEFFDCNDADDCACACAAA\0\0\x20\0\x01",
        // An answer, which is no question.
        b"\x4c\x05\x80\0\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\x0a\0\0\x01",
    ],
    apart: &[
        Apart {
            port: Port::udp(5353),
            exchange: &[Step::Say(b"\0\0\0\0\0\x01\0\0\0\0\0\0\x10{nonce}\x05local\0\0\x01\0\x01")],
            visit: &[b"\0\0\0\0\0\x01\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01"],
        },
        Apart {
            port: Port::udp(137),
            exchange: &[
                Step::Say(b"\x2b\x01\0\0\0\x01\0\0\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01{nonce}"),
                Step::begins("the names of the host", &[b"\x2b\x01\x84\0\0\0\0\x01"]),
            ],
            visit: &[STATUS],
        },
    ],
    floods: &[Flood { name: "questions", head: b"\x4c\x06\0\0\xff\xff\0\0\0\0\0\0", unit: b"\x01a\0\0\x01\0\x01" }],
    client: "nmblookup -A {ip}",
    ..Talks::NONE
};
