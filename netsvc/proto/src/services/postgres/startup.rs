//! The beginning of a connection: requests for TLS, GSS and cancellation, and the start-up packet.
//!
//! Source: "Start-up", "SSL Session Encryption"; refusals of `ProcessStartupPacket`.

use super::{message::Fields, refusal::Refusal};

/// What a client asks for first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Tls,
    Gss,
    /// Process and key of the connection whose statement is to end.
    Cancel(u32, u32),
    Session(Box<Start>),
}

/// Who wants in, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    pub user: Vec<u8>,
    pub database: Vec<u8>,
    pub application: Vec<u8>,
    /// `name=value` of the other parameters, comma-separated.
    pub parameters: Vec<u8>,
    /// A connection of a standby, which no database is named for.
    pub replication: bool,
    /// Options of a newer protocol, which are named back; `None`: the protocol is 3.0 without such.
    pub newer: Option<Vec<Vec<u8>>>,
}

const CANCEL: u32 = 80_877_102;
const TLS: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// Whether the start-up packet speaks of protocol 2 or older, whose errors look otherwise.
pub(super) fn is_old(packet: &[u8]) -> bool {
    Fields(packet).long().is_some_and(|version| version >> 16 < 3)
}

/// Reads a start-up packet as a server of the release `major` does.
///
/// # Errors
/// What the server says of it.
pub(super) fn read(packet: &[u8], major: u32) -> Result<Request, Refusal> {
    let mut fields = Fields(packet);
    let version = fields.long().unwrap_or(0);
    match version {
        CANCEL => {
            if let (Some(process), Some(key)) = (fields.long(), fields.long()) {
                return Ok(Request::Cancel(process, key));
            }
        }
        TLS => return Ok(Request::Tls),
        // Releases before 12 know no encryption by GSS.
        GSS if major >= 12 => return Ok(Request::Gss),
        _ => {}
    }
    if version >> 16 != 3 {
        let oldest = if major < 14 { "2.0" } else { "3.0" };
        let text = format!(
            "unsupported frontend protocol {}.{}: server supports {oldest} to 3.0",
            version >> 16,
            version & 0xffff
        );
        return Err(Refusal::fatal("bad_protocol", "0A000", text));
    }
    session(fields, version).map(|start| Request::Session(Box::new(start)))
}

fn session(mut fields: Fields<'_>, version: u32) -> Result<Start, Refusal> {
    let mut start = Start::default();
    let (mut unknown, mut parameters) = (Vec::new(), Vec::new());
    let layout = || {
        let text = "invalid startup packet layout: expected terminator as last byte";
        Refusal::fatal("bad_layout", "08P01", text)
    };
    loop {
        let name = fields.text().ok_or_else(layout)?;
        if name.is_empty() {
            break;
        }
        let value = fields.text().ok_or_else(layout)?;
        match name {
            b"user" => start.user = value.to_vec(),
            b"database" => start.database = value.to_vec(),
            b"application_name" => start.application = value.to_vec(),
            // A database may be named for the commands of replication, too.
            b"replication" => {
                start.replication = matches!(value, b"true" | b"on" | b"yes" | b"1");
            }
            _ if name.starts_with(b"_pq_.") => unknown.push(name.to_vec()),
            _ => parameters.push([name, value].join(&b'=')),
        }
    }
    if !fields.0.is_empty() {
        return Err(layout());
    }
    if start.user.is_empty() {
        let text = "no PostgreSQL user name specified in startup packet";
        return Err(Refusal::fatal("no_user", "28000", text));
    }
    if start.database.is_empty() {
        start.database.clone_from(&start.user);
    }
    start.parameters = parameters.join(&b',');
    start.newer = (version & 0xffff > 0 || !unknown.is_empty()).then_some(unknown);
    // Names are cut as those of the catalogue are (`NAMEDATALEN`).
    start.user.truncate(63);
    start.database.truncate(63);
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(version: u32, rest: &[u8]) -> Vec<u8> {
        [&version.to_be_bytes(), rest].concat()
    }

    #[test]
    fn packets_are_read_or_refused_as_the_server_does() {
        let read = |version, rest: &[u8]| read(&packet(version, rest), 15);
        assert_eq!(read(80_877_103, b""), Ok(Request::Tls));
        assert_eq!(read(80_877_102, b"\0\0\0\x01\0\0\0\x02"), Ok(Request::Cancel(1, 2)));
        let Ok(Request::Session(start)) = read(196_610, b"user\0joe\0_pq_.x\0y\0\0") else { unreachable!() };
        assert_eq!((&start.database[..], start.newer), (&b"joe"[..], Some(vec![b"_pq_.x".to_vec()])));
        for (version, rest, text) in [
            (0xff53_4d42, &b""[..], "unsupported frontend protocol 65363.19778: server supports 3.0 to 3.0"),
            (196_608, b"user\0x\0abc", "invalid startup packet layout: expected terminator as last byte"),
            (196_608, b"database\0x\0\0", "no PostgreSQL user name specified in startup packet"),
        ] {
            assert_eq!(read(version, rest).unwrap_err().text, text);
        }
    }

    proptest! {
        #[test]
        fn no_packet_panics(bytes: Vec<u8>) {
            let _ = read(&bytes, 15);
            let _ = read(&packet(196_608, &bytes), 15);
        }
    }
}
