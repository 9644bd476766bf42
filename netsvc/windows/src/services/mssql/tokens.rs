//! What a server answers with ([MS-TDS] §2.2.7).

use super::login::to_wide;

/// Collation of text: Latin1, without regard to case, as a server in the United States has it.
pub(super) const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

/// A message of the server: an error, or with a severity of ten or less, what is worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) number: i32,
    pub(super) state: u8,
    pub(super) severity: u8,
    pub(super) text: String,
    pub(super) procedure: String,
    pub(super) line: u32,
}

impl Said {
    /// An error of a statement.
    pub(super) fn error(number: i32, state: u8, severity: u8, text: impl Into<String>) -> Said {
        Said { number, state, severity, text: text.into(), procedure: String::new(), line: 1 }
    }

    /// The same, raised in a procedure.
    pub(super) fn within(self, procedure: &str, line: u32) -> Said {
        Said { procedure: procedure.to_owned(), line, ..self }
    }

    /// Whether it is an error.
    pub(super) fn is_error(&self) -> bool {
        10 < self.severity
    }
}

/// Texts after their lengths: in a byte, and in two.
fn short_text(text: &str) -> Vec<u8> {
    let wide = to_wide(&text.chars().take(120).collect::<String>());
    [vec![u8::try_from(wide.len() / 2).unwrap_or_default()], wide].concat()
}

fn text(text: &str) -> Vec<u8> {
    let wide = to_wide(text);
    let count = u16::try_from(wide.len() / 2).unwrap_or(u16::MAX);
    [&count.to_le_bytes()[..], &wide].concat()
}

/// A token with the length of what it holds.
fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
    [&[kind][..], &length, body].concat()
}

/// ERROR or INFO, of the server of this name.
pub(super) fn said(said: &Said, server: &str, old: bool) -> Vec<u8> {
    let cut: String = said.text.chars().take(2000).collect();
    let line = said.line.to_le_bytes();
    let body = [
        &said.number.to_le_bytes()[..],
        &[said.state, said.severity],
        &text(&cut),
        &short_text(server),
        &short_text(&said.procedure),
        line.get(..if old { 2 } else { 4 }).unwrap_or_default(),
    ]
    .concat();
    token(if said.is_error() { 0xaa } else { 0xab }, &body)
}

/// ENVCHANGE of a text: 1 the database, 2 the language, 4 the size of packets.
pub(super) fn changed(kind: u8, new: &str, old: &str) -> Vec<u8> {
    token(0xe3, &[vec![kind], short_text(new), short_text(old)].concat())
}

/// ENVCHANGE of the collation.
pub(super) fn collation() -> Vec<u8> {
    token(0xe3, &[&[7, 5][..], &COLLATION, &[0]].concat())
}

/// LOGINACK of a server of this version, to a client of that version of the protocol.
pub(super) fn acknowledged(version: [u8; 4], protocol: u32) -> Vec<u8> {
    let name = short_text("Microsoft SQL Server\0\0");
    token(0xad, &[&[1][..], &protocol.to_be_bytes(), &name, &version].concat())
}

/// What a client is asked on behalf of Windows.
pub(super) fn sspi(challenge: &[u8]) -> Vec<u8> {
    token(0xed, challenge)
}

/// RETURNSTATUS of a procedure.
pub(super) fn status(value: i32) -> Vec<u8> {
    [&[0x79][..], &value.to_le_bytes()].concat()
}

/// RETURNVALUE of a prepared statement: its number.
pub(super) fn handle(number: usize) -> Vec<u8> {
    let number = i32::try_from(number).unwrap_or_default().to_le_bytes();
    let name = short_text("handle");
    [&[0xac, 0, 0][..], &name, &[1, 0, 0, 0, 0, 0, 0, 0x26, 4, 4], &number].concat()
}

/// Ends of results (§2.2.7.6).
pub(super) const DONE: u8 = 0xfd;
pub(super) const DONE_PROCEDURE: u8 = 0xfe;
pub(super) const DONE_IN_PROCEDURE: u8 = 0xff;
pub(super) const MORE: u16 = 0x01;
pub(super) const ERROR: u16 = 0x02;
pub(super) const COUNT: u16 = 0x10;
pub(super) const ATTENTION: u16 = 0x20;

/// The end of a result: its kind, status, what it was the result of, and rows.
pub(super) fn done(kind: u8, status: u16, command: u16, rows: u64, old: bool) -> Vec<u8> {
    let rows = rows.to_le_bytes();
    let rows = rows.get(..if old { 4 } else { 8 }).unwrap_or_default();
    [&[kind][..], &status.to_le_bytes(), &command.to_le_bytes(), rows].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_told_as_servers_do() {
        let refusal = Said::error(18_456, 1, 14, "Login failed for user 'sa'.");
        let bytes = said(&refusal, "DB01", false);
        assert_eq!(hex::encode(&bytes[..9]), "aa4c00184800 00010e".replace(' ', ""));
        assert_eq!(bytes.len(), 3 + 0x4c);
        assert_eq!(hex::encode(done(DONE, ERROR, 0, 0, false)), "fd020000000000000000000000");
        assert_eq!(hex::encode(changed(4, "4096", "4096")), "e3130004043400300039003600043400300039003600");
    }
}
