//! The impostor matrix: whoever is not who he should be is turned away with a reason of its own, and nothing changes.

use crate::{
    Error,
    authority::{self, Authority},
    controller, files,
    files::{Files, Membership},
    http, join, listener,
    message::{self, Heard, Orders, Piece, PieceSent, Renew, Renewed, Report},
    refusal::Refusal,
    tls::{self, Own, Revoked},
    update::Told,
};
use decnet_bus::Bus;
use decnet_model::{
    paths::Paths,
    record::UpdateState,
    swarm::{Identity, Invited, Lag, Token},
    worker::Worker,
};
use decnet_pipeline::runtime::{Status, WorkerContext};
use decnet_store::Store;
use netsvc_wire::stamp::now;
use rustls::ClientConfig;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const PATIENCE: Duration = Duration::from_secs(20);

/// A master with both its doors open.
pub(crate) struct Master {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    files: Files,
    authority: String,
    port: u16,
    syslog_port: u16,
    status: Status,
    /// The listener, in a runtime of its own: it ends with all of its connections, as a process does.
    listening: Option<Runtime>,
}

/// What a worker works with that nobody ends.
pub(crate) fn context(paths: &Paths, worker: Worker) -> WorkerContext {
    let (stop, stopped) = watch::channel(false);
    // Kept for ever: a sender that is gone would mean the end.
    std::mem::forget(stop);
    WorkerContext { worker, paths: paths.clone(), bus: Bus::off(), stop: stopped, status: Status::default() }
}

/// A port that nobody listens on.
fn free() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Master {
    pub(crate) async fn up() -> Master {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let store = Store::open(&paths.database().display().to_string()).await.unwrap();
        let files = Files::new(&paths);
        let authority = join::begin(&store, &files, now()).await.unwrap();
        let (port, syslog_port) = (free(), free());
        let worker = context(&paths, Worker::Swarmctl);
        let status = worker.status.clone();
        let settings = controller::Settings {
            host: "127.0.0.1".to_owned(),
            port,
            syslog_port,
            version: "1.0.0".to_owned(),
            patience: 60,
        };
        tokio::spawn(controller::run(worker, store.clone(), settings));
        let listening = listen(&paths, &store, syslog_port);
        for port in [port, syslog_port] {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Master { folder, store, files, authority, port, syslog_port, status, listening }
    }

    pub(crate) fn paths(&self) -> Paths {
        Paths::new(self.folder.path())
    }

    /// Ends the listener with all of its connections, wherever they are, and starts another.
    pub(crate) fn restart_listener(&mut self) {
        if let Some(old) = self.listening.take() {
            old.shutdown_background();
        }
        self.listening = listen(&self.paths(), &self.store, self.syslog_port);
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) async fn token(&self, name: &str) -> Token {
        join::invite(&self.store, &self.authority, &invited(name), now()).await.unwrap()
    }

    pub(crate) async fn join(&self, folder: &tempfile::TempDir, token: &Token) -> Result<Membership, Error> {
        let files = Files::new(&Paths::new(folder.path()));
        join::join(&files, "127.0.0.1", self.port, token, "test").await
    }

    /// An agent that has joined.
    async fn agent(&self, name: &str) -> (Membership, Own) {
        let folder = tempfile::tempdir().unwrap();
        let token = self.token(name).await;
        let member = self.join(&folder, &token).await.unwrap();
        let own = Files::new(&Paths::new(folder.path())).own("agent").unwrap();
        (member, own)
    }

    /// A certificate that the authority signs and remembers.
    async fn sign(&self, authority: &Authority, identity: &Identity, at: i64, remember: bool) -> Own {
        let asked = authority::request().unwrap();
        let signed = authority.sign(&asked.request, identity, at).unwrap();
        if remember {
            self.store.swarm_certificate_put(&files::row(&signed, identity)).await.unwrap();
        }
        Own { certificate: signed.pem, key: asked.key }
    }

    fn client(&self, own: Option<&Own>) -> ClientConfig {
        tls::client(own, &self.authority, &Revoked::default(), None).unwrap()
    }

    async fn report(&self, own: Option<&Own>, host: &str) -> Result<Orders, Error> {
        let report = report(host);
        http::ask(&self.address(), self.client(own), message::REPORT, &report, message::LARGE, PATIENCE).await
    }

    /// What a forwarder hears who shows this certificate.
    async fn forward(&self, own: Option<&Own>) -> Result<Vec<u8>, Error> {
        let config = tls::client(own, &self.authority, &Revoked::default(), Some(tls::ACKNOWLEDGED)).unwrap();
        let mut stream = http::connect(&format!("127.0.0.1:{}", self.syslog_port), config).await?;
        let failed = |error| crate::error::network("speak")(error);
        stream.write_all(b"9 <134>1 - ").await.map_err(failed)?;
        let mut heard = vec![0; 64];
        let read = stream.read(&mut heard).await.map_err(failed)?;
        heard.truncate(read);
        Ok(heard)
    }
}

fn listen(paths: &Paths, store: &Store, port: u16) -> Option<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let settings = listener::Settings { host: "127.0.0.1".to_owned(), port };
    let (worker, store) = (context(paths, Worker::Listener), store.clone());
    runtime.spawn(async move {
        // The one before may not have let go of the port.
        while listener::run(worker.clone(), store.clone(), settings.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    Some(runtime)
}

impl Drop for Master {
    fn drop(&mut self) {
        if let Some(runtime) = self.listening.take() {
            runtime.shutdown_background();
        }
    }
}

fn invited(name: &str) -> Invited {
    Invited {
        name: name.to_owned(),
        labels: Default::default(),
        weight: 1,
        capacity: None,
        valid: Duration::from_secs(60),
        by: "test".to_owned(),
        notes: None,
    }
}

fn report(host: &str) -> Report {
    Report {
        host: host.to_owned(),
        version: "test".to_owned(),
        generation: 0,
        pulse: 0,
        ground: None,
        deckies: Vec::new(),
        lag: Lag::default(),
        trouble: String::new(),
        patience_ms: 1,
    }
}

fn refusal<T>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("an impostor was let in"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_impostor_is_refused_with_a_reason_of_its_own_and_nothing_changes() {
    let master = Master::up().await;
    let (member, own) = master.agent("honest").await;
    assert!(master.report(Some(&own), &member.host).await.is_ok());
    let before = (master.store.swarm_hosts().await.unwrap(), master.store.swarm_reports().await.unwrap());
    let authority = master.files.authority().unwrap();
    let us = Identity::agent(&member.host);
    let (foreign, _) = Authority::make(now()).unwrap();
    let long_ago = now() - 100 * 86_400_000_000;
    let other = master.sign(&foreign, &us, now(), false).await;
    let expired = master.sign(&authority, &us, long_ago, true).await;
    let unknown = master.sign(&authority, &us, now(), false).await;
    let role = master.files.own("master").unwrap();
    let revoked = master.sign(&authority, &us, now(), true).await;
    let print = authority::Certificate::read_pem(&revoked.certificate).unwrap().fingerprint;
    assert!(master.store.swarm_revoke(&print, "test", now()).await.unwrap());
    // The doors look at the list four times a second; whoever is faster is caught by the look at the store.
    for (who, certificate, wanted) in [
        ("nobody", None, Refusal::NoCertificate),
        ("of another authority", Some(&other), Refusal::OtherAuthority),
        ("expired", Some(&expired), Refusal::Expired),
        ("revoked", Some(&revoked), Refusal::Revoked),
        ("never given out", Some(&unknown), Refusal::Unknown),
        ("with the master's certificate", Some(&role), Refusal::Role),
    ] {
        assert_eq!(refusal(master.report(certificate, &member.host).await), wanted, "controller: {who}");
        let heard = master.forward(certificate).await;
        match (wanted, heard) {
            // Let in by TLS, and turned away before a word is said.
            (Refusal::Unknown | Refusal::Revoked, Ok(heard)) => assert!(heard.is_empty(), "listener: {who}"),
            (Refusal::Unknown | Refusal::Revoked, Err(Error::Network(..))) => {}
            (_, heard) => assert_eq!(refusal(heard), wanted, "listener: {who}"),
        }
    }
    assert_eq!(refusal(master.report(Some(&own), "somebody-else").await), Refusal::OtherHost);
    assert_eq!(refusal(master.report(None, &member.host).await), Refusal::NoCertificate);
    let after = (master.store.swarm_hosts().await.unwrap(), master.store.swarm_reports().await.unwrap());
    assert_eq!(before, after);
    assert!(!Paths::new(master.folder.path()).spools().exists(), "no line of theirs was taken");
    assert!(master.report(Some(&own), &member.host).await.is_ok(), "the honest one still is let in");
    let counted = master.status.copy().counters["refused"].as_u64().unwrap();
    assert!(8 <= counted, "{counted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_or_says_anything_of_a_release_without_a_certificate_of_an_agent() {
    let master = Master::up().await;
    let (_, own) = master.agent("honest").await;
    let role = master.files.own("master").unwrap();
    let piece = Piece { sha256: "00".repeat(32), offset: 0 };
    let told = Told::new("r.honest", UpdateState::Done, "");
    for (certificate, wanted) in [(None, Refusal::NoCertificate), (Some(&role), Refusal::Role)] {
        let (address, config) = (master.address(), || master.client(certificate));
        let most = message::WITH_PIECE;
        let sent: Result<PieceSent, Error> =
            http::ask(&address, config(), message::PIECE, &piece, most, PATIENCE).await;
        assert_eq!(refusal(sent), wanted);
        let heard: Result<Heard, Error> =
            http::ask(&address, config(), message::UPDATE, &told, message::SMALL, PATIENCE).await;
        assert_eq!(refusal(heard), wanted);
    }
    // An agent that is offered nothing gets nothing.
    let config = master.client(Some(&own));
    let sent: Result<PieceSent, Error> =
        http::ask(&master.address(), config, message::PIECE, &piece, message::WITH_PIECE, PATIENCE).await;
    assert!(matches!(sent, Err(Error::Answer(_))), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_once_and_a_lost_answer_can_be_asked_for_again() {
    let master = Master::up().await;
    let token = master.token("berlin").await;
    let (folder, thief) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = Files::new(&Paths::new(folder.path()));
    // The answer is lost: the key is kept, and asked with again.
    let key = files.pending(&hex::encode(Sha256::digest(token.secret))).unwrap().key;
    let first = master.join(&folder, &token).await.unwrap();
    assert_eq!(files.own("agent").unwrap().key.trim(), key.trim(), "the key was born here and is the same");
    files.put_own("agent", &Own { certificate: String::new(), key: key.clone() }).unwrap();
    assert_eq!(refusal(master.join(&thief, &token).await), Refusal::TokenUsed);
    let made_up = Token { secret: authority::random(), pin: token.pin };
    assert_eq!(refusal(master.join(&thief, &made_up).await), Refusal::NoToken);
    let wrong_pin = Token { secret: master.token("paris").await.secret, pin: authority::random() };
    assert_eq!(refusal(master.join(&thief, &wrong_pin).await), Refusal::OtherAuthority);
    assert_eq!(master.store.swarm_hosts().await.unwrap().len(), 1);
    assert!(first.host.starts_with("berlin-") && first.name == "berlin");
    let twice = join::invite(&master.store, &master.authority, &invited("berlin"), now()).await;
    assert!(matches!(twice, Err(Error::Wrong(_))), "a name is given once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_for_another_key_and_the_old_one_still_works() {
    let master = Master::up().await;
    let (member, own) = master.agent("berlin").await;
    let made = authority::request().unwrap();
    let wish = Renew { request: made.request };
    let config = master.client(Some(&own));
    let renewed: Renewed =
        http::ask(&master.address(), config, message::RENEW, &wish, message::SMALL, PATIENCE).await.unwrap();
    let new = Own { certificate: renewed.certificate, key: made.key };
    assert!(master.report(Some(&new), &member.host).await.is_ok());
    assert!(master.report(Some(&own), &member.host).await.is_ok());
    master.store.swarm_decommission(&member.host, "test", now()).await.unwrap();
    for own in [&own, &new] {
        assert_eq!(refusal(master.report(Some(own), &member.host).await), Refusal::Revoked);
    }
    let told = async {
        while master.store.swarm_hosts().await.unwrap()[0].told_at.is_none() {
            let _ = master.report(Some(&own), &member.host).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_can_be_no_master_to_another() {
    let master = Master::up().await;
    let (_, mallory) = master.agent("mallory").await;
    let (member, own) = master.agent("alice").await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![authority::der(&mallory.certificate).unwrap(), authority::der(&master.authority).unwrap()],
            authority::key_der(&mallory.key).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let asked: Result<Orders, Error> = http::ask(
        &address,
        master.client(Some(&own)),
        message::REPORT,
        &report(&member.host),
        message::LARGE,
        PATIENCE,
    )
    .await;
    assert_eq!(refusal(asked), Refusal::Role);
    let joined = http::connect(&address, tls::joiner(master.token("x").await.pin).unwrap()).await;
    assert_eq!(refusal(joined), Refusal::Role, "not even to one who joins");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_master_can_say_that_an_agent_is_revoked() {
    let master = Master::up().await;
    let (member, own) = master.agent("berlin").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let somebody = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            // A fatal alert in the clear: certificate_revoked (RFC 8446 §6.2).
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 44]).await;
        }
    });
    let shown = master.files.own("master").unwrap().certificate;
    let shown = authority::Certificate::read_pem(&shown).unwrap().fingerprint;
    let stolen = tls::client(Some(&own), &master.authority, &Revoked::new([shown]), None).unwrap();
    for (address, config) in [(somebody, master.client(Some(&own))), (master.address(), stolen)] {
        let report = report(&member.host);
        let asked: Result<Orders, Error> =
            http::ask(&address, config, message::REPORT, &report, message::LARGE, PATIENCE).await;
        assert!(matches!(asked, Err(Error::Network(..))), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_older_than_tls_1_3_is_spoken() {
    let master = Master::up().await;
    let (_, own) = master.agent("berlin").await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority::der(&master.authority).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            vec![authority::der(&own.certificate).unwrap()],
            authority::key_der(&own.key).unwrap(),
        )
        .unwrap();
    for port in [master.port, master.syslog_port] {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let name = tls::master_name().unwrap();
        let error = TlsConnector::from(Arc::new(config.clone())).connect(name, stream).await.unwrap_err();
        assert_eq!(Refusal::of(&error), Some(Refusal::Version), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_end_with_the_listener_that_was_told_to_stop() {
    let master = Master::up().await;
    let (_, own) = master.agent("berlin").await;
    let (stop, stopped) = watch::channel(false);
    let worker = WorkerContext { stop: stopped, ..context(&master.paths(), Worker::Listener) };
    let port = free();
    let settings = listener::Settings { host: "127.0.0.1".to_owned(), port };
    let listening = tokio::spawn(listener::run(worker, master.store.clone(), settings));
    let config =
        tls::client(Some(&own), &master.authority, &Revoked::default(), Some(tls::ACKNOWLEDGED)).unwrap();
    let mut stream = loop {
        match http::connect(&format!("127.0.0.1:{port}"), config.clone()).await {
            Ok(stream) => break stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let mut heard = [0; 64];
    assert!(stream.read(&mut heard).await.unwrap() > 0, "it says where it stands");
    stop.send_replace(true);
    listening.await.unwrap().unwrap();
    let ended = tokio::time::timeout(PATIENCE, stream.read(&mut heard)).await.unwrap();
    assert!(!matches!(ended, Ok(read) if read > 0), "{ended:?}");
}
