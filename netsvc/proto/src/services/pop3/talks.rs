//! How clients talk to a POP3 server (RFC 1939).

use netsvc_kit::declared::{Flood, Step, Talks};

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::line("a greeting", &[b"+OK"]),
        Step::Say(b"USER {nonce}\r\n"),
        Step::line("an answer", &[b"+OK"]),
    ],
    login: &[
        Step::line("a greeting", &[b"+OK"]),
        Step::Say(b"USER admin\r\n"),
        Step::line("an answer", &[b"+OK"]),
        Step::Say(b"PASS {nonce}\r\n"),
        Step::line("a refusal", &[b"-ERR"]),
        Step::Say(b"QUIT\r\n"),
        Step::line("a farewell", &[b"+OK"]),
    ],
    visit: &[b"CAPA\r\n", b"USER root\r\n", b"PASS toor\r\n", b"LIST\r\n", b"RETR 1\r\n", b"QUIT\r\n"],
    dialogues: &[
        b"CAPA\r\nUSER root\r\nPASS toor\r\nSTAT\r\nLIST\r\nUIDL\r\nUIDL 1\r\nRETR 1\r\nTOP 2 3\r\nDELE 1\r\nRETR 1\r\n\
          RSET\r\nDELE 2\r\nNOOP\r\nCAPA\r\nQUIT\r\n",
        b"AUTH\r\nAUTH PLAIN\r\nAHJvb3QAdG9vcg==\r\nSTAT\r\nTOP 1\r\nTOP 1 x\r\nLIST 99\r\nXTND\r\nQUIT\r\n",
        b"AUTH LOGIN\r\ncm9vdA==\r\nd3Jvbmc=\r\nAUTH CRAM-MD5\r\n*\r\nAPOP root 00112233445566778899aabbccddeeff\r\n",
        b"AUTH PLAIN AHJvb3QAd3Jvbmc=\r\nPASS x\r\nSTLS\r\nUSER a\r\n",
    ],
    floods: &[
        Flood { name: "a line", head: b"", unit: b"A" },
        Flood { name: "commands", head: b"", unit: b"CAPA\r\n" },
        Flood { name: "mails", head: b"USER root\r\nPASS toor\r\n", unit: b"RETR 1\r\n" },
        Flood { name: "lists", head: b"USER root\r\nPASS toor\r\n", unit: b"UIDL\r\n" },
        Flood { name: "logins", head: b"", unit: b"USER a\r\nPASS b\r\n" },
    ],
    client: "curl pop3://{ip}:{port}/ -u root:root",
    ..Talks::NONE
};
