//! How clients talk to PostgreSQL.

use netsvc_kit::declared::{Flood, Step, Talks};

/// Protocol 3.0, for the user that the nonce names.
const STARTUP: &[u8] = b"\0\0\0\x31\0\x03\0\0user\0{nonce}\0database\0postgres\0\0";
/// What asks for a password, or refuses.
const ASKED: Step = Step::begins("a request for a password", &[b"R", b"E"]);
/// Protocol 3.0, for the administrator.
const ADMINISTRATOR: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(STARTUP), ASKED],
    visit: &[
        ADMINISTRATOR,
        b"p\0\0\0\x28md5d41d8cd98f00b204e9800998ecf8427e\0",
        b"Q\0\0\0\x16select version();\0",
    ],
    dialogues: &[
        ADMINISTRATOR,
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x08\x04\xd2\x16\x30",
        b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02",
        b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0\
          p\0\0\0\x24SCRAM-SHA-256\0\0\0\0\x0en,,n=,r=abcdef",
        b"\0\0\0\xa4\xffSMBr\0\0\0\0\x08\x01\x40",
    ],
    floods: &[
        Flood { name: "a start-up packet", head: b"\0\0\x27\x10\0\x03\0\0user\0", unit: b"A" },
        Flood {
            name: "a password",
            head: b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0p\0\0\xff\xff",
            unit: b"A",
        },
        Flood { name: "requests for TLS", head: b"", unit: b"\0\0\0\x08\x04\xd2\x16\x30" },
    ],
    client: "psql -h {ip} -p {port} -U postgres",
    ..Talks::NONE
};
