//! How clients talk to a SQL Server.

use netsvc_kit::declared::{Flood, Step, Talks};

/// A prelogin without encryption, with a name in place of an instance.
const PRELOGIN: &[u8] =
    b"\x12\x01\0\x34\0\0\0\0\0\0\x10\0\x06\x01\0\x16\0\x01\x02\0\x17\0\x11\xff\x0b\0\0\0\0\0\x02{nonce}\0\
                          \0\0\0\0";
/// A login of `sa`, as far as its head goes, then nothing.
const EMPTY_LOGIN: &[u8] = b"\x10\x01\0\x0c\0\0\x01\0\x04\0\0\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(PRELOGIN), Step::begins("a prelogin", &[b"\x04\x01"])],
    datagrams: &[Step::Say(b"\x04{nonce}\0")],
    visit: &[
        b"\x12\x01\0\x34\0\0\0\0\0\0\x15\0\x06\x01\0\x1b\0\x01\x02\0\x1c\0\x0c\x03\0\x28\0\x04\xff\
          \x08\0\x01\x55\0\0\0MSSQLServer\0\x48\x0f\0\0",
        b"\x10\x01\0\x0c\0\0\x01\0\x04\0\0\0",
    ],
    dialogues: &[
        EMPTY_LOGIN,
        b"\x02\x01\0\x0c\0\0\x01\0\x04\0\0\0",
        b"\x12\x01\0\x0e\0\0\0\0\0\0\x06\0\x06\xff",
        b"\x02",
        b"\x03",
        b"\x04MSSQLSERVER\0",
        b"\x0f\x01MSSQLSERVER\0",
    ],
    floods: &[
        Flood { name: "packets", head: b"", unit: b"\x10\0\0\x0c\0\0\0\0AAAA" },
        Flood { name: "prelogins", head: b"", unit: b"\x12\x01\0\x09\0\0\0\0\xff" },
    ],
    client: "mssqlclient.py sa@{ip} -port {port}",
    ..Talks::NONE
};
