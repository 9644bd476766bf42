//! What runs a service on a host: its process, unit, package, account and files, as the host's system has them.

use crate::{Persona, service::suits};

/// Ids of the systems of Red Hat's kind.
pub const REDHAT: &[&str] = &["rocky*", "centos*", "alma*", "rhel*", "fedora*", "oracle*", "amazon*"];

/// Ids of embedded systems, where everything is one program.
pub const EMBEDDED: &[&str] = &["busybox*", "ip_camera"];

/// The software of a service, as some systems package and start it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Start of the name of the products that it is, in small letters; empty: of all.
    pub product: &'static str,
    /// Ids of the systems that have it so; `rocky*` stands for all that begin so; empty: all.
    pub systems: &'static [&'static str],
    /// File of the program.
    pub binary: &'static str,
    /// Command line, as the process list has it.
    pub command: &'static str,
    /// User of the process.
    pub user: &'static str,
    /// Number of that user.
    pub uid: u32,
    /// Unit of systemd; empty: it has none.
    pub unit: &'static str,
    /// What the unit says of itself.
    pub about: &'static str,
    /// Package and what it says of itself; empty: it comes with the system.
    pub package: (&'static str, &'static str),
    /// What stands before the upstream version in that of the package: `1:`.
    pub epoch: &'static str,
    /// Virtual and resident size in KiB.
    pub size: (u64, u64),
    /// The process between it and what a login runs, with `{user}`, `{tty}` and `{peer}`; empty: there is none.
    pub login: &'static str,
    /// The line of `/etc/passwd` that its package adds, without a line feed; empty: none.
    pub account: &'static str,
    /// Files and folders that it brings.
    pub files: &'static [Laid],
}

/// A file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Laid {
    /// Path.
    pub path: &'static str,
    /// Permissions.
    pub mode: u32,
    /// When it was changed last.
    pub changed: Changed,
    /// Content, with `{fqdn}`, `{domain}` and `{secret}` (the password of the host's account for copies); none: it is a
    /// folder.
    pub text: Option<&'static str>,
}

/// When a file was changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// When its package was made.
    Packaged,
    /// When the host was installed.
    Installed,
    /// Lately.
    Lately,
}

impl Daemon {
    /// A process of root that is nothing else: what a declaration leaves out is that of this.
    pub const ROOT: Daemon = Daemon {
        product: "",
        systems: &[],
        binary: "",
        command: "",
        user: "root",
        uid: 0,
        unit: "",
        about: "",
        package: ("", ""),
        epoch: "",
        size: (1_584, 480),
        login: "",
        account: "",
        files: &[],
    };

    /// What runs the product called `name` on `system`: the first of `daemons` that suits. Without a name, what is
    /// usual there.
    pub fn find(daemons: &'static [Daemon], system: &str, name: Option<&str>) -> Option<&'static Daemon> {
        let name = name.map(str::to_ascii_lowercase);
        daemons.iter().find(|daemon| {
            (daemon.systems.is_empty() || daemon.systems.iter().any(|pattern| suits(pattern, system)))
                && name.as_ref().is_none_or(|name| name.starts_with(daemon.product))
        })
    }

    /// What runs the service `slug` of a host.
    pub fn of(daemons: &'static [Daemon], persona: &Persona, slug: &str) -> Option<&'static Daemon> {
        let name = persona.products.get(slug).map(|product| product.name.as_str());
        Daemon::find(daemons, &persona.os.id, name)
    }

    /// Name of the process.
    pub fn program(&self) -> &'static str {
        self.binary.rsplit('/').next().unwrap_or(self.binary)
    }
}

impl Laid {
    /// A file.
    pub const fn file(path: &'static str, mode: u32, changed: Changed, text: &'static str) -> Laid {
        Laid { path, mode, changed, text: Some(text) }
    }

    /// A folder.
    pub const fn folder(path: &'static str, mode: u32, changed: Changed) -> Laid {
        Laid { path, mode, changed, text: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAEMONS: &[Daemon] = &[
        Daemon { product: "apache", systems: REDHAT, binary: "/usr/sbin/httpd", ..Daemon::ROOT },
        Daemon { product: "apache", binary: "/usr/sbin/apache2", ..Daemon::ROOT },
        Daemon { product: "nginx", binary: "/usr/sbin/nginx", ..Daemon::ROOT },
    ];

    #[test]
    fn the_first_that_suits_system_and_product_runs_it() {
        for (system, name, program) in [
            ("rocky9", Some("Apache"), Some("httpd")),
            ("debian12", Some("Apache"), Some("apache2")),
            ("debian12", Some("nginx"), Some("nginx")),
            ("debian12", Some("Caddy"), None),
            ("debian12", None, Some("apache2")),
        ] {
            let found = Daemon::find(DAEMONS, system, name);
            assert_eq!(found.map(Daemon::program), program, "{system} {name:?}");
        }
    }
}
