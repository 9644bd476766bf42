//! How clients talk to a web server behind TLS (RFC 9112, 9113).

use crate::services::http;
use netsvc_kit::declared::{Flood, Talks};

/// See [`Talks`]. All of it is said inside TLS.
pub(super) const TALKS: Talks = Talks {
    visit: http::talks::TALKS.visit,
    dialogues: &[
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        // Settings, a request for /abcd, a ping, and the end of the client's part.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
          \0\0\x0d\x01\x05\0\0\0\x01\x82\x87\x04\x05/abcd\x41\x01x\
          \0\0\x08\x06\0\0\0\0\0abcdefgh\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0",
        // A form in two pieces.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
          \0\0\x0d\x01\x04\0\0\0\x01\x83\x87\x04\x05/abcd\x41\x01x\
          \0\0\x03\0\0\0\0\0\x01a=b\0\0\x04\0\x09\0\0\0\x01\x01&c\0",
    ],
    floods: &[
        Flood { name: "pings", head: START, unit: b"\0\0\x08\x06\0\0\0\0\0abcdefgh" },
        Flood { name: "settings", head: START, unit: b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\x10\0" },
        Flood { name: "resets", head: START, unit: b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08" },
        Flood { name: "empty frames", head: START, unit: b"\0\0\0\0\0\0\0\0\x01" },
        Flood {
            name: "a head without an end",
            head: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x82",
            unit: b"\0\0\x01\x09\0\0\0\0\x01\x82",
        },
        Flood {
            name: "windows",
            head: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0\
                    \0\0\x0d\x01\x05\0\0\0\x01\x82\x87\x04\x05/abcd\x41\x01x",
            unit: b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\x01",
        },
        Flood {
            name: "a body in HTTP/2",
            head: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
                    \0\0\x0d\x01\x04\0\0\0\x01\x83\x87\x04\x05/abcd\x41\x01x",
            unit: b"\0\0\x04\0\0\0\0\0\x01abcd",
        },
    ],
    client: "curl -ki https://{ip}:{port}/",
    ..Talks::NONE
};

/// What a client begins with, and empty settings.
const START: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
