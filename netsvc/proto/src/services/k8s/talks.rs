//! How clients talk to the API server and the kubelet, inside TLS.

use netsvc_kit::declared::{Flood, Step, Talks};

const CREATE: &[u8] = b"POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
    Content-Length: \
    187\r\n\r\n{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\
    \"alpine\",\"securityContext\":{\"privileged\":true}}],\"volumes\":[{\"name\":\"h\",\"hostPath\":{\"path\":\"\
        /\"}}]}}        ";

/// A pod, a program in it over SPDY, and the streams for how it ends and what it writes.
const STREAMS: &[u8] = b"\
    POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: h\r\nContent-Length: 79\r\n\r\n{\x22\
    metadata\x22:{\x22name\x22:\x22s\x22},\x22spec\x22:{\x22containers\x22:[{\x22name\x22:\x22a\
    \x22,\x22image\x22:\x22alpine\x22}]}}\
    POST /api/v1/namespaces/default/pods/s/exec?command=id&stdout=true HTTP/1.1\r\nHost: h\r\nC\
    onnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\
    \r\n\
    \x80\x03\x00\x01\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00x\xf9\xe3\xc6\xa7\xc2\x02\
    \xa6#Fp:+)JM\xcc\x85\x16%\xac\xa9\xa0\x80\x06\x00\x00\x00\xff\xff\x80\x03\x00\x01\x00\x00\x00\
    \x19\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\xc2*\x05L\xcc)\xf9\xa5%\x00\x00\x00\x00\xff\xff";

/// The same with a program that waits for input.
const PINGED: &[u8] = b"\
    POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: h\r\nContent-Length: 79\r\n\r\n{\x22\
    metadata\x22:{\x22name\x22:\x22s\x22},\x22spec\x22:{\x22containers\x22:[{\x22name\x22:\x22a\
    \x22,\x22image\x22:\x22alpine\x22}]}}\
    POST /api/v1/namespaces/default/pods/s/exec?command=cat&stdin=true&stdout=true HTTP/1.1\r\n\
    Host: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channe\
    l.k8s.io\r\n\r\n\
    \x80\x03\x00\x01\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00x\xf9\xe3\xc6\xa7\xc2\x02\
    \xa6#Fp:+)JM\xcc\x85\x16%\xac\xa9\xa0\x80\x06\x00\x00\x00\xff\xff\x80\x03\x00\x01\x00\x00\x00\
    \x19\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\xc2*\x05L\xcc)\xf9\xa5%\x00\x00\x00\x00\xff\xff\
    \x80\x03\x00\x01\x00\x00\x00\x16\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\xc2\xae\r(\x97\x99\
    \x07\x00\x00\x00\xff\xff";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"GET /{nonce} HTTP/1.1\r\nHost: h\r\n\r\n"),
        Step::begins("an answer", &[b"HTTP/1.1 404 Not Found\r\n", b"HTTP/1.1 403 Forbidden\r\n", b"HTTP/1.1 401 Un"]),
    ],
    visit: &[
        b"GET /version HTTP/1.1\r\nHost: h\r\n\r\nGET /api/v1/namespaces HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /api/v1/secrets HTTP/1.1\r\nHost: h\r\n\r\n",
        CREATE,
        b"GET /api/v1/namespaces/default/pods/a/exec?command=id&stdout=true HTTP/1.1\r\nHost: h\r\nConnection: \
            Upgrade\r\n\
          Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
          Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n",
    ],
    dialogues: &[
        STREAMS,
        b"GET /apis HTTP/1.1\r\nHost: h\r\n\r\nGET /apis/apps/v1 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"DELETE /api/v1/namespaces/default/pods/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer abc\r\n\r\n",
        b"PATCH /api/v1/namespaces/kube-system HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
    ],
    floods: &[
        Flood { name: "a head", head: b"GET / HTTP/1.1\r\n", unit: b"X-A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST /api/v1/namespaces HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000000\r\n\r\n",
            unit: b"A",
        },
        Flood {
            name: "namespaces",
            head: b"",
            unit: b"POST /api/v1/namespaces HTTP/1.1\r\nHost: h\r\nContent-Length: 39\r\n\r\n\
                {\"metadata\":{\"generateName\":\"a\"},\"a\":1}",
        },
        Flood { name: "pings of streams", head: PINGED, unit: b"\x80\x03\0\x06\0\0\0\x04\0\0\0\x01" },
        Flood { name: "lists", head: b"", unit: b"GET /api/v1/pods HTTP/1.1\r\nHost: h\r\n\r\n" },
    ],
    client: "kubectl --server https://{ip}:{port} --insecure-skip-tls-verify get pods -A",
    ..Talks::NONE
};
