//! The Compose file of a small fleet, as agreed: `DECNET_TEST_WRITE=1` agrees to another one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use decnet_compose::{Carrier, Machine, Place, Project, containers, create, network, yaml};
use decnet_model::custom::CustomService;
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec, Transport},
};
use std::{collections::BTreeMap, path::Path};

fn place(carrier: Carrier) -> Place {
    let mut network: decnet_model::fleet::Network = "10.67.0.0/24".parse().unwrap();
    network.gateway = Some([10, 67, 0, 1].into());
    network.interface = Some("eth0".to_owned()).filter(|_| carrier != Carrier::Bridge);
    Place {
        site: "ab12cd34".to_owned(),
        network,
        carrier,
        stage_image: "netsvc:00ff".to_owned(),
        stage_user: 64_999,
    }
}

fn shop() -> CustomService {
    CustomService {
        command: Some("/bin/shop --listen 8080".to_owned()),
        ports: vec![8080],
        udp_ports: vec![161],
        env: BTreeMap::from([("NAME".to_owned(), "a \"b\" $c: #d".to_owned())]),
        log: "/var/log/shop/access.log".parse().unwrap(),
        capabilities: vec!["SETUID".to_owned()],
        memory: Some(64),
        ..CustomService::of("shop", "registry.example/shop:1.4")
    }
}

fn project(carrier: Carrier) -> Project {
    let text = include_str!("../../../engine/tests/persona.json");
    let mut persona: Persona = serde_json::from_str(text).unwrap();
    persona.node = "web-01".to_owned();
    persona.ip = [10, 67, 0, 10].into();
    let spec = ServiceSpec { slug: "ssh".to_owned(), settings: BTreeMap::new() };
    let port = PortSpec { slug: "ssh".to_owned(), transport: Transport::Tcp, port: 22, tls: false };
    let custom = [shop()];
    let machine = Machine {
        persona: &persona,
        services: &[spec],
        ports: &[port],
        custom: &custom,
        document: "/var/lib/x/docker/nodes/web-01.json",
        document_hash: "00",
        spool: "/var/lib/x/spool/docker.web-01",
    };
    let place = place(carrier);
    let containers = containers(&place, &machine);
    Project { place, containers }
}

fn agreed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name);
    if std::env::var_os("DECNET_TEST_WRITE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
}

#[test]
fn the_file_is_as_agreed() {
    agreed("bridge.yml", &yaml(&project(Carrier::Bridge)));
    agreed("ipvlan.yml", &yaml(&project(Carrier::Ipvlan)));
}

#[test]
fn requests_of_the_daemon_are_as_agreed() {
    let project = project(Carrier::Macvlan);
    let mut all = vec![network(&project.place)];
    for container in &project.containers {
        all.push(create(&project.place, container, Some("4f6c")).body);
    }
    agreed("requests.json", &(serde_json::to_string_pretty(&all).unwrap() + "\n"));
}

/// Containers see their image, environment, command and mounts, and by the daemon's name server the names of their
/// network and of each other: no word of the product is there. Labels are the host's.
#[test]
fn nothing_that_a_container_sees_names_the_product() {
    for container in project(Carrier::Bridge).containers {
        let created = create(&place(Carrier::Bridge), &container, Some("4f6c"));
        let mut seen = created.body;
        seen.as_object_mut().unwrap().remove("Labels");
        seen["Name"] = created.name.into();
        for word in ["decnet", "decky", "decoy", "honeypot", "canary"] {
            assert!(!seen.to_string().to_lowercase().contains(word), "{word}: {seen}");
        }
    }
}

#[test]
fn a_container_is_another_one_as_soon_as_anything_of_it_changes() {
    let one = project(Carrier::Bridge).containers;
    assert_eq!(one, project(Carrier::Bridge).containers);
    let mut other = one[2].clone();
    other.memory += 1;
    assert_ne!(one[2].spec(), other.spec());
    let text = include_str!("../../../engine/tests/persona.json");
    let persona: Persona = serde_json::from_str(text).unwrap();
    let machine = |custom| Machine {
        persona: &persona,
        services: &[],
        ports: &[],
        custom,
        document: "/a",
        document_hash: "00",
        spool: "/b",
    };
    let plain = [shop()];
    let read = [CustomService { credential: Some("(?P<password>x)".to_owned()), ..shop() }];
    let (plain, read) = (machine(&plain), machine(&read));
    let last = |machine| containers(&place(Carrier::Bridge), machine).pop().unwrap();
    assert_ne!(last(&plain).spec(), last(&read).spec(), "what is found in its lines decides too");
}
