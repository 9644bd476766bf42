//! Names of event fields. A field means the same in every event.

macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $constant:ident = $name:literal;)+) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)+
        /// Every name with its meaning.
        pub const ALL: &[(&str, &str)] = &[$(($name, concat!($($doc),+))),+];
    };
}

fields! {
    /// Address of the peer.
    SRC_IP = "src_ip";
    /// Port of the peer.
    SRC_PORT = "src_port";
    /// MAC of the peer, where a frame was seen.
    SRC_MAC = "src_mac";
    /// MAC of the node.
    DST_MAC = "dst_mac";
    /// Address of the node.
    DST_IP = "dst_ip";
    /// Port of the node.
    DST_PORT = "dst_port";
    /// `tcp` or `udp`.
    TRANSPORT = "transport";
    /// One id per connection, 16 hex digits; joins all events of it.
    SESSION = "session";
    /// Node through which the peer came to this one, where the peer of the connection is that node.
    VIA = "via";
    /// Address of the peer of the connection, where `src_ip` is who is behind it.
    VIA_IP = "via_ip";
    /// Session on the node of `via_ip` out of which the connection was opened.
    VIA_SESSION = "via_session";
    /// Milliseconds from first to last.
    DURATION_MS = "duration_ms";
    /// Bytes from the peer.
    BYTES_IN = "bytes_in";
    /// Bytes to the peer.
    BYTES_OUT = "bytes_out";
    /// Why it ended or failed, in our words.
    REASON = "reason";
    /// Name of the limit that applied.
    LIMIT = "limit";
    /// How many.
    COUNT = "count";
    /// How many connections are held open.
    HELD = "held";
    /// Class of events given up.
    CLASS = "class";
    /// First of a range.
    FROM = "from";
    /// Last of a range.
    TO = "to";
    /// Writer whose lines an event is about, 16 hex digits.
    WRITER = "writer";
    /// Raw bytes of the peer, cut to 4 KiB.
    DATA = "data";
    /// Login name as offered.
    PRINCIPAL = "principal";
    /// `plaintext`, `publickey`, `http_digest_md5`, `mysql_native_password`, `mysql_caching_sha2`,
    /// `cram_md5`, `ntlmssp_v2`, `snmp_community`, `snmpv3_usm`, ….
    SECRET_KIND = "secret_kind";
    /// The secret with each byte outside 0x20–0x7e as `?`.
    SECRET_PRINTABLE = "secret_printable";
    /// The exact bytes of the secret, base64.
    SECRET_B64 = "secret_b64";
    /// Server's challenge that the secret answers, base64.
    CHALLENGE_B64 = "challenge_b64";
    /// Line for hashcat or john that cracks the secret.
    CRACK_LINE = "crack_line";
    /// Authentication realm or domain.
    REALM = "realm";
    /// Method of authentication as the protocol names it.
    METHOD_NAME = "auth_method";
    /// `accepted`, `rejected`, `denied`, `failed`, `completed`.
    OUTCOME = "outcome";
    /// Key type of SSH.
    KEY_TYPE = "key_type";
    /// SHA-256 of a public key, as OpenSSH prints it.
    KEY_SHA256 = "key_sha256";
    /// Version text of the client.
    CLIENT_VERSION = "client_version";
    /// HASSH of an SSH client.
    HASSH = "hassh";
    /// Algorithm lists that HASSH is made from.
    HASSH_ALGORITHMS = "hassh_algorithms";
    /// JA3 hash of a TLS client.
    JA3 = "ja3";
    /// JA4 of a TLS client.
    JA4 = "ja4";
    /// Server name that a TLS client asked for.
    SNI = "sni";
    /// Protocols that a TLS client offered by ALPN, with commas between.
    ALPN = "alpn";
    /// Negotiated TLS version.
    TLS_VERSION = "tls_version";
    /// Negotiated TLS cipher.
    CIPHER = "cipher";
    /// A command line, protocol verb with arguments, as typed.
    COMMAND = "command";
    /// Name of a command, file or option.
    NAME = "name";
    /// Exit status or protocol status.
    STATUS = "status";
    /// Working directory.
    CWD = "cwd";
    /// Text of a query.
    QUERY = "query";
    /// Database or key space in use.
    DATABASE = "database";
    /// URL to be fetched.
    URL = "url";
    /// Path on the node.
    PATH = "path";
    /// SHA-256 of a blob, lower-case hex.
    SHA256 = "sha256";
    /// Size of a blob in bytes.
    SIZE = "size";
    /// Where a blob came from: `upload`, `download`, `drop`, `stdin`, `mail`, `attachment`, `recording`, `body`,
    /// `packets`.
    ORIGIN = "origin";
    /// Format of a blob: `asciicast`, `eml`, `pcap`, ….
    FORMAT = "format";
    /// Whether not all of it is kept: `yes`.
    CUT = "cut";
    /// Method of HTTP.
    METHOD = "method";
    /// Request target of HTTP.
    TARGET = "target";
    /// Host header.
    HOST = "host";
    /// User-Agent header.
    USER_AGENT = "user_agent";
    /// Header names in order, comma-separated.
    HEADER_ORDER = "header_order";
    /// SHA-256 over the header names in order, first 16 hex digits.
    HEADER_HASH = "header_hash";
    /// Headers as sent, cut to 4 KiB.
    HEADERS = "headers";
    /// What an HTTP/2 client shows of itself: `SETTINGS|WINDOW|PRIORITIES|ORDER`.
    HTTP2_FINGERPRINT = "http2_fingerprint";
    /// Envelope sender.
    MAIL_FROM = "mail_from";
    /// Envelope recipient or recipients.
    RCPT_TO = "rcpt_to";
    /// Subject of a mail.
    SUBJECT = "subject";
    /// Names and hashes of attachments.
    ATTACHMENTS = "attachments";
    /// Name that the client gives itself (EHLO, connection attributes).
    CLIENT_NAME = "client_name";
    /// Where a program wrote a line: `stdout`, `stderr`, or the path of a file.
    STREAM = "stream";
    /// Technique recognised.
    TECHNIQUE = "technique";
    /// Ports, comma-separated, ranges with `-`.
    PORTS = "ports";
    /// Addresses, comma-separated, ranges with `-`.
    TARGETS = "targets";
    /// Some of what was counted only, one a line.
    SAMPLES = "samples";
    /// Terminal type and size.
    TERMINAL = "terminal";
    /// Speed of a terminal, as the client told it.
    TERMINAL_SPEED = "terminal_speed";
    /// X display that the client told.
    DISPLAY = "display";
    /// Variables that the client told, `NAME=value`, one a line.
    ENVIRONMENT = "environment";
    /// Image of a container, as asked for.
    IMAGE = "image";
    /// Mounts of a container, `SOURCE:DESTINATION`, comma-separated.
    MOUNTS = "mounts";
    /// Id of something that was laid out to be found.
    REFERENCE = "reference";
    /// How it was used: `http`, `dns`, `secret`, `login`, `key`, `mail`.
    CHANNEL = "channel";
    /// DNS name that was asked for.
    QUERY_NAME = "query_name";
    /// Type of record that was asked for.
    QUERY_TYPE = "query_type";
    /// Id of the event that an event is about.
    EVENT = "event";
    /// Whether a container has all rights of its host.
    PRIVILEGED = "privileged";
    /// Whose words an event is about: `client` or `server`.
    SIDE = "side";
    /// Signature of a SYN or SYN-ACK, as p0f 3 writes it.
    SIGNATURE = "signature";
    /// System that a signature fits.
    OS_GUESS = "os_guess";
    /// Program that makes such packets.
    TOOL = "tool";
    /// Time to live of a packet as it arrived.
    TTL = "ttl";
    /// Routers between, guessed by the time to live.
    DISTANCE = "distance";
    /// Largest packet that a host's link carries in bytes, by what it says.
    MTU = "mtu";
    /// JA3S hash of a TLS server.
    JA3S = "ja3s";
    /// HASSHServer of an SSH server.
    HASSH_SERVER = "hassh_server";
    /// Version text of the server.
    SERVER_VERSION = "server_version";
    /// SHA-256 of a certificate, lower-case hex.
    CERTIFICATE_SHA256 = "certificate_sha256";
    /// Whom a certificate is for.
    SUBJECT_NAME = "subject_name";
    /// Who has signed a certificate.
    ISSUER = "issuer";
    /// Names that a certificate holds for, comma-separated.
    NAMES = "names";
    /// Whether a certificate is signed by its own key: `yes` or `no`.
    SELF_SIGNED = "self_signed";
    /// Options that a DHCP client asks for (option 55), comma-separated.
    DHCP_PARAMETERS = "dhcp_parameters";
    /// Vendor class of a DHCP client (option 60).
    VENDOR_CLASS = "vendor_class";
    /// Packets of both sides.
    PACKETS = "packets";
    /// Segments that came again.
    RETRANSMITS = "retransmits";
    /// Milliseconds from one to the next, on average.
    INTERVAL_MS = "interval_ms";
    /// How uneven intervals are: deviation in percent of the mean.
    JITTER_PERCENT = "jitter_percent";
    /// Ticks in a second of the clock of TCP timestamps.
    CLOCK_HZ = "clock_hz";
    /// How fast that clock goes, parts in a million.
    SKEW_PPM = "skew_ppm";
    /// How a host was asked: `jarm`, `hassh_server`, `certificate`, `banner`, `syn_ack`.
    PROBE = "probe";
    /// What came out.
    VALUE = "value";
    /// What came out the time before.
    BEFORE = "before";
    /// Which of several rounds.
    PHASE = "phase";
}
