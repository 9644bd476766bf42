//! Who gets which ticket: the decisions of a domain controller's key distribution centre.
//!
//! Sources: RFC 4120 §3.1 and §3.3, [MS-KILE], answers of Windows Server in public captures.

use super::{
    crypto::{Key, Kind},
    message::{self, Name, Request, Sealed, TICKET, TIMESTAMP},
    reply::{self, Grant, RENEWABLE, Refusal},
};
use netsvc_daemon::{
    ber::Reader,
    date,
    organisation::{Account, Computer, Organisation, Role},
};
use netsvc_kit::{Credential, Host, Link, Out};
use netsvc_persona::{LoginPolicy, subkey};
use netsvc_wire::{self as wire, field};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Errors (RFC 4120 §7.5.9).
const UNKNOWN_CLIENT: i64 = 6;
const UNKNOWN_SERVICE: i64 = 7;
const NO_KIND: i64 = 14;
const REVOKED: i64 = 18;
const PROOF_FAILED: i64 = 24;
const PROOF_REQUIRED: i64 = 25;
const DAMAGED: i64 = 31;
const EXPIRED: i64 = 32;
const SKEWED: i64 = 37;
const MODIFIED: i64 = 41;
const WRONG_REALM: i64 = 68;
/// Kinds of hints.
const KINDS: i64 = 19;
const CERTIFICATE: i64 = 16;
const CERTIFICATE_OLD: i64 = 15;
/// Uses of keys (RFC 4120 §7.5.1).
const FOR_TIMESTAMP: u32 = 1;
const FOR_TICKET: u32 = 2;
const FOR_REPLY: u32 = 3;
const FOR_AUTHENTICATOR: u32 = 7;
const FOR_SESSION: u32 = 8;
const FOR_SUBKEY: u32 = 9;
/// Tickets: initial and proven; and further ones, for services that may be trusted with them.
const FIRST_FLAGS: u32 = 0x0060_0000;
const FURTHER_FLAGS: u32 = 0x0024_0000;
/// What a request asks for and a ticket has (RFC 4120 §5.3, §5.4.1): to be forwarded, to be renewed.
const FORWARDABLE: u32 = 0x4000_0000;
/// Clocks may differ by so much, µs.
const SKEW: i64 = 5 * 60 * 1_000_000;
/// How long tickets are good, µs.
const TICKET_LIFE: i64 = 10 * 3600 * 1_000_000;
const RENEWED: i64 = 7 * 24 * 3600 * 1_000_000;
/// Keys of passwords that are kept, since making one takes thousands of rounds.
const KEYS: usize = 512;
/// Keys by kind, password and salt.
#[derive(Default)]
struct Keys(Mutex<HashMap<(Kind, Vec<u8>, String), Key>>);

/// Who asks.
enum Client<'a> {
    Account(&'a Account),
    Computer(&'a Computer),
}

/// Whose a proof is said to be.
struct Claim<'a> {
    client: &'a Client<'a>,
    name: &'a str,
    realm: &'a str,
    salt: &'a str,
}

/// The centre, as one peer meets it.
pub(super) struct Center<'a> {
    host: &'a Host,
    link: &'a Link,
    organisation: Arc<Organisation>,
    realm: String,
    now: i64,
}

/// Why there is no ticket.
struct Refused {
    code: i64,
    data: Vec<u8>,
}

impl Refused {
    fn of(code: i64) -> Refused {
        Refused { code, data: Vec::new() }
    }
}

/// A time as Kerberos writes it.
fn time(micros: i64) -> String {
    format!("{}Z", date::compact(micros))
}

impl<'a> Center<'a> {
    pub(super) fn new(host: &'a Host, link: &'a Link) -> Self {
        let organisation = Organisation::of(host);
        Center { host, link, realm: organisation.realm(), organisation, now: host.clock() }
    }

    /// An error for who sent `request`.
    pub(super) fn refusal(&self, request: &Request, code: i64, data: &[u8]) -> Vec<u8> {
        let service = request.service.clone().unwrap_or_default();
        let realm = if code == WRONG_REALM { &request.realm } else { &self.realm };
        reply::refusal(&Refusal {
            code,
            time: &time(self.now),
            micros: self.micros(request),
            realm,
            service: &service,
            data,
        })
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &Request, out: &mut Out) -> Vec<u8> {
        let granted = if request.by_ticket { self.further(request, out) } else { self.first(request, out) };
        let outcome = match &granted {
            Ok(_) => "issued",
            Err(refused) => word(refused.code),
        };
        let verb = if request.by_ticket { "tgs-req" } else { "as-req" };
        let client = request.client.as_ref().map(Name::text).unwrap_or_default();
        let service = request.service.as_ref().map(Name::text).unwrap_or_default();
        let kinds: Vec<_> = request.kinds.iter().map(i64::to_string).collect();
        let command = format!("{verb} {client} for {service} etypes {}", kinds.join(","));
        out.record(
            wire::Kind::Command,
            vec![
                (field::COMMAND, command.into_bytes()),
                (field::PRINCIPAL, client.into_bytes()),
                (field::REALM, request.realm.clone().into_bytes()),
                (field::STATUS, outcome.as_bytes().to_vec()),
            ],
        );
        granted.unwrap_or_else(|refused| self.refusal(request, refused.code, &refused.data))
    }

    /// A ticket for a name, which has to prove that it is the account's.
    fn first(&self, request: &Request, out: &mut Out) -> Result<Vec<u8>, Refused> {
        let organisation = &self.organisation;
        let realm = &request.realm;
        if !realm.eq_ignore_ascii_case(&organisation.domain)
            && !realm.eq_ignore_ascii_case(&organisation.netbios)
        {
            return Err(Refused::of(WRONG_REALM));
        }
        let asked = request.client.as_ref().ok_or_else(|| Refused::of(UNKNOWN_CLIENT))?;
        let client = self.client(asked).ok_or_else(|| Refused::of(UNKNOWN_CLIENT))?;
        let service = request.service.as_ref().ok_or_else(|| Refused::of(UNKNOWN_SERVICE))?;
        let (name, proves) = match client {
            Client::Account(account) if !account.enabled => return Err(Refused::of(REVOKED)),
            Client::Account(account) => (account.name.clone(), account.proves),
            Client::Computer(computer) => (format!("{}$", computer.name), true),
        };
        let salt = self.salt(&client);
        let kind = self.kind(request).ok_or_else(|| Refused::of(NO_KIND))?;
        let ticket_key = self.service_key(service).ok_or_else(|| Refused::of(UNKNOWN_SERVICE))?;
        let info = self.info(request, &salt);
        let key = match request.proof(TIMESTAMP) {
            Some(proof) => {
                let claim = Claim { client: &client, name: &name, realm: &request.realm, salt: &salt };
                let hint = reply::hints(&[(KINDS, &info)]);
                self.proven(&claim, proof, out).map_err(|code| {
                    let data = if code == PROOF_FAILED { hint } else { Vec::new() };
                    Refused { code, data }
                })?
            }
            None if proves => {
                let hints: [(i64, &[u8]); 4] =
                    [(KINDS, &info), (TIMESTAMP, b""), (CERTIFICATE, b""), (CERTIFICATE_OLD, b"")];
                return Err(Refused { code: PROOF_REQUIRED, data: reply::hints(&hints) });
            }
            None => {
                out.record(
                    wire::Kind::ExploitAttempt,
                    vec![
                        (field::TECHNIQUE, b"AS-REP roasting".to_vec()),
                        (field::DATA, name.clone().into_bytes()),
                    ],
                );
                let password = match client {
                    Client::Account(account) => account.password.clone().unwrap_or_default(),
                    Client::Computer(_) => String::new(),
                };
                self.key(kind, password.as_bytes(), &salt)
            }
        };
        let session = self.session(key.kind, request, &name);
        let named = Name { kind: 1, parts: vec![name] };
        let times = self.times(request);
        let grant = self.grant(request, &session, FIRST_FLAGS, &named, service, &times);
        let ticket = self.sealed(&ticket_key, FOR_TICKET, &reply::within_ticket(&grant), request.nonce);
        let sealed = self.sealed(&key, FOR_REPLY, &reply::within_reply(0x79, &grant), request.nonce);
        let own = [(key.kind.number(), Some(salt.as_str()))];
        let own = reply::kinds(&own);
        let hint = (key.kind != Kind::Rc4).then_some((KINDS, own.as_slice()));
        Ok(reply::reply(11, hint, &grant, &ticket, &sealed))
    }

    /// A ticket for another ticket.
    fn further(&self, request: &Request, out: &mut Out) -> Result<Vec<u8>, Refused> {
        let damaged = || Refused::of(DAMAGED);
        let proof = request.proof(TICKET).ok_or_else(damaged)?;
        let (ticket, authenticator) = message::presented(proof).map_err(|_| damaged())?;
        let key = self.service_key(&ticket.service).ok_or_else(|| Refused::of(UNKNOWN_SERVICE))?;
        let plain = key.decrypt(FOR_TICKET, &ticket.sealed.cipher).ok_or_else(|| Refused::of(MODIFIED))?;
        let (kind, bytes) = message::field(&plain, 0x63, 0xa1).and_then(message::key).ok_or_else(damaged)?;
        let kind = Kind::of(kind).ok_or_else(damaged)?;
        let session = Key { kind, bytes };
        let till = message::field(&plain, 0x63, 0xa7).and_then(message::text).unwrap_or_default();
        if till < time(self.now) {
            return Err(Refused::of(EXPIRED));
        }
        let named = message::field(&plain, 0x63, 0xa3).and_then(message::name).ok_or_else(damaged)?;
        let proof = session.decrypt(FOR_AUTHENTICATOR, &authenticator.cipher).ok_or_else(damaged)?;
        let own = message::field(&proof, 0x62, 0xa6).and_then(message::key);
        let own = own.and_then(|(kind, bytes)| Some(Key { kind: Kind::of(kind)?, bytes }));
        let service = request.service.as_ref().ok_or_else(|| Refused::of(UNKNOWN_SERVICE))?;
        let ticket_key = self.service_key(service).ok_or_else(|| Refused::of(UNKNOWN_SERVICE))?;
        if self.is_roasted(service) {
            let data = format!("{} for {}", named.text(), service.text());
            out.record(
                wire::Kind::ExploitAttempt,
                vec![(field::TECHNIQUE, b"kerberoasting".to_vec()), (field::DATA, data.into_bytes())],
            );
        }
        let wanted = self.kind(request).ok_or_else(|| Refused::of(NO_KIND))?;
        let fresh = self.session(wanted, request, &named.text());
        let times = self.times(request);
        let grant = self.grant(request, &fresh, FURTHER_FLAGS, &named, service, &times);
        let sealed_ticket =
            self.sealed(&ticket_key, FOR_TICKET, &reply::within_ticket(&grant), request.nonce);
        let (answer_key, usage) = own.as_ref().map_or((&session, FOR_SESSION), |own| (own, FOR_SUBKEY));
        let sealed = self.sealed(answer_key, usage, &reply::within_reply(0x7a, &grant), request.nonce);
        Ok(reply::reply(13, None, &grant, &sealed_ticket, &sealed))
    }

    /// Whether tickets for `service` are encrypted with a password that somebody chose.
    fn is_roasted(&self, service: &Name) -> bool {
        let text = service.text();
        let runs =
            |account: &&Account| account.principals.iter().any(|name| name.eq_ignore_ascii_case(&text));
        self.organisation.accounts.iter().find(runs).is_some_and(|account| account.role == Role::Service)
    }

    /// The key of the account, if the time stamp was made with it and is of now; else the error.
    fn proven(&self, claim: &Claim<'_>, proof: &[u8], out: &mut Out) -> Result<Key, i64> {
        let Claim { client, name, realm, salt } = claim;
        let sealed = Sealed::read(&mut Reader::new(proof)).map_err(|_| PROOF_FAILED)?;
        let Some(kind) = Kind::of(sealed.kind) else { return Err(NO_KIND) };
        let opened = |password: &[u8]| self.key(kind, password, salt).decrypt(FOR_TIMESTAMP, &sealed.cipher);
        let password = match client {
            Client::Account(_) => self
                .organisation
                .password_of(self.host, self.link, name, |password| opened(password).is_some()),
            Client::Computer(_) => None,
        };
        let password = password.filter(|_| self.host.persona().login != LoginPolicy::Deny);
        let accepted = password
            .as_ref()
            .is_some_and(|password| self.organisation.login(self.host, self.link, name, password));
        out.credential(credential(kind, (name, realm, salt), &sealed.cipher, accepted));
        let password = password.filter(|_| accepted).ok_or(PROOF_FAILED)?;
        let stamp = opened(&password).and_then(|plain| message::stamp(&plain)).ok_or(PROOF_FAILED)?;
        let (early, late) = (time(self.now - SKEW), time(self.now + SKEW));
        if stamp < early || late < stamp {
            return Err(SKEWED);
        }
        Ok(self.key(kind, &password, salt))
    }

    /// The account or computer with the name `asked`.
    fn client(&self, asked: &Name) -> Option<Client<'_>> {
        let text = asked.text();
        let name = self.organisation.own(&text)?;
        if let Some(account) = self.organisation.account(name) {
            return Some(Client::Account(account));
        }
        let bare = name.strip_suffix('$')?;
        let mut computers = self.organisation.computers.iter();
        computers.find(|computer| computer.name.eq_ignore_ascii_case(bare)).map(Client::Computer)
    }

    /// What is mixed into a password ([MS-KILE] §3.1.1.2).
    fn salt(&self, client: &Client<'_>) -> String {
        let realm = &self.realm;
        match client {
            Client::Account(account) => format!("{realm}{}", account.name),
            Client::Computer(computer) => {
                let name = computer.name.to_ascii_lowercase();
                format!("{realm}host{name}.{}", self.organisation.domain)
            }
        }
    }

    /// The first kind of encryption that the peer asks for and that there is.
    fn kind(&self, request: &Request) -> Option<Kind> {
        // Windows takes the strongest, in whatever order they come.
        request.kinds.iter().filter_map(|number| Kind::of(*number)).max()
    }

    /// The kinds that the peer asks for with their salts.
    fn info(&self, request: &Request, salt: &str) -> Vec<u8> {
        let mut kinds: Vec<_> = request.kinds.iter().filter_map(|number| Kind::of(*number)).collect();
        kinds.sort();
        kinds.dedup();
        kinds.reverse();
        let all: Vec<_> = kinds
            .iter()
            .map(|kind| (kind.number(), if *kind == Kind::Rc4 { None } else { Some(salt) }))
            .collect();
        reply::kinds(&all)
    }

    /// The key that tickets for `service` are encrypted with.
    fn service_key(&self, service: &Name) -> Option<Key> {
        let text = service.text();
        let first = service.parts.first().map(|part| part.to_ascii_lowercase()).unwrap_or_default();
        let random = |label: &str| Key {
            kind: Kind::Aes256,
            bytes: self.organisation.secret(&["key", label]).to_vec(),
        };
        if first == "krbtgt" || first == "kadmin" {
            let realm = service.parts.get(1).map_or("", String::as_str);
            let ours = realm.eq_ignore_ascii_case(&self.organisation.domain)
                || realm.eq_ignore_ascii_case(&self.organisation.netbios)
                || realm.eq_ignore_ascii_case("changepw");
            return ours.then(|| random("krbtgt"));
        }
        let runs =
            |account: &&Account| account.principals.iter().any(|name| name.eq_ignore_ascii_case(&text));
        let own = self.organisation.own(&text).and_then(|name| self.organisation.account(name));
        let account = self.organisation.accounts.iter().find(runs);
        // By its name alone an account is a service where it runs one.
        let account = account.or(own.filter(|own| !own.principals.is_empty()));
        if let Some(password) = account.and_then(|account| account.password.as_ref()) {
            return Some(self.key(Kind::Rc4, password.as_bytes(), ""));
        }
        let host = service.parts.get(1).or(service.parts.first())?;
        let bare = host.strip_suffix('$').unwrap_or(host);
        let computer = self.organisation.computers.iter().find(|computer| {
            computer.name.eq_ignore_ascii_case(bare) || computer.dns.eq_ignore_ascii_case(bare)
        });
        computer.map(|computer| random(&computer.name))
    }

    /// The key of a password, made once.
    fn key(&self, kind: Kind, password: &[u8], salt: &str) -> Key {
        let keys = self.host.node.stage.shared(Keys::default);
        let label = (kind, password.to_vec(), salt.to_owned());
        if let Some(known) = keys.0.lock().get(&label) {
            return known.clone();
        }
        let made = Key::of_password(kind, password, salt.as_bytes());
        let mut keys = keys.0.lock();
        if KEYS <= keys.len() {
            keys.clear();
        }
        keys.insert(label, made.clone());
        made
    }

    /// Microseconds of an error. No peer can tell them from those of a clock.
    fn micros(&self, request: &Request) -> i64 {
        let drawn = self.noise(&format!("micros {}", request.nonce));
        i64::from(u32::from_be_bytes([drawn[0], drawn[1], drawn[2], drawn[3]]) % 1_000_000)
    }

    /// A key for one ticket.
    fn session(&self, kind: Kind, request: &Request, name: &str) -> Key {
        let drawn = self.noise(&format!("session {name} {}", request.nonce));
        Key { kind, bytes: drawn.iter().copied().take(kind.length()).collect() }
    }

    /// Bytes that nobody can foresee.
    fn noise(&self, label: &str) -> [u8; 32] {
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let (second, session) = (self.now.div_euclid(1_000_000).to_string(), self.link.session.to_string());
        subkey::bytes(&key, &["kerberos", label, &second, &session])
    }

    fn sealed(&self, key: &Key, usage: u32, plain: &[u8], nonce: i64) -> Sealed {
        let drawn = self.noise(&format!("noise {usage} {nonce}"));
        let mut noise = [0; 16];
        noise.iter_mut().zip(drawn).for_each(|(to, from)| *to = from);
        Sealed { kind: key.kind.number(), cipher: key.encrypt(usage, &noise, plain) }
    }

    /// Of the proof, from when, until when, and until when it can be renewed.
    fn times(&self, request: &Request) -> [String; 4] {
        let most = time(self.now + TICKET_LIFE);
        let till = request.till.as_str();
        let till = if till.len() == most.len() && !till.starts_with("1970") && till < most.as_str() {
            till.to_owned()
        } else {
            most
        };
        let longest = time(self.now + RENEWED);
        let wanted = &request.renewed_till;
        let renew = if wanted.len() == longest.len() && *wanted < longest { wanted.clone() } else { longest };
        [time(self.now), time(self.now), till, renew]
    }

    fn grant<'b>(
        &'b self,
        request: &Request,
        session: &'b Key,
        flags: u32,
        client: &'b Name,
        service: &'b Name,
        times: &'b [String; 4],
    ) -> Grant<'b> {
        let [proven, from, till, renew] = times;
        Grant {
            session,
            flags: flags | request.wants(FORWARDABLE | RENEWABLE),
            realm: &self.realm,
            client,
            service,
            nonce: request.nonce,
            times: [proven, from, till, renew],
        }
    }
}

/// The name of an error (RFC 4120 §7.5.9).
fn word(code: i64) -> &'static str {
    match code {
        UNKNOWN_CLIENT => "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        UNKNOWN_SERVICE => "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        NO_KIND => "KDC_ERR_ETYPE_NOSUPP",
        REVOKED => "KDC_ERR_CLIENT_REVOKED",
        PROOF_FAILED => "KDC_ERR_PREAUTH_FAILED",
        PROOF_REQUIRED => "KDC_ERR_PREAUTH_REQUIRED",
        DAMAGED => "KRB_AP_ERR_BAD_INTEGRITY",
        EXPIRED => "KRB_AP_ERR_TKT_EXPIRED",
        SKEWED => "KRB_AP_ERR_SKEW",
        MODIFIED => "KRB_AP_ERR_MODIFIED",
        WRONG_REALM => "KDC_ERR_WRONG_REALM",
        _ => "KRB_ERR_GENERIC",
    }
}

/// An encrypted time stamp as hashcat reads it (modes 19800, 19900 and 7500).
fn credential(kind: Kind, who: (&str, &str, &str), cipher: &[u8], accepted: bool) -> Credential {
    let (name, realm, salt) = who;
    let realm = realm.to_ascii_uppercase();
    let line = match (kind, cipher.split_at_checked(16)) {
        (Kind::Rc4, Some((check, stamp))) => {
            let (stamp, check) = (hex::encode(stamp), hex::encode(check));
            format!("$krb5pa$23${name}${realm}${salt}${stamp}{check}")
        }
        _ => format!("$krb5pa${}${name}${realm}${}", kind.number(), hex::encode(cipher)),
    };
    Credential {
        principal: name.as_bytes().to_vec(),
        kind: match kind {
            Kind::Rc4 => "krb5_timestamp_rc4",
            Kind::Aes128 => "krb5_timestamp_aes128",
            Kind::Aes256 => "krb5_timestamp_aes256",
        },
        secret: cipher.to_vec(),
        crack_line: Some(line),
        method: "PA-ENC-TIMESTAMP",
        accepted,
        ..Credential::default()
    }
}
