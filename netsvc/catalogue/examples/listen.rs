//! Serves one slug on loopback, for tries with real clients:
//! `listen SLUG PORT FOLDER [system=ID] [family=F] [product=NAME] [version=V] [packaging=P] [tls=yes] [port=N]
//! [KEY=VALUE …]`. A service that speaks datagrams gets a socket for them too.
//! Other pairs are settings of the service.

use netsvc_kit::{Node, server::Server, testing};
use netsvc_persona::{
    Product,
    stage::{PortSpec, ServiceSpec, Transport},
};
use std::{
    collections::BTreeMap,
    error::Error,
    net::{TcpListener, UdpSocket},
    os::fd::OwnedFd,
    path::Path,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(slug), Some(port), Some(folder)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("SLUG PORT FOLDER [KEY=VALUE …]".into());
    };
    let port: u16 = port.parse()?;
    let mut settings: BTreeMap<String, String> = BTreeMap::new();
    for argument in arguments {
        let (key, value) = argument.split_once('=').ok_or("KEY=VALUE")?;
        settings.insert(key.to_owned(), value.to_owned());
    }
    let mut persona = testing::persona("test-01");
    if let Some(name) = settings.remove("product") {
        let mut text = |key: &str| settings.remove(key).unwrap_or_default();
        let product = Product { name, version: text("version"), packaging: text("packaging") };
        if slug == "https" {
            persona.products.insert("http".to_owned(), product.clone());
        }
        persona.products.insert(slug.clone(), product);
    }
    if let Some(family) = settings.remove("family") {
        persona.os.family = family;
    }
    if let Some(system) = settings.remove("system") {
        if let Some(known) = netsvc_persona::tables::systems::find(&system) {
            let os = &mut persona.os;
            (os.build, os.ttl) = (known.build, known.ttl);
            let texts = [&mut os.family, &mut os.version, &mut os.pretty_name, &mut os.codename];
            let values = [known.family, known.version, known.pretty_name, known.codename];
            texts.into_iter().zip(values).for_each(|(text, value)| value.clone_into(text));
        }
        persona.os.id = system;
    }
    if let Some(def) = netsvc_catalogue::ALL.iter().find(|def| def.slug == slug) {
        persona = testing::with_product(def, persona);
    }
    let tls = settings.remove("tls").is_some();
    let shown = settings.remove("port").map_or(Ok(port), |text| text.parse())?;
    std::fs::create_dir_all(&folder)?;
    let stage = testing::stage(Path::new(&folder));
    let node = Node::new(&stage, persona.clone())?;
    netsvc_kit::server::record_started(&stage, &node);
    let server = Server::new(stage, &netsvc_catalogue::ALL);
    let ports = netsvc_catalogue::ALL.iter().filter(|def| def.slug == slug).flat_map(|def| def.ports);
    let mut sockets = Vec::new();
    for transport in [Transport::Tcp, Transport::Udp] {
        if ports.clone().any(|port| port.transport == transport) {
            let socket: OwnedFd = match transport {
                Transport::Tcp => TcpListener::bind(("127.0.0.1", port))?.into(),
                Transport::Udp => UdpSocket::bind(("127.0.0.1", port))?.into(),
            };
            sockets.push((PortSpec { slug: slug.clone(), transport, port: shown, tls }, socket));
        }
    }
    server.add(persona, &[ServiceSpec { slug, settings }], sockets)?;
    std::future::pending::<()>().await;
    Ok(())
}
