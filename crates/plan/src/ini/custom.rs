//! A section of a deployment INI that brings a service along: `[custom-NAME]`.

use super::{
    general::{is_empty, wrong},
    syntax::{Entry, Errors, Section},
    text,
};
use decnet_model::nearest;
use decnet_model::{
    catalogue,
    custom::{CAPABILITIES, CustomService, EXPRESSION_SIZE, MEMORY, MEMORY_MOST, is_path},
};
use regex::bytes::RegexBuilder;
use std::collections::{BTreeMap, BTreeSet};

/// How such a section begins.
pub(super) const PREFIX: &str = "custom-";
/// Most ports of one service, variables of its environment, and folders.
const MOST_PORTS: usize = 64;
const MOST_VARIABLES: usize = 64;
const MOST_FOLDERS: usize = 16;
/// Longest expression.
const LONGEST_EXPRESSION: usize = 512;

/// A key of the section.
pub struct CustomKey {
    /// How it is written.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// A value.
    pub example: &'static str,
    /// What older files call it.
    former: Option<&'static str>,
    read: fn(&mut CustomService, &Entry, &mut Errors),
    write: fn(&CustomService) -> Option<String>,
}

/// Every key of the section, in the order of writing.
pub const KEYS: &[CustomKey] = &[
    CustomKey {
        name: "image",
        help: "image that it runs; with `build`, what the image is called",
        example: "registry.example/shop:1.4",
        former: Some("binary"),
        read: |custom, entry, errors| match is_image(&entry.value) {
            true => custom.image.clone_from(&entry.value),
            false => wrong(entry, "is no name of an image; write it as shop:1.4", errors),
        },
        write: |custom| Some(custom.image.clone()).filter(|image| *image != built(&custom.name)),
    },
    CustomKey {
        name: "build",
        help: "folder with a Dockerfile that the image is built from",
        example: "/srv/shop",
        former: None,
        read: |custom, entry, errors| match is_path(&entry.value) {
            true => custom.build = Some(entry.value.clone()),
            false => wrong(entry, "is no absolute path of a folder", errors),
        },
        write: |custom| custom.build.clone(),
    },
    CustomKey {
        name: "exec",
        help: "command that is run in it, words with spaces between; without it the image's own",
        example: "/usr/bin/shop --listen 8080",
        former: None,
        read: |custom, entry, _| custom.command = Some(entry.value.clone()),
        write: |custom| custom.command.clone(),
    },
    CustomKey {
        name: "ports",
        help: "ports that it listens on, UDP ones with /udp",
        example: "8080, 161/udp",
        former: None,
        read: ports,
        write: |custom| {
            let tcp = custom.ports.iter().map(ToString::to_string);
            some(tcp.chain(custom.udp_ports.iter().map(|port| format!("{port}/udp"))))
        },
    },
    CustomKey {
        name: "env",
        help: "its environment, NAME=VALUE with commas between",
        example: "SHOP_NAME=Corner Shop, LANG=C.UTF-8",
        former: None,
        read: |custom, entry, errors| match variables(&entry.value) {
            Some(env) => custom.env = env,
            None => wrong(entry, "is no list of variables; write them as NAME=VALUE, OTHER=VALUE", errors),
        },
        write: |custom| some(custom.env.iter().map(|(name, value)| format!("{name}={value}"))),
    },
    CustomKey {
        name: "log",
        help: "where its lines are: stdout, or a file of the container",
        example: "/var/log/shop/access.log",
        former: None,
        read: |custom, entry, errors| match entry.value.parse() {
            Ok(log) => custom.log = log,
            Err(why) => wrong(entry, &why, errors),
        },
        write: |custom| Some(custom.log.to_string()).filter(|log| log != "stdout"),
    },
    CustomKey {
        name: "credential",
        help: "regular expression with groups named user, password and perhaps source: a line with a login",
        example: "login failed for (?P<user>\\S+) with (?P<password>\\S+)",
        former: None,
        read: |custom, entry, errors| {
            if expression(
                entry,
                errors,
                |names, _| names.contains("password"),
                "has no group (?P<password>…)",
            ) {
                custom.credential = Some(entry.value.clone());
            }
        },
        write: |custom| custom.credential.clone(),
    },
    CustomKey {
        name: "source",
        help: "regular expression whose first group is the address of the peer",
        example: "^(\\S+) -",
        former: None,
        read: |custom, entry, errors| {
            if expression(entry, errors, |_, groups| groups > 1, "has no group; put the address in (…)") {
                custom.source = Some(entry.value.clone());
            }
        },
        write: |custom| custom.source.clone(),
    },
    CustomKey {
        name: "capabilities",
        help: "capabilities that it cannot do without; it has none otherwise",
        example: "setuid, setgid",
        former: None,
        read: |custom, entry, errors| {
            let known = |name: &str| {
                let upper = name.to_ascii_uppercase();
                CAPABILITIES
                    .contains(&upper.trim_start_matches("CAP_"))
                    .then(|| upper.trim_start_matches("CAP_").to_owned())
            };
            match text::list(&entry.value).and_then(|all| all.into_iter().map(known).collect()) {
                Some(all) => custom.capabilities = all,
                None => {
                    let why = format!("may be of: {}", CAPABILITIES.join(", ").to_ascii_lowercase());
                    wrong(entry, &why, errors);
                }
            }
        },
        write: |custom| some(custom.capabilities.iter().map(|name| name.to_ascii_lowercase())),
    },
    CustomKey {
        name: "writable",
        help: "folders that it may write to, in memory; /tmp and /run are anyway",
        example: "/var/cache/shop",
        former: None,
        read: |custom, entry, errors| {
            let all = text::list(&entry.value).filter(|all| all.len() <= MOST_FOLDERS);
            match all.filter(|all| all.iter().all(|path| is_path(path))) {
                Some(all) => custom.writable = all.into_iter().map(str::to_owned).collect(),
                None => wrong(entry, "is no list of absolute paths", errors),
            }
        },
        write: |custom| some(custom.writable.iter().cloned()),
    },
    CustomKey {
        name: "memory",
        help: "memory that it may have, in MiB; without it 128",
        example: "256",
        former: None,
        read: |custom, entry, errors| match text::number(&entry.value, MEMORY_MOST) {
            Some(memory) => custom.memory = Some(memory).filter(|memory| *memory != MEMORY),
            None => wrong(entry, &format!("is no number of MiB from 1 to {MEMORY_MOST}"), errors),
        },
        write: |custom| custom.memory.map(|memory| memory.to_string()),
    },
];

/// What an image is called that is built and has no name of its own.
pub(super) fn built(name: &str) -> String {
    format!("custom-{name}:latest")
}

/// Reads the section; `None`: it has no name or image, which is reported.
pub(super) fn read(section: &Section, errors: &mut Errors) -> Option<CustomService> {
    let name = section.name.strip_prefix(PREFIX).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || 32 < name.len() || !name.bytes().all(plain) {
        let message = format!("[{}]: write it as [custom-shop], in small letters", section.name);
        errors.add(section.line, message);
        return None;
    }
    if catalogue::find(name).is_some() || RESERVED.contains(&name) {
        let message = format!("[{}]: there is a service {name} already; choose another name", section.name);
        errors.add(section.line, message);
        return None;
    }
    let mut custom = CustomService::of(name, "");
    for entry in &section.entries {
        if is_empty(entry, errors) {
            continue;
        }
        match KEYS.iter().find(|key| key.name == entry.key || key.former == Some(entry.key.as_str())) {
            Some(key) => (key.read)(&mut custom, entry, errors),
            None => {
                let names = || KEYS.iter().map(|key| key.name);
                let near = nearest::hint(&entry.key, names());
                let all = names().collect::<Vec<_>>().join(", ");
                let message = format!("[{}] has no key {:?}{near}; it has: {all}", section.name, entry.given);
                errors.add(entry.line, message);
            }
        }
    }
    if custom.image.is_empty() && custom.build.is_some() {
        custom.image = built(name);
    }
    if custom.image.is_empty() {
        let message =
            format!("[{}] does not say what it runs; add image = IMAGE, or build = FOLDER", section.name);
        errors.add(section.line, message);
        return None;
    }
    Some(custom)
}

/// The key and value of each line that says what `custom` is.
pub(super) fn written(custom: &CustomService) -> impl Iterator<Item = (&'static str, String)> {
    KEYS.iter().filter_map(|key| Some((key.name, (key.write)(custom)?)))
}

/// Parts of a decky and writers of events that are ours.
const RESERVED: &[&str] = &["base", "own", "gate", "collector", "canary"];

/// Whether `text` can name an image, as the distribution reference grammar has it: path, tag, digest.
fn is_image(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./:@-_".contains(&byte);
    (1..=255).contains(&text.len())
        && text.bytes().all(plain)
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !text.contains("//")
}

fn some(values: impl Iterator<Item = String>) -> Option<String> {
    Some(values.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

fn ports(custom: &mut CustomService, entry: &Entry, errors: &mut Errors) {
    let number = |item: &str| text::number(item, u16::MAX.into()).and_then(|port| u16::try_from(port).ok());
    let (mut tcp, mut udp) = (BTreeSet::new(), BTreeSet::new());
    let items = text::list(&entry.value).filter(|items| items.len() <= MOST_PORTS);
    let good = items.is_some_and(|items| {
        items.into_iter().all(|item| match item.strip_suffix("/udp") {
            Some(item) => number(item).is_some_and(|port| udp.insert(port)),
            None => number(item.trim_end_matches("/tcp")).is_some_and(|port| tcp.insert(port)),
        })
    });
    if !good {
        wrong(entry, "is no list of ports; write them as 80, 8443", errors);
        return;
    }
    (custom.ports, custom.udp_ports) = (tcp.into_iter().collect(), udp.into_iter().collect());
}

fn variables(value: &str) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for item in text::list(value).filter(|items| items.len() <= MOST_VARIABLES)? {
        let (name, value) = item.split_once('=')?;
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let named =
            !name.is_empty() && name.bytes().all(letter) && !name.starts_with(|c: char| c.is_ascii_digit());
        if !named || all.insert(name.to_owned(), value.to_owned()).is_some() {
            return None;
        }
    }
    Some(all)
}

/// Whether the value is an expression with the groups that are needed; if not, it is reported.
fn expression(
    entry: &Entry,
    errors: &mut Errors,
    fits: impl Fn(&BTreeSet<&str>, usize) -> bool,
    lacks: &str,
) -> bool {
    if LONGEST_EXPRESSION < entry.value.len() {
        wrong(entry, &format!("is longer than {LONGEST_EXPRESSION} bytes"), errors);
        return false;
    }
    match RegexBuilder::new(&entry.value).size_limit(EXPRESSION_SIZE).build() {
        Err(error) => {
            let why = error.to_string();
            let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            wrong(entry, &format!("is no regular expression: {last}"), errors);
            false
        }
        Ok(read) if !fits(&read.capture_names().flatten().collect(), read.captures_len()) => {
            wrong(entry, lacks, errors);
            false
        }
        Ok(_) => true,
    }
}
