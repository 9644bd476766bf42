//! How scanners and phones talk to a telephone system.

use netsvc_kit::declared::{Flood, Step, Talks};

const OPTIONS: &[Step] = &[
    Step::Say(
        b"OPTIONS sip:{nonce}@node SIP/2.0\r\nVia: SIP/2.0/UDP \
          192.0.2.7:5060;branch=z9hG4bK-{nonce};rport\r\nFrom: \
          <sip:{nonce}@192.0.2.7>;tag={nonce}\r\nTo: <sip:{nonce}@node>\r\nCall-ID: \
          {nonce}@192.0.2.7\r\nCSeq: 1 \
          OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
    ),
    Step::begins("an answer", &[b"SIP/2.0 200", b"SIP/2.0 401", b"SIP/2.0 404"]),
];

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: OPTIONS,
    datagrams: OPTIONS,
    visit: &[
        b"OPTIONS sip:100@node SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1;rport\r\nFrom: \
          \"sipvicious\"<sip:100@1.1.1.1>;tag=61\r\nTo: \"sipvicious\"<sip:100@1.1.1.1>\r\nCall-ID: \
          1@192.0.2.7\r\nCSeq: 1 \
          OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        b"REGISTER sip:node SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-2;rport\r\nFrom: \
          <sip:100@node>;tag=62\r\nTo: <sip:100@node>\r\nCall-ID: 2@192.0.2.7\r\nCSeq: 1 \
          REGISTER\r\nContact: \
          <sip:100@192.0.2.7:5060>\r\nContent-Length: 0\r\n\r\n",
        b"INVITE sip:900972595301123@node SIP/2.0\r\nVia: SIP/2.0/UDP \
          192.0.2.7:5060;branch=z9hG4bK-3;rport\r\nFrom: \
          <sip:100@node>;tag=63\r\nTo: <sip:900972595301123@node>\r\nCall-ID: 3@192.0.2.7\r\nCSeq: 1 \
          INVITE\r\nContact: \
          <sip:100@192.0.2.7:5060>\r\nContent-Type: application/sdp\r\nContent-Length: \
          28\r\n\r\nv=0\r\nc=IN IP4 \
          192.0.2.7\r\ns=-",
    ],
    dialogues: &[
        b"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK-4\r\nf: <sip:a@b>;tag=64\r\nt: \
          <sip:a@b>\r\ni: 4\r\nCSeq: 7 OPTIONS\r\nl: 0\r\n\r\n",
        b"FOO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK-5\r\nFrom: \
          <sip:a@b>;tag=65\r\nTo: \
          <sip:a@b>\r\nCall-ID: 5\r\nCSeq: 8 FOO\r\n\r\n",
    ],
    floods: &[
        Flood { name: "a header", head: b"OPTIONS sip:a@b SIP/2.0\r\nVia: ", unit: b"A" },
        Flood { name: "headers", head: b"OPTIONS sip:a@b SIP/2.0\r\n", unit: b"Via: a\r\n" },
        Flood {
            name: "a body",
            head: b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 2000000000\r\n\r\n",
            unit: b"A",
        },
    ],
    client: "sipsak -vv -s sip:100@{ip}:{port}",
    ..Talks::NONE
};
