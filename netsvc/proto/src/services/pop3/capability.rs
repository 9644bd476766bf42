//! What the server can do (RFC 2449).

use crate::dovecot::Dovecot;
use std::fmt::Write;

/// The answer to CAPA; before the `login` there is more.
pub(super) fn capabilities(dovecot: &Dovecot, tls: bool, login: bool) -> String {
    let mut text = "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\n".to_owned();
    if login {
        if !tls {
            text.push_str("STLS\r\n");
        }
        if dovecot.takes_passwords(tls) {
            text.push_str("USER\r\n");
        }
        let names: Vec<&str> = dovecot.offered(tls).collect();
        if !names.is_empty() {
            // Writing into a string cannot fail.
            let _ = write!(text, "SASL {}\r\n", names.join(" "));
        }
    }
    text + ".\r\n"
}
