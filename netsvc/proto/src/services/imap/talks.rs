//! How clients talk to an IMAP server (RFC 3501).

use netsvc_kit::declared::{Flood, Step, Talks};

const INSIDE: &[u8] = b"a LOGIN root toor\r\n";
const SELECTED: &[u8] = b"a LOGIN root toor\r\nb SELECT INBOX\r\n";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::line("a greeting", &[b"* OK"]),
        Step::Say(b"a ID (\"name\" \"{nonce}\")\r\n"),
        Step::line("an answer", &[b"* ID"]),
    ],
    login: &[
        Step::line("a greeting", &[b"* OK"]),
        Step::Say(b"a LOGIN admin {nonce}\r\n"),
        Step::line("a refusal", &[b"a NO"]),
        Step::Say(b"b LOGOUT\r\n"),
        Step::line("a farewell", &[b"* BYE"]),
    ],
    visit: &[
        b"a1 CAPABILITY\r\n",
        b"a2 LOGIN root toor\r\n",
        b"a3 SELECT INBOX\r\n",
        b"a4 SEARCH TEXT password\r\n",
        b"a5 FETCH 1:* (FLAGS BODY[])\r\n",
        b"a6 LOGOUT\r\n",
    ],
    dialogues: &[
        b"a LOGIN root toor\r\nb LIST \"\" *\r\nc STATUS INBOX (MESSAGES UNSEEN)\r\nd SELECT INBOX\r\n\
          e FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)\r\nf FETCH 1 BODY[]\r\n\
          g UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)]<0.20>\r\nh SEARCH UNSEEN SINCE 1-Jan-2020\r\n\
          i STORE 1 +FLAGS (\\Deleted)\r\nj EXPUNGE\r\nk IDLE\r\nDONE\r\nl CLOSE\r\nm LOGOUT\r\n",
        b"a LOGIN {4}\r\nroot {4+}\r\ntoor\r\nb CREATE x\r\n\
          c APPEND x (\\Seen) \"05-Mar-2024 10:11:12 +0100\" {19+}\r\n\
          Subject: a\r\n\r\nabc\r\n\r\nd EXAMINE x\r\ne FETCH 1 (UID BODY[1.MIME] RFC822)\r\nf COPY 1 INBOX\r\n\
          g RENAME x y\r\nh LSUB \"\" *\r\ni DELETE y\r\nj NAMESPACE\r\nk NOOP\r\n",
        b"a AUTHENTICATE PLAIN\r\nAHJvb3QAdG9vcg==\r\n\
          b SEARCH OR (NOT SEEN) FROM x\r\nc UID SEARCH RETURN (COUNT) ALL\r\n",
        b"a AUTHENTICATE CRAM-MD5\r\n*\r\nb AUTHENTICATE LOGIN\r\ncm9vdA==\r\nd3Jvbmc=\r\nc STARTTLS\r\n",
    ],
    floods: &[
        Flood { name: "a line", head: b"", unit: b"A" },
        Flood { name: "a line inside", head: INSIDE, unit: b"A" },
        Flood { name: "a literal", head: b"a LOGIN root toor\r\nb APPEND INBOX {2000000+}\r\n", unit: b"A" },
        Flood { name: "literals", head: b"a LOGIN root toor\r\nb LIST", unit: b" {1+}\r\na" },
        Flood { name: "lists", head: INSIDE, unit: b"(" },
        Flood { name: "folders", head: INSIDE, unit: b"b CREATE x\r\nc DELETE x\r\n" },
        Flood { name: "mails", head: SELECTED, unit: b"c FETCH 1 BODY[]\r\n" },
        Flood { name: "copies", head: SELECTED, unit: b"c COPY 1:* INBOX\r\n" },
        Flood { name: "searches", head: SELECTED, unit: b"c SEARCH UNSEEN FROM a\r\n" },
        Flood { name: "logins", head: b"", unit: b"a LOGIN a b\r\n" },
    ],
    client: "curl imap://{ip}:{port}/ -u root:root",
    ..Talks::NONE
};
