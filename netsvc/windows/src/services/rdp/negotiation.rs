//! The connection request of X.224 and what security is agreed on ([MS-RDPBCGR] §2.2.1.1 and §2.2.1.2).

use super::{
    flavour::Flavour,
    frame,
    protocol::{CREDSSP, CREDSSP_EARLY, RDP, RDSTLS, TLS},
};

/// Why nothing is agreed on (§2.2.1.2.2).
const TLS_REQUIRED: u32 = 1;
const CREDSSP_REQUIRED: u32 = 5;

const CONNECTION_REQUEST: u8 = 0xe0;
/// The server's reference, as Windows has it for every connection.
const REFERENCE: [u8; 2] = [0x12, 0x34];
/// Most bytes of a cookie that are kept.
const COOKIE: usize = 512;

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// What follows `Cookie: mstshash=`, or a load balancer's token as it is.
    pub(super) cookie: Vec<u8>,
    /// Protocols that it takes; none: it is older than the choice.
    pub(super) protocols: Option<u32>,
}

/// What a server makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// This protocol.
    Protocol(u32),
    /// None, for this reason.
    Failure(u32),
}

impl Request {
    /// Reads what TPKT carried; `None` when it is no connection request.
    pub(super) fn read(tpdu: &[u8]) -> Option<Request> {
        let (length, rest) = tpdu.split_first()?;
        let body = rest.get(..usize::from(*length)).unwrap_or(rest);
        if body.first()? & 0xf0 != CONNECTION_REQUEST {
            return None;
        }
        let mut rest = body.get(6..)?;
        let mut request = Request::default();
        if let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
            let (line, after) = rest.split_at_checked(end)?;
            let shown = line.strip_prefix(b"Cookie: mstshash=").unwrap_or(line);
            request.cookie = shown.get(..COOKIE).unwrap_or(shown).to_vec();
            rest = after.get(2..)?;
        }
        if let Some([1, _, 8, 0, protocols @ ..]) = rest.get(..8) {
            request.protocols = Some(u32::from_le_bytes(protocols.try_into().ok()?));
        }
        Some(request)
    }

    /// The names of the protocols that are asked for.
    pub(super) fn named(&self) -> String {
        let Some(asked) = self.protocols else { return "RDP without negotiation".to_owned() };
        let names = [
            (TLS, "TLS"),
            (CREDSSP, "CredSSP"),
            (RDSTLS, "RDSTLS"),
            (CREDSSP_EARLY, "CredSSP with early authorisation"),
        ];
        let named: Vec<&str> =
            names.iter().filter(|(bit, _)| asked & bit != 0).map(|(_, name)| *name).collect();
        if named.is_empty() { "RDP".to_owned() } else { named.join(", ") }
    }

    /// What `flavour` makes of it: the strongest of what both take.
    pub(super) fn choose(&self, flavour: &Flavour) -> Choice {
        let asked = self.protocols.unwrap_or(RDP);
        let taken = asked & flavour.protocols;
        for protocol in [CREDSSP_EARLY, CREDSSP, RDSTLS] {
            if taken & protocol != 0 {
                return Choice::Protocol(protocol);
            }
        }
        match () {
            () if flavour.nla => Choice::Failure(CREDSSP_REQUIRED),
            () if taken & TLS != 0 => Choice::Protocol(TLS),
            () if flavour.tls => Choice::Failure(TLS_REQUIRED),
            () => Choice::Protocol(RDP),
        }
    }

    /// The connection confirm that says so.
    pub(super) fn confirm(&self, flavour: &Flavour, choice: Choice) -> Vec<u8> {
        let (kind, flags, value) = match choice {
            Choice::Protocol(value) => (2, flavour.flags, value),
            Choice::Failure(value) => (3, 0, value),
        };
        let told = if self.protocols.is_none() && matches!(choice, Choice::Protocol(_)) {
            Vec::new()
        } else {
            [&[kind, flags, 8, 0], &value.to_le_bytes()[..]].concat()
        };
        let length = u8::try_from(6 + told.len()).unwrap_or(6);
        let [high, low] = REFERENCE;
        frame::tpkt(&[&[length, 0xd0, 0, 0, high, low, 0], &told[..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_answered_as_windows_does() {
        let tpdu = |protocols: Option<u32>| {
            let told =
                protocols.map_or(Vec::new(), |asked| [&[1, 0, 8, 0], &asked.to_le_bytes()[..]].concat());
            [&b"\x25\xe0\0\0\0\0\0Cookie: mstshash=eve\r\n"[..], &told].concat()
        };
        let (new, open) = (Flavour::windows(19_045, true), Flavour::windows(7601, false));
        for (flavour, asked, confirm) in [
            (&new, Some(3), "030000130ed00000123400021f080002000000"),
            (&new, Some(11), "030000130ed00000123400021f080008000000"),
            (&new, Some(4), "030000130ed00000123400021f080004000000"),
            (&new, Some(1), "030000130ed000001234000300080005000000"),
            (&new, Some(0), "030000130ed000001234000300080005000000"),
            (&new, None, "030000130ed000001234000300080005000000"),
            (&open, None, "0300000b06d00000123400"),
            (&open, Some(0), "030000130ed000001234000209080000000000"),
            (&open, Some(11), "030000130ed000001234000209080002000000"),
            (&open, Some(1), "030000130ed000001234000209080001000000"),
        ] {
            let request = Request::read(&tpdu(asked)).unwrap();
            assert_eq!((&request.cookie[..], request.protocols), (&b"eve"[..], asked));
            let choice = request.choose(flavour);
            assert_eq!(hex::encode(request.confirm(flavour, choice)), confirm, "{asked:?}");
        }
        assert_eq!(Request::read(b"\x02\xf0\x80"), None);
    }
}
