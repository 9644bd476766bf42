//! How clients talk to an MQTT broker.

use netsvc_kit::declared::{Flood, Step, Talks};

/// Client `a` of MQTT 3.1.1, with a fresh session.
const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"\x10\x1c\0\x04MQTT\x04\x02\0\x3c\0\x10{nonce}"),
        Step::begins("a CONNACK", &[b"\x20\x02"]),
    ],
    login: &[
        Step::Say(b"\x10\x24\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x03bob\0\x10{nonce}"),
        Step::begins("a CONNACK", &[b"\x20\x02"]),
    ],
    visit: &[
        CONNECT,
        b"\x82\x0f\0\x01\0\x01#\0\0\x06$SYS/#\0",
        b"\x30\x13\0\x09cmd/relay{\"on\":1}",
        b"\xe0\0",
    ],
    dialogues: &[
        b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a\x82\x06\0\x01\0\x01t\x02\x34\x06\0\x01t\0\x07x\x62\x02\0\x07\
          \x50\x02\0\x01\x70\x02\0\x01\xa2\x05\0\x02\0\x01t\xc0\0\xe0\0",
        b"\x10\x19\0\x04MQTT\x05\xc6\0\x3c\x05\x11\0\0\0\x3c\0\x01a\0\0\x01w\0\0\0\0",
        b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01b\x82\x07\0\x01\0\0\x01t\x04\x31\x0b\0\x01t\x06\x03\0\x03a/bxy\
          \x30\x05\0\x01t\0z\x32\x06\0\x01t\0\x09\0",
        b"\x10\x0e\0\x06MQIsdp\x03\x02\0\x3c\0\x00",
    ],
    floods: &[
        Flood { name: "a packet", head: b"\x10\xff\xff\xff\x7f", unit: b"A" },
        Flood {
            name: "a message",
            head: b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a\x30\xff\xff\xff\x7f\0\x01t",
            unit: b"A",
        },
        Flood { name: "messages", head: CONNECT, unit: b"\x30\x04\0\x01tx" },
        Flood { name: "kept messages", head: CONNECT, unit: b"\x31\x04\0\x01tx" },
        Flood { name: "unreleased messages", head: CONNECT, unit: b"\x34\x06\0\x01t\0\x01x" },
        Flood { name: "filters", head: CONNECT, unit: b"\x82\x06\0\x01\0\x01#\0" },
        Flood { name: "pings", head: CONNECT, unit: b"\xc0\0" },
        Flood {
            name: "echoes",
            head: b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a\x82\x06\0\x01\0\x01t\x02",
            unit: b"\x30\x04\0\x01tx",
        },
    ],
    client: "mosquitto_sub -h {ip} -p {port} -t '#' -v",
    ..Talks::NONE
};
