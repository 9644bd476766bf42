//! SPNEGO as a server sees it (RFC 4178, [MS-SPNG]): what token a peer sends within, and answers around ours. Of its
//! mechanisms NTLM is taken; who begins with another is asked for it.

use crate::der::{self, CONTEXT, OCTETS, SEQUENCE};

/// 1.3.6.1.5.5.2, SPNEGO itself.
const SPNEGO: &[u8] = b"\x06\x06\x2b\x06\x01\x05\x05\x02";
/// 1.3.6.1.4.1.311.2.2.10, NTLM.
const NTLM: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
/// 1.2.840.113554.1.2.2 and as Windows 2000 wrote it by mistake, Kerberos; 1.3.6.1.4.1.311.2.2.30, NegoEx.
const KERBEROS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
const KERBEROS_2000: &[u8] = b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";
const NEGOEX: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e";
/// 1.2.840.113554.1.2.2.3, Kerberos from user to user.
const KERBEROS_USER: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03";
/// What Windows' hints hold in place of a name.
const HINT: &[u8] = b"not_defined_in_RFC4178@please_ignore";

/// `[APPLICATION 0]`, around the first token of GSSAPI (RFC 2743 §3.1).
const FIRST: u8 = 0x60;
const RESPONSE: u8 = CONTEXT | 1;
const ENUMERATED: u8 = 0x0a;

/// How far a negotiation is (RFC 4178 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The peer is let in.
    Completed = 0,
    /// A token of the peer is awaited.
    Incomplete = 1,
    /// The peer is turned away.
    Rejected = 2,
}

/// What a peer sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The mechanisms that it would use, as it wrote their list, which is what a MIC is of; none after its first token.
    pub mechanisms: Vec<u8>,
    /// The mechanism's own token; none, when the peer leaves the choice to us.
    pub inner: Vec<u8>,
    /// The MIC of the list, once the peer has keys.
    pub mic: Vec<u8>,
}

impl Token {
    /// Reads what a peer sends, a first token (within GSSAPI's or without) or a further one; `None` when it is neither.
    pub fn read(bytes: &[u8]) -> Option<Token> {
        let (element, _) = der::read(bytes)?;
        match element.tag {
            FIRST => Token::read(element.content.strip_prefix(SPNEGO)?),
            CONTEXT => Some(Token::fields(der::open(SEQUENCE, element.content)?, 0, 2, 3)),
            RESPONSE => Some(Token::fields(der::open(SEQUENCE, element.content)?, 0xff, 2, 3)),
            _ => None,
        }
    }

    /// Fields by their numbers.
    fn fields(sequence: &[u8], mechanisms: u8, inner: u8, mic: u8) -> Token {
        let mut token = Token::default();
        for field in der::all(sequence) {
            let number = field.tag ^ CONTEXT;
            let octets = || der::open(OCTETS, field.content).unwrap_or_default().to_vec();
            if number == mechanisms {
                token.mechanisms = field.content.to_vec();
            } else if number == inner {
                token.inner = octets();
            } else if number == mic {
                token.mic = octets();
            }
        }
        token
    }

    /// Whether the token is for NTLM, or may be.
    pub fn offers_ntlm(&self) -> bool {
        self.mechanisms.is_empty() || self.mechanisms.windows(NTLM.len()).any(|window| window == NTLM)
    }
}

/// The first token of a server that speaks first: what it takes, Windows' mechanisms in their order or NTLM alone.
pub fn offer(windows: bool) -> Vec<u8> {
    let kinds =
        if windows { [NEGOEX, KERBEROS_2000, KERBEROS, KERBEROS_USER, NTLM].concat() } else { NTLM.to_vec() };
    let list = der::element(CONTEXT, &der::element(SEQUENCE, &kinds));
    let name = der::element(CONTEXT, &der::element(0x1b, HINT));
    let hints = der::element(CONTEXT | 3, &der::element(SEQUENCE, &name));
    let whole = der::element(CONTEXT, &der::element(SEQUENCE, &[list, hints].concat()));
    der::element(FIRST, &[SPNEGO, &whole].concat())
}

/// An answer: how far it is, the mechanism where it is told, our token, the MIC of the peer's list.
pub fn answer(progress: Progress, tells_mechanism: bool, token: &[u8], mic: &[u8]) -> Vec<u8> {
    let mut fields = der::element(CONTEXT, &[ENUMERATED, 1, progress as u8]);
    if tells_mechanism {
        fields.extend(der::element(CONTEXT | 1, NTLM));
    }
    for (number, octets) in [(2, token), (3, mic)] {
        if !octets.is_empty() {
            fields.extend(der::element(CONTEXT | number, &der::element(OCTETS, octets)));
        }
    }
    der::element(RESPONSE, &der::element(SEQUENCE, &fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A first token as smbclient sends it, with NTLM's NEGOTIATE cut off.
    const SENT: &str = "604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a04284e544c4d5353500001000000\
                        978208e200000000000000000000000000000000060100000000000f";

    #[test]
    fn a_first_token_tells_mechanisms_and_holds_the_first_of_theirs() {
        let token = Token::read(&hex::decode(SENT).unwrap()).unwrap();
        assert!(token.offers_ntlm());
        assert_eq!(crate::ntlm::message_type(&token.inner), Some(1));
        assert_eq!(hex::encode(&token.mechanisms), "300c060a2b06010401823702020a");
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let bytes = answer(Progress::Incomplete, true, b"token", b"");
        assert_eq!(hex::encode(bytes.get(..11).unwrap()), "a11e301ca0030a0101a10c");
        assert_eq!(Token::read(&bytes).map(|token| token.inner), Some(b"token".to_vec()));
        let last = Token::read(&answer(Progress::Completed, false, b"", b"0123456789abcdef")).unwrap();
        assert_eq!((last.inner, last.mic.len()), (Vec::new(), 16));
        // As Windows in a domain and Samba alone send them.
        assert_eq!((offer(true).len(), offer(false).len()), (120, 74));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Token::read(&bytes);
        }
    }
}
