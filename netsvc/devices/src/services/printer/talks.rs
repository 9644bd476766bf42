//! How drivers and those who mean no good talk to printers: each port has a protocol of its own.

use netsvc_kit::{
    Port,
    declared::{Apart, Flood, Step, Talks},
};

/// All attributes are asked for, by a user.
const ATTRIBUTES: &[u8] = b"POST /ipp/print HTTP/1.1\r\nHost: printer\r\nContent-Type: application/ipp\r\nC\
          ontent-Length: 152\r\n\r\n\x02\0\0\x0b\0\0\0\x01\x01G\0\x12attributes-charset\0\
          \x05utf-8H\0\x1battributes-natural-language\0\x02enE\0\x0bprinter-uri\0\x17ipp:\
          //printer/ipp/printB\0\x14requesting-user-name\0\x10{nonce}\x03";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[Step::Say(b"\x1b%-12345X@PJL ECHO {nonce}\r\n"), Step::ends("the echo", &[b"\x0c"])],
    visit: &[
        b"\x1b%-12345X@PJL INFO ID\r\n@PJL INFO STATUS\r\n",
        b"@PJL FSDIRLIST NAME=\"0:/\" ENTRY=1 COUNT=65535\r\n",
        b"@PJL FSUPLOAD NAME=\"0:/../../etc/passwd\" OFFSET=0 SIZE=4096\r\n",
        b"@PJL RDYMSG DISPLAY=\"PWNED\"\r\n@PJL SET USERNAME=\"eve\"\r\n@PJL JOB NAME=\"note\"\r\n\
          @PJL ENTER LANGUAGE=POSTSCRIPT\r\n%!PS\nshowpage\n\x1b%-12345X",
    ],
    apart: &[
        Apart {
            port: Port::tcp(515),
            exchange: &[Step::Say(b"\x03lp {nonce}\n"), Step::ends("a queue", &[b"\n"])],
            visit: &[b"\x02lp\n", b"\x0214 cfA001x\nPeve\nJplan\nlf\n\0", b"\x036 dfA001x\nhello\n\0"],
        },
        Apart {
            port: Port::tcp(631),
            exchange: &[Step::Say(ATTRIBUTES), Step::begins("an answer", &[b"HTTP/1.1 200 OK\r\n"])],
            visit: &[
                ATTRIBUTES,
                b"POST /ipp/print HTTP/1.1\r\nHost: printer\r\nContent-Type: application/ipp\r\nC\
          ontent-Length: 170\r\n\r\n\x02\0\0\x02\0\0\0\x01\x01G\0\x12attributes-charset\0\
          \x05utf-8H\0\x1battributes-natural-language\0\x02enE\0\x0bprinter-uri\0\x17ipp:\
          //printer/ipp/printB\0\x14requesting-user-name\0\x03eveB\0\x08job-name\0\x04pla\
          n\x03%!PS\nshowpage\n",
                b"POST /ipp/print HTTP/1.1\r\nHost: printer\r\nContent-Type: application/ipp\r\nC\
          ontent-Length: 163\r\n\r\n\x02\0\0\n\0\0\0\x01\x01G\0\x12attributes-charset\0\x05\
          utf-8H\0\x1battributes-natural-language\0\x02enE\0\x0bprinter-uri\0\x17ipp://pr\
          inter/ipp/printB\0\x14requesting-user-name\0\x03eveD\0\nwhich-jobs\0\x09complet\
          ed\x03",
            ],
        },
    ],
    dialogues: &[
        b"@PJL FSDOWNLOAD FORMAT:BINARY SIZE=4 NAME=\"0:/PJL/x\"\r\nabcd@PJL FSQUERY NAME=\"0:/PJL/x\"\r\n",
        b"@PJL INFO VARIABLES\r\n@PJL INFO CONFIG\r\n@PJL INFO FILESYS\r\n@PJL INQUIRE PAPER\r\n",
        b"\x1bE plain job \x1b%-12345X@PJL\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    ],
    floods: &[
        Flood { name: "a job", head: b"@PJL ENTER LANGUAGE=PCL\r\n", unit: b"A" },
        Flood { name: "marks", head: b"@PJL ENTER LANGUAGE=PCL\r\n", unit: b"\x1b%-1" },
        Flood { name: "commands", head: b"", unit: b"@PJL INFO ID\r\n" },
        Flood { name: "a file", head: b"@PJL FSDOWNLOAD SIZE=900000000 NAME=\"0:/x\"\r\n", unit: b"A" },
        Flood { name: "a data file", head: b"\x02lp\n\x03900000000 dfA\n", unit: b"A" },
        Flood {
            name: "chunks",
            head: b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            unit: b"1\r\nA\r\n",
        },
        Flood {
            name: "a document",
            head: b"POST / HTTP/1.1\r\nContent-Length: 900000000\r\n\r\n\x02\0\0\x02\0\0\0\x01\x03",
            unit: b"A",
        },
    ],
    client: "ipptool -tv ipp://{ip}:{port}/ipp/print get-printer-attributes.test",
    ..Talks::NONE
};
