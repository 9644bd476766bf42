//! MISP: addresses and files of one day each as an event, in the JSON that MISP imports, and a feed of such events.
//!
//! An address or a file belongs to the day on which it was seen first, so it never moves to another event; what changes
//! of it changes the attribute, whose id stays.

mod feed;

pub use feed::Feed;

use crate::{
    known::{Known, Payload, Technique, Techniques},
    origin::{NAME, Origin},
};
use decnet_model::{export::Wanted, record::Tried};
use netsvc_wire::{
    escape::printable,
    stamp::{self, Micros},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, net::IpAddr};

/// Attributes and objects of one event; a day of more has several.
const MOST: usize = 5000;
/// The template of a file (MISP objects, `file`, version 25).
const FILE: Template = Template {
    id: "688c46fb-5edb-40a3-8273-1af7923e2215",
    version: "25",
    name: "file",
    meta: "file",
    about: "File object describing a file with meta-information",
};
/// The template of logins (MISP objects, `credential`, version 5).
const CREDENTIAL: Template = Template {
    id: "a27e98c9-9b0e-414c-8076-d201e039ca09",
    version: "5",
    name: "credential",
    meta: "misc",
    about: "Credential describes one or more credential(s) including password(s), api key(s) or decryption key(s).",
};

struct Template {
    id: &'static str,
    version: &'static str,
    name: &'static str,
    meta: &'static str,
    about: &'static str,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Addresses,
    Files,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Subject::Addresses => "addresses",
            Subject::Files => "files",
        }
    }
}

/// An event that is not whole yet.
#[derive(Clone, Debug)]
struct Open {
    subject: Subject,
    day: String,
    part: usize,
    last: Micros,
    risk: u64,
    attributes: Vec<Value>,
    objects: Vec<Value>,
    names: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

/// Makes events of what comes in the order in which it was seen first.
#[derive(Debug)]
pub struct Misp {
    origin: Origin,
    wanted: Wanted,
    techniques: Techniques,
    published: bool,
    open: Option<Open>,
}

impl Misp {
    /// Events of this installation; `published` says whether MISP may take them for checked.
    pub fn new(origin: Origin, wanted: Wanted, techniques: Techniques, published: bool) -> Self {
        Misp { origin, wanted, techniques, published, open: None }
    }

    /// Takes an address; gives the event before it, if that is whole by now.
    pub fn address(&mut self, known: &Known) -> Option<Value> {
        let seen = &known.seen;
        let whole = self.turn(Subject::Addresses, seen.first_seen);
        let attribute = self.address_attribute(known);
        let (logins, names) =
            if self.wanted.secrets { (self.logins(known), Vec::new()) } else { (Vec::new(), names(known)) };
        if let Some(open) = &mut self.open {
            open.last = open.last.max(seen.last_seen);
            open.risk = open.risk.max(seen.risk);
            open.attributes.push(attribute);
            open.objects.extend(logins);
            open.names.extend(names);
            open.hosts.extend(seen.hosts.iter().cloned());
        }
        whole
    }

    /// Takes a payload; gives the event before it, if that is whole by now.
    pub fn payload(&mut self, payload: &Payload) -> Option<Value> {
        let artefact = &payload.artefact;
        let whole = self.turn(Subject::Files, artefact.first_seen);
        let object = self.file(payload);
        if let Some(open) = &mut self.open {
            open.last = open.last.max(artefact.last_seen);
            open.objects.push(object);
        }
        whole
    }

    /// The last event, if there is one.
    pub fn end(&mut self) -> Option<Value> {
        let open = self.open.take()?;
        Some(self.event(open))
    }

    /// Begins another event where what comes does not belong to the one that there is.
    fn turn(&mut self, subject: Subject, at: Micros) -> Option<Value> {
        let day = stamp::format(at).get(..10).unwrap_or_default().to_owned();
        let part = match &self.open {
            Some(open) if open.subject == subject && open.day == day => {
                if open.attributes.len() + open.objects.len() < MOST {
                    return None;
                }
                open.part + 1
            }
            _ => 1,
        };
        let new = Open {
            subject,
            day,
            part,
            last: at,
            risk: 0,
            attributes: Vec::new(),
            objects: Vec::new(),
            names: BTreeSet::new(),
            hosts: BTreeSet::new(),
        };
        let whole = self.open.replace(new)?;
        Some(self.event(whole))
    }

    fn event(&self, open: Open) -> Value {
        let (subject, day) = (open.subject.name(), &open.day);
        let part = if open.part > 1 { format!(", part {}", open.part) } else { String::new() };
        let name = format!("misp event {subject} {day} {}", open.part);
        let mut attributes = open.attributes;
        attributes.extend(open.names.iter().map(|login| self.name_attribute(&name, login, open.last)));
        attributes.extend(open.hosts.iter().map(|host| self.host_attribute(&name, host, open.last)));
        // As MISP counts: 1 is high, 3 is low.
        let threat = match open.risk {
            60.. => "1",
            25.. => "2",
            _ => "3",
        };
        json!({ "Event": {
            "uuid": self.origin.id(&name).to_string(),
            "info": format!("{NAME}: {subject} first seen on {day}{part}"),
            "date": day,
            "timestamp": seconds(open.last),
            "publish_timestamp": if self.published { seconds(open.last) } else { "0".to_owned() },
            "published": self.published,
            "analysis": "2",
            "threat_level_id": threat,
            "Orgc": { "uuid": self.origin.id("misp organisation").to_string(), "name": NAME },
            "Tag": self.event_tags(),
            "Attribute": attributes,
            "Object": open.objects,
        }})
    }

    fn event_tags(&self) -> Value {
        json!([tag(&format!("tlp:{}", self.wanted.tlp)), tag("honeypot-basic:data-capture=\"attacks\"")])
    }

    fn address_attribute(&self, known: &Known) -> Value {
        let seen = &known.seen;
        let mut tags = vec![tag(&format!("tlp:{}", self.wanted.tlp))];
        let techniques = known.showed.iter().filter_map(|showed| self.techniques.get(&showed.technique));
        tags.extend(techniques.map(|technique| tag(&galaxy(technique))));
        let of = |name: &str, id: Option<i64>| id.map(|id| tag(&format!("decnet:{name}=\"{id}\"")));
        tags.extend(of("identity", known.identity.as_ref().map(|one| one.id)));
        tags.extend(of("campaign", known.campaign.as_ref().map(|one| one.id)));
        let comment = format!(
            "behaves as {}, came as far as {}, risk {} of 100, {} events",
            seen.behaviour, seen.phase, seen.risk, seen.events
        );
        let name = format!("misp address {}", seen.src_ip);
        let value = seen.src_ip.to_string();
        let mut attribute = self.attribute(&name, ("Network activity", "ip-src"), value, seen.last_seen);
        attribute.insert("to_ids".into(), known.is_for_blocking(&self.wanted).into());
        attribute.insert("comment".into(), comment.into());
        attribute.insert("first_seen".into(), moment(seen.first_seen).into());
        attribute.insert("last_seen".into(), moment(seen.last_seen).into());
        attribute.insert("Tag".into(), tags.into());
        attribute.into()
    }

    fn name_attribute(&self, event: &str, login: &str, last: Micros) -> Value {
        let name = format!("{event} login {login}");
        let kind = ("Targeting data", "target-user");
        let mut attribute = self.attribute(&name, kind, login.to_owned(), last);
        attribute.insert("comment".into(), "a login name that was tried".into());
        // Everybody tries root: that binds nothing.
        attribute.insert("disable_correlation".into(), true.into());
        attribute.into()
    }

    /// A host from which something was to be fetched. It is not to be looked for: attackers fetch from whom they like.
    fn host_attribute(&self, event: &str, host: &str, last: Micros) -> Value {
        let kind = if host.parse::<IpAddr>().is_ok() { "ip-dst" } else { "domain" };
        let name = format!("{event} host {host}");
        let mut attribute = self.attribute(&name, ("Network activity", kind), host.to_owned(), last);
        attribute.insert("comment".into(), "attackers wanted something fetched from there".into());
        attribute.into()
    }

    fn attribute(
        &self,
        name: &str,
        (category, kind): (&str, &str),
        value: String,
        last: Micros,
    ) -> Map<String, Value> {
        let mut attribute = Map::new();
        attribute.insert("uuid".into(), self.origin.id(name).to_string().into());
        attribute.insert("type".into(), kind.into());
        attribute.insert("category".into(), category.into());
        attribute.insert("value".into(), value.into());
        attribute.insert("to_ids".into(), false.into());
        attribute.insert("disable_correlation".into(), false.into());
        attribute.insert("timestamp".into(), seconds(last).into());
        attribute
    }

    fn object(
        &self,
        template: &Template,
        name: &str,
        last: Micros,
        attributes: Vec<Value>,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("uuid".into(), self.origin.id(name).to_string().into());
        object.insert("name".into(), template.name.into());
        object.insert("meta-category".into(), template.meta.into());
        object.insert("description".into(), template.about.into());
        object.insert("template_uuid".into(), template.id.into());
        object.insert("template_version".into(), template.version.into());
        object.insert("timestamp".into(), seconds(last).into());
        object.insert("Attribute".into(), attributes.into());
        object
    }

    fn part(
        &self,
        name: &str,
        relation: &str,
        kind: (&str, &str),
        value: String,
        last: Micros,
    ) -> Map<String, Value> {
        let mut attribute = self.attribute(&format!("{name} {relation}"), kind, value, last);
        attribute.insert("object_relation".into(), relation.into());
        attribute
    }

    fn file(&self, payload: &Payload) -> Value {
        let artefact = &payload.artefact;
        let name = format!("misp file {}", artefact.sha256);
        let last = artefact.last_seen;
        let kind = ("Payload delivery", "sha256");
        let mut hash = self.part(&name, "sha256", kind, artefact.sha256.clone(), last);
        hash.insert("to_ids".into(), true.into());
        let size = ("Other", "size-in-bytes");
        let mut size = self.part(&name, "size-in-bytes", size, artefact.size.to_string(), last);
        size.insert("disable_correlation".into(), true.into());
        let sources: Vec<String> = payload.sources.iter().map(ToString::to_string).collect();
        let mut object = self.object(&FILE, &name, last, vec![hash.into(), size.into()]);
        object.insert(
            "comment".into(),
            format!("left {} times, by {}", artefact.sightings, sources.join(", ")).into(),
        );
        object.insert("first_seen".into(), moment(artefact.first_seen).into());
        object.insert("last_seen".into(), moment(last).into());
        object.into()
    }

    /// Logins with secrets in the clear.
    fn logins(&self, known: &Known) -> Vec<Value> {
        let (address, last) = (known.seen.src_ip, known.seen.last_seen);
        let one = |tried: &Tried| {
            let secret = printable(tried.secret.as_deref()?).into_string();
            let login = printable(&tried.principal).into_string();
            if secret.is_empty() || login.is_empty() {
                return None;
            }
            let name = format!("misp login {address} {login} {secret}");
            let text = ("Other", "text");
            let mut parts = Vec::new();
            for (relation, value) in [
                ("username", login),
                ("password", secret),
                ("type", "password".into()),
                ("origin", "bruteforce-scanning".into()),
            ] {
                let mut part = self.part(&name, relation, text, value, last);
                part.insert("disable_correlation".into(), (relation != "password").into());
                parts.push(part.into());
            }
            let mut object = self.object(&CREDENTIAL, &name, last, parts);
            object.insert("comment".into(), format!("tried {} times by {address}", tried.attempts).into());
            Some(object.into())
        };
        known.tried.iter().filter_map(one).collect()
    }
}

fn names(known: &Known) -> Vec<String> {
    let names = known.tried.iter().map(|tried| printable(&tried.principal).into_string());
    names.filter(|name| !name.is_empty()).collect()
}

/// A technique as MISP's galaxy of ATT&CK calls it.
fn galaxy(technique: &Technique) -> String {
    format!("misp-galaxy:mitre-attack-pattern=\"{} - {}\"", technique.short(), technique.id)
}

fn tag(name: &str) -> Value {
    json!({ "name": name, "colour": colour(name) })
}

/// The colours that FIRST gives the Traffic Light Protocol on black; of other tags one that stands back.
fn colour(name: &str) -> &'static str {
    match name {
        "tlp:red" => "#ff2b2b",
        "tlp:amber" | "tlp:amber+strict" => "#ffc000",
        "tlp:green" => "#33ff00",
        "tlp:clear" => "#ffffff",
        _ => "#5f6b7a",
    }
}

/// A time as MISP counts versions: seconds.
fn seconds(at: Micros) -> String {
    at.div_euclid(1_000_000).to_string()
}

/// A time as MISP writes the first and the last sight.
fn moment(at: Micros) -> String {
    stamp::format(at).replace('Z', "+00:00")
}
