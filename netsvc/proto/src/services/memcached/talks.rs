//! How clients talk to memcached.

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(b"get {nonce}\r\n"), Step::line("a reply", &[b"END", b"VALUE"])],
    visit: &[b"stats\r\n", b"stats items\r\n", b"lru_crawler metadump all\r\n", b"flush_all\r\n"],
    dialogues: &[
        b"set a 5 0 3\r\nabc\r\nget a\r\nincr a 1\r\nmg a v\r\nstats\r\n",
        b"\x80\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ],
    floods: &[
        Flood { name: "a line", head: b"", unit: b"A" },
        Flood { name: "many keys", head: b"get ", unit: b"a " },
        Flood { name: "a value", head: b"set a 0 0 1000000\r\n", unit: b"A" },
        Flood { name: "a value that nobody wants", head: b"set a 0 0 2000000000\r\n", unit: b"A" },
        Flood { name: "items", head: b"", unit: b"set a 0 0 1\r\n1\r\n" },
        Flood { name: "packets", head: b"", unit: b"\x80\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" },
    ],
    client: "nc {ip} {port}",
    ..Talks::NONE
};
