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

/// Packages that each release of Debian and Ubuntu has, with their versions there: a column for each.
const RELEASES: &str = include_str!("../live/packages.tsv");

/// Packages of the base system of `release`: name, version, description. A release that the table does not know has
/// Debian 12's.
fn base(release: &str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let mut lines = RELEASES.lines();
    let names = lines.next().unwrap_or_default();
    let place = |wanted: &str| names.split('\t').position(|name| name == wanted);
    let column = place(release).or_else(|| place("debian12")).unwrap_or_default();
    lines.filter_map(move |line| {
        let mut fields = line.split('\t');
        let (name, about) = (fields.next()?, fields.next()?);
        Some((name, fields.nth(column.checked_sub(2)?)?, about))
    })
}

/// Packages with version and description, the products of the node's services among them.
fn packages(shell: &Shell) -> Vec<(String, String, &'static str)> {
    let persona = &shell.live.persona;
    let own = base(&persona.os.id).map(|(name, version, about)| (name.to_owned(), version.to_owned(), about));
    let mut list: Vec<(String, String, &'static str)> = own.collect();
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
        _ => apt_usage(shell),
    }
}

fn apt_usage(shell: &mut Shell) -> Status {
    let own = base(&shell.live.persona.os.id).find(|(name, ..)| *name == "apt");
    let version = own.map_or("2.6.1", |(_, version, _)| version);
    shell.out(&format!(
        "apt {version} (amd64)\nUsage: apt [options] command\n\napt is a commandline \
         package manager and provides commands for\n\
         searching and managing as well as querying information about packages.\n"
    ))?;
    Ok(0)
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
    let machine = shell.live.persona.os.machine.clone();
    let suffix = if shell.live.persona.os.id.starts_with("fedora") { "fc" } else { "el" };
    for (name, version) in of_redhat(shell) {
        if wanted.as_ref().is_some_and(|wanted| *wanted != name) {
            continue;
        }
        found = true;
        shell.out(&format!("{name}-{version}-8.{suffix}{release}.{machine}\n"))?;
    }
    if let Some(wanted) = wanted.filter(|_| !found) {
        shell.out(&format!("package {wanted} is not installed\n"))?;
        return Ok(1);
    }
    Ok(0)
}

/// Packages of a system with rpm and their upstream versions.
fn of_redhat(shell: &Shell) -> Vec<(String, String)> {
    let versions = shell.live.versions();
    let persona = &shell.live.persona;
    let openssl: String = versions.openssl_number().chars().take_while(|letter| *letter != '-').collect();
    let bash = versions.bash.split('(').next().unwrap_or_default();
    let mut list: Vec<(String, String)> = [
        ("bash", bash),
        ("coreutils", versions.coreutils),
        ("curl", versions.curl),
        ("findutils", versions.findutils),
        ("gawk", versions.gawk),
        ("glibc", versions.libc),
        ("grep", versions.grep),
        ("gzip", versions.gzip),
        ("iproute", versions.iproute),
        ("kernel", persona.os.kernel.split('-').next().unwrap_or_default()),
        ("openssl", openssl.as_str()),
        ("perl", versions.perl),
        ("procps-ng", versions.procps),
        ("python3", versions.python),
        ("sed", versions.sed),
        ("systemd", versions.systemd),
        ("tar", versions.tar),
        ("util-linux", versions.util_linux),
        ("wget", versions.wget),
    ]
    .into_iter()
    .filter(|(_, version)| !version.is_empty())
    .map(|(name, version)| (name.to_owned(), version.to_owned()))
    .collect();
    list.extend(shell.live.software().filter_map(|(service, daemon)| {
        let product = persona.products.get(&service.slug)?;
        let (name, _) = daemon.package;
        (!name.is_empty()).then(|| (name.to_owned(), product.version.clone()))
    }));
    list.sort();
    list.dedup_by(|left, right| left.0 == right.0);
    list
}

fn apk(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.flavour() != Flavour::Alpine {
        return missing(shell, arguments);
    }
    shell.wait(Duration::from_secs(5))?;
    shell.err("fetch https://dl-cdn.alpinelinux.org/alpine/v3.19/main/x86_64/APKINDEX.tar.gz\nWARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.19/main: temporary error (try again later)\n")?;
    Ok(if rest(arguments).first().is_some_and(|word| word == "add") { 1 } else { 0 })
}
