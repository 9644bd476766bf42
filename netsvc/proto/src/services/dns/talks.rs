//! How clients and scanners talk to a name server.

use netsvc_kit::declared::{Answer, Flood, Step, Talks};

/// An answer to number 0x1234, behind `at` bytes.
const fn answered(at: usize) -> Step {
    Step::Hear(Answer { what: "an answer", at, begins: &[b"\x12\x34"], ends: &[], least: at + 12 })
}

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    // Class CH, which every server answers at once.
    stream: &[
        Step::Say(b"\0\x22\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x10{nonce}\0\0\x10\0\x03"),
        answered(2),
    ],
    datagrams: &[Step::Say(b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x10{nonce}\0\0\x10\0\x03"), answered(0)],
    visit: &[
        b"\0\x1e\0\x06\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03",
        b"\0\x1f\0\x07\x01\0\0\x01\0\0\0\0\0\0\x08hostname\x04bind\0\0\x10\0\x03",
        b"\0\x1c\0\x08\0\0\0\x01\0\0\0\0\0\0\x05local\x03lan\0\0\xfc\0\x01",
        b"\0\x22\0\x09\x01\0\0\x01\0\0\0\0\0\0\x0d70-4a5b6c7d8e\x02io\0\0\x0a\0\x01",
    ],
    dialogues: &[
        b"\0\x0c\0\0\x10\0\0\0\0\0\0\0\0\0",
        b"\0\x1e\0\x01\x01\0\0\x01\0\0\0\0\0\0\x04corp\x07example\0\0\xfc\0\x01",
        b"\0\x29\0\x02\x01\x20\0\x01\0\0\0\0\0\x01\x04corp\x07example\0\0\x06\0\x01\0\0\x29\x10\0\0\0\x80\0\0\0",
        b"\0\x36\0\x03\x01\0\0\x01\0\0\0\0\0\x01\x04corp\x07example\0\0\xff\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\x0c\
          \0\x0a\0\x08abcdefgh",
        b"\0\x3e\0\x04\x01\0\0\x01\0\0\0\x01\0\0\x04corp\x07example\0\0\xfb\0\x01\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x16\
          \0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\0\x28\0\x05\x01\0\0\x01\0\0\0\0\0\0\x011\x010\x010\x03127\x07in-addr\x04arpa\0\0\x0c\0\x01",
        b"\0\x1e\0\x06\x28\0\0\x01\0\0\0\0\0\0\x04corp\x07example\0\0\x06\0\x01",
        b"\0\x12\0\x07\x01\0\0\x01\0\0\0\0\0\0\xc0\x0c\0\x01\0\x01",
    ],
    floods: &[
        Flood {
            name: "questions",
            head: b"",
            unit: b"\0\x1e\0\x01\x01\0\0\x01\0\0\0\0\0\0\x04corp\x07example\0\0\x06\0\x01",
        },
        Flood {
            name: "transfers",
            head: b"",
            unit: b"\0\x1e\0\x01\x01\0\0\x01\0\0\0\0\0\0\x04corp\x07example\0\0\xfc\0\x01",
        },
        Flood { name: "a message", head: b"\xff\xff\0\x01\x01\0\xff\xff\0\0\0\0\0\0", unit: b"\0\0\x01\0\x01" },
        Flood {
            name: "pointers",
            head: b"\xff\xff\0\x01\x01\0\0\x01\xff\xff\0\0\0\0\x01a\0\0\x01\0\x01",
            unit: b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\0",
        },
    ],
    client: "dig @{ip} -p {port} version.bind chaos txt",
    ..Talks::NONE
};
