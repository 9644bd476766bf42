//! How clients and those who guess passwords talk to cameras.

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"OPTIONS rtsp://camera/{nonce} RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
        Step::begins("what can be asked", &[b"RTSP/1.0 200 OK\r\n"]),
    ],
    login: &[
        Step::Say(
            b"DESCRIBE rtsp://camera/h264 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest username=\"admin\", \
              realm=\"r\", nonce=\"{nonce}\", uri=\"/\", response=\"00000000000000000000000000000000\"\r\n\r\n",
        ),
        Step::begins("a refusal", &[b"RTSP/1.0 401 "]),
    ],
    visit: &[
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: LibVLC/3.0.16\r\n\r\n",
        b"DESCRIBE rtsp://camera/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n",
        b"DESCRIBE rtsp://camera/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 3\r\nAuthorization: Basic \
          YWRtaW46MTIzNDU=\r\n\r\n",
    ],
    dialogues: &[
        b"SETUP rtsp://camera/live RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP;unicast;client_port=9000-9001\r\n\r\n\
          PLAY rtsp://camera/live RTSP/1.0\r\nCSeq: 3\r\nSession: 1\r\n\r\n",
        b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 4\r\n\r\nabcd$\0\0\x02xyGET_PARAMETER * \
          RTSP/1.0\r\nCSeq: 5\r\n\r\n",
    ],
    floods: &[
        Flood { name: "requests", head: b"", unit: b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" },
        Flood { name: "fields", head: b"OPTIONS * RTSP/1.0\r\n", unit: b"A: b\r\n" },
        Flood { name: "pieces", head: b"", unit: b"$\0\0\x01A" },
    ],
    client: "curl -u admin:12345 rtsp://{ip}:{port}/Streaming/Channels/101",
    ..Talks::NONE
};
