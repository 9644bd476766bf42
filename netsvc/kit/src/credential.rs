//! A captured secret as event fields: exact bytes, a printable form, and what is needed to crack it.

use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_wire::field;

/// A secret that a peer offered.
#[derive(Clone, Default)]
pub struct Credential {
    /// Login name, exact bytes.
    pub principal: Vec<u8>,
    /// `plaintext`, `cram_md5`, `mysql_native_password`, ….
    pub kind: &'static str,
    /// The secret or the response, exact bytes.
    pub secret: Vec<u8>,
    /// Challenge that the secret answers, if it does.
    pub challenge: Option<Vec<u8>>,
    /// A line that hashcat or john cracks, if there is one.
    pub crack_line: Option<String>,
    /// Method as the protocol names it.
    pub method: &'static str,
    /// Whether the peer was let in.
    pub accepted: bool,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credential").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Credential {
    /// A password in clear.
    pub fn plaintext(principal: &[u8], secret: &[u8], method: &'static str, accepted: bool) -> Self {
        Credential {
            principal: principal.to_vec(),
            kind: "plaintext",
            secret: secret.to_vec(),
            method,
            accepted,
            ..Credential::default()
        }
    }

    /// The fields of an `auth_attempt`.
    pub fn fields(self) -> Vec<(&'static str, Vec<u8>)> {
        let printable: Vec<u8> =
            self.secret.iter().map(|&byte| if (0x20..=0x7e).contains(&byte) { byte } else { b'?' }).collect();
        let mut fields = vec![
            (field::PRINCIPAL, self.principal),
            (field::SECRET_KIND, self.kind.as_bytes().to_vec()),
            (field::SECRET_PRINTABLE, printable),
            (field::SECRET_B64, STANDARD.encode(&self.secret).into_bytes()),
            (field::METHOD_NAME, self.method.as_bytes().to_vec()),
            (field::OUTCOME, if self.accepted { b"accepted".to_vec() } else { b"rejected".to_vec() }),
        ];
        if let Some(challenge) = self.challenge {
            fields.push((field::CHALLENGE_B64, STANDARD.encode(challenge).into_bytes()));
        }
        if let Some(line) = self.crack_line {
            fields.push((field::CRACK_LINE, line.into_bytes()));
        }
        fields
    }
}
