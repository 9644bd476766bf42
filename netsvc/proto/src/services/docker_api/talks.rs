//! How clients talk to the engine.

use netsvc_kit::declared::{Flood, Step, Talks};

const CREATE: &[u8] =
    b"POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
    Content-Length: 102\r\n\r\n{\"Image\":\"alpine\",\"Cmd\":[\"chroot\",\"/mnt\",\"id\"],\"HostConfig\":\
    {\"Binds\":[\"/:/mnt\"],\"Privileged\":true}}   ";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"GET /v1.24/containers/{nonce}/json HTTP/1.1\r\nHost: h\r\n\r\n"),
        Step::begins("an answer", &[b"HTTP/1.1 404 Not Found\r\nApi-Version: "]),
    ],
    visit: &[
        b"GET /version HTTP/1.1\r\nHost: h\r\n\r\nGET /containers/json?all=1 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /images/create?fromImage=alpine&tag=latest HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        CREATE,
        b"POST /containers/a/start HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        b"POST /containers/a/wait HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        b"GET /containers/a/logs?stdout=1&stderr=1 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"DELETE /containers/a?force=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    ],
    dialogues: &[
        b"GET /info HTTP/1.1\r\nHost: h\r\n\r\nGET /images/json HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /volumes/create HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"GET /_ping HTTP/1.0\r\n\r\n",
        b"POST /build HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    floods: &[
        Flood { name: "a head", head: b"GET / HTTP/1.1\r\n", unit: b"X-A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST /build HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000000\r\n\r\n",
            unit: b"A",
        },
        Flood {
            name: "volumes",
            head: b"",
            unit: b"POST /volumes/create HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        },
        Flood { name: "lists", head: b"", unit: b"GET /containers/json HTTP/1.1\r\nHost: h\r\n\r\n" },
    ],
    client: "docker -H tcp://{ip}:{port} ps",
    ..Talks::NONE
};
