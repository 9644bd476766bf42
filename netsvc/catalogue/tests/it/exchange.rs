//! Each service over the network, tasks too: what it declares of its first exchange and of its logins is true, and the
//! nonce of each is recorded; and whatever is said to it, it neither panics nor names what it is.

use netsvc_catalogue::ALL;
use netsvc_kit::{
    Def, Port, Serve,
    server::Server,
    testing::{dialogues, persona_with, personas_with, records, stage},
};
use netsvc_persona::{
    Persona,
    exchange::{Exchange, Talk, Turn},
    stage::{PortSpec, ServiceSpec, Transport},
};
use netsvc_wire::{Kind, Meaning};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream, UdpSocket},
    time::timeout,
};

const NONCE: &str = "n0nce56789abcdef";
const PATIENCE: Duration = Duration::from_secs(5);

/// Every line in `folder` is of a kind that `def` declares, and has the fields that the vocabulary gives that kind.
fn assert_declared(def: &Def, folder: &Path) {
    for record in records(folder) {
        let kind = Kind::from_name(&record.kind).unwrap();
        let known = kind.meaning() == Meaning::Own || def.declares(kind);
        assert!(known, "{} does not declare {}", def.slug, record.kind);
        let misfits = record.fields.iter().filter_map(|(name, value)| kind.misfit(name, value));
        assert_eq!(misfits.collect::<Vec<_>>(), Vec::<String>::new(), "{}", def.slug);
    }
}

/// Serves `def` as the first of its products on one port, with its lines in `folder`.
fn serve(def: &Def, port: &Port, folder: &Path) -> (Server, SocketAddr) {
    serve_as(persona_with(def, "web-01"), def, port, folder)
}

fn serve_as(persona: Persona, def: &Def, port: &Port, folder: &Path) -> (Server, SocketAddr) {
    let server = Server::new(stage(folder), &ALL);
    let (socket, address) = match port.transport {
        Transport::Tcp => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            (listener.into(), address)
        }
        Transport::Udp => {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = socket.local_addr().unwrap();
            (socket.into(), address)
        }
    };
    let slug = def.slug.to_owned();
    let spec = PortSpec { slug: slug.clone(), transport: port.transport, port: port.number, tls: false };
    let services = [ServiceSpec { slug, settings: Default::default() }];
    server.add(persona, &services, vec![(spec, socket)]).unwrap();
    (server, address)
}

/// A connection, or datagrams to one address.
enum Wire {
    Stream(TcpStream),
    /// Answers may come from another port.
    Datagrams(UdpSocket, SocketAddr),
}

impl Wire {
    async fn open(transport: Transport, address: SocketAddr) -> Wire {
        match transport {
            Transport::Tcp => Wire::Stream(TcpStream::connect(address).await.unwrap()),
            Transport::Udp => Wire::Datagrams(UdpSocket::bind("127.0.0.1:0").await.unwrap(), address),
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Wire::Stream(stream) => stream.write_all(bytes).await,
            Wire::Datagrams(socket, address) => socket.send_to(bytes, *address).await.map(drop),
        }
    }

    /// What comes next; nothing at the end.
    async fn hear(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 64 * 1024];
        let count = match self {
            Wire::Stream(stream) => stream.read(&mut buffer).await,
            Wire::Datagrams(socket, _) => socket.recv(&mut buffer).await,
        };
        buffer.truncate(count.unwrap_or_default());
        buffer
    }
}

async fn play(mut talk: Talk<'_>, mut wire: Wire, slug: &str) {
    loop {
        match talk.turn() {
            Turn::Done => return,
            Turn::Say(bytes) => wire.say(&bytes).await.unwrap(),
            Turn::Hear(answer) => {
                let came = timeout(PATIENCE, wire.hear()).await.unwrap_or_default();
                let so_far = String::from_utf8_lossy(talk.heard()).into_owned();
                assert!(!came.is_empty(), "{slug} says no {} after {so_far:?}", answer.what);
                let said = talk.hear(&came);
                if !said.is_empty() {
                    wire.say(&said).await.unwrap();
                }
            }
        }
    }
}

/// Waits until `folder` holds the nonce, as a word of its own: within another one nobody finds it.
async fn nonce_is_recorded(folder: &Path) -> bool {
    let holds = |value: &[u8]| {
        String::from_utf8_lossy(value).split(|sign: char| !sign.is_alphanumeric()).any(|word| word == NONCE)
    };
    for _ in 0..100 {
        if records(folder).iter().any(|record| record.fields.iter().any(|(_, value)| holds(value))) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Products of one service differ in what they let pass, so each is asked at each of its ports.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_exchange_of_every_service_is_as_declared_and_leaves_its_nonce() {
    for def in ALL.iter() {
        let info = def.info();
        for persona in personas_with(def, "web-01") {
            let system = persona.os.id.clone();
            let shown = format!("{} of {} on {system}", persona.products[def.slug].name, def.slug);
            let open: Vec<u16> = info.ports_on(&system).map(|port| port.port).collect();
            for port in def.ports.iter().filter(|port| !port.tls && open.contains(&port.number)) {
                let slug = def.slug.to_owned();
                let spec = PortSpec { slug, transport: port.transport, port: port.number, tls: false };
                let exchange: &Exchange = info.exchange_at(&spec).unwrap();
                let folder = tempfile::tempdir().unwrap();
                let (server, address) = serve_as(persona.clone(), def, port, folder.path());
                let wire = Wire::open(port.transport, address).await;
                play(Talk::new(exchange, NONCE), wire, &format!("{shown}, port {}", port.number)).await;
                assert!(nonce_is_recorded(folder.path()).await, "{shown} records no nonce");
                assert_declared(def, folder.path());
                server.clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_declared_ends_as_declared() {
    for def in ALL.iter() {
        let Some(exchange) = def.talks.login() else { continue };
        let fits = |port: &&Port| port.transport == exchange.transport && !port.tls;
        let Some(port) = def.ports.iter().find(fits) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let (server, address) = serve(def, port, folder.path());
        let wire = Wire::open(port.transport, address).await;
        play(Talk::new(&exchange, NONCE), wire, def.slug).await;
        server.clear();
    }
}

/// Tasks read and write themselves, so the laws of machines do not reach them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_survive_what_is_said_to_any_service_and_do_not_name_what_they_are() {
    let every: Vec<u8> = (0..=255).collect();
    let said = ALL.iter().flat_map(|def| dialogues(def)).chain([every, vec![b'A'; 64 * 1024]]);
    let said: Vec<Vec<u8>> = said.collect();
    for def in ALL.iter().filter(|def| matches!(def.serve, Serve::Task(_))) {
        let Some(port) = def.ports.iter().find(|port| !port.tls) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let (server, address) = serve(def, port, folder.path());
        for (input, source) in said.iter().zip((0..=255).cycle().map(|number: u8| 1 + number % 200)) {
            // Of one source, connections beyond a hundred a minute are only counted.
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 2, source], 0).into()).unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            // The service may hang up at any point.
            let _ = stream.write_all(input).await;
            let _ = stream.shutdown().await;
            let mut heard = Vec::new();
            let _ = timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
            let text = String::from_utf8_lossy(&heard).to_lowercase();
            assert!(super::laws::forbidden().iter().all(|word| !text.contains(word)), "{} says it", def.slug);
            assert!(heard.len() < 8 << 20, "{} sends {} bytes", def.slug, heard.len());
        }
        let count = |kind: &str| records(folder.path()).iter().filter(|record| record.kind == kind).count();
        for _ in 0..100 {
            if count("disconnect") == said.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!((count("connect"), count("disconnect")), (said.len(), said.len()), "{}", def.slug);
        assert_declared(def, folder.path());
        server.clear();
    }
}
