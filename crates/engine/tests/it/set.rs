//! What the tests deploy.

use decnet_engine::{
    lab::{Lab, LabConfig, Place},
    node::NodeSpec,
    stage::StageConfig,
};
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

const STUB: &str = "engine-stub";

/// The stub stage: the one beside these tests where they were put somewhere else, or the one that was built.
pub(crate) fn program() -> PathBuf {
    let beside = std::env::current_exe().unwrap().with_file_name(STUB);
    if beside.exists() { beside } else { PathBuf::from(env!("CARGO_BIN_EXE_engine-stub")) }
}

/// Copies these tests and their stub to `folder`, for a user who cannot reach the folder they were built in.
/// Returns the copied tests.
pub(crate) fn copy_tests(folder: &Path) -> PathBuf {
    let tests = folder.join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &tests).unwrap();
    std::fs::copy(program(), folder.join(STUB)).unwrap();
    tests
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
        custom: Vec::new(),
    }
}

/// What the service at `address` says first.
pub(crate) async fn greeting(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

/// A lab of its own in `root`; `None`, with a line that says so, where namespaces may not be made.
pub(crate) fn lab(root: &Path, attackers: u8) -> Option<Lab> {
    let config = LabConfig { attackers, ..LabConfig::new(root.join("run")) };
    match Lab::up(&program(), &config) {
        Ok(lab) => Some(lab),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "namespaces are required: {error}");
            println!("skipped: {error}");
            None
        }
    }
}

/// What `address` says first to a client at `place`; empty when it says nothing.
pub(crate) fn heard(lab: &Lab, place: Place, address: &str) -> String {
    let output = lab.command(place, program()).unwrap().arg("connect").arg(address).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// Links of the namespace that the tests run in.
pub(crate) fn links() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/net/dev").unwrap();
    text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

/// Process numbers whose command line has `word`.
pub(crate) fn processes(word: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(word)
        })
        .collect()
}
