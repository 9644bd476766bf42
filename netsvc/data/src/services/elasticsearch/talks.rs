//! How clients talk to Elasticsearch.

use netsvc_kit::declared::{Flood, Step, Talks};

const NOTE: &[u8] = b"POST /read_me/_doc/1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
    Content-Length: 99\r\n\r\n{\"message\":\"All your indices are backed up. Send 0.01 BTC to recover your data: \
    x@onionmail.org\"}  ";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"GET /{nonce} HTTP/1.1\r\nHost: h\r\n\r\n"),
        Step::begins("an answer", &[b"HTTP/1.1 404 Not Found\r\n", b"HTTP/1.1 401 Unauthorized\r\n"]),
    ],
    visit: &[
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /_cat/indices?v HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /_search?size=3 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"DELETE /customers HTTP/1.1\r\nHost: h\r\n\r\n",
        NOTE,
    ],
    dialogues: &[
        b"GET /_cluster/health?pretty HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
        b"POST /customers/_search HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 93\r\n\r\n\
          {\"query\":{\"bool\":{\"must\":[{\"match\":{\"city\":\"berlin\"}},{\"range\":{\"id\":{\"gte\":2}}}]}},\"s\
              ize\":2}",
        b"POST /_bulk HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\nContent-Length: 57\r\n\r\n\
          {\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"b\":1,\"c\":[2,3,4]}\n \n",
        b"PUT /twitter HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST /_search HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: \
            15\r\n\r\n{\"query\":[\"a\"]}",
        b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ZWxhc3RpYzpjaGFuZ2VtZQ==\r\n\r\n",
    ],
    floods: &[
        Flood { name: "a head", head: b"GET / HTTP/1.1\r\n", unit: b"X-A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST /_bulk HTTP/1.1\r\nHost: h\r\nContent-Length: 90000000\r\n\r\n",
            unit: b"A",
        },
        Flood {
            name: "indices",
            head: b"",
            unit: b"POST /a/_doc HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: \
                7\r\n\r\n{\"a\":1}",
        },
        Flood { name: "lists", head: b"", unit: b"GET /_cat/indices HTTP/1.1\r\nHost: h\r\n\r\n" },
    ],
    client: "curl http://{ip}:{port}/_cat/indices",
    ..Talks::NONE
};
