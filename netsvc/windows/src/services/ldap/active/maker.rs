//! What every entry of a domain has, around what is its own.

use super::{super::entry::Entry, descriptor, place};
use netsvc_daemon::organisation::Organisation;

/// What an entry is made of.
pub(in super::super) struct Outline<'a> {
    /// Its name.
    pub(in super::super) name: String,
    pub(in super::super) context: usize,
    /// Its classes, the most general first.
    pub(in super::super) classes: &'a [&'a str],
    /// Its class in the schema.
    pub(in super::super) category: &'a str,
    /// When it was made and changed.
    pub(in super::super) made: i64,
    pub(in super::super) changed: i64,
}

/// Makes entries of a domain.
pub(in super::super) struct Maker<'a> {
    pub(in super::super) organisation: &'a Organisation,
    pub(in super::super) base: &'a str,
    /// Numbers of changes so far.
    pub(in super::super) number: i64,
}

impl Maker<'_> {
    /// An entry with what comes first; `more` adds what is its own; then comes what every entry has.
    pub(in super::super) fn entry(&mut self, outline: &Outline<'_>, more: impl FnOnce(&mut Entry)) -> Entry {
        let called = Entry::called(outline.name.clone(), outline.context);
        let mut entry = called.unwrap_or_default();
        let (kind, own) = own_part(&outline.name);
        entry.texts("objectClass", outline.classes);
        match kind {
            "OU" => entry.text("ou", &own),
            "DC" => {}
            _ => entry.text("cn", &own),
        }
        more(&mut entry);
        self.number += 3;
        let number = self.number;
        entry.text("distinguishedName", &outline.name);
        entry.number("instanceType", if entry.attribute("dc").is_some() { 5 } else { 4 });
        entry.text("whenCreated", place::moment(outline.made));
        entry.text("whenChanged", place::moment(outline.changed));
        entry.number("uSNCreated", number);
        entry.number("uSNChanged", number + 2);
        entry.text("name", &own);
        entry.put("objectGUID", vec![place::guid(self.organisation, &outline.name)]);
        let schema = format!("CN=Schema,CN=Configuration,{}", self.base);
        entry.text("objectCategory", format!("CN={},{schema}", outline.category));
        entry.put("dSCorePropagationData", vec![b"16010101000000.0Z".to_vec()]);
        let descriptor = descriptor::of(self.organisation, outline.classes.last().copied());
        entry.operational("nTSecurityDescriptor", vec![descriptor]);
        entry.operational("subschemaSubentry", vec![format!("CN=Aggregate,{schema}").into_bytes()]);
        entry.operational("canonicalName", vec![canonical(&outline.name).into_bytes()]);
        entry.operational("createTimeStamp", vec![place::moment(outline.made).into_bytes()]);
        entry.operational("modifyTimeStamp", vec![place::moment(outline.changed).into_bytes()]);
        entry
    }
}

/// Kind and value of the first part of a name.
fn own_part(name: &str) -> (&str, String) {
    let mut end = name.len();
    let mut escaped = false;
    for (at, letter) in name.char_indices() {
        if letter == ',' && !escaped {
            end = at;
            break;
        }
        escaped = !escaped && letter == '\\';
    }
    let (kind, value) = name.get(..end).unwrap_or(name).split_once('=').unwrap_or(("", name));
    (kind, value.replace('\\', ""))
}

/// `corp.example/Users/Ann`.
fn canonical(name: &str) -> String {
    let (mut labels, mut above) = (Vec::new(), Vec::new());
    for part in name.split(',') {
        match part.split_once('=') {
            Some(("DC", label)) => labels.push(label),
            Some((_, value)) => above.push(value),
            None => {}
        }
    }
    above.reverse();
    format!("{}/{}", labels.join("."), above.join("/"))
}
