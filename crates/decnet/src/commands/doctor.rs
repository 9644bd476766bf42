//! `doctor`: whether this machine has what is needed.

use super::{Context, status::Unwell};
use crate::{output, settings::Name, tls};
use anyhow::Result;
use clap::Args;
use netsvc_wire::stamp;
use serde::Serialize;
use serde_json::json;
use std::{
    net::{IpAddr, TcpListener},
    path::PathBuf,
    process::Command,
};

/// Oldest kernel that the native runtime was tried on, and Rust that builds this program.
const KERNEL: (u32, u32) = (5, 13);
const RUST: (u32, u32) = (1, 95);
/// Programs that are used where they are there: name, package, what for.
const TOOLS: [(&str, &str, &str); 5] = [
    ("cc", "build-essential", "building"),
    ("perl", "perl", "building"),
    ("cargo", "rustup", "building"),
    ("nmap", "nmap", "`decnet audit` and faces by name"),
    ("p0f", "p0f", "`decnet audit`"),
];

/// Check whether this machine has what is needed: kernel, namespaces, ports, tools
#[derive(Args, Debug)]
#[command(after_long_help = "Exit status:
  0 when nothing that is needed is missing, 1 otherwise.")]
pub struct Doctor {
    /// JSON
    #[arg(long)]
    json: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Good,
    /// Something will not work.
    Lacking,
    /// Nothing will.
    Bad,
}

#[derive(Serialize)]
struct Finding {
    subject: String,
    grade: Grade,
    found: String,
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Unwell`] when something is missing that is needed.
    pub fn run(self, context: &Context) -> Result<()> {
        let mut findings =
            vec![kernel(), landlock(), namespaces(), open_files(), stage(context), port(context)];
        findings.push(transport(context));
        findings.push(containers());
        findings.extend(TOOLS.iter().map(|&(name, package, purpose)| tool(name, package, purpose)));
        findings.push(rust());
        let good = findings.iter().all(|finding| finding.grade != Grade::Bad);
        if self.json {
            output::json(&json!({ "ok": good, "findings": findings }));
        } else {
            output::table(&["SUBJECT", "", "FOUND"], &findings, |finding| {
                let grade = match finding.grade {
                    Grade::Good => "good",
                    Grade::Lacking => "lacking",
                    Grade::Bad => "BAD",
                };
                vec![finding.subject.clone(), grade.to_owned(), finding.found.clone()]
            });
        }
        if good { Ok(()) } else { Err(Unwell.into()) }
    }
}

fn finding(subject: &str, grade: Grade, found: impl Into<String>) -> Finding {
    Finding { subject: subject.to_owned(), grade, found: found.into() }
}

/// Major and minor of the first version in a text.
fn version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text.get(start..)?.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn kernel() -> Finding {
    let release = fs_err::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    match version(release) {
        Some(found) if KERNEL <= found => finding("kernel", Grade::Good, release),
        _ => finding(
            "kernel",
            Grade::Bad,
            format!("{release:?}; {}.{} or newer is needed", KERNEL.0, KERNEL.1),
        ),
    }
}

fn landlock() -> Finding {
    match decnet_engine::confine::has_landlock() {
        true => finding("landlock", Grade::Good, "on"),
        false => {
            finding("landlock", Grade::Lacking, "off in this kernel: processes see the whole file system")
        }
    }
}

fn namespaces() -> Finding {
    if nix::unistd::geteuid().is_root() {
        return finding("namespaces", Grade::Good, "root makes them");
    }
    // A process of its own, because what it enters it cannot leave.
    let tried = Command::new("unshare").args(["--user", "--net", "--map-root-user", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => finding("namespaces", Grade::Good, "users may make them"),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let advice = "no lab and no native runtime without root (sysctl user.max_user_namespaces, \
                          kernel.unprivileged_userns_clone)";
            finding("namespaces", Grade::Lacking, format!("{why}: {advice}"))
        }
        Err(error) => finding("namespaces", Grade::Lacking, format!("`unshare` cannot be run: {error}")),
    }
}

fn open_files() -> Finding {
    use nix::sys::resource::{Resource, getrlimit};
    let hard = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(_, hard)| hard);
    // The connections of a service process, a thousand listeners, and some to spare.
    if nix::unistd::geteuid().is_root() || 10_000 <= hard {
        return finding("open files", Grade::Good, hard.to_string());
    }
    finding(
        "open files",
        Grade::Lacking,
        format!("{hard}; large fleets need 10000 (ulimit -Hn, LimitNOFILE=)"),
    )
}

fn stage(context: &Context) -> Finding {
    match context.fleet().stage_binary() {
        Ok(path) => finding("netsvcd", Grade::Good, path.display().to_string()),
        Err(error) => finding("netsvcd", Grade::Bad, error.to_string()),
    }
}

/// Whether there is a daemon for the runtime docker, which nothing else needs.
fn containers() -> Finding {
    let socket = decnet_engine::docker::socket();
    match std::os::unix::net::UnixStream::connect(&socket) {
        Ok(_) => finding("Docker", Grade::Good, format!("a daemon listens at {}", socket.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            finding("Docker", Grade::Good, "no daemon; only --runtime docker needs one")
        }
        Err(error) => finding(
            "Docker",
            Grade::Lacking,
            format!("{}: {error}; --runtime docker needs root and a daemon that runs", socket.display()),
        ),
    }
}

fn port(context: &Context) -> Finding {
    let settings = context.settings();
    let place =
        (settings.text(Name::ApiHost), u16::try_from(settings.number(Name::ApiPort)).unwrap_or_default());
    let subject = format!("API on {}:{}", place.0, place.1);
    if decnet_fleet::supervisor::running(&context.paths()).is_some() {
        return finding(&subject, Grade::Good, "the workers run");
    }
    match TcpListener::bind(place) {
        Ok(_) => finding(&subject, Grade::Good, "free"),
        Err(error) => finding(&subject, Grade::Bad, format!("{error} (api.host, api.port)")),
    }
}

/// Whether what operators send can be read on the way, and until when it cannot.
fn transport(context: &Context) -> Finding {
    let settings = context.settings();
    let outside = |name: &Name| {
        let host = settings.text(*name);
        host != "localhost" && !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    match tls::validity(context) {
        Err(error) => finding("TLS", Grade::Bad, error.to_string()),
        Ok(Some((path, validity))) => {
            let day: String = stamp::format(validity.ends_at).chars().take(10).collect();
            let over = validity.is_over(context.now());
            let grade = if over { Grade::Lacking } else { Grade::Good };
            let word = if over { "not valid now; it ends" } else { "good until" };
            finding("TLS", grade, format!("{}: {word} {day}", path.display()))
        }
        Ok(None) if tls::is_on(settings) => {
            finding("TLS", Grade::Good, "a certificate is made with the first start")
        }
        Ok(None) => match [Name::ApiHost, Name::WebHost].iter().find(|name| outside(name)) {
            Some(name) => {
                let key = name.knob().key;
                let found =
                    format!("off, and {key} is no address of this host alone: web.tls = yes switches it on");
                finding("TLS", Grade::Lacking, found)
            }
            None => finding("TLS", Grade::Good, "off; only this host can connect"),
        },
    }
}

fn tool(name: &str, package: &str, purpose: &str) -> Finding {
    match on_path(name) {
        Some(path) => finding(name, Grade::Good, path.display().to_string()),
        None => finding(name, Grade::Lacking, format!("not there; needed for {purpose} (package {package})")),
    }
}

/// Debian's own cargo is too old, so that being there says little.
fn rust() -> Finding {
    let said = Command::new("rustc").arg("--version").output();
    let said =
        said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    match version(&said) {
        Some(found) if RUST <= found => finding("rust", Grade::Good, said),
        Some(_) => finding("rust", Grade::Lacking, format!("{said}; building needs {}.{}", RUST.0, RUST.1)),
        None => finding("rust", Grade::Lacking, format!("not there; building needs {}.{}", RUST.0, RUST.1)),
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_out_of_what_programs_say() {
        for (text, expected) in [
            ("6.18.5-amd64", Some((6, 18))),
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some((1, 95))),
            ("", None),
            ("none", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
