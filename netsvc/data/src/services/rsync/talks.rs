//! How clients talk to an rsync daemon.

use netsvc_kit::declared::{Flood, Step, Talks};

const HELLO: &[u8] = b"@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n";
/// Up to where a client sends the list of its files.
const PUSH: &[u8] = b"@RSYNCD: 31.0\nwww\n--server\0-logDtpre.iLsfxCIu\0--checksum-choice=md5\0.\0www/\0\0";

/// A client fetches a module, and asks for its second file.
const FETCH: &[u8] =
    b"@RSYNCD: 31.0\x0apublic\x0a--server\0--sender\0-logDtpre.iLsfxCIvu\0--checksum-choice=md5\0.\0public\
    /\0\0\x04\0\0\x07\0\0\0\0\x14\0\0\x07\x02\0\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\x07\0\0\0\
    \x01\0\0\x07\0";
/// One puts a file of five bytes there, in clear.
const PUT: &[u8] =
    b"@RSYNCD: 31.0\x0awww\x0a--server\0-tre.iLsfxCI\0--checksum-choice=md5\0.\0www/\0\0\x0f\0\0\x07\x19\
    \x01a\0\x05\0j\x01\x02\x03\xa4\x81\0\0\x001\0\0\x07\x01\0\xa0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\
    \0hello\0\0\0\0]A@*\xbcK*v\xb9q\x9d\x91\x10\x17\xc5\x92\0\x02\0\0\x07\0\0\x01\0\0\x07\0";

/// See [`Talks`].
pub(super) const TALKS: Talks = Talks {
    stream: &[
        Step::line("a greeting with the version", &[b"@RSYNCD: "]),
        Step::Say(HELLO),
        Step::Say(b"{nonce}\n"),
        Step::begins("an error: there is no such module", &[b"@ERROR: Unknown module"]),
    ],
    login: &[
        Step::line("a greeting with the version", &[b"@RSYNCD: "]),
        Step::Say(HELLO),
        Step::Say(b"backup\n"),
        Step::line("a challenge", &[b"@RSYNCD: AUTHREQD "]),
        Step::Say(b"backup {nonce}\n"),
        Step::begins("a refusal", &[b"@ERROR: auth failed on module backup"]),
    ],
    visit: &[HELLO, b"public\n", b"--server\0--sender\0-logDtpre.iLsfxCIu\0.\0public/\0\0"],
    dialogues: &[
        b"@RSYNCD: 31.0\n#list\n",
        b"@RSYNCD: 29\n\n",
        b"@RSYNCD: 30.0\nbackup\nadmin d41d8cd98f00b204e98009\n",
        FETCH,
        PUT,
    ],
    floods: &[
        Flood { name: "arguments", head: b"@RSYNCD: 31.0\npublic\n", unit: b"--exclude=a\0" },
        Flood { name: "a file list", head: PUSH, unit: b"\x06\0\0\x07\x9a\x01a\0\x05\0" },
        Flood { name: "messages", head: PUSH, unit: b"\x01\0\0\x09a" },
    ],
    client: "rsync rsync://{ip}:{port}/",
    ..Talks::NONE
};
