//! What a service may know: its process ([`Stage`]), its node ([`Node`]), and itself there ([`Host`]).

use crate::{
    Credential, Def, Fields, Link,
    alpn::Agreed,
    budget::{Budget, Group, Refused},
    directory::Directory,
    flood::Floods,
    keys::RsaKeys,
    login::{Accounts, Logins},
    passage::Passages,
    post::Post,
    recorder,
    recorder::Recorder,
    tls,
    work::Workers,
};
use netsvc_persona::{Persona, Product, stage::Settings, subkey};
use netsvc_wire::{Event, HeaderText, Kind, field};
use parking_lot::Mutex;
use rand_chacha::ChaCha20Rng;
use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    path::Path,
    sync::{Arc, OnceLock},
};

/// Time between looks at what is summed up.
const HOUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// What the product on a host makes of the protocols that a client offers at a port.
pub type Agree = fn(&Host, u16, &[&[u8]]) -> Agreed;

type Shared = Mutex<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>;

/// One stage process: what all its nodes share.
pub struct Stage {
    settings: Settings,
    pub(crate) catalogue: OnceLock<&'static [&'static Def]>,
    recorder: Recorder,
    budget: Arc<Budget>,
    workers: Workers,
    pub(crate) refused: Refused,
    /// The nodes that it serves.
    pub directory: Directory,
    pub(crate) passages: Passages,
    /// What people write to each other.
    pub post: Post,
    floods: Floods,
    house: std::sync::Once,
    logins: Logins,
    rsa: RsaKeys,
    shared: Shared,
}

/// One node.
pub struct Node {
    /// The document.
    pub persona: Arc<Persona>,
    /// Name of the node as it stands in event lines.
    pub name: HeaderText,
    /// Number of the node in the budget.
    number: u32,
    /// The process.
    pub stage: Arc<Stage>,
    pub(crate) tls: tokio::sync::OnceCell<openssl::ssl::SslContext>,
    shared: Shared,
    /// How its services are set, by slug.
    settings: Mutex<BTreeMap<String, Arc<BTreeMap<String, String>>>>,
}

/// One service on one node.
pub struct Host {
    /// The node.
    pub node: Arc<Node>,
    /// Slug of the service as it stands in event lines.
    pub app: HeaderText,
    /// The service in the budget.
    pub(crate) group: Group,
    settings: Arc<BTreeMap<String, String>>,
    /// Whom its TLS shows, where that is not the node, and the context for it.
    identity: OnceLock<tls::Identity>,
    tls: tokio::sync::OnceCell<openssl::ssl::SslContext>,
    /// What its TLS makes of the protocols that a client offers, where it knows of them.
    agreement: OnceLock<Agree>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.node.name, self.app)
    }
}

impl Stage {
    /// A process with `settings`, recording into `recorder`.
    pub fn new(settings: Settings, recorder: Recorder) -> Arc<Self> {
        let budget = Budget::new(settings.limits.clone());
        let rsa = RsaKeys::new(&settings.spool);
        let logins = Logins::open(&settings.spool.join("state").join("logins"));
        Arc::new(Stage {
            budget,
            workers: Workers::default(),
            refused: Refused::default(),
            directory: Directory::default(),
            passages: Passages::default(),
            post: Post::default(),
            floods: Floods::default(),
            house: std::sync::Once::new(),
            rsa,
            catalogue: OnceLock::new(),
            recorder,
            settings,
            logins,
            shared: Shared::default(),
        })
    }

    /// The services that can be served; none before there is a server.
    pub fn catalogue(&self) -> &'static [&'static Def] {
        self.catalogue.get().copied().unwrap_or_default()
    }

    /// Folder for what must survive a restart.
    pub fn state_folder(&self) -> std::path::PathBuf {
        self.settings.spool.join("state")
    }

    /// Folder of the process.
    pub fn spool(&self) -> &Path {
        &self.settings.spool
    }

    /// How the process was set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// RSA keys.
    pub fn rsa(&self) -> &RsaKeys {
        &self.rsa
    }

    /// What connections may take.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Threads for work that takes long.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Starts what happens from time to time, once. Must be called inside a tokio runtime.
    pub(crate) fn keep_house(self: &Arc<Self>) {
        let weak = Arc::downgrade(self);
        self.house.call_once(|| {
            tokio::spawn(async move {
                while let Some(stage) = weak.upgrade() {
                    stage.refused.flush(recorder::now(), false);
                    stage.tell_of_floods(false);
                    drop(stage);
                    tokio::time::sleep(HOUSE).await;
                }
            });
        });
    }

    /// Writes down what was summed up so far.
    pub fn settle(&self) {
        self.refused.flush(recorder::now(), true);
        self.tell_of_floods(true);
        self.recorder.flush();
    }

    /// Writes what was counted of minutes that are over; of all when `all`.
    fn tell_of_floods(&self, all: bool) {
        self.floods.over(recorder::now(), all).into_iter().for_each(|event| self.recorder.record(event));
    }

    /// Writes an event, or counts it when it is one of a flood.
    fn note(&self, event: Event) {
        let due = self.floods.pass(event);
        due.summed.into_iter().chain(due.whole).for_each(|event| self.recorder.record(event));
    }

    /// The one recorder of the process.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The one value of type `T` that all nodes share; made by `make` at first use.
    pub fn shared<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        shared(&self.shared, make)
    }
}

impl Node {
    /// A node of `stage`.
    ///
    /// # Errors
    /// When the node's name cannot stand in an event line.
    pub fn new(stage: &Arc<Stage>, persona: Persona) -> Result<Arc<Self>, netsvc_wire::BadHeaderText> {
        let name = persona.node.parse()?;
        let persona = Arc::new(persona);
        stage.directory.add(&persona);
        Ok(Arc::new(Node {
            name,
            number: stage.budget.node(),
            persona,
            stage: stage.clone(),
            tls: tokio::sync::OnceCell::new(),
            shared: Shared::default(),
            settings: Mutex::default(),
        }))
    }

    /// A host that only this node shows, as something to which it passes peers on: it is in no directory, and what
    /// is told of it is told of this node.
    pub fn beyond(&self, persona: Persona) -> Arc<Self> {
        Arc::new(Node {
            persona: Arc::new(persona),
            name: self.name.clone(),
            number: self.number,
            stage: self.stage.clone(),
            tls: tokio::sync::OnceCell::new(),
            shared: Shared::default(),
            settings: Mutex::default(),
        })
    }

    /// The one value of type `T` that all services of the node share; made by `make` at first use.
    pub fn shared<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        shared(&self.shared, make)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stage.directory.remove(&self.persona);
    }
}

fn shared<T: Any + Send + Sync>(values: &Shared, make: impl FnOnce() -> T) -> Arc<T> {
    let mut values = values.lock();
    let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make())).clone();
    drop(values);
    // The entry under a type's id always holds that type; `make` would only run again if it did not.
    value.downcast().unwrap_or_else(|_| unreachable_shared())
}

#[expect(clippy::panic, reason = "the map is keyed by the type that the value has")]
fn unreachable_shared<T>() -> T {
    panic!("a shared value has another type than its key")
}

impl Host {
    /// A service of `node`.
    ///
    /// # Errors
    /// When the slug cannot stand in an event line.
    pub fn new(
        node: Arc<Node>,
        slug: &str,
        settings: BTreeMap<String, String>,
    ) -> Result<Arc<Self>, netsvc_wire::BadHeaderText> {
        let group = node.stage.budget.group(node.number, slug);
        node.stage.directory.serves(&node.persona, slug);
        let settings = Arc::new(settings);
        node.settings.lock().insert(slug.to_owned(), settings.clone());
        Ok(Arc::new(Host {
            app: slug.parse()?,
            node,
            group,
            settings,
            identity: OnceLock::new(),
            tls: tokio::sync::OnceCell::new(),
            agreement: OnceLock::new(),
        }))
    }

    /// The persona.
    pub fn persona(&self) -> &Persona {
        &self.node.persona
    }

    /// A setting as configured; `None` when left at its default or empty.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting of the service `slug` of the same node, as [`Host::setting`]: for services that show one thing.
    pub fn setting_of(&self, slug: &str, key: &str) -> Option<String> {
        let settings = self.node.settings.lock().get(slug).cloned()?;
        settings.get(key).filter(|value| !value.is_empty()).cloned()
    }

    /// A setting that is a yes or no.
    pub fn flag(&self, key: &str, default: bool) -> bool {
        match self.setting(key) {
            Some(value) => matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "on" | "1"),
            None => default,
        }
    }

    /// The product that this service shows, if the persona names one.
    pub fn product(&self) -> Option<&Product> {
        self.node.persona.products.get(self.app.as_str())
    }

    /// A generator for random-looking values of this service that stay the same for `label`.
    pub fn generator(&self, label: &str) -> ChaCha20Rng {
        let key = self.node.persona.subkey.hex_bytes().unwrap_or_default();
        subkey::generator(&key, &[self.app.as_str(), label])
    }

    /// The node's clock, µs since the epoch.
    pub fn clock(&self) -> i64 {
        self.node.persona.clock(recorder::now())
    }

    /// Whether logins cost the time that the real daemon takes.
    pub fn natural_delays(&self) -> bool {
        self.node.stage.settings().natural_delays
    }

    /// Whether `user`, one of `accounts`, gets in over `link` with `password`.
    pub fn login(&self, link: &Link, accounts: Accounts, user: &[u8], password: &[u8]) -> bool {
        self.node.stage.logins.check(self.persona(), accounts, link.source(), user, password)
    }

    /// The password of `user`, one of `accounts`, that `fits`, as far as anything is known that could.
    pub fn password_of(
        &self,
        link: &Link,
        accounts: Accounts,
        user: &[u8],
        fits: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        self.node.stage.logins.password_of(self.persona(), accounts, link.source(), user, fits)
    }

    /// The peer of `link` gave an account of this node's system a new password.
    pub fn set_password(&self, link: &Link, user: &[u8], password: &[u8]) {
        self.node.stage.logins.set_password(self.persona(), link.source(), user, password);
    }

    /// Writes an event of this service on the connection `link`.
    pub fn record(&self, link: &Link, kind: Kind, fields: Fields) {
        self.node.stage.note(self.event(link, kind, fields));
    }

    /// Stores `content` and writes an event with its hash.
    pub fn capture(&self, link: &Link, kind: Kind, fields: Fields, content: &[u8]) {
        self.node.stage.recorder.capture(self.event(link, kind, fields), content);
    }

    /// Writes an `auth_attempt`.
    pub fn credential(&self, link: &Link, credential: Credential) {
        self.record(link, Kind::AuthAttempt, credential.fields());
    }

    /// Lets this service's TLS show `identity` instead of the node's; the first one holds.
    pub fn identify(&self, identity: impl FnOnce() -> tls::Identity) {
        self.identity.get_or_init(identity);
    }

    /// Lets this service's TLS agree on protocols (ALPN, RFC 7301) where [`crate::Secure`] does not say how; the first
    /// one holds.
    pub fn agree(&self, agree: Agree) {
        self.agreement.get_or_init(|| agree);
    }

    /// What [`Host::agree`] was given.
    pub(crate) fn agreement(&self) -> Option<Agree> {
        self.agreement.get().copied()
    }

    /// The TLS context of the service, which is that of the node unless it has its own; made at first use.
    ///
    /// # Errors
    /// When key or certificate cannot be made.
    pub async fn tls(&self) -> std::io::Result<openssl::ssl::SslContext> {
        match self.identity.get() {
            Some(identity) => {
                self.tls.get_or_try_init(|| tls::context_as(&self.node, identity)).await.cloned()
            }
            None => self.node.tls.get_or_try_init(|| tls::context(&self.node)).await.cloned(),
        }
    }

    /// The public key of the certificate that TLS shows, as PKCS #1 writes it; none before the first handshake.
    pub fn public_key(&self) -> Option<Vec<u8>> {
        let context = if self.identity.get().is_some() { self.tls.get() } else { self.node.tls.get() };
        context?.certificate()?.public_key().ok()?.rsa().ok()?.public_key_to_der_pkcs1().ok()
    }

    /// What an event says of who reads the file that a service calls `path`.
    fn reference(&self, path: &[u8]) -> Option<String> {
        let files = &self.persona().files;
        if files.is_empty() {
            return None;
        }
        let path = String::from_utf8_lossy(path);
        let file = files.iter().find(|file| file.is_called(&path))?;
        (!file.reference.is_empty()).then(|| file.reference.clone())
    }

    /// What an event says of the node that passed on who is behind the link.
    fn passed_on(&self, link: &Link, kind: Kind) -> Fields {
        let Some(behind) = link.behind else { return Fields::new() };
        let via = link.peer.ip();
        // One name for each connection is enough: the session joins the rest.
        let named = (kind == Kind::Connect).then(|| self.node.stage.directory.at(via)).flatten();
        let named = named.map(|name| (field::VIA, name.into_bytes()));
        let address = (field::VIA_IP, via.to_string().into_bytes());
        named
            .into_iter()
            .chain([address, (field::VIA_SESSION, behind.session.to_string().into_bytes())])
            .collect()
    }

    fn event(&self, link: &Link, kind: Kind, fields: Fields) -> Event {
        let mut event = recorder::event_now(&self.node.name, &self.app, kind);
        event.fields.reserve(fields.len() + 5);
        let source = link.origin();
        event.fields.push((field::SRC_IP, source.ip().to_string().into_bytes()));
        event.fields.push((field::SRC_PORT, source.port().to_string().into_bytes()));
        event.fields.push((field::DST_IP, link.local.ip().to_string().into_bytes()));
        event.fields.push((field::DST_PORT, link.port.to_string().into_bytes()));
        event.fields.push((field::SESSION, link.session.to_string().into_bytes()));
        let read = fields.iter().find(|(name, _)| kind == Kind::FileRead && *name == field::PATH);
        let reference = read.and_then(|(_, path)| self.reference(path));
        event.fields.extend(fields);
        event.fields.extend(self.passed_on(link, kind));
        event.fields.extend(reference.map(|reference| (field::REFERENCE, reference.into_bytes())));
        event
    }
}
