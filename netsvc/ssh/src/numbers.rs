//! Message numbers and reason codes (RFC 4250, RFC 4419, RFC 5656, RFC 8308, OpenSSH's PROTOCOL file).

pub(crate) const DISCONNECT: u8 = 1;
pub(crate) const IGNORE: u8 = 2;
pub(crate) const UNIMPLEMENTED: u8 = 3;
pub(crate) const DEBUG: u8 = 4;
pub(crate) const SERVICE_REQUEST: u8 = 5;
pub(crate) const SERVICE_ACCEPT: u8 = 6;
pub(crate) const EXT_INFO: u8 = 7;
pub(crate) const KEXINIT: u8 = 20;
pub(crate) const NEWKEYS: u8 = 21;
/// First message of every method but group exchange: the client's public value.
pub(crate) const KEX_INIT: u8 = 30;
/// Its answer; in group exchange the group.
pub(crate) const KEX_REPLY: u8 = 31;
/// Group exchange: the client's public value.
pub(crate) const GEX_INIT: u8 = 32;
/// Group exchange: the server's answer.
pub(crate) const GEX_REPLY: u8 = 33;
/// Group exchange: the request with sizes. Number 30 is the request of old clients.
pub(crate) const GEX_REQUEST: u8 = 34;
/// Last message number of key exchange.
pub(crate) const KEX_LAST: u8 = 49;
pub(crate) const USERAUTH_REQUEST: u8 = 50;
pub(crate) const USERAUTH_FAILURE: u8 = 51;
pub(crate) const USERAUTH_SUCCESS: u8 = 52;
pub(crate) const USERAUTH_BANNER: u8 = 53;
/// Answer to a public key that would do, and the question of keyboard-interactive is the same number.
pub(crate) const USERAUTH_PK_OK: u8 = 60;
pub(crate) const USERAUTH_INFO_REQUEST: u8 = 60;
pub(crate) const USERAUTH_INFO_RESPONSE: u8 = 61;
pub(crate) const GLOBAL_REQUEST: u8 = 80;
pub(crate) const REQUEST_SUCCESS: u8 = 81;
pub(crate) const REQUEST_FAILURE: u8 = 82;
pub(crate) const CHANNEL_OPEN: u8 = 90;
pub(crate) const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
pub(crate) const CHANNEL_OPEN_FAILURE: u8 = 92;
pub(crate) const CHANNEL_WINDOW_ADJUST: u8 = 93;
pub(crate) const CHANNEL_DATA: u8 = 94;
pub(crate) const CHANNEL_EXTENDED_DATA: u8 = 95;
pub(crate) const CHANNEL_EOF: u8 = 96;
pub(crate) const CHANNEL_CLOSE: u8 = 97;
pub(crate) const CHANNEL_REQUEST: u8 = 98;
pub(crate) const CHANNEL_SUCCESS: u8 = 99;
pub(crate) const CHANNEL_FAILURE: u8 = 100;
/// OpenSSH 9.5 and later.
pub(crate) const PING: u8 = 192;
pub(crate) const PONG: u8 = 193;

/// Reason of a disconnect: the peer broke the protocol. OpenSSH gives this one nearly always.
pub(crate) const PROTOCOL_ERROR: u32 = 2;

/// Why a channel was not opened.
pub(crate) const OPEN_PROHIBITED: u32 = 1;
pub(crate) const OPEN_CONNECT_FAILED: u32 = 2;

/// Public keys bound to the host key, which is one more field at the end.
pub(crate) const HOSTBOUND: &str = "publickey-hostbound-v00@openssh.com";
