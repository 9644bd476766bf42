//! SSH: an OpenSSH of the persona's release in front of the node's shell and files.

mod daemons;
mod files;
mod onward;
mod products;
mod programs;
mod talks;
mod typing;

use crate::account;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use netsvc_kit::{
    Accounts, Beyond, Charge, Credential, Def, Full, Host, Link, Port, Serve, Session, Setting, SettingKind,
    budget::Account, def::ServeFuture,
};
use netsvc_persona::service::Look;
use netsvc_persona::subkey;
use netsvc_ssh::{
    ChannelIo, ClientFacts, Config, Forward, ForwardAnswer, Handler, HostKeys, KeyOffer, LazyRsa, Meter,
    PasswordAttempt, Profile, Program, Reached, Running, files::FileSystem,
};
use netsvc_wire::{Kind, field};
use sha2::{Digest, Sha256};
use std::{io, sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::KeyOffer,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
    Kind::SessionRecorded,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Connections are forwarded to nodes that the host reaches, to nobody else; a client's listeners hear nobody.",
    "Kerberos and certificates of users are not asked for.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "ssh",
    about: "OpenSSH server with a shell, sftp and scp",
    ports: &[Port::tcp(22)],
    settings: &[
        Setting::ADMIN_PASSWORD,
        Setting::USER,
        Setting::USER_PASSWORD,
        Setting {
            key: "banner",
            kind: SettingKind::Text,
            default: "",
            help: "line that is shown before a login (Banner); empty: none",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Ssh,
    command_line: true,
    idle: Duration::from_secs(600),
    total: Duration::from_secs(6 * 3600),
    // MaxStartups is the server's own; sessions that have logged in are not limited.
    full: |_| Full::of(usize::MAX, Beyond::Close),
    serve: Serve::Task(serve),
};

/// The server's configuration on a node; made once.
struct Server(Option<Arc<Config>>);

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move {
        let (host, link) = (session.host().clone(), *session.link());
        let config = host.node.shared(|| Server(config(&host).map(Arc::new))).0.clone();
        let config = config.ok_or_else(|| io::Error::other("the persona claims an unknown release"))?;
        netsvc_ssh::serve(session, config, Peer { host, link, user: Vec::new() }).await;
        Ok(())
    })
}

/// As [`SERVICE`] over packets in clear.
pub(crate) async fn serve_in_clear<S>(host: &Arc<Host>, link: &Link, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Some(config) = host.node.shared(|| Server(config(host).map(Arc::new))).0.clone() else { return };
    let peer = Peer { host: host.clone(), link: *link, user: Vec::new() };
    netsvc_ssh::testing::serve_in_clear(stream, config, peer).await;
}

fn config(host: &Arc<Host>) -> Option<Config> {
    let persona = host.persona();
    let product = host.product();
    let (version, packaging) =
        product.map_or(("9.2p1", "Debian-2+deb12u7"), |product| (&product.version, &product.packaging));
    let profile = Profile::new(version, packaging, &persona.os.id)?;
    let seed: [u8; 32] = persona.ssh_keys.ed25519.hex_bytes()?.try_into().ok()?;
    let scalar: [u8; 32] = persona.ssh_keys.ecdsa_p256.hex_bytes()?.try_into().ok()?;
    let (node, bits) = (host.node.clone(), persona.ssh_keys.rsa_bits);
    // The key is made on a thread for blocking work, where waiting for the shared one is allowed.
    let rsa = LazyRsa::new(move || {
        let key = tokio::runtime::Handle::current()
            .block_on(node.stage.rsa().get(&node.persona, "ssh", bits))
            .ok()?;
        Some(key.as_ref().clone())
    });
    let mut config = Config::new(profile, HostKeys::new(&seed, &scalar, Arc::new(rsa))?);
    config.greeting = host.setting("banner").map(|line| format!("{line}\r\n"));
    config.natural_delays = host.natural_delays();
    let secret = subkey::bytes(&persona.subkey.hex_bytes()?, &["ssh delays"]);
    config.delay_secret = secret.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Some(config)
}

struct Peer {
    host: Arc<Host>,
    link: Link,
    user: Vec<u8>,
}

impl Peer {
    /// Whether a connection to `target` is made where there is one to make: everywhere behind the node, beside it, and
    /// where its shells connect to it itself.
    fn leads_to(&self, target: &[u8]) -> bool {
        let target = String::from_utf8_lossy(target);
        let own = || self.host.leads() && self.host.own(&target).is_some();
        self.host.reaches() || self.host.look(&target).is_some() || own()
    }

    /// Whether the peer itself wrote `key` into the user's `authorized_keys`, through the shell, sftp or redis.
    fn planted(&self, user: &[u8], key: &[u8]) -> bool {
        let Some(user) = self.host.persona().users.iter().find(|known| known.name.as_bytes() == user) else {
            return false;
        };
        let facts = account::facts(&self.host, &self.link, None);
        let mut fs = account::shell(&self.host).fs(&user.name, self.link.source(), facts);
        let content = fs.read_file(&format!("{}/.ssh/authorized_keys", user.home)).unwrap_or_default();
        let wanted = STANDARD.encode(key);
        content.split(|byte| byte.is_ascii_whitespace()).any(|word| word == wanted.as_bytes())
    }
}

impl Handler for Peer {
    fn meter(&self) -> Option<Meter> {
        let mut charge = Charge::default();
        Some(Box::new(move |bytes| charge.set(bytes)))
    }

    fn source(&self) -> Option<std::net::IpAddr> {
        Some(self.link.source())
    }

    fn client(&mut self, facts: &ClientFacts) {
        let text = facts.offer.hassh_text();
        self.host.record(
            &self.link,
            Kind::ClientFingerprint,
            vec![
                (field::CLIENT_VERSION, facts.banner.clone()),
                (field::HASSH, facts.hassh.clone().into_bytes()),
                (field::HASSH_ALGORITHMS, text.into_bytes()),
            ],
        );
    }

    async fn password(&mut self, attempt: PasswordAttempt<'_>) -> bool {
        let accepted = self.host.login(&self.link, Accounts::System, attempt.user, attempt.password);
        let credential = Credential::plaintext(attempt.user, attempt.password, attempt.method, accepted);
        self.host.credential(&self.link, credential);
        accepted
    }

    fn key(&mut self, offer: KeyOffer<'_>) -> bool {
        let hash = STANDARD_NO_PAD.encode(Sha256::digest(offer.key));
        let accepted = self.planted(offer.user, offer.key);
        let outcome: &[u8] = if accepted { b"accepted" } else { b"rejected" };
        self.host.record(
            &self.link,
            Kind::KeyOffer,
            vec![
                (field::PRINCIPAL, offer.user.to_vec()),
                (field::KEY_TYPE, offer.algorithm.to_vec()),
                (field::KEY_SHA256, format!("SHA256:{hash}").into_bytes()),
                (field::OUTCOME, outcome.to_vec()),
            ],
        );
        accepted
    }

    fn logged_in(&mut self, user: &[u8], method: &str) {
        self.user = user.to_vec();
        let fields =
            vec![(field::PRINCIPAL, user.to_vec()), (field::METHOD_NAME, method.as_bytes().to_vec())];
        self.host.record(&self.link, Kind::SessionStart, fields);
    }

    fn start(&mut self, program: Program, io: ChannelIo) -> Running {
        let login = programs::Login {
            host: self.host.clone(),
            link: self.link,
            shell: account::shell(&self.host),
            user: String::from_utf8_lossy(&program.user).into_owned(),
        };
        // It runs as a task of its own, and is charged to the connection all the same.
        Box::pin(Account::current().within(login.run(program, io)))
    }

    fn forward(&mut self, forward: &Forward) -> ForwardAnswer {
        let (target, answer) = match forward {
            Forward::Tcp { host, port, .. } => {
                let target = format!("tcp://{}:{port}", String::from_utf8_lossy(host));
                (target, ForwardAnswer::Failed("Connection refused", Duration::from_millis(3)))
            }
            Forward::Listen { address, port } => {
                (format!("listen://{}:{port}", String::from_utf8_lossy(address)), ForwardAnswer::Accepted)
            }
            Forward::Socket(path) => {
                (format!("unix://{}", String::from_utf8_lossy(path)), ForwardAnswer::Prohibited)
            }
            Forward::ListenSocket(path) => {
                (format!("listen-unix://{}", String::from_utf8_lossy(path)), ForwardAnswer::Prohibited)
            }
            Forward::Tunnel => ("tun".to_owned(), ForwardAnswer::Prohibited),
            Forward::X11 => ("x11".to_owned(), ForwardAnswer::Prohibited),
        };
        let outcome = match answer {
            ForwardAnswer::Accepted => "accepted",
            ForwardAnswer::Failed(..) => "failed",
            ForwardAnswer::Prohibited => "denied",
        };
        crate::onward::told(&self.host, &self.link, target, outcome);
        answer
    }

    async fn reach(&mut self, forward: &Forward) -> Reached {
        match forward {
            Forward::Tcp { host, port, .. } if self.leads_to(host) => {
                onward::reach(&self.host, &self.link, &String::from_utf8_lossy(host), *port).await
            }
            _ => Reached::Not(self.forward(forward)),
        }
    }

    fn files(&mut self, user: &[u8]) -> Option<Arc<dyn FileSystem>> {
        Some(Arc::new(files::Files::new(&self.host, &self.link, &String::from_utf8_lossy(user))))
    }
}
