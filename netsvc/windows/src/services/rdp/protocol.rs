//! Security protocols that a client and a server agree on ([MS-RDPBCGR] §2.2.1.1.1).

/// Standard security: RC4 under keys that are agreed on by RSA.
pub(super) const RDP: u32 = 0;
/// TLS.
pub(super) const TLS: u32 = 1;
/// CredSSP within TLS.
pub(super) const CREDSSP: u32 = 2;
/// RDSTLS within TLS, for clients that were sent on.
pub(super) const RDSTLS: u32 = 4;
/// CredSSP, after which the server tells whether the user may log on.
pub(super) const CREDSSP_EARLY: u32 = 8;
