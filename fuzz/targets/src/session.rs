//! What the targets run in: a node of its own for each input, and whole connections.

use netsvc_kit::{
    Def, Host, Serve, Session, Stage,
    testing::{self, link, persona},
};
use netsvc_proto::testing::ssh_in_clear;
use netsvc_shell::{Arrival, SessionFacts, Shell, ShellHost, fs::OverlayStore};
use netsvc_ssh::testing::packet;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// A moment, µs since the epoch.
pub(crate) const NOW: i64 = 1_795_238_403_000_000;
/// Longest that one connection is followed.
const PATIENCE: Duration = Duration::from_millis(250);

/// Split at lengths of two bytes; the last piece may be short.
pub(crate) fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (piece, left) = after.split_at(length);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

fn stage() -> Arc<Stage> {
    static STAGE: OnceLock<Arc<Stage>> = OnceLock::new();
    STAGE.get_or_init(|| testing::stage(&folder())).clone()
}

/// A folder of this process; what an earlier one left there is removed.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("netsvc-fuzz-{}", std::process::id()));
    // It need not be there.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A fresh node with the service and an account root with the password `toor`.
fn host(def: &Def) -> Arc<Host> {
    testing::host(&stage(), testing::persona_with(def, "fuzz-01"), def.slug, &[])
}

/// A shell of root on a fresh node.
pub(crate) fn shell() -> Shell {
    let host =
        ShellHost::new(Arc::new(persona("fuzz-01")), Arc::new(OverlayStore::in_memory()), Arc::new(|| NOW));
    let facts = SessionFacts {
        peer_ip: [192, 0, 2, 7].into(),
        peer_port: 40_000,
        local_port: 22,
        tty: Some("pts/0".to_owned()),
        service: "ssh".to_owned(),
        arrival: Arrival::Ssh,
    };
    host.login("root", [192, 0, 2, 7].into(), facts)
}

fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().ok()).as_ref()
}

/// Sends `bytes` to a service: over the network where it reads itself, else to its machine, whole and in two pieces.
pub(crate) fn service(def: &'static Def, bytes: &[u8]) {
    if matches!(def.serve, Serve::Task(_)) {
        return over_network(def, bytes);
    }
    let port = def.ports.first().map_or(0, |port| port.number);
    let (left, right) = bytes.split_at(bytes.len() / 2);
    for open in def.serve.streams() {
        testing::converse_with(open, &host(def), &link(port), &[bytes]);
        testing::converse_with(open, &host(def), &link(port), &[left, right]);
    }
    testing::datagrams(def, &host(def), &link(port), &pieces(bytes));
}

fn over_network(def: &'static Def, bytes: &[u8]) {
    let Serve::Task(task) = def.serve else { return };
    let Some(runtime) = runtime() else { return };
    let host = host(def);
    runtime.block_on(async {
        let Ok((stream, mut peer)) = pair().await else { return };
        let (Ok(from), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
        let link = netsvc_kit::Link { peer: from, local, ..link(0) };
        let mut serving = tokio::spawn(task(Session::begin(stream, host, link, def.idle, None)));
        let conversation = async {
            // The service may hang up at any point.
            let _ = peer.write_all(bytes).await;
            let _ = peer.shutdown().await;
            let mut answer = [0; 4096];
            while peer.read(&mut answer).await.is_ok_and(|count| count > 0) {}
        };
        let _ = tokio::time::timeout(PATIENCE, conversation).await;
        end(&mut serving).await;
    });
}

async fn end<T>(serving: &mut tokio::task::JoinHandle<T>) {
    let done = tokio::time::timeout(PATIENCE, &mut *serving).await;
    match done {
        Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Ok(_) => {}
        Err(_) => serving.abort(),
    }
}

async fn pair() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let peer = TcpStream::connect(listener.local_addr()?).await?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, peer))
}

/// Sends packets in clear to ssh.
pub(crate) fn ssh(packets: &[u8]) {
    let Some(runtime) = runtime() else { return };
    let host = host(&netsvc_proto::services::ssh::SERVICE);
    let packets = packets.to_vec();
    runtime.block_on(async move {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut serving = tokio::spawn(async move { ssh_in_clear(&host, &link(22), near).await });
        let conversation = async {
            let (mut reading, mut writing) = tokio::io::split(&mut far);
            let send = async {
                // As in a network: the service may be gone.
                let _ = writing.write_all(&packets).await;
                let _ = writing.shutdown().await;
            };
            let receive = async {
                let mut answer = [0; 4096];
                while reading.read(&mut answer).await.is_ok_and(|count| count > 0) {}
            };
            tokio::join!(send, receive);
        };
        let _ = tokio::time::timeout(PATIENCE, conversation).await;
        drop(far);
        end(&mut serving).await;
    });
}

/// Packets that log root in, open a session, start a program there and give it `data`.
pub(crate) fn program(request: &str, argument: &[u8], data: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut message =
        |number: u8, parts: &[&[u8]]| stream.extend(packet(&[&[number], parts.concat().as_slice()].concat()));
    message(5, &[&string(b"ssh-userauth")]);
    let password =
        [string(b"root"), string(b"ssh-connection"), string(b"password"), vec![0], string(b"toor")];
    message(50, &[&password.concat()]);
    let window = 1_u32 << 20;
    message(90, &[&string(b"session"), &[0; 4], &window.to_be_bytes(), &32_768_u32.to_be_bytes()]);
    message(98, &[&[0; 4], &string(request.as_bytes()), &[0], &string(argument)]);
    for piece in data.chunks(8192) {
        message(94, &[&[0; 4], &string(piece)]);
    }
    message(96, &[&[0; 4]]);
    stream
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes(), bytes].concat()
}
