//! The exchange of identification lines (RFC 4253 §4.2) with OpenSSH's answers to what is none.

use crate::{error::Error, profile::Profile, transport::Transport};
use tokio::io::{AsyncRead, AsyncWrite};

/// Longest line that releases since 8.0 take.
const LINE_MAX: usize = 8192;
/// Longest line of earlier releases.
const LINE_MAX_OLD: usize = 255;

/// Sends our line and reads the client's, which is returned without its end.
pub(crate) async fn exchange<S>(transport: &mut Transport<S>, profile: &Profile) -> Result<Vec<u8>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    transport.write_clear(format!("{}\r\n", profile.banner).as_bytes()).await?;
    let line = match profile.old_identification() {
        true => read_old(transport).await?,
        false => read(transport).await?,
    };
    let verdict = line.as_deref().map_or(Verdict::Invalid, judge);
    match (verdict, profile.old_identification()) {
        (Verdict::Good, _) => Ok(line.unwrap_or_default()),
        (Verdict::Shunned, _) => Err(Error::Identification),
        (Verdict::Invalid, false) => refuse(transport, &["Invalid SSH identification string.", "\r\n"]).await,
        (Verdict::OtherMajor, false) => refuse(transport, &["Protocol major versions differ.", "\r\n"]).await,
        (Verdict::Invalid, true) => refuse(transport, &["Protocol mismatch.\n"]).await,
        (Verdict::OtherMajor, true) => refuse(transport, &["Protocol major versions differ.\n"]).await,
    }
}

/// OpenSSH writes text and line end one after the other, which shows when bytes of the peer are left unread.
async fn refuse<S>(transport: &mut Transport<S>, parts: &[&str]) -> Result<Vec<u8>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for part in parts {
        transport.write_clear(part.as_bytes()).await?;
    }
    Err(Error::Identification)
}

/// The line; `None` when it holds what no line may hold.
async fn read<S: AsyncRead + AsyncWrite + Unpin>(
    transport: &mut Transport<S>,
) -> Result<Option<Vec<u8>>, Error> {
    let mut line = Vec::new();
    let mut returned = false;
    loop {
        match transport.byte().await? {
            b'\r' => returned = true,
            b'\n' => return Ok(Some(line)),
            byte if byte == 0 || returned || LINE_MAX <= line.len() => return Ok(None),
            byte => line.push(byte),
        }
    }
}

async fn read_old<S: AsyncRead + AsyncWrite + Unpin>(
    transport: &mut Transport<S>,
) -> Result<Option<Vec<u8>>, Error> {
    let mut line = Vec::new();
    while line.len() < LINE_MAX_OLD {
        match transport.byte().await? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    let end = line.iter().position(|byte| matches!(byte, b'\r' | 0)).unwrap_or(line.len());
    line.truncate(end);
    Ok(Some(line))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Invalid,
    OtherMajor,
    Shunned,
}

/// What `sscanf("SSH-%d.%d-%[^\n]")` and the checks after it make of a line.
fn judge(line: &[u8]) -> Verdict {
    let Some((major, minor, software)) = parse(line) else { return Verdict::Invalid };
    match (major, minor) {
        (2, _) | (1, 99) if Profile::shuns(software) => Verdict::Shunned,
        (2, _) | (1, 99) => Verdict::Good,
        _ => Verdict::OtherMajor,
    }
}

fn parse(line: &[u8]) -> Option<(i64, i64, &[u8])> {
    let (major, rest) = number(line.strip_prefix(b"SSH-")?)?;
    let (minor, rest) = number(rest.strip_prefix(b".")?)?;
    let software = rest.strip_prefix(b"-")?;
    (!software.is_empty()).then_some((major, minor, software))
}

/// A number as `%d` reads it: white space and a sign before the digits.
fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let bytes = bytes.trim_ascii_start();
    let (sign, bytes) = match bytes.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, bytes),
    };
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(digits).filter(|(digits, _)| !digits.is_empty())?;
    let value = digits
        .iter()
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some((sign * value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SSH-04 and SSH-07; the verdicts were read off OpenSSH 9.2.
    #[test]
    fn lines_are_judged_as_openssh_judges_them() {
        for (line, verdict) in [
            ("SSH-2.0-OpenSSH_9.2p1", Verdict::Good),
            ("SSH-1.99-foo", Verdict::Good),
            ("SSH- 2.0-x", Verdict::Good),
            ("SSH-+2.0-x", Verdict::Good),
            ("SSH-1.5-x", Verdict::OtherMajor),
            ("SSH-9.9-x", Verdict::OtherMajor),
            ("SSH-2.0", Verdict::Invalid),
            ("SSH-2.0-", Verdict::Invalid),
            ("SSH-2.x-x", Verdict::Invalid),
            ("GET / HTTP/1.0", Verdict::Invalid),
            ("", Verdict::Invalid),
            ("SSH-2.0-Probe-x", Verdict::Shunned),
            ("SSH-2.0-SSH_Version_Mapper", Verdict::Shunned),
        ] {
            assert_eq!(judge(line.as_bytes()), verdict, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_judged(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = judge(&bytes);
            let _ = judge(&[b"SSH-", bytes.as_slice()].concat());
        }
    }
}
