//! What the tests deploy.

use decnet_engine::{node::NodeSpec, stage::StageConfig};
use netsvc_persona::{
    Persona,
    stage::{Limits, PortSpec, ServiceSpec, Transport},
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use tokio::io::AsyncReadExt;

/// The stub stage.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_engine-stub"))
}

pub(crate) fn stage(root: &Path, user: Option<u32>) -> StageConfig {
    StageConfig {
        program: program(),
        spools: root.join("spool"),
        sd_id: "ev@32473".to_owned(),
        limits: Limits::default(),
        natural_delays: false,
        user,
    }
}

pub(crate) fn node(name: &str, ip: [u8; 4], ports: &[(&str, Transport, u16)]) -> NodeSpec {
    let mut persona: Persona = serde_json::from_str(include_str!("../persona.json")).unwrap();
    persona.node = name.to_owned();
    persona.ip = IpAddr::from(ip);
    persona.mac = format!("f4:8e:{:02x}:{:02x}:{:02x}:{:02x}", ip[0], ip[1], ip[2], ip[3]);
    NodeSpec {
        persona,
        services: ports
            .iter()
            .map(|(slug, _, _)| ServiceSpec { slug: (*slug).to_owned(), settings: BTreeMap::new() })
            .collect(),
        ports: ports
            .iter()
            .map(|&(slug, transport, port)| PortSpec { slug: slug.to_owned(), transport, port, tls: false })
            .collect(),
    }
}

/// What the service at `address` says first.
pub(crate) async fn greeting(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}
