//! Names of event fields. A field means the same in every event.

use std::net::IpAddr;

/// What a value is. Lines carry text; whoever reads one may take it for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Our own words, or a list of them.
    Text,
    /// What a peer said, any bytes.
    Bytes,
    /// A number in decimal digits.
    Number,
    /// An address of IPv4 or IPv6.
    Address,
    /// A port, 0 to 65535.
    Port,
    /// A digest in hexadecimal digits.
    Hash,
    /// `yes` or `no`, `true` or `false`.
    Flag,
}

impl Shape {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Text => "text",
            Shape::Bytes => "bytes",
            Shape::Number => "number",
            Shape::Address => "address",
            Shape::Port => "port",
            Shape::Hash => "hash",
            Shape::Flag => "flag",
        }
    }

    /// Whether a value is one.
    pub fn fits(self, value: &[u8]) -> bool {
        let text = std::str::from_utf8(value);
        match self {
            Shape::Bytes => true,
            Shape::Text => text.is_ok(),
            Shape::Number => text.is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite)),
            Shape::Address => text.is_ok_and(|text| text.parse::<IpAddr>().is_ok()),
            Shape::Port => text.is_ok_and(|text| text.parse::<u16>().is_ok()),
            Shape::Hash => value.len() >= 16 && value.iter().all(u8::is_ascii_hexdigit),
            Shape::Flag => matches!(value, b"yes" | b"no" | b"true" | b"false"),
        }
    }
}

/// A field of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What its values are.
    pub shape: Shape,
    /// What it means.
    pub about: &'static str,
}

/// Fields that any event may have: whose it is, on which connection, and where a value is kept that no line takes.
pub const COMMON: &[&str] = &[
    SRC_IP,
    SRC_PORT,
    DST_IP,
    DST_PORT,
    TRANSPORT,
    SESSION,
    VIA,
    VIA_IP,
    VIA_SESSION,
    TARGET,
    SHA256,
    SIZE,
    LIMIT,
];

/// The field called `name`.
pub fn find(name: &str) -> Option<&'static Field> {
    ALL.iter().find(|field| field.name == name)
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $constant:ident = $name:literal, $shape:ident;)+) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)+
        /// Every field, in the order of declaration.
        pub const ALL: &[Field] =
            &[$(Field { name: $name, shape: Shape::$shape, about: concat!($($doc),+) }),+];
    };
}

fields! {
    /// Address of the peer.
    SRC_IP = "src_ip", Address;
    /// Port of the peer.
    SRC_PORT = "src_port", Port;
    /// MAC of the peer, where a frame was seen.
    SRC_MAC = "src_mac", Text;
    /// MAC of the node.
    DST_MAC = "dst_mac", Text;
    /// Address of the node.
    DST_IP = "dst_ip", Address;
    /// Port of the node.
    DST_PORT = "dst_port", Port;
    /// `tcp` or `udp`.
    TRANSPORT = "transport", Text;
    /// One id per connection, 16 hex digits; joins all events of it.
    SESSION = "session", Text;
    /// Node through which the peer came to this one, where the peer of the connection is that node.
    VIA = "via", Text;
    /// Address of the peer of the connection, where `src_ip` is who is behind it.
    VIA_IP = "via_ip", Address;
    /// Session on the node of `via_ip` out of which the connection was opened.
    VIA_SESSION = "via_session", Text;
    /// Milliseconds from first to last.
    DURATION_MS = "duration_ms", Number;
    /// Bytes from the peer.
    BYTES_IN = "bytes_in", Number;
    /// Bytes to the peer.
    BYTES_OUT = "bytes_out", Number;
    /// Why it ended or failed, in our words.
    REASON = "reason", Text;
    /// Name of the limit that applied.
    LIMIT = "limit", Text;
    /// How many.
    COUNT = "count", Number;
    /// How many connections are held open.
    HELD = "held", Number;
    /// Class of events given up.
    CLASS = "class", Text;
    /// First of a range.
    FROM = "from", Text;
    /// Last of a range.
    TO = "to", Text;
    /// Writer whose lines an event is about, 16 hex digits.
    WRITER = "writer", Text;
    /// Raw bytes of the peer, cut to 4 KiB.
    DATA = "data", Bytes;
    /// Login name as offered.
    PRINCIPAL = "principal", Bytes;
    /// `plaintext`, `publickey`, `http_digest_md5`, `mysql_native_password`, `mysql_caching_sha2`,
    /// `cram_md5`, `ntlmssp_v2`, `snmp_community`, `snmpv3_usm`, ….
    SECRET_KIND = "secret_kind", Text;
    /// The secret with each byte outside 0x20–0x7e as `?`.
    SECRET_PRINTABLE = "secret_printable", Text;
    /// The exact bytes of the secret, base64.
    SECRET_B64 = "secret_b64", Text;
    /// Server's challenge that the secret answers, base64.
    CHALLENGE_B64 = "challenge_b64", Text;
    /// Line for hashcat or john that cracks the secret.
    CRACK_LINE = "crack_line", Bytes;
    /// Authentication realm or domain.
    REALM = "realm", Bytes;
    /// Method of authentication as the protocol names it.
    METHOD_NAME = "auth_method", Bytes;
    /// `accepted`, `rejected`, `denied`, `failed`, `completed`.
    OUTCOME = "outcome", Text;
    /// Key type of SSH.
    KEY_TYPE = "key_type", Bytes;
    /// SHA-256 of a public key, as OpenSSH prints it.
    KEY_SHA256 = "key_sha256", Text;
    /// Version text of the client.
    CLIENT_VERSION = "client_version", Bytes;
    /// HASSH of an SSH client.
    HASSH = "hassh", Hash;
    /// Algorithm lists that HASSH is made from.
    HASSH_ALGORITHMS = "hassh_algorithms", Bytes;
    /// JA3 hash of a TLS client.
    JA3 = "ja3", Hash;
    /// JA4 of a TLS client.
    JA4 = "ja4", Text;
    /// Server name that a TLS client asked for.
    SNI = "sni", Bytes;
    /// Protocols that a TLS client offered by ALPN, with commas between.
    ALPN = "alpn", Bytes;
    /// Negotiated TLS version.
    TLS_VERSION = "tls_version", Text;
    /// Negotiated TLS cipher.
    CIPHER = "cipher", Text;
    /// A command line, protocol verb with arguments, as typed.
    COMMAND = "command", Bytes;
    /// Name of a command, file or option.
    NAME = "name", Bytes;
    /// Exit status or protocol status.
    STATUS = "status", Bytes;
    /// Working directory.
    CWD = "cwd", Bytes;
    /// Text of a query.
    QUERY = "query", Bytes;
    /// Database or key space in use.
    DATABASE = "database", Bytes;
    /// URL to be fetched.
    URL = "url", Bytes;
    /// Path on the node.
    PATH = "path", Bytes;
    /// SHA-256 of a blob, lower-case hex.
    SHA256 = "sha256", Hash;
    /// Size of a blob in bytes.
    SIZE = "size", Number;
    /// Where a blob came from: `upload`, `download`, `drop`, `stdin`, `mail`, `attachment`, `recording`, `body`,
    /// `packets`.
    ORIGIN = "origin", Text;
    /// Format of a blob: `asciicast`, `eml`, `pcap`, ….
    FORMAT = "format", Text;
    /// Whether not all of it is kept: `yes`.
    CUT = "cut", Flag;
    /// Method of HTTP.
    METHOD = "method", Bytes;
    /// Request target of HTTP; whom the peer wanted to be connected to, or was by way of this node.
    TARGET = "target", Bytes;
    /// Host header.
    HOST = "host", Bytes;
    /// User-Agent header.
    USER_AGENT = "user_agent", Bytes;
    /// Header names in order, comma-separated.
    HEADER_ORDER = "header_order", Bytes;
    /// SHA-256 over the header names in order, first 16 hex digits.
    HEADER_HASH = "header_hash", Hash;
    /// Headers as sent, cut to 4 KiB.
    HEADERS = "headers", Bytes;
    /// What an HTTP/2 client shows of itself: `SETTINGS|WINDOW|PRIORITIES|ORDER`.
    HTTP2_FINGERPRINT = "http2_fingerprint", Text;
    /// Envelope sender.
    MAIL_FROM = "mail_from", Bytes;
    /// Envelope recipient or recipients.
    RCPT_TO = "rcpt_to", Bytes;
    /// Subject of a mail.
    SUBJECT = "subject", Bytes;
    /// Names and hashes of attachments.
    ATTACHMENTS = "attachments", Bytes;
    /// Name that the client gives itself (EHLO, connection attributes).
    CLIENT_NAME = "client_name", Bytes;
    /// Where a program wrote a line: `stdout`, `stderr`, or the path of a file.
    STREAM = "stream", Bytes;
    /// Technique recognised.
    TECHNIQUE = "technique", Text;
    /// Ports, comma-separated, ranges with `-`.
    PORTS = "ports", Text;
    /// Addresses, comma-separated, ranges with `-`.
    TARGETS = "targets", Text;
    /// Some of what was counted only, one a line.
    SAMPLES = "samples", Bytes;
    /// Terminal type and size.
    TERMINAL = "terminal", Bytes;
    /// Speed of a terminal, as the client told it.
    TERMINAL_SPEED = "terminal_speed", Bytes;
    /// X display that the client told.
    DISPLAY = "display", Bytes;
    /// Variables that the client told, `NAME=value`, one a line.
    ENVIRONMENT = "environment", Bytes;
    /// Image of a container, as asked for.
    IMAGE = "image", Bytes;
    /// Mounts of a container, `SOURCE:DESTINATION`, comma-separated.
    MOUNTS = "mounts", Bytes;
    /// Id of something that was laid out to be found.
    REFERENCE = "reference", Text;
    /// How it was used: `http`, `dns`, `secret`, `login`, `key`, `mail`.
    CHANNEL = "channel", Text;
    /// DNS name that was asked for.
    QUERY_NAME = "query_name", Bytes;
    /// Type of record that was asked for.
    QUERY_TYPE = "query_type", Text;
    /// Id of the event that an event is about.
    EVENT = "event", Number;
    /// Whether a container has all rights of its host.
    PRIVILEGED = "privileged", Flag;
    /// Whose words an event is about: `client` or `server`.
    SIDE = "side", Text;
    /// Signature of a SYN or SYN-ACK, as p0f 3 writes it.
    SIGNATURE = "signature", Text;
    /// System that a signature fits.
    OS_GUESS = "os_guess", Text;
    /// Program that makes such packets.
    TOOL = "tool", Text;
    /// Time to live of a packet as it arrived.
    TTL = "ttl", Number;
    /// Routers between, guessed by the time to live.
    DISTANCE = "distance", Number;
    /// Largest packet that a host's link carries in bytes, by what it says.
    MTU = "mtu", Number;
    /// JA3S hash of a TLS server.
    JA3S = "ja3s", Hash;
    /// HASSHServer of an SSH server.
    HASSH_SERVER = "hassh_server", Hash;
    /// Version text of the server.
    SERVER_VERSION = "server_version", Bytes;
    /// SHA-256 of a certificate, lower-case hex.
    CERTIFICATE_SHA256 = "certificate_sha256", Hash;
    /// Whom a certificate is for.
    SUBJECT_NAME = "subject_name", Bytes;
    /// Who has signed a certificate.
    ISSUER = "issuer", Bytes;
    /// Names that a certificate holds for, comma-separated.
    NAMES = "names", Bytes;
    /// Whether a certificate is signed by its own key: `yes` or `no`.
    SELF_SIGNED = "self_signed", Flag;
    /// Options that a DHCP client asks for (option 55), comma-separated.
    DHCP_PARAMETERS = "dhcp_parameters", Text;
    /// Vendor class of a DHCP client (option 60).
    VENDOR_CLASS = "vendor_class", Bytes;
    /// Packets of both sides.
    PACKETS = "packets", Number;
    /// Segments that came again.
    RETRANSMITS = "retransmits", Number;
    /// Milliseconds from one to the next, on average.
    INTERVAL_MS = "interval_ms", Number;
    /// How uneven intervals are: deviation in percent of the mean.
    JITTER_PERCENT = "jitter_percent", Number;
    /// Ticks in a second of the clock of TCP timestamps.
    CLOCK_HZ = "clock_hz", Number;
    /// How fast that clock goes, parts in a million.
    SKEW_PPM = "skew_ppm", Number;
    /// How a host was asked: `jarm`, `hassh_server`, `certificate`, `banner`, `syn_ack`.
    PROBE = "probe", Text;
    /// What came out.
    VALUE = "value", Bytes;
    /// What came out the time before.
    BEFORE = "before", Bytes;
    /// Which of several rounds.
    PHASE = "phase", Text;
}
