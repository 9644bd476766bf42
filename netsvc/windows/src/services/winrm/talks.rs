//! How clients talk to remote management, and to the endpoint mapper beside it.

use netsvc_kit::{
    Port,
    declared::{Apart, Flood, Step, Talks},
};

/// A bind to the endpoint mapper by NDR.
const BIND: &[u8] =
    b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0\xb8\x10\xb8\x10\0\0\0\0\x01\0\0\0\0\0\x01\0\
    \x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\0\x2b\x14\xa0\xfa\x03\0\0\0\
    \x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\x02\0\0\0";
/// A look-up of all that is registered.
const LOOKUP: &[u8] = b"\x05\0\0\x03\x10\0\0\0\x40\0\0\0\x02\0\0\0\x28\0\0\0\0\0\x02\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf4\x01\0\0";
/// A bind to an interface that is drawn, which nobody has.
const STRANGE: &[u8] =
    b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0\xb8\x10\xb8\x10\0\0\0\0\x01\0\0\0\0\0\x01\0\
    {nonce}\x03\0\0\0\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\x02\0\0\0";

const EXCHANGE: &[Step] = &[
    Step::Say(STRANGE),
    Step::Hear(netsvc_kit::declared::Answer {
        what: "an answer to a bind",
        at: 0,
        begins: &[b"\x05\0\x0c\x03\x10\0\0\0"],
        ends: &[],
        least: 60,
    }),
];

const fn apart(number: u16) -> Apart {
    Apart { port: Port::tcp(number), exchange: EXCHANGE, visit: &[BIND, LOOKUP] }
}

const SHELL: &[u8] =
    b"POST /wsman HTTP/1.1\r\nHost: h\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n\
    Authorization: Basic YWRtaW5pc3RyYXRvcjpQYXNzdzByZA==\r\nContent-Length: 54\r\n\r\n\
    <s:Envelope><s:Body><a:b>c</a:b></s:Body></s:Envelope>";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"POST /wsman?{nonce} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
        Step::begins("a demand for a login", &[b"HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\n"]),
    ],
    visit: &[
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /wsman HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate \
          TlRMTVNTUAABAAAAl4II4gAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==\r\nContent-Length: 0\r\n\r\n",
        SHELL,
    ],
    dialogues: &[
        b"POST /wsman HTTP/1.1\r\nHost: h\r\nWSMANIDENTIFY: unauthenticated\r\nContent-Length: 68\r\n\r\n\
          <s:Envelope><s:Body><w:Identify>a</w:Identify></s:Body></s:Envelope>",
        b"GET /wsman HTTP/1.1\r\nHost: h\r\n\r\nPOST /wsman HTTP/1.1\r\n\r\n",
        b"POST /wsman HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate YIIB\r\nContent-Length: 0\r\n\r\n",
        b"\x05\0\x0b\x03\x10\0\0\0\xff\xff\0\0\x01\0\0\0",
        b"\0\0\0\xa4\xff\x53\x4d\x42\x72\0\0\0\0\x08\x01\x40\0\0\0\0",
    ],
    apart: &[
        apart(135),
        apart(49_664),
        apart(49_665),
        apart(49_666),
        apart(49_667),
        apart(49_152),
        apart(49_153),
        apart(49_154),
        apart(49_155),
    ],
    floods: &[
        Flood { name: "a head", head: b"POST /wsman HTTP/1.1\r\n", unit: b"X-A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST /wsman HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n",
            unit: b"A",
        },
        Flood { name: "binds", head: b"", unit: BIND },
        Flood { name: "look-ups", head: BIND, unit: LOOKUP },
        Flood {
            name: "demands",
            head: b"",
            unit: b"POST /wsman HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        },
    ],
    client: "curl -X POST http://{ip}:{port}/wsman",
    ..Talks::NONE
};
