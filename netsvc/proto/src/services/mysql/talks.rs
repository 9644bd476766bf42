//! How clients talk to MySQL and MariaDB (Client/Server Protocol, `HandshakeResponse41`).

use netsvc_kit::declared::{Answer, Flood, Step, Talks};

/// `PROTOCOL_41`, `LONG_PASSWORD`, `SECURE_CONNECTION`, `PLUGIN_AUTH`; packets of 16 MiB; utf8mb4; for the user that
/// the nonce names, with a scramble of twenty bytes for `mysql_native_password`.
const RESPONSE: &[u8] = b"\x5c\0\0\x01\x01\x82\x08\0\0\0\0\x01\x2d\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    {nonce}\0\x14AAAAAAAAAAAAAAAAAAAAmysql_native_password\0";
/// The same for root, the nonce in the scramble.
const LOGIN: &[u8] = b"\x50\0\0\x01\x01\x82\x08\0\0\0\0\x01\x2d\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    root\0\x14{nonce}AAAAmysql_native_password\0";
/// Its first byte after the header of a packet: an error, a change of method, more of it, or done.
const ANSWER: Step = Step::Hear(Answer {
    what: "an answer to the login",
    at: 4,
    begins: &[&[0xff], &[0xfe], &[1], &[0]],
    ends: &[],
    least: 5,
});
/// Protocol 10.
const GREETING: Step =
    Step::Hear(Answer { what: "a greeting", at: 4, begins: &[&[10]], ends: &[], least: 61 });

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[GREETING, Step::Say(RESPONSE), ANSWER],
    login: &[GREETING, Step::Say(LOGIN), ANSWER],
    visit: &[LOGIN, b"\x21\0\0\0\x03select @@version_comment limit 1", b"\x01\0\0\0\x01"],
    dialogues: &[RESPONSE],
    floods: &[Flood { name: "a packet", head: b"\xff\xff\x0f\x01", unit: b"A" }],
    client: "mysql -h {ip} -P {port} -u root -p",
    ..Talks::NONE
};
