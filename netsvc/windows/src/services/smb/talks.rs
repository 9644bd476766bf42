//! How clients talk to an SMB server.

use netsvc_kit::{
    Port,
    declared::{Answer, Apart, Flood, Step, Talks},
};

/// A request for a session of NetBIOS, under the name that every server goes by (RFC 1002, 4.3.2).
const SESSION: &[u8] =
    b"\x81\0\0\x44\x20CKFDENECFDEFFCFGEFFCCACACACACACA\0\x20EBEBEBEBEBEBEBEBEBEBEBEBEBEBEBEB\0";
/// The same; whoever calls has a nonce for a name.
const CALLED: &[u8] = b"\x81\0\0\x44\x20CKFDENECFDEFFCFGEFFCCACACACACACA\0\x20{nonce}                \0";
/// The answer to a negotiation.
const AGREEMENT: Step = Step::Hear(Answer {
    what: "an answer of SMB 2",
    at: 4,
    begins: &[b"\xfeSMB\x40\0"],
    ends: &[],
    least: 128,
});

/// A negotiation in SMB 2 that offers up to 2.1; the peer's GUID is a nonce.
const NEGOTIATE: &[u8] =
    b"\0\0\0h\xfeSMB@\0\0\0\0\0\0\0\0\0\x1f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0$\0\x02\0\x01\0\0\0\0\0\0\0{nonce}\0\0\0\0\0\0\0\
    \0\x02\x02\x10\x02";
/// The same with a GUID.
const AGREED: &[u8] =
    b"\0\0\0h\xfeSMB@\0\0\0\0\0\0\0\0\0\x1f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0$\0\x02\0\x01\0\0\0\0\0\0\0abcdefgh01234567\0\0\
    \0\0\0\0\0\0\x02\x02\x10\x02";
/// A negotiation in SMB 1 as scanners send it, which SMB 2 answers.
const BOTH: &[u8] =
    b"\0\0\0\x45\xffSMB\x72\0\0\0\0\x18\x53\xc8\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xfe\0\0\0\0\0\x22\0\
    \x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0";
/// The same without SMB 2.
const OLD: &[u8] =
    b"\0\0\0\x2f\xffSMB\x72\0\0\0\0\x18\x53\xc8\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xfe\0\0\0\0\0\x0c\0\
    \x02NT LM 0.12\0";
/// An echo in SMB 2.
const ECHO: &[u8] =
    b"\0\0\0D\xfeSMB@\0\0\0\0\0\0\0\x0d\0\x1f\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(NEGOTIATE), AGREEMENT],
    visit: &[BOTH, AGREED],
    dialogues: &[BOTH, OLD, AGREED, SESSION],
    apart: &[Apart {
        port: Port::tcp(139),
        exchange: &[
            Step::Say(CALLED),
            Step::begins("a session of NetBIOS", &[b"\x82\0\0\0"]),
            Step::Say(AGREED),
            AGREEMENT,
        ],
        visit: &[SESSION, BOTH, AGREED],
    }],
    floods: &[
        Flood { name: "echoes", head: AGREED, unit: ECHO },
        Flood { name: "signs of life", head: b"", unit: b"\x85\0\0\0" },
        Flood { name: "a message", head: b"\0\x01\xff\xff\xfeSMB", unit: b"A" },
        Flood { name: "negotiations", head: b"", unit: BOTH },
    ],
    client: "smbclient -L {ip} -p {port} -N",
    ..Talks::NONE
};
