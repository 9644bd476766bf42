//! TLS under the interface and the dashboard, with real handshakes.

use crate::client::{Client, PASSWORD};
use decnet_web::{
    Believed, Door, Front, Hosts, Limits, Proxies, Secure, Source, TlsError, serve, serve_front,
};
use netsvc_wire::stamp::now;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const PATIENCE: Duration = Duration::from_secs(15);
const HEALTH: &str = "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A certificate that is made, in `folder`.
fn made(folder: &Path) -> Source {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
    Source::Made { folder: folder.to_owned(), names }
}

/// An operator's own, in `folder`: signed by itself, or by an authority.
fn own(folder: &Path, name: &str, issuer: Option<&Issuer<'_, KeyPair>>) -> Source {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = match issuer {
        None => params.self_signed(&key).unwrap(),
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
    };
    let (certificate_at, key_at) = (folder.join("own.pem"), folder.join("own-key.pem"));
    fs::write(&certificate_at, certificate.pem()).unwrap();
    fs::write(&key_at, key.serialize_pem()).unwrap();
    Source::Own { certificate: certificate_at, key: key_at }
}

fn trusting() -> Hosts {
    Hosts::default().handed_on_by(Proxies::read("127.0.0.1").unwrap())
}

/// An interface that speaks TLS until the test ends.
async fn interface(source: Source, limits: Limits) -> (Client, SocketAddr, Secure) {
    let mut client = Client::over(trusting()).await;
    client.token = client.bearer("admin", PASSWORD).await;
    let secure = Secure::open(source, now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = Door::secured(listener, secure.clone());
    tokio::spawn(serve(door, client.state.clone(), limits, std::future::pending()));
    (client, address, secure)
}

/// What believes the certificates of a file alone.
fn connector(file: &Path, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn shaken(
    address: SocketAddr,
    name: &str,
    connector: &TlsConnector,
) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    timeout(PATIENCE, connector.connect(name, socket)).await.expect("a handshake in time")
}

async fn read(io: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, io.read_to_end(&mut answer)).await.expect("an end in time");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(address: SocketAddr, connector: &TlsConnector, text: &str) -> String {
    let mut io = shaken(address, "localhost", connector).await.unwrap();
    io.write_all(text.as_bytes()).await.unwrap();
    read(&mut io).await
}

async fn ask_plain(address: SocketAddr, text: &str) -> String {
    let mut io = TcpStream::connect(address).await.unwrap();
    io.write_all(text.as_bytes()).await.unwrap();
    read(&mut io).await
}

/// Reads until `wanted` has come.
async fn until(io: &mut (impl AsyncRead + Unpin), wanted: &str) -> String {
    let mut text = String::new();
    let reading = async {
        let mut piece = [0; 4096];
        while !text.contains(wanted) {
            let count = io.read(&mut piece).await.unwrap();
            assert_ne!(count, 0, "it ended: {text}");
            text.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
    };
    timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{wanted} did not come"));
    text
}

fn certificate(folder: &Path) -> PathBuf {
    folder.join("certificate.pem")
}

#[tokio::test]
async fn both_versions_are_spoken_by_name_and_by_address_and_nothing_else_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (_client, address, _) = interface(made(folder.path()), Limits::default()).await;
    for version in [&TLS12, &TLS13] {
        let connector = connector(&certificate(folder.path()), &[version]);
        for name in ["localhost", "127.0.0.1"] {
            let mut io = shaken(address, name, &connector).await.unwrap();
            assert_eq!(io.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            assert_eq!(io.get_ref().1.protocol_version(), Some(version.version));
            io.write_all(HEALTH.as_bytes()).await.unwrap();
            let answer = read(&mut io).await.to_lowercase();
            assert!(answer.starts_with("http/1.1 200 ok"), "{answer}");
            assert!(!answer.contains("strict-transport-security"), "a made one: {answer}");
        }
        assert!(shaken(address, "elsewhere.example", &connector).await.is_err(), "a name that it has not");
    }
    let other = tempfile::tempdir().unwrap();
    Secure::open(made(other.path()), now()).unwrap();
    let stranger = connector(&certificate(other.path()), &[&TLS13]);
    assert!(shaken(address, "localhost", &stranger).await.is_err());
}

#[tokio::test]
async fn a_stream_is_live_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (client, address, _) = interface(made(folder.path()), Limits::default()).await;
    let connector = connector(&certificate(folder.path()), &[&TLS13]);
    let mut io = shaken(address, "localhost", &connector).await.unwrap();
    let head = format!(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        client.token
    );
    io.write_all(head.as_bytes()).await.unwrap();
    until(&mut io, "text/event-stream").await;
    for round in 1..=3 {
        client.ingest(round, round).await;
        until(&mut io, &format!("id: {round}\n")).await;
    }
}

#[tokio::test]
async fn who_speaks_without_tls_is_told_and_only_people_are_sent_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_client, address, _) = interface(made(folder.path()), Limits::default()).await;
    let page = ask_plain(
        address,
        "GET /events?q=a%20b HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n",
    );
    let page = page.await.to_lowercase();
    assert!(page.starts_with("http/1.1 307 "), "{page}");
    assert!(page.contains("location: https://localhost:8080/events?q=a%20b\r\n"), "{page}");
    for request in [
        HEALTH,
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /taxii2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let answer = ask_plain(address, request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("urn:decnet:problem:plain") && answer.contains("speaks TLS"), "{answer}");
    }
    let stranger = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(ask_plain(address, stranger).await.starts_with("HTTP/1.1 421 "));
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { head: Duration::from_millis(300), ..Limits::default() };
    let (_client, address, _) = interface(made(folder.path()), limits).await;
    for beginning in [&b""[..], &[22], &[22, 3, 1, 2, 0, 1, 0, 1, 252], &[22, 3, 1, 0, 4, 9, 9, 9, 9]] {
        let mut io = TcpStream::connect(address).await.unwrap();
        io.write_all(beginning).await.unwrap();
        read(&mut io).await;
    }
    // Others are served meanwhile, however many hold a place with half a handshake.
    let limits = Limits { connections: 8, ..Limits::default() };
    let (_client, address, _) = interface(made(folder.path()), limits).await;
    let mut half = Vec::new();
    for _ in 0..50 {
        let mut io = TcpStream::connect(address).await.unwrap();
        let _ = io.write_all(&[22, 3, 1]).await;
        half.push(io);
    }
    let connector = connector(&certificate(folder.path()), &[&TLS13]);
    assert!(ask(address, &connector, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_changed_certificate_is_shown_without_a_restart_and_an_unfit_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let source = own(folder.path(), "localhost", None);
    let (_client, address, secure) = interface(source, Limits::default()).await;
    let file = folder.path().join("own.pem");
    let first = connector(&file, &[&TLS13]);
    let answer = ask(address, &first, HEALTH).await.to_lowercase();
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "an own one: {answer}");
    for _ in 0..3 {
        fs::write(&file, "no certificate").unwrap();
        secure.look(now());
        assert!(shaken(address, "localhost", &first).await.is_ok(), "the old one is shown");
    }
    own(folder.path(), "localhost", None);
    secure.look(now());
    let second = connector(&file, &[&TLS13]);
    assert!(shaken(address, "localhost", &second).await.is_ok());
    assert!(shaken(address, "localhost", &first).await.is_err());
}

#[tokio::test]
async fn a_made_certificate_is_made_anew_before_it_ends() {
    const DAY: i64 = 86_400_000_000;
    let folder = tempfile::tempdir().unwrap();
    let (_client, address, secure) = interface(made(folder.path()), Limits::default()).await;
    let first = connector(&certificate(folder.path()), &[&TLS13]);
    secure.look(now() + 200 * DAY);
    assert!(shaken(address, "localhost", &first).await.is_ok(), "there is time");
    secure.look(now() + 300 * DAY);
    assert!(shaken(address, "localhost", &first).await.is_err());
    let validity = Secure::check(&made(folder.path())).unwrap();
    assert!(validity.ends_at > now() + 600 * DAY && !validity.is_over(now() + 301 * DAY), "{validity:?}");
}

/// A dashboard without TLS before an interface with it, which it knows by `file`.
async fn fronted(api: (&str, SocketAddr), file: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let front = Front::new(api.0, api.1.port(), trusting()).unwrap();
    let front = front.over_tls(Believed::new("api.ca", file.to_owned())).unwrap();
    tokio::spawn(serve_front(listener, front, Limits::default(), std::future::pending()));
    address
}

#[tokio::test]
async fn the_dashboard_believes_the_interface_whose_certificate_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let (client, api, secure) = interface(made(folder.path()), Limits::default()).await;
    let whole = folder.path().join("key.pem");
    let front = fronted(("127.0.0.1", api), &whole).await;
    assert!(ask_plain(front, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
    // Another one that the interface shows is believed as soon as the file has it.
    secure.look(now() + 300 * 86_400_000_000);
    assert!(ask_plain(front, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
    let mut io = TcpStream::connect(front).await.unwrap();
    let head = format!(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        client.token
    );
    io.write_all(head.as_bytes()).await.unwrap();
    until(&mut io, "text/event-stream").await;
    client.ingest(1, 1).await;
    until(&mut io, "id: 1\n").await;
    let other = tempfile::tempdir().unwrap();
    Secure::open(made(other.path()), now()).unwrap();
    for file in [certificate(other.path()), other.path().join("none.pem")] {
        let answer = ask_plain(fronted(("127.0.0.1", api), &file).await, HEALTH).await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    }
}

#[tokio::test]
async fn the_dashboard_believes_who_was_signed_for_the_name_that_it_calls() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let file = folder.path().join("authority.pem");
    fs::write(&file, authority).unwrap();
    for (name, status) in [("localhost", "200 OK"), ("elsewhere.example", "502 ")] {
        let source = own(folder.path(), name, Some(&issuer));
        let (_client, api, _) = interface(source, Limits::default()).await;
        let answer = ask_plain(fronted(("localhost", api), &file).await, HEALTH).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {answer}");
    }
}

#[test]
fn a_file_that_is_of_no_use_is_told_in_one_line_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let Source::Own { certificate, key } = own(folder.path(), "localhost", None) else { unreachable!() };
    let other = tempfile::tempdir().unwrap();
    let Source::Own { key: strange, .. } = own(other.path(), "localhost", None) else { unreachable!() };
    let (none, empty, locked) =
        (folder.path().join("none.pem"), folder.path().join("empty.pem"), folder.path().join("locked.pem"));
    fs::write(&empty, "x\n").unwrap();
    fs::write(&locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        .unwrap();
    for (certificate, key, setting, path, why) in [
        (&none, &key, "web.certificate", &none, "there is no such file"),
        (&folder.path().to_owned(), &key, "web.certificate", &folder.path().to_owned(), "that is no file"),
        (&empty, &key, "web.certificate", &empty, "there is no certificate in it"),
        (&key, &key, "web.certificate", &key, "there is no certificate in it"),
        (&certificate, &none, "web.key", &none, "there is no such file"),
        (&certificate, &empty, "web.key", &empty, "there is no private key in it"),
        (&certificate, &locked, "web.key", &locked, "its key is locked by a password"),
        (&certificate, &strange, "web.key", &strange, "that is the key of another certificate"),
    ] {
        let source = Source::Own { certificate: certificate.clone(), key: key.clone() };
        let error: TlsError = Secure::open(source, now()).unwrap_err();
        assert_eq!((error.setting, &error.path, &*error.why), (setting, path, why));
        let line = error.to_string();
        assert!(line.lines().count() == 1 && line.contains(error.remedy), "{line}");
    }
}
