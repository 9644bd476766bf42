//! `--help` and `--version` of the GNU tools, and the usage of BusyBox's applets.
//!
//! The texts are what Debian 12's programs and BusyBox 1.35 print; numbers of other releases come from the table of
//! versions.

use crate::{
    flavour::busybox_version,
    interpret::{Flow, Shell, Status},
    live::Versions,
};
use std::{collections::BTreeMap, sync::OnceLock};

/// An answer: its status and text.
type Answer = (i32, &'static str);

fn gnu() -> &'static BTreeMap<(&'static str, &'static str), Answer> {
    static TABLE: OnceLock<BTreeMap<(&str, &str), Answer>> = OnceLock::new();
    TABLE.get_or_init(|| {
        sections(include_str!("texts/gnu.txt"))
            .filter_map(|(head, text)| {
                let mut words = head.split(' ');
                let key = (words.next()?, words.next()?);
                Some((key, (words.next()?.parse().ok()?, text)))
            })
            .collect()
    })
}

/// What a GNU tool prints when it is asked for its help.
pub(super) fn gnu_help(name: &str) -> Option<&'static str> {
    gnu().get(&(name, "--help")).map(|(_, text)| *text)
}

/// What a program says that was called without what it needs, with its status.
pub(super) fn gnu_usage(shell: &mut Shell, name: &str) -> Option<Status> {
    let (status, text) = *gnu().get(&(name, "--usage"))?;
    Some(shell.err(text).map(|()| status))
}

/// What a GNU tool says after it has named a wrong option.
pub(super) fn hint(name: &str) -> String {
    match name {
        // Those of procps show all of their help.
        "free" | "w" | "uptime" | "vmstat" => gnu_help(name).unwrap_or("").to_owned(),
        "sed" => {
            let help = gnu_help(name).unwrap_or("");
            help.split("E-mail").next().unwrap_or("").to_owned()
        }
        "grep" | "egrep" | "fgrep" => {
            format!(
                "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
            )
        }
        "wget" => "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n".into(),
        "gzip" | "gunzip" | "zcat" => "Try `gzip --help' for more information.\n".into(),
        "diff" | "cmp" => format!("{name}: Try '{name} --help' for more information.\n"),
        "tar" => "Try 'tar --help' or 'tar --usage' for more information.\n".into(),
        _ => format!("Try '{name} --help' for more information.\n"),
    }
}

fn busybox() -> &'static BTreeMap<&'static str, &'static str> {
    static TABLE: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    TABLE.get_or_init(|| sections(include_str!("texts/busybox.txt")).collect())
}

/// Texts under heads `%% …`.
fn sections(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .filter(|(_, line)| line.starts_with("%% "))
        .map(move |(start, head)| {
            let body = text.get(start + head.len()..).unwrap_or("");
            let end = body.find("\n%% ").map_or(body.len(), |end| end + 1);
            (head.trim_start_matches("%% ").trim_end(), body.get(..end).unwrap_or(body))
        })
}

/// The usage of an applet, with its line end.
fn usage_of(applet: &str) -> Option<&'static str> {
    busybox().get(applet).copied()
}

/// What an applet prints on wrong use.
pub(super) fn usage(shell: &mut Shell, applet: &str) -> Result<(), Flow> {
    let version = busybox_version(&shell.live.persona);
    let text = usage_of(applet).unwrap_or("No help available\n\n");
    shell.err(&format!("{version} multi-call binary.\n\n{text}"))
}

/// The help of an applet that is asked for nothing else.
pub(super) fn of_applet(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    let asked = matches!(super::rest(arguments), [only] if only == "--help") && usage_of(name).is_some();
    asked.then(|| usage(shell, name).map(|()| 0))
}

/// The answer of a tool that is asked for its help or version; `None`: it was not, or has no such answer.
pub(super) fn of_tool(shell: &mut Shell, name: &str, arguments: &[String]) -> Option<Status> {
    let words = super::rest(arguments);
    let asked = words
        .iter()
        .take_while(|word| *word != "--")
        .find(|word| *word == "--help" || *word == "--version")?;
    // These end at their first operand, and what follows belongs to another program.
    let runs_others =
        ["env", "nice", "nohup", "timeout", "stdbuf", "xargs", "sudo", "chroot", "find", "expr"];
    if runs_others.contains(&name) && words.first() != Some(asked) {
        return None;
    }
    if ["true", "false", "expr"].contains(&name) && words.len() > 1 {
        return None;
    }
    let (status, text) = *gnu().get(&(name, asked.as_str()))?;
    let text = if asked == "--version" { dated(text, shell.live.versions()) } else { text.to_owned() };
    Some(shell.out(&text).map(|()| status))
}

/// What each version of curl was built with, and when it was made.
const CURL: &str = include_str!("texts/curl.tsv");

/// `curl --version` of a release: what it was built with, when it was made, and what is the same everywhere.
fn curl(rest: &str, versions: &Versions) -> String {
    let (version, openssl) = (versions.curl, versions.openssl_number());
    let openssl: String = openssl.chars().take_while(|letter| *letter != '-').collect();
    let row = CURL.lines().map(|line| line.split('\t')).find_map(|mut fields| {
        (fields.next() == Some(version)).then(|| (fields.next().unwrap_or(""), fields.next().unwrap_or("")))
    });
    let (libraries, date) = row.unwrap_or(("zlib/1.2.7 libidn/1.28 libssh2/1.8.0", ""));
    let build =
        if versions.id.starts_with("debian") || versions.id.starts_with("ubuntu") || versions.id == "kali" {
            "x86_64-pc-linux-gnu"
        } else {
            "x86_64-redhat-linux-gnu"
        };
    let date = if date.is_empty() { String::new() } else { format!("Release-Date: {date}\n") };
    let same = rest.split_once('\n').map_or("", |(_, same)| same);
    format!("curl {version} ({build}) libcurl/{version} OpenSSL/{openssl} {libraries}\n{date}{same}")
}

/// A version's text with the numbers of a release.
fn dated(text: &str, versions: &Versions) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if first.starts_with("curl ") {
        return curl(rest, versions);
    }
    let pairs = [
        ("(GNU coreutils) 9.1", "(GNU coreutils) ", versions.coreutils),
        ("(GNU grep) 3.8", "(GNU grep) ", versions.grep),
        ("(GNU sed) 4.9", "(GNU sed) ", versions.sed),
        ("(GNU tar) 1.34", "(GNU tar) ", versions.tar),
        ("(gzip) 1.12", "(gzip) ", versions.gzip),
        ("gzip 1.12", "gzip ", versions.gzip),
        ("(GNU findutils) 4.9.0", "(GNU findutils) ", versions.findutils),
        ("GNU Wget 1.21.3", "GNU Wget ", versions.wget),
        ("procps-ng 4.0.2", "procps-ng ", versions.procps),
        ("util-linux 2.38.1", "util-linux ", versions.util_linux),
    ];
    let Some((known, name, version)) = pairs.into_iter().find(|(known, ..)| first.contains(known)) else {
        return text.to_owned();
    };
    let first = first.replace(known, &format!("{name}{version}"));
    let year = match (name, version) {
        ("(GNU coreutils) ", "8.4" | "8.22") => "2013",
        ("(GNU coreutils) ", "8.26") => "2016",
        ("(GNU coreutils) ", "8.28") => "2017",
        ("(GNU coreutils) ", "8.30") => "2018",
        ("(GNU coreutils) ", "8.32") => "2020",
        ("(GNU coreutils) ", "9.3" | "9.4") => "2023",
        _ => return format!("{first}\n{rest}"),
    };
    format!("{first}\n{}", rest.replacen("(C) 2022", &format!("(C) {year}"), 1))
}
