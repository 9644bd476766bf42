//! CredSSP: who a client is, told within TLS before there is a session ([MS-CSSP]).

use netsvc_daemon::{
    der::{self, CONTEXT, OCTETS, SEQUENCE},
    ntlm::{self, Authenticate, Judged, Sealing},
    spnego::{self, Progress, Token},
};
use netsvc_kit::{Host, Link};
use netsvc_persona::subkey;
use sha2::{Digest, Sha256};

/// The version that every supported Windows speaks since CVE-2018-0886.
const VERSION: u32 = 6;
/// First version in which keys are bound by a hash.
const HASHED: u32 = 5;
/// First version in which a client is told why it is turned away.
const TELLS: u32 = 3;
const LOGON_FAILURE: u32 = 0xc000_006d;
const TO_SERVER: &[u8] = b"CredSSP Client-To-Server Binding Hash\0";
const TO_CLIENT: &[u8] = b"CredSSP Server-To-Client Binding Hash\0";

/// A `TSRequest` (§2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Request {
    version: u32,
    token: Vec<u8>,
    credentials: Vec<u8>,
    key: Vec<u8>,
    nonce: Vec<u8>,
}

impl Request {
    fn read(bytes: &[u8]) -> Option<Request> {
        let mut request = Request::default();
        for field in der::all(der::open(SEQUENCE, bytes)?) {
            let octets = || der::open(OCTETS, field.content).map(<[u8]>::to_vec);
            match field.tag ^ CONTEXT {
                0 => request.version = der::number(der::open(der::INTEGER, field.content)?)?,
                1 => {
                    let list = der::open(SEQUENCE, field.content)?;
                    let first = der::open(CONTEXT, der::open(SEQUENCE, list)?)?;
                    request.token = der::open(OCTETS, first)?.to_vec();
                }
                2 => request.credentials = octets()?,
                3 => request.key = octets()?,
                5 => request.nonce = octets()?,
                _ => {}
            }
        }
        Some(request)
    }
}

/// A `TSRequest` with these fields, which have their numbers already.
fn request(fields: &[u8]) -> Vec<u8> {
    let version = der::element(CONTEXT, &der::integer(VERSION));
    der::element(SEQUENCE, &[&version, fields].concat())
}

fn octets(number: u8, content: &[u8]) -> Vec<u8> {
    der::element(CONTEXT | number, &der::element(OCTETS, content))
}

fn tokens(token: &[u8]) -> Vec<u8> {
    let one = der::element(SEQUENCE, &octets(0, token));
    der::element(CONTEXT | 1, &der::element(SEQUENCE, &one))
}

/// What a message of the client comes to.
#[derive(Debug)]
pub(super) enum Turn {
    /// This is said, and more is awaited.
    Say(Vec<u8>),
    /// The client answered the challenge: what is written down, what is said.
    Answered { judged: Box<Judged>, answer: Box<Authenticate>, said: Vec<u8> },
    /// The client is in, and gave these for its session.
    Entered(Credentials),
    /// It is no message, or none that comes here.
    Broken,
}

/// What a client lets the server act with (§2.2.1.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: String,
}

#[derive(Debug)]
enum Step {
    Negotiate,
    Authenticate,
    /// The client proved itself; its own key is not told yet.
    Key(Box<Sealing>),
    Credentials(Box<Sealing>),
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Credssp {
    step: Step,
    nonce: [u8; 8],
    /// The list of mechanisms of a client that speaks SPNEGO; none: it speaks NTLM alone.
    mechanisms: Option<Vec<u8>>,
    /// The public key of our certificate.
    public_key: Vec<u8>,
}

impl Credssp {
    /// With a client that has just agreed on TLS with this key.
    pub(super) fn new(host: &Host, link: &Link, public_key: Vec<u8>) -> Credssp {
        let key = host.persona().subkey.hex_bytes().unwrap_or_default();
        let drawn = subkey::bytes(&key, &["ntlm challenge", &link.session.to_string()]);
        let nonce = drawn.first_chunk().copied().unwrap_or_default();
        Credssp { step: Step::Negotiate, nonce, mechanisms: None, public_key }
    }

    /// Takes a message.
    pub(super) fn take(&mut self, host: &Host, link: &Link, bytes: &[u8]) -> Turn {
        let Some(came) = Request::read(bytes) else { return Turn::Broken };
        match std::mem::replace(&mut self.step, Step::Negotiate) {
            Step::Negotiate => self.negotiate(host, &came),
            Step::Authenticate => self.authenticate(host, link, &came),
            Step::Key(sealing) => self.prove(&came, sealing, Vec::new()),
            Step::Credentials(mut sealing) => {
                let told = sealing.unseal(&came.credentials).and_then(|plain| credentials(&plain));
                told.map_or(Turn::Broken, Turn::Entered)
            }
        }
    }

    fn negotiate(&mut self, host: &Host, came: &Request) -> Turn {
        let mut inner = came.token.clone();
        if ntlm::message_type(&inner).is_none() {
            let Some(token) = Token::read(&inner).filter(Token::offers_ntlm) else { return Turn::Broken };
            if self.mechanisms.is_none() {
                self.mechanisms = Some(token.mechanisms);
            }
            inner = token.inner;
            if ntlm::message_type(&inner).is_none() {
                // Its first choice is Kerberos; NTLM is asked for.
                let answer = spnego::answer(Progress::Incomplete, true, b"", b"");
                return Turn::Say(request(&tokens(&answer)));
            }
        }
        if ntlm::message_type(&inner) != Some(1) {
            return Turn::Broken;
        }
        let challenge = ntlm::challenge_to(host.persona(), &inner, self.nonce, host.clock());
        let token = match self.mechanisms {
            Some(_) => spnego::answer(Progress::Incomplete, true, &challenge, b""),
            None => challenge,
        };
        self.step = Step::Authenticate;
        Turn::Say(request(&tokens(&token)))
    }

    fn authenticate(&mut self, host: &Host, link: &Link, came: &Request) -> Turn {
        let (mut inner, mut mic) = (came.token.clone(), Vec::new());
        if self.mechanisms.is_some() {
            let Some(token) = Token::read(&inner) else { return Turn::Broken };
            (inner, mic) = (token.inner, token.mic);
        }
        let Some(answer) = Authenticate::parse(&inner) else { return Turn::Broken };
        let judged = answer.judge(host, link, self.nonce);
        let said = match judged.session_key {
            None => self.refusal(came.version),
            Some(key) => {
                let mut sealing = Box::new(Sealing::new(&key, answer.flags));
                let list = self.mechanisms.as_deref().filter(|_| !mic.is_empty());
                let ours = list.and_then(|list| sealing.exchange_mic(list, &mic));
                let token = self.mechanisms.as_ref().map(|_| {
                    tokens(&spnego::answer(Progress::Completed, false, b"", &ours.unwrap_or_default()))
                });
                if came.key.is_empty() {
                    self.step = Step::Key(sealing);
                    request(&token.unwrap_or_default())
                } else {
                    match self.prove(came, sealing, token.unwrap_or_default()) {
                        Turn::Say(said) => said,
                        _ => self.refusal(came.version),
                    }
                }
            }
        };
        Turn::Answered { judged: Box::new(judged), answer: Box::new(answer), said }
    }

    /// What a client that is turned away is told.
    fn refusal(&self, version: u32) -> Vec<u8> {
        if version < TELLS || version == HASHED {
            return Vec::new();
        }
        // An NTSTATUS is written as the four bytes that it has.
        let code = der::element(der::INTEGER, &LOGON_FAILURE.to_be_bytes());
        request(&der::element(CONTEXT | 4, &code))
    }

    /// Answers the proof that the client sees the key that we have.
    fn prove(&mut self, came: &Request, mut sealing: Box<Sealing>, tokens: Vec<u8>) -> Turn {
        let Some(told) = sealing.unseal(&came.key) else { return Turn::Broken };
        let bound = |label: &[u8]| {
            Sha256::new()
                .chain_update(label)
                .chain_update(&came.nonce)
                .chain_update(&self.public_key)
                .finalize()
                .to_vec()
        };
        let hashed = HASHED <= came.version;
        let (expected, answer) = if hashed {
            (bound(TO_SERVER), bound(TO_CLIENT))
        } else {
            let mut next = self.public_key.clone();
            if let Some(first) = next.first_mut() {
                *first = first.wrapping_add(1);
            }
            (self.public_key.clone(), next)
        };
        if told != expected {
            return Turn::Broken;
        }
        let proof = octets(3, &sealing.seal(&answer));
        self.step = Step::Credentials(sealing);
        Turn::Say(request(&[tokens, proof].concat()))
    }
}

/// Reads `TSCredentials` with a password in them; other kinds are told as empty ones.
fn credentials(bytes: &[u8]) -> Option<Credentials> {
    let mut found = Credentials::default();
    let field = |sequence: &[u8], number: u8| -> Option<Vec<u8>> {
        let field = der::all(sequence).find(|field| field.tag == CONTEXT | number)?;
        der::open(OCTETS, field.content).map(<[u8]>::to_vec)
    };
    let outer = der::open(SEQUENCE, bytes)?;
    let kind =
        der::all(outer).next().and_then(|field| der::number(der::open(der::INTEGER, field.content)?))?;
    let inner = field(outer, 1)?;
    if kind == 1 {
        let sequence = der::open(SEQUENCE, &inner)?;
        let text = |number| super::text::utf16(&field(sequence, number).unwrap_or_default());
        found = Credentials { domain: text(0), user: text(1), password: text(2) };
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, link, persona, stage};
    use proptest::prelude::*;

    #[test]
    fn a_negotiation_is_answered_with_the_hosts_names() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("x"), "rdp", &[]);
        let mut credssp = Credssp::new(&host, &link(3389), Vec::new());
        // As nmap's rdp-ntlm-info sends it.
        let negotiate = "3037a003020160a130302e302ca02a04284e544c4d5353500001000000b78208e2000000000000000000000000\
                         000000000a00633a0000000f";
        let sent = hex::decode(negotiate).unwrap();
        let Turn::Say(said) = credssp.take(&host, &link(3389), &sent) else { panic!("no answer") };
        let answer = Request::read(&said).unwrap();
        assert_eq!((answer.version, ntlm::message_type(&answer.token)), (6, Some(2)));
        let name: Vec<u8> = "SRV-FILES-03".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(answer.token.windows(name.len()).any(|window| window == name));
    }

    #[test]
    fn who_is_refused_is_told_since_version_three() {
        let credssp =
            Credssp { step: Step::Negotiate, nonce: [0; 8], mechanisms: None, public_key: Vec::new() };
        let told = |version| hex::encode(credssp.refusal(version));
        assert_eq!((told(2), told(5)), (String::new(), String::new()));
        assert_eq!(told(6), "300da003020106a4060204c000006d");
    }

    #[test]
    fn credentials_are_a_domain_a_name_and_a_password() {
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let fields = [octets(0, &wide("CORP")), octets(1, &wide("eve")), octets(2, &wide("pä"))].concat();
        let inner = der::element(SEQUENCE, &fields);
        let kind = der::element(CONTEXT, &der::integer(1));
        let whole = der::element(SEQUENCE, &[kind, octets(1, &inner)].concat());
        let found = credentials(&whole).unwrap();
        assert_eq!((&found.domain[..], &found.user[..], &found.password[..]), ("CORP", "eve", "pä"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = (Request::read(&bytes), credentials(&bytes));
        }
    }
}
