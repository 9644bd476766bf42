//! A section of a deployment INI that brings a service along: `[custom-NAME]`.

use super::{
    general::{is_empty, wrong},
    syntax::{Errors, Section},
    text,
};
use decnet_model::nearest;
use decnet_model::{catalogue, custom::CustomService};

/// How such a section begins.
pub(super) const PREFIX: &str = "custom-";
/// Keys of the section.
const KEYS: &str = "binary, exec, ports";
/// Most ports of one service.
const MOST_PORTS: usize = 64;

/// Reads the section; `None`: it has no name or image, which is reported.
pub(super) fn read(section: &Section, errors: &mut Errors) -> Option<CustomService> {
    let name = section.name.strip_prefix(PREFIX).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || 32 < name.len() || !name.bytes().all(plain) {
        let message = format!("[{}]: write it as [custom-shop], in small letters", section.name);
        errors.add(section.line, message);
        return None;
    }
    if catalogue::find(name).is_some() {
        let message = format!("[{}]: there is a service {name} already; choose another name", section.name);
        errors.add(section.line, message);
        return None;
    }
    let mut custom =
        CustomService { name: name.to_owned(), image: String::new(), command: None, ports: Vec::new() };
    for entry in &section.entries {
        if is_empty(entry, errors) {
            continue;
        }
        match entry.key.as_str() {
            "binary" => custom.image.clone_from(&entry.value),
            "exec" => custom.command = Some(entry.value.clone()),
            "ports" => match ports(&entry.value) {
                Some(ports) => custom.ports = ports,
                None => wrong(entry, "is no list of ports; write them as 80, 8443", errors),
            },
            _ => {
                let near = nearest::hint(&entry.key, KEYS.split(", "));
                let message =
                    format!("[{}] has no key {:?}{near}; it has: {KEYS}", section.name, entry.given);
                errors.add(entry.line, message);
            }
        }
    }
    if custom.image.is_empty() {
        let message = format!("[{}] does not say what it runs; add binary = IMAGE", section.name);
        errors.add(section.line, message);
        return None;
    }
    Some(custom)
}

fn ports(value: &str) -> Option<Vec<u16>> {
    let items = text::list(value).filter(|items| items.len() <= MOST_PORTS)?;
    let number = |item: &str| text::number(item, u16::MAX.into()).and_then(|port| u16::try_from(port).ok());
    items.into_iter().map(number).collect()
}
