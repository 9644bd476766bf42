//! Package tools: what they list agrees with the products of the persona; nothing can be fetched.

use super::{Run, own, rest};
use crate::{
    Flavour,
    interpret::{Shell, Status},
};
use netsvc_persona::{Product, daemon::Daemon};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("apt", apt),
    ("apt-get", apt),
    ("apt-cache", |_, _| Ok(0)),
    ("dpkg", dpkg),
    ("yum", yum),
    ("dnf", yum),
    ("rpm", rpm),
    ("apk", apk),
];

/// Packages that every system has.
const BASE: [(&str, &str, &str); 30] = [
    ("adduser", "3.134", "add and remove users and groups"),
    ("apt", "2.6.1", "commandline package manager"),
    ("base-files", "12.4+deb12u5", "Debian base system miscellaneous files"),
    ("bash", "5.2.15-2+b2", "GNU Bourne Again SHell"),
    ("bsdutils", "1:2.38.1-5+b1", "basic utilities from 4.4BSD-Lite"),
    ("ca-certificates", "20230311", "Common CA certificates"),
    ("coreutils", "9.1-1", "GNU core utilities"),
    ("cron", "3.0pl1-162", "process scheduling daemon"),
    ("curl", "7.88.1-10+deb12u5", "command line tool for transferring data with URL syntax"),
    ("dash", "0.5.12-2", "POSIX-compliant shell"),
    ("dbus", "1.14.10-1~deb12u1", "simple interprocess messaging system"),
    ("dpkg", "1.21.22", "Debian package management system"),
    ("findutils", "4.9.0-4", "utilities for finding files"),
    ("grep", "3.8-5", "GNU grep, egrep and fgrep"),
    ("gzip", "1.12-1", "GNU compression utilities"),
    ("iproute2", "6.1.0-3", "networking and traffic control tools"),
    ("libc6:amd64", "2.36-9+deb12u4", "GNU C Library: Shared libraries"),
    ("login", "1:4.13+dfsg1-1+b1", "system login tools"),
    ("mount", "2.38.1-5+b1", "tools for mounting and manipulating filesystems"),
    ("openssl", "3.0.11-1~deb12u2", "Secure Sockets Layer toolkit - cryptographic utility"),
    ("passwd", "1:4.13+dfsg1-1+b1", "change and administer password and group data"),
    ("perl", "5.36.0-7+deb12u1", "Larry Wall's Practical Extraction and Report Language"),
    ("procps", "2:4.0.2-3", "/proc file system utilities"),
    ("python3", "3.11.2-1+b1", "interactive high-level object-oriented language"),
    ("rsyslog", "8.2302.0-1", "reliable system and kernel logging daemon"),
    ("sed", "4.9-1", "GNU stream editor for filtering/transforming text"),
    ("sudo", "1.9.13p3-1+deb12u1", "Provide limited super user privileges to specific users"),
    ("systemd", "252.22-1~deb12u1", "system and service manager"),
    ("tar", "1.34+dfsg-1.2", "GNU version of the tar archiving utility"),
    ("wget", "1.21.3-1+b2", "retrieves files from the web"),
];

/// Packages with version and description, the products of the node's services among them.
fn packages(shell: &Shell) -> Vec<(String, String, &'static str)> {
    let persona = &shell.live.persona;
    let mut list: Vec<(String, String, &'static str)> = BASE
        .iter()
        .map(|(name, version, about)| ((*name).to_owned(), (*version).to_owned(), *about))
        .collect();
    list.push((
        format!("linux-image-{}", persona.os.kernel),
        persona.os.kernel.clone(),
        "Linux kernel image",
    ));
    list.extend(
        shell
            .live
            .software()
            .filter_map(|(service, daemon)| of_product(persona.products.get(&service.slug)?, daemon)),
    );
    list.sort();
    list.dedup_by(|left, right| left.0 == right.0);
    list
}

/// The package that a product of the persona comes from.
fn of_product(product: &Product, daemon: &Daemon) -> Option<(String, String, &'static str)> {
    let (name, about) = daemon.package;
    // Debian's version has the packaging revision after the upstream version and an epoch before it.
    let revision = match product.packaging.rsplit('-').next().unwrap_or("") {
        "" => "1",
        revision => revision,
    };
    let version = format!("{}{}-{revision}", daemon.epoch, product.version);
    (!name.is_empty()).then(|| (name.to_owned(), version, about))
}

fn missing(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    let text = if shell.flavour().busybox() {
        format!("{name}: not found")
    } else {
        format!("{name}: command not found")
    };
    shell.complain(&text)?;
    Ok(127)
}

fn apt(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.flavour().deb() {
        return missing(shell, arguments);
    }
    let words: Vec<&String> = rest(arguments).iter().filter(|word| !word.starts_with('-')).collect();
    let verb = words.first().map_or("", |word| word.as_str());
    if shell.fs.credentials.uid != 0 && matches!(verb, "install" | "update" | "upgrade" | "remove") {
        let file = if verb == "update" { "/var/lib/apt/lists/lock" } else { "/var/lib/dpkg/lock-frontend" };
        shell.err(&format!("E: Could not open lock file {file} - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock ({file}), are you root?\n"))?;
        return Ok(100);
    }
    let (mirror, suite) = match shell.flavour() {
        Flavour::Ubuntu => ("archive.ubuntu.com/ubuntu", shell.live.persona.os.codename.clone()),
        _ => ("deb.debian.org/debian", shell.live.persona.os.codename.clone()),
    };
    let host = mirror.split('/').next().unwrap_or("").to_owned();
    match verb {
        "update" | "upgrade" | "dist-upgrade" if verb == "update" => {
            shell.out(&format!("Ign:1 http://{mirror} {suite} InRelease\n"))?;
            shell.wait(Duration::from_secs(12))?;
            shell.out(&format!("Err:1 http://{mirror} {suite} InRelease\n  Temporary failure resolving '{host}'\nReading package lists...\n"))?;
            shell.err(&format!("W: Failed to fetch http://{mirror}/dists/{suite}/InRelease  Temporary failure resolving '{host}'\nW: Some index files failed to download. They have been ignored, or old ones used instead.\n"))?;
            Ok(0)
        }
        "install" | "remove" | "purge" | "upgrade" | "dist-upgrade" | "autoremove" => {
            shell.out("Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n")?;
            let known = packages(shell);
            for name in words.iter().skip(1) {
                if let Some((name, version, _)) = known.iter().find(|(found, _, _)| found == *name) {
                    shell.out(&format!("{name} is already the newest version ({version}).\n"))?;
                    continue;
                }
                shell.wait(Duration::from_millis(700))?;
                shell.err(&format!("E: Unable to locate package {name}\n"))?;
                return Ok(100);
            }
            shell.out("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")?;
            Ok(0)
        }
        "list" => {
            let text: String = packages(shell)
                .iter()
                .map(|(name, version, _)| {
                    format!("{}/now {version} amd64 [installed,local]\n", name.trim_end_matches(":amd64"))
                })
                .collect();
            shell.out(&format!("Listing... Done\n{text}"))?;
            Ok(0)
        }
        _ => {
            shell.out("apt 2.6.1 (amd64)\nUsage: apt [options] command\n\napt is a commandline package manager and provides commands for\nsearching and managing as well as querying information about packages.\n")?;
            Ok(0)
        }
    }
}

fn dpkg(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.flavour().deb() {
        return missing(shell, arguments);
    }
    let words = rest(arguments);
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    match words.first().map(String::as_str) {
        Some("-l" | "--list") => {
            let mut out = String::from(
                "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name                           Version                        Architecture Description\n+++-==============================-==============================-============-=================================\n",
            );
            let mut found = wanted.is_empty();
            for (name, version, about) in packages(shell) {
                if wanted.is_empty()
                    || wanted
                        .iter()
                        .any(|pattern| crate::interpret::Pattern::from_text(pattern).matches(&name))
                {
                    found = true;
                    out.push_str(&format!("ii  {name:<30} {version:<30} amd64        {about}\n"));
                }
            }
            if !found {
                let text = wanted.first().map_or("", |name| name.as_str()).to_owned();
                shell.err(&format!("dpkg-query: no packages found matching {text}\n"))?;
                return Ok(1);
            }
            shell.out(&out)?;
        }
        Some("--print-architecture") => {
            let machine = match shell.live.persona.os.machine.as_str() {
                "x86_64" => "amd64",
                "aarch64" => "arm64",
                other => other,
            }
            .to_owned();
            shell.out(&format!("{machine}\n"))?;
        }
        _ => {
            shell.err("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\n")?;
            return Ok(2);
        }
    }
    Ok(0)
}

fn yum(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour() != Flavour::Redhat {
        return missing(shell, arguments);
    }
    if rest(arguments)
        .iter()
        .any(|word| ["install", "update", "upgrade", "makecache"].contains(&word.as_str()))
    {
        shell.wait(Duration::from_secs(20))?;
        shell.err("Error: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist: Curl error (6): Couldn't resolve host name\n")?;
        return Ok(1);
    }
    shell.out("usage: dnf [options] COMMAND\n")?;
    Ok(0)
}

fn rpm(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour() != Flavour::Redhat {
        return missing(shell, arguments);
    }
    let wanted = rest(arguments).iter().find(|word| !word.starts_with('-')).cloned();
    let release = shell.live.persona.os.version.split('.').next().unwrap_or("9").to_owned();
    let mut found = false;
    for (name, version, _) in packages(shell) {
        let upstream = version
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .strip_prefix(':')
            .unwrap_or(&version)
            .split(['-', '+', '~'])
            .next()
            .unwrap_or("")
            .to_owned();
        let name = name
            .replace(":amd64", "")
            .replace("libc6", "glibc")
            .replace("procps", "procps-ng")
            .replace("passwd", "shadow-utils");
        if ["apt", "dpkg", "adduser", "dash", "bsdutils", "base-files", "mount", "login"]
            .contains(&name.as_str())
            || wanted.as_ref().is_some_and(|wanted| *wanted != name)
        {
            continue;
        }
        found = true;
        let machine = shell.live.persona.os.machine.clone();
        shell.out(&format!("{name}-{upstream}-8.el{release}.{machine}\n"))?;
    }
    if let Some(wanted) = wanted.filter(|_| !found) {
        shell.out(&format!("package {wanted} is not installed\n"))?;
        return Ok(1);
    }
    Ok(0)
}

fn apk(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour() != Flavour::Alpine {
        return missing(shell, arguments);
    }
    shell.wait(Duration::from_secs(5))?;
    shell.err("fetch https://dl-cdn.alpinelinux.org/alpine/v3.19/main/x86_64/APKINDEX.tar.gz\nWARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.19/main: temporary error (try again later)\n")?;
    Ok(if rest(arguments).first().is_some_and(|word| word == "add") { 1 } else { 0 })
}
