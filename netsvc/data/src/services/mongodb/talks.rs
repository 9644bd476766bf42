//! How clients talk to MongoDB.

use netsvc_kit::declared::{Answer, Flood, Step, Talks};

/// `hello` of a driver, whose application the nonce names.
const HELLO: &[u8] = b"\xaf\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x9a\0\0\0\x10hello\0\x01\0\0\0\x03client\0\
    s\0\0\0\x03application\0 \0\0\0\x02name\0\x11\0\0\0{nonce}\0\0\x03driver\0 \0\0\0\x02name\0\x02\0\0\0d\0\
    \x02version\0\x02\0\0\x001\0\0\x03os\0\x15\0\0\0\x02type\0\x06\0\0\0Linux\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
const LIST: &[u8] =
    b"<\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0'\0\0\0\x10listDatabases\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
const FIND: &[u8] =
    b"8\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0#\0\0\0\x02find\0\x06\0\0\0users\0\x02$db\0\x05\0\0\0shop\0\0";
const DROP: &[u8] =
    b":\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0%\0\0\0\x10dropDatabase\0\x01\0\0\0\x02$db\0\x05\0\0\0shop\0\0";
const NOTE: &[u8] =
    b"\x8d\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0x\0\0\0\x02insert\0\x07\0\0\0README\0\
    \x04documents\0D\0\0\0\x030\0<\0\0\0\x02content\0*\0\0\0All your data is backed up. Pay 0.01 BTC.\0\0\0\
    \x02$db\0\x08\0\0\0READ_ME\0\0";
const MASTER: &[u8] =
    b":\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff\x13\0\0\0\
    \x10isMaster\0\x01\0\0\0\0";
const PING: &[u8] =
    b"/\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1a\0\0\0\x10ping\0\x01\0\0\0\x02$db\0\x02\0\0\0a\0\0";
const BUILD: &[u8] =
    b"8\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0#\0\0\0\x10buildInfo\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
const SASL: &[u8] = b"w\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0b\0\0\0\x10saslStart\0\x01\0\0\0\
    \x02mechanism\0\x0e\0\0\0SCRAM-SHA-256\0\x05payload\0\x14\0\0\0\0n,,n=root,r=abcdefgh\
    \x02$db\0\x06\0\0\0admin\0\0";
/// What an answer to a message is.
const ANSWER: Step =
    Step::Hear(Answer { what: "a message", at: 12, begins: &[b"\xdd\x07\0\0"], ends: &[], least: 100 });

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(HELLO), ANSWER],
    visit: &[BUILD, LIST, FIND, DROP, NOTE],
    dialogues: &[
        MASTER,
        PING,
        SASL,
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\x20\0\0\0\x01\0\0\0\0\0\0\0\xdc\x07\0\0\xdd\x07\0\0\x40\0\0\0\x02x\x9c\x03\0\0\0\0\x01",
    ],
    floods: &[
        Flood { name: "a message", head: b"\0\0\0\x01\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0", unit: b"A" },
        Flood {
            name: "a message longer than is kept",
            head: b"\0\0\0\x02\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0",
            unit: b"A",
        },
        Flood { name: "pings", head: b"", unit: PING },
        Flood { name: "notes", head: b"", unit: NOTE },
        Flood { name: "logins", head: b"", unit: SASL },
    ],
    client: "mongosh mongodb://{ip}:{port}/",
    ..Talks::NONE
};
