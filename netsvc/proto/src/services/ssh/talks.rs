//! How clients talk to an SSH server (RFC 4253, section 4.2).

use netsvc_kit::declared::{Answer, Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::begins("an SSH version", &[b"SSH-2.0-"]),
        Step::Say(b"SSH-2.0-{nonce}\r\n"),
        // SSH_MSG_KEXINIT after the lengths of a packet.
        Step::Hear(Answer { what: "a KEXINIT", at: 5, begins: &[&[20]], ends: &[], least: 6 }),
    ],
    visit: &[b"SSH-2.0-libssh2_1.4.3\r\n"],
    dialogues: &[b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    floods: &[
        Flood { name: "an identification", head: b"SSH-2.0-", unit: b"A" },
        Flood { name: "an ssh packet", head: b"SSH-2.0-OpenSSH_9.2\r\n\x00\x03\xff\xfc\x04", unit: b"A" },
    ],
    client: "ssh -p {port} root@{ip}",
    ..Talks::NONE
};
