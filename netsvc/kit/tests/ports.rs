//! Ports of nodes that come and go.

use netsvc_kit::{Beyond, Def, Full, Input, Machine, Out, Port, Serve, Talks, server::Server, testing};
use netsvc_persona::{
    service::Look,
    stage::{PortSpec, ServiceSpec, Transport},
};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

struct Mute;

impl Machine for Mute {
    fn step(&mut self, _: Input<'_>, _: &mut Out) {}
}

static MUTE: Def = Def {
    slug: "mute",
    about: "says nothing",
    ports: &[Port::tcp(7)],
    settings: &[],
    products: &[],
    daemons: &[],
    talks: Talks::NONE,
    records: &[],
    limits: &[],
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(5),
    total: Duration::from_secs(5),
    full: |_| Full::of(10, Beyond::Close),
    serve: Serve::Machine(|_, _| Box::new(Mute)),
};
static CATALOGUE: &[&Def] = &[&MUTE];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_is_free_when_its_node_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(testing::stage(folder.path()), CATALOGUE);
    let mut address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    for round in 0..100 {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("round {round}: {error}"));
        address = listener.local_addr().unwrap();
        let services = [ServiceSpec { slug: "mute".to_owned(), settings: Default::default() }];
        let port = PortSpec { slug: "mute".to_owned(), transport: Transport::Tcp, port: 7, tls: false };
        server.add(testing::persona("web-01"), &services, vec![(port, listener.into())]).unwrap();
        // Somebody is there when it goes.
        let _peer = TcpStream::connect(address).unwrap();
        server.remove("web-01").await;
    }
}
