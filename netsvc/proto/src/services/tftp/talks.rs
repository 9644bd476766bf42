//! How clients talk to a TFTP server.

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    datagrams: &[
        Step::Say(b"\0\x01{nonce}\0octet\0"),
        Step::begins("an error: there is no such file", &[b"\0\x05\0\x01"]),
    ],
    visit: &[
        b"\0\x01network-confg\0octet\0",
        b"\0\x01SEPDefault.cnf.xml\0octet\0blksize\x001024\0tsize\x000\0",
        b"\0\x01../../../../etc/passwd\0netascii\0",
        b"\0\x02update.sh\0octet\0",
    ],
    dialogues: &[
        b"\0\x02a\0netascii\0tsize\x005\0timeout\x003\0",
        b"\0\x01router-confg\0octet\0timeout\x000\0",
        b"\0\x03\0\x01abc",
        b"\0\x04\0\x01",
        b"\0\x05\0\0stop\0",
    ],
    floods: &[
        Flood { name: "a file", head: b"\0\x02a\0octet\0", unit: b"\0\x03\0\x01AAAAAAAA" },
        Flood { name: "options", head: b"", unit: b"\0\x01a\0octet\0blksize\x00512\0" },
    ],
    client: "tftp {ip} {port} -m binary -c get network-confg",
    ..Talks::NONE
};
