//! Numbers of commands and options (RFC 854, 855, 1184; IANA, "Telnet Options").

pub(super) const IAC: u8 = 255;
pub(super) const DONT: u8 = 254;
pub(super) const DO: u8 = 253;
pub(super) const WONT: u8 = 252;
pub(super) const WILL: u8 = 251;
pub(super) const SB: u8 = 250;
pub(super) const ERASE_LINE: u8 = 248;
pub(super) const ERASE_CHARACTER: u8 = 247;
pub(super) const AYT: u8 = 246;
pub(super) const ABORT_OUTPUT: u8 = 245;
pub(super) const INTERRUPT: u8 = 244;
pub(super) const BREAK: u8 = 243;
pub(super) const SE: u8 = 240;
pub(super) const ABORT: u8 = 238;
pub(super) const SUSPEND: u8 = 237;
pub(super) const NOP: u8 = 241;
pub(super) const END_OF_FILE: u8 = 236;

pub(super) const AUTHENTICATION: u8 = 37;
pub(super) const ENCRYPTION: u8 = 38;
pub(super) const BINARY: u8 = 0;
pub(super) const ECHO: u8 = 1;
pub(super) const SUPPRESS_GO_AHEAD: u8 = 3;
pub(super) const STATUS: u8 = 5;
pub(super) const TIMING_MARK: u8 = 6;
pub(super) const TERMINAL_TYPE: u8 = 24;
pub(super) const WINDOW_SIZE: u8 = 31;
pub(super) const SPEED: u8 = 32;
pub(super) const FLOW_CONTROL: u8 = 33;
pub(super) const LINE_MODE: u8 = 34;
pub(super) const X_DISPLAY: u8 = 35;
pub(super) const OLD_ENVIRONMENT: u8 = 36;
pub(super) const ENVIRONMENT: u8 = 39;

pub(super) const IS: u8 = 0;
pub(super) const SEND: u8 = 1;
