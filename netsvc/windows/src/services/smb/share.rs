//! What a node shares: of Windows by its role, of Samba what its own smb.conf says.

use super::{
    flavour::{Family, Flavour, release},
    login::Rights,
    world,
};
use netsvc_kit::Host;
use netsvc_persona::{Persona, daemon::Daemon};

/// What a share is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Disk = 0,
    Printer = 1,
    Pipes = 3,
}

/// A share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) kind: Kind,
    /// Whether its name ends in `$` because the system made it.
    pub(super) special: bool,
    /// Folder in the volume.
    pub(super) root: String,
    /// Folder as the system's administrators know it.
    pub(super) local: String,
    /// Who may read, and who may write; nobody may if none.
    pub(super) reads: Rights,
    pub(super) writes: Option<Rights>,
    /// Whether it is listed.
    pub(super) listed: bool,
}

impl Share {
    /// Number of its kind in lists.
    pub(super) fn number(&self) -> u32 {
        self.kind as u32 | if self.special { 0x8000_0000 } else { 0 }
    }
}

/// All shares of `host`.
pub(super) fn all(host: &Host, flavour: &Flavour) -> Vec<Share> {
    match flavour.family {
        Family::Windows => windows(host.persona(), flavour.controller),
        Family::Samba => samba(host),
    }
}

/// The share that `who` means by `name`.
pub(super) fn find(host: &Host, flavour: &Flavour, name: &str, who: &str) -> Option<Share> {
    let mut shares = all(host, flavour);
    let homes = shares.iter().position(|share| share.name == "homes");
    let found =
        shares.iter().position(|share| share.name.eq_ignore_ascii_case(name) && share.name != "homes");
    match (found, homes) {
        (Some(place), _) => Some(shares.swap_remove(place)),
        (None, Some(place)) if name.eq_ignore_ascii_case(who) => {
            let home = shares.swap_remove(place);
            Some(Share { name: who.to_owned(), ..home })
        }
        _ => None,
    }
}

fn made(name: &str, comment: &str, local: &str, reads: Rights, writes: Option<Rights>) -> Share {
    let inner = local.strip_prefix("C:").unwrap_or(local).replace('\\', "/");
    Share {
        name: name.to_owned(),
        comment: comment.to_owned(),
        kind: Kind::Disk,
        special: name.ends_with('$'),
        root: if inner.is_empty() { "/".to_owned() } else { inner.trim_end_matches('/').to_owned() },
        local: local.to_owned(),
        reads,
        writes,
        listed: true,
    }
}

fn pipes(comment: String) -> Share {
    let share = made("IPC$", "", "", Rights::Nameless, Some(Rights::Nameless));
    Share { comment, kind: Kind::Pipes, ..share }
}

fn windows(persona: &Persona, controller: bool) -> Vec<Share> {
    use Rights::{Administrator, User};
    let mut shares = vec![
        made("ADMIN$", "Remote Admin", "C:\\Windows", Administrator, Some(Administrator)),
        made("C$", "Default share", "C:\\", Administrator, Some(Administrator)),
        pipes("Remote IPC".to_owned()),
    ];
    if let Some(drive) = shares.get_mut(1) {
        "/".clone_into(&mut drive.root);
    }
    for folder in world::shared(persona) {
        shares.push(made(&folder.name, folder.comment, &folder.local(), User, Some(User)));
    }
    if controller {
        let scripts = format!("C:\\Windows\\SYSVOL\\sysvol\\{}\\SCRIPTS", persona.domain);
        shares.push(made("NETLOGON", "Logon server share ", &scripts, User, Some(Administrator)));
        let all = "C:\\Windows\\SYSVOL\\sysvol";
        shares.push(made("SYSVOL", "Logon server share ", all, User, Some(Administrator)));
    }
    shares.sort_by_key(|share| share.name.to_lowercase());
    shares
}

/// A section of smb.conf.
fn section(name: &str, lines: &[(String, String)]) -> Share {
    let value = |keys: &[&str]| {
        let found = lines.iter().rev().find(|(key, _)| keys.contains(&key.as_str()));
        found.map(|(_, value)| value.as_str())
    };
    let yes = |keys: &[&str]| value(keys).map(|value| ["yes", "true", "1"].contains(&value));
    let guests = yes(&["guest ok", "public"]).unwrap_or(false);
    let reads = if guests { Rights::Nameless } else { Rights::User };
    let writes = yes(&["read only"]).map(|no| !no).or(yes(&["writable", "writeable", "write ok"]));
    let printers = yes(&["printable"]).unwrap_or(false);
    let share = made(
        name,
        value(&["comment"]).unwrap_or_default(),
        value(&["path"]).unwrap_or_default(),
        reads,
        writes.unwrap_or(false).then_some(reads),
    );
    let listed = yes(&["browseable", "browsable"]).unwrap_or(true);
    let kind = if printers { Kind::Printer } else { Kind::Disk };
    // What has no path of its own is the folder of whoever asks.
    let root = share.local.clone();
    Share { special: false, kind, listed, root, ..share }
}

/// Keys and values of a section.
type Lines = Vec<(String, String)>;

/// The sections of the node's own file, with their lines.
fn sections(host: &Host) -> Vec<(String, Lines)> {
    let persona = host.persona();
    let daemon = Daemon::of(super::daemons::DAEMONS, persona, host.app.as_str());
    let files = daemon.map(|daemon| daemon.files).unwrap_or_default();
    let text = files.iter().find(|laid| laid.path.ends_with(".conf")).and_then(|laid| laid.text);
    let text = text.unwrap_or_default().replace("{domain}", &persona.domain);
    let pair = |line: &str| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_lowercase(), value.trim().to_owned()))
    };
    let section = |part: &str| {
        let (name, rest) = part.split_once("]\n")?;
        Some((name.to_owned(), rest.lines().filter_map(pair).collect()))
    };
    let text = format!("\n{text}");
    text.split("\n[").skip(1).filter_map(section).collect()
}

/// The work group that a server of Samba is in.
pub(super) fn group(host: &Host) -> String {
    let sections = sections(host);
    let lines = sections.iter().find(|(name, _)| name == "global").map(|(_, lines)| lines);
    let line = lines.and_then(|lines| lines.iter().find(|(key, _)| key == "workgroup"));
    line.map_or_else(|| "WORKGROUP".to_owned(), |(_, value)| value.clone())
}

fn samba(host: &Host) -> Vec<Share> {
    let persona = host.persona();
    let all = sections(host).into_iter().filter(|(name, _)| name != "global");
    // Nobody has set a printer up, so none is shown.
    let shares = all.map(|(name, lines)| section(&name, &lines)).filter(|share| share.kind == Kind::Disk);
    let mut shares: Vec<Share> = shares.collect();
    let version = host.product().map(|product| product.version.clone()).unwrap_or_default();
    shares.push(pipes(format!("IPC Service ({})", about(persona, &release(persona, &version)))));
    shares
}

/// What a server of Samba says of itself (`server string`).
pub(super) fn about(persona: &Persona, release: &str) -> String {
    match persona.os.id.as_str() {
        id if id.starts_with("ubuntu") => {
            format!("{} server (Samba, Ubuntu)", persona.hostname.to_lowercase())
        }
        "qnap" => "NAS Server".to_owned(),
        "synology" => String::new(),
        _ => format!("Samba {release}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, persona_with, stage};

    #[test]
    fn what_samba_shares_is_what_its_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let persona = persona_with(&super::super::SERVICE, "web-01");
        let host = host(&stage(folder.path()), persona, "smb", &[]);
        let flavour = Flavour::of(&host);
        let names: Vec<_> = all(&host, &flavour).into_iter().map(|share| share.name).collect();
        assert!(names.contains(&"print$".to_owned()) && names.contains(&"IPC$".to_owned()), "{names:?}");
        assert_eq!(find(&host, &flavour, "ROOT", "root").map(|share| share.name), Some("root".to_owned()));
        assert!(find(&host, &flavour, "homes", "root").is_none());
        assert!(find(&host, &flavour, "nothing", "root").is_none());
    }

    #[test]
    fn a_domain_controller_shares_its_scripts() {
        let mut persona = netsvc_kit::testing::persona("dc-01");
        persona.os.family = "windows_server".to_owned();
        let names: Vec<_> = windows(&persona, true).into_iter().map(|share| share.name).collect();
        for name in ["ADMIN$", "C$", "IPC$", "NETLOGON", "SYSVOL"] {
            assert!(names.iter().any(|found| found == name), "{names:?}");
        }
    }
}
