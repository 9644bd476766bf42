//! Containers that a host runs, as far as their shells see them: which machine they take themselves for, and what of
//! the host they reach.

use netsvc_kit::Host;
use netsvc_persona::{Persona, tables::systems};
use std::net::IpAddr;

/// A container as its shell sees it.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Name under which its files are kept.
    pub files: String,
    /// Id of the system in it.
    pub system: &'static str,
    /// Its place in a network of its own; `None`: it is in that of the host.
    pub network: Option<Network>,
}

/// A place in a network of containers.
#[derive(Clone, Debug)]
pub struct Network {
    /// Name of the container in it.
    pub host_name: String,
    /// Address.
    pub address: Option<IpAddr>,
    /// Bits of the network.
    pub prefix: u8,
    /// The way out.
    pub gateway: Option<IpAddr>,
    /// Hardware address.
    pub mac: String,
}

/// What the shell of a container takes the machine for.
pub fn persona(host: &Host, inside: &Inside) -> Persona {
    let mut persona = host.persona().clone();
    persona.node.clone_from(&inside.files);
    if let Some(system) = systems::find(inside.system) {
        persona.os.id = system.id.to_owned();
        persona.os.pretty_name = system.pretty_name.to_owned();
        persona.os.version = system.version.to_owned();
        persona.os.codename = system.codename.to_owned();
    }
    if let Some(network) = &inside.network {
        persona.hostname.clone_from(&network.host_name);
        persona.domain = String::new();
        persona.ip = network.address.unwrap_or(persona.ip);
        persona.prefix = network.prefix;
        persona.gateway = network.gateway;
        persona.mac.clone_from(&network.mac);
        persona.hardware.interface = "eth0".to_owned();
    }
    persona.users.truncate(1);
    persona.products.clear();
    // Nobody works inside.
    persona.routine = Default::default();
    persona
}

/// `line` with the paths below `root`, where the host's root is mounted, as they are without it.
pub fn without_root(line: &str, root: &str) -> String {
    let mut all = String::with_capacity(line.len());
    let mut rest = line;
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    while let Some(at) = rest.find(root) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let behind = from.get(root.len()..).unwrap_or_default();
        let begins = !before.chars().next_back().is_some_and(in_name);
        let next = behind.chars().next();
        all.push_str(before);
        match next {
            Some('/') if begins => {}
            Some(letter) if !begins || in_name(letter) => all.push_str(root),
            _ if begins => all.push('/'),
            _ => all.push_str(root),
        }
        rest = behind;
    }
    all.push_str(rest);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_root_of_the_host_are_those_of_the_host() {
        for (line, told) in [
            ("chroot /mnt sh -c 'cat /mnt/etc/shadow'", "chroot / sh -c 'cat /etc/shadow'"),
            ("ls /mnt", "ls /"),
            ("ls /mnt2 /x/mnt/a", "ls /mnt2 /x/mnt/a"),
            ("echo x >>/mnt/etc/crontab;id", "echo x >>/etc/crontab;id"),
        ] {
            assert_eq!(without_root(line, "/mnt"), told);
        }
    }
}
