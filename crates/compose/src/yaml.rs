//! The project as a Compose file: what a person reads, and runs without us if need be. Compose v1 1.27 and newer and
//! v2 take the same keys when no version is named.

use crate::project::{
    Attached, Carrier, Container, HEALTH_RETRIES, HEALTH_SECONDS, LOG, Project, project_name,
};
use std::fmt::Write as _;

/// Name of the file.
pub const FILE: &str = "decnet-compose.yml";
/// Name of the network in the file.
const NETWORK: &str = "segment";

/// The file.
pub fn yaml(project: &Project) -> String {
    let mut text = Text::default();
    let place = &project.place;
    let name = project_name(&place.site);
    text.line(0, "# Written by decnet at each change of the fleet; it does not read it back.");
    text.line(0, &format!("# docker-compose -p {name} -f {FILE} up -d"));
    text.line(0, "services:");
    for container in &project.containers {
        text.container(project, container);
    }
    if project.containers.is_empty() {
        text.line(1, "{}");
    }
    text.line(0, "networks:");
    text.line(1, &format!("{NETWORK}:"));
    text.entry(2, "name", &name);
    text.entry(2, "driver", place.carrier.name());
    match (place.carrier, &place.network.interface) {
        (Carrier::Bridge, _) => text.line(2, "internal: true"),
        (_, parent) => {
            text.line(2, "driver_opts:");
            text.entry(3, "parent", parent.as_deref().unwrap_or_default());
            if place.carrier == Carrier::Ipvlan {
                text.entry(3, "ipvlan_mode", "l2");
            }
        }
    }
    text.line(2, "ipam:");
    text.line(3, "config:");
    text.line(4, &format!("- subnet: {}", quoted(&place.network.to_string())));
    if let Some(gateway) = place.network.gateway {
        text.line(4, &format!("  gateway: {}", quoted(&gateway.to_string())));
    }
    text.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, depth: usize, line: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{:width$}{line}", "", width = 2 * depth);
    }

    fn entry(&mut self, depth: usize, key: &str, value: &str) {
        self.line(depth, &format!("{key}: {}", quoted(value)));
    }

    fn list(&mut self, depth: usize, key: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.line(depth, &format!("{key}:"));
        }
        for value in values {
            self.line(depth + 1, &format!("- {}", quoted(value.as_ref())));
        }
    }

    fn map<'a>(
        &mut self,
        depth: usize,
        key: &str,
        values: impl IntoIterator<Item = (&'a (impl AsRef<str> + 'a), &'a String)>,
    ) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.line(depth, &format!("{key}:"));
        }
        for (name, value) in values {
            // A name such as `NO` is a truth value unless it is quoted.
            self.line(depth + 1, &format!("{}: {}", quoted(name.as_ref()), quoted(value)));
        }
    }

    fn container(&mut self, project: &Project, container: &Container) {
        let site = &project.place.site;
        self.line(1, &format!("{}:", quoted(&container.key)));
        self.entry(2, "container_name", &container.name(site));
        self.entry(2, "image", &container.image);
        self.list(2, "command", &container.command);
        if let Some(name) = &container.hostname {
            self.entry(2, "hostname", name);
        }
        if let Some(domain) = &container.domain {
            self.entry(2, "domainname", domain);
        }
        self.attached(&container.attached);
        self.map(2, "sysctls", &container.sysctls);
        self.map(2, "environment", &container.env);
        if let Some(user) = &container.user {
            self.entry(2, "user", user);
        }
        self.confined(container);
        self.list(
            2,
            "volumes",
            container.mounts.iter().map(|mount| {
                let mode = if mount.read_only { "ro" } else { "rw" };
                format!("{}:{}:{mode}", mount.source, mount.target)
            }),
        );
        if let Some(health) = &container.health {
            self.line(2, "healthcheck:");
            self.list(3, "test", std::iter::once("CMD").chain(health.command.iter().map(String::as_str)));
            self.entry(3, "interval", &format!("{}s", health.interval));
            self.entry(3, "timeout", &format!("{HEALTH_SECONDS}s"));
            self.line(3, &format!("retries: {HEALTH_RETRIES}"));
        }
        self.line(2, "logging:");
        self.entry(3, "driver", "json-file");
        self.line(3, "options:");
        for (option, value) in LOG {
            self.entry(4, option, value);
        }
        self.map(2, "labels", &container.labels(site));
    }

    fn attached(&mut self, attached: &Attached) {
        match attached {
            Attached::To(base) => {
                self.entry(2, "network_mode", &format!("service:{base}"));
                self.list(2, "depends_on", [base]);
            }
            Attached::Network { ip, mac, dns } => {
                if let Some(mac) = mac {
                    self.entry(2, "mac_address", mac);
                }
                self.list(2, "dns", [dns.to_string()]);
                self.line(2, "networks:");
                self.line(3, &format!("{NETWORK}:"));
                self.entry(4, "ipv4_address", &ip.to_string());
            }
        }
    }

    /// What it may not do.
    fn confined(&mut self, container: &Container) {
        self.list(2, "cap_drop", ["ALL"]);
        self.list(2, "cap_add", &container.capabilities);
        self.list(2, "security_opt", ["no-new-privileges:true"]);
        self.line(2, "read_only: true");
        self.list(
            2,
            "tmpfs",
            container.writable.iter().map(|path| format!("{path}:size={}", Container::WRITABLE)),
        );
        self.line(2, &format!("mem_limit: {}", container.memory));
        self.line(2, &format!("memswap_limit: {}", container.memory));
        self.line(2, &format!("pids_limit: {}", container.pids));
        self.line(2, &format!("cpus: {}.{:03}", container.milli_cpus / 1000, container.milli_cpus % 1000));
        self.entry(2, "restart", "no");
    }
}

/// A scalar that is the text and nothing else, whatever is in it (YAML 1.2 §7.3.1). Compose puts a variable where
/// `$` stands unless it is doubled.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '$' => quoted.push_str("$$"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_stays_what_it_is() {
        assert_eq!(quoted("a: #b\n\"$HOME\\"), "\"a: #b\\u000a\\\"$$HOME\\\\\"");
        assert_eq!(quoted("no"), "\"no\"");
    }
}
