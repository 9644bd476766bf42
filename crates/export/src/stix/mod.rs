//! STIX 2.1 (OASIS): what is known as objects that refer to each other.
//!
//! Ids of observables are made as the standard says (§3.4), of everything else by the installation's own namespace;
//! versions (`modified`) are times of events. So the same knowledge is the same objects, whoever exports it when.

mod incident;
mod object;

pub use object::{MEDIA, stamp};

use crate::{
    known::{Known, Payload, Technique, Techniques},
    origin::{NAME, Origin},
};
use decnet_model::{
    export::Wanted,
    record::{Cluster, Level, Phase, Tried},
};
use netsvc_wire::escape::printable;
use object::{Common, address_kind, file, id_of, marking, observable};
use serde_json::{Value, json};

/// The largest number that a count may be (§4.14, §5.2).
const MOST: u64 = 999_999_999;
/// How sure it is that a file that somebody left on a decky is one to look for: it may be anything.
const FILE_CONFIDENCE: u8 = 50;

/// Makes objects.
#[derive(Clone, Copy, Debug)]
pub struct Stix<'a> {
    /// Who exports.
    pub origin: &'a Origin,
    /// What is wanted.
    pub wanted: &'a Wanted,
    /// The techniques that there are.
    pub techniques: &'a Techniques,
}

impl Stix<'_> {
    /// What all other objects refer to: who says it, and who may be told.
    pub fn preamble(&self) -> Vec<Value> {
        let Stix { origin, .. } = self;
        let mut who = Common::at(self, "identity", "identity", origin.since(), origin.since()).object;
        who.shift_remove("created_by_ref");
        who.insert("name".into(), NAME.into());
        who.insert(
            "description".into(),
            "A network of machines that do not exist: whoever touches it has no business there.".into(),
        );
        who.insert("identity_class".into(), "system".into());
        vec![who.into(), marking(self.wanted.tlp)]
    }

    /// Everything about one address. Techniques, login names, actors and campaigns come with each address that they
    /// belong to, always the same.
    pub fn address(&self, known: &Known) -> Vec<Value> {
        let address = known.seen.src_ip;
        let place =
            observable(self.wanted.tlp, address_kind(address), json!({ "value": address.to_string() }));
        let place_id = id_of(&place);
        let mut told = vec![place];
        let accounts: Vec<Value> = names(&known.tried).map(|name| self.account(&name)).collect();
        let mut seen = vec![place_id.clone()];
        seen.extend(accounts.iter().map(id_of));
        told.extend(accounts);
        let observed = self.observed(known, seen);
        let observed_id = id_of(&observed);
        told.push(observed);
        told.extend(self.secrets(known, &observed_id));
        let indicator = known.is_for_blocking(self.wanted).then(|| self.indicator(known));
        let subject = indicator.as_ref().map_or(place_id, id_of);
        if let Some(indicator) = indicator {
            let (first, last) = (known.seen.first_seen, known.seen.last_seen);
            told.push(indicator);
            told.push(self.sighting(&subject, Some(&observed_id), (first, last), known.seen.events));
            told.push(self.link(&subject, "based-on", &observed_id, first, last));
        }
        self.shown(known, &subject, &mut told);
        self.fetched(known, &subject, &mut told);
        self.behind(known, &subject, &mut told);
        told
    }

    /// Everything about one payload.
    pub fn payload(&self, payload: &Payload) -> Vec<Value> {
        let artefact = &payload.artefact;
        let file = file(self.wanted.tlp, &artefact.sha256, artefact.size);
        let mut refs = vec![id_of(&file)];
        let mut told = vec![file];
        for source in &payload.sources {
            let address =
                observable(self.wanted.tlp, address_kind(*source), json!({ "value": source.to_string() }));
            refs.push(id_of(&address));
            told.push(address);
        }
        let (first, last) = (artefact.first_seen, artefact.last_seen);
        let name = format!("file {}", artefact.sha256);
        let mut observed = Common::at(self, "observed-data", &name, first, last).object;
        observed.insert("first_observed".into(), stamp(first).into());
        observed.insert("last_observed".into(), stamp(last).into());
        observed.insert("number_observed".into(), artefact.sightings.clamp(1, MOST).into());
        observed.insert("object_refs".into(), refs.into());
        let observed = Value::from(observed);
        let observed_id = id_of(&observed);
        told.push(observed);
        let mut indicator = Common::at(self, "indicator", &name, first, last).sure(FILE_CONFIDENCE);
        let what = artefact.format.as_deref().map(|format| format!(" ({format})")).unwrap_or_default();
        indicator.insert("name".into(), artefact.sha256.clone().into());
        indicator.insert(
            "description".into(),
            format!(
                "A file of {} bytes{what} that was left on a machine that does not exist.",
                artefact.size
            )
            .into(),
        );
        indicator.insert("indicator_types".into(), json!(["anomalous-activity"]));
        indicator.insert("pattern".into(), format!("[file:hashes.'SHA-256' = '{}']", artefact.sha256).into());
        indicator.insert("pattern_type".into(), "stix".into());
        // A content stays what it is, so it is good for ever.
        indicator.insert("valid_from".into(), stamp(first).into());
        let indicator = Value::from(indicator);
        let subject = id_of(&indicator);
        told.push(indicator);
        told.push(self.sighting(&subject, Some(&observed_id), (first, last), artefact.sightings));
        told.push(self.link(&subject, "based-on", &observed_id, first, last));
        told
    }

    fn account(&self, name: &str) -> Value {
        observable(self.wanted.tlp, "user-account", json!({ "account_login": name }))
    }

    fn observed(&self, known: &Known, refs: Vec<Value>) -> Value {
        let seen = &known.seen;
        let name = format!("address {}", seen.src_ip);
        let mut observed = Common::at(self, "observed-data", &name, seen.first_seen, seen.last_seen).object;
        observed.insert("labels".into(), labels(known));
        observed.insert("first_observed".into(), stamp(seen.first_seen).into());
        observed.insert("last_observed".into(), stamp(seen.last_seen).into());
        observed.insert("number_observed".into(), seen.events.clamp(1, MOST).into());
        observed.insert("object_refs".into(), refs.into());
        observed.into()
    }

    /// Logins with their secrets, where those were asked for: STIX has no other place for several of one name.
    fn secrets(&self, known: &Known, observed: &Value) -> Option<Value> {
        let clear = |tried: &Tried| {
            let secret = printable(tried.secret.as_deref()?).into_string();
            Some(format!("{} {secret} ({} times)", printable(&tried.principal).as_str(), tried.attempts))
        };
        let lines: Vec<String> = known.tried.iter().filter_map(clear).collect();
        if lines.is_empty() {
            return None;
        }
        let seen = &known.seen;
        let name = format!("secrets {}", seen.src_ip);
        let mut note = Common::at(self, "note", &name, seen.first_seen, seen.last_seen).object;
        note.insert("abstract".into(), "Logins that were tried, with their secrets".into());
        note.insert("content".into(), lines.join("\n").into());
        note.insert("object_refs".into(), json!([observed]));
        Some(note.into())
    }

    fn indicator(&self, known: &Known) -> Value {
        let seen = &known.seen;
        let name = format!("address {}", seen.src_ip);
        let mut indicator =
            Common::at(self, "indicator", &name, seen.first_seen, seen.last_seen).sure(known.confidence());
        let types = if seen.phase > Phase::Recon { "malicious-activity" } else { "anomalous-activity" };
        let about = format!(
            "Touched machines that do not exist: behaves as {}, came as far as {}, risk {} of 100.",
            seen.behaviour, seen.phase, seen.risk
        );
        indicator.insert("labels".into(), labels(known));
        indicator.insert("name".into(), seen.src_ip.to_string().into());
        indicator.insert("description".into(), about.into());
        indicator.insert("indicator_types".into(), json!([types]));
        let pattern = format!("[{}:value = '{}']", address_kind(seen.src_ip), seen.src_ip);
        indicator.insert("pattern".into(), pattern.into());
        indicator.insert("pattern_type".into(), "stix".into());
        indicator.insert("valid_from".into(), stamp(seen.first_seen).into());
        indicator.insert("valid_until".into(), stamp(known.expires(self.wanted)).into());
        indicator.into()
    }

    fn sighting(&self, of: &Value, observed: Option<&Value>, (first, last): (i64, i64), count: u64) -> Value {
        let name = format!("sighting {}", of.as_str().unwrap_or_default());
        let mut sighting = Common::at(self, "sighting", &name, first, last).object;
        sighting.insert("first_seen".into(), stamp(first).into());
        sighting.insert("last_seen".into(), stamp(last).into());
        sighting.insert("count".into(), count.min(MOST).into());
        sighting.insert("sighting_of_ref".into(), of.clone());
        sighting.insert("observed_data_refs".into(), observed.into_iter().cloned().collect());
        sighting.insert("where_sighted_refs".into(), json!([object::sayer(self.origin)]));
        sighting.into()
    }

    fn link(&self, from: &Value, kind: &str, to: &Value, first: i64, last: i64) -> Value {
        let name =
            format!("{} {kind} {}", from.as_str().unwrap_or_default(), to.as_str().unwrap_or_default());
        let mut link = Common::at(self, "relationship", &name, first, last).object;
        link.insert("relationship_type".into(), kind.into());
        link.insert("source_ref".into(), from.clone());
        link.insert("target_ref".into(), to.clone());
        link.into()
    }

    /// The techniques that an address showed.
    fn shown(&self, known: &Known, subject: &Value, told: &mut Vec<Value>) {
        let kind = if known.is_for_blocking(self.wanted) { "indicates" } else { "related-to" };
        for showed in &known.showed {
            let Some(technique) = self.techniques.get(&showed.technique) else { continue };
            let pattern = self.technique(technique);
            let id = id_of(&pattern);
            told.push(pattern);
            told.push(self.link(subject, kind, &id, showed.first_seen, showed.last_seen));
            if let Some(identity) = &known.identity {
                let actor = self.cluster_id(Level::Identity, identity);
                told.push(self.link(&actor, "uses", &id, identity.first_seen, identity.last_seen));
            }
        }
    }

    /// Hosts from which an address wanted something fetched. They get no indicator: attackers fetch from whom they
    /// like.
    fn fetched(&self, known: &Known, subject: &Value, told: &mut Vec<Value>) {
        let (first, last) = (known.seen.first_seen, known.seen.last_seen);
        let since = self.origin.since();
        for host in &known.seen.hosts {
            let kind = host.parse().map_or("domain-name", address_kind);
            let place = observable(self.wanted.tlp, kind, json!({ "value": host }));
            let mut infrastructure = Common::at(self, "infrastructure", host, since, since).object;
            infrastructure.insert("name".into(), host.clone().into());
            infrastructure
                .insert("description".into(), "A host from which attackers wanted something fetched.".into());
            infrastructure.insert("infrastructure_types".into(), json!(["staging"]));
            let infrastructure = Value::from(infrastructure);
            let (id, place_id) = (id_of(&infrastructure), id_of(&place));
            told.extend([place, infrastructure, self.link(&id, "consists-of", &place_id, since, since)]);
            told.push(self.link(subject, "related-to", &id, first, last));
            if let Some(identity) = &known.identity {
                let actor = self.cluster_id(Level::Identity, identity);
                told.push(self.link(&actor, "uses", &id, identity.first_seen, identity.last_seen));
            }
        }
    }

    fn technique(&self, technique: &Technique) -> Value {
        let since = self.origin.since();
        let mut pattern = Common::at(self, "attack-pattern", &technique.id, since, since).object;
        let chain = if technique.matrix == "ics-attack" { "mitre-ics-attack" } else { "mitre-attack" };
        pattern.insert("name".into(), technique.name.clone().into());
        pattern.insert(
            "kill_chain_phases".into(),
            json!([{ "kill_chain_name": chain, "phase_name": technique.tactic }]),
        );
        pattern.insert(
            "external_references".into(),
            json!([{ "source_name": "mitre-attack", "url": technique.url(), "external_id": technique.id }]),
        );
        pattern.into()
    }

    /// Who is behind an address: actors are identities of several addresses, intrusion sets campaigns of several
    /// identities.
    fn behind(&self, known: &Known, subject: &Value, told: &mut Vec<Value>) {
        let kind = if known.is_for_blocking(self.wanted) { "indicates" } else { "related-to" };
        let (first, last) = (known.seen.first_seen, known.seen.last_seen);
        let actor = known.identity.as_ref().map(|identity| self.cluster(Level::Identity, identity));
        if let Some(actor) = &actor {
            told.push(self.link(subject, kind, &id_of(actor), first, last));
        }
        let Some(campaign) = &known.campaign else { return told.extend(actor) };
        let set = self.cluster(Level::Campaign, campaign);
        let set_id = id_of(&set);
        match (&known.identity, &actor) {
            (Some(identity), Some(actor)) => {
                let actor = id_of(actor);
                told.push(self.link(
                    &set_id,
                    "attributed-to",
                    &actor,
                    identity.first_seen,
                    identity.last_seen,
                ));
            }
            _ => told.push(self.link(subject, kind, &set_id, first, last)),
        }
        told.extend(actor);
        told.push(set);
    }

    fn cluster_id(&self, level: Level, cluster: &Cluster) -> Value {
        let kind = cluster_kind(level);
        format!("{kind}--{}", self.origin.id(&format!("{kind} {}", cluster.id))).into()
    }

    fn cluster(&self, level: Level, cluster: &Cluster) -> Value {
        let kind = cluster_kind(level);
        let number = cluster.id.to_string();
        let mut object = Common::at(self, kind, &number, cluster.first_seen, cluster.last_seen).object;
        let about = match level {
            Level::Identity => format!("One actor behind {} addresses", cluster.addresses),
            Level::Campaign => {
                format!("{} actors of {} addresses that work together", cluster.members, cluster.addresses)
            }
        };
        object.insert("name".into(), format!("{NAME} {level} {}", cluster.id).into());
        object.insert("description".into(), format!("{about}; risk {} of 100.", cluster.risk).into());
        if level == Level::Identity {
            object.insert("threat_actor_types".into(), json!(["unknown"]));
        }
        object.insert("first_seen".into(), stamp(cluster.first_seen).into());
        object.insert("last_seen".into(), stamp(cluster.last_seen).into());
        object.into()
    }
}

fn cluster_kind(level: Level) -> &'static str {
    match level {
        Level::Identity => "threat-actor",
        Level::Campaign => "intrusion-set",
    }
}

/// Login names as shown, each once.
fn names(tried: &[Tried]) -> impl Iterator<Item = String> {
    let mut names: Vec<String> = Vec::new();
    for one in tried.iter().filter(|one| !one.principal.is_empty()) {
        let name = printable(&one.principal).into_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter()
}

fn labels(known: &Known) -> Value {
    let seen = &known.seen;
    json!([
        format!("behaviour:{}", seen.behaviour),
        format!("phase:{}", seen.phase),
        format!("risk:{}", seen.risk)
    ])
}

/// Objects that come with whatever refers to them, always the same: a document has them once.
pub fn is_shared(object: &Value) -> bool {
    const SHARED: &[&str] = &[
        "attack-pattern",
        "domain-name",
        "infrastructure",
        "intrusion-set",
        "ipv4-addr",
        "ipv6-addr",
        "threat-actor",
        "user-account",
    ];
    const LINKS: &[&str] = &["attributed-to", "consists-of", "uses"];
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    SHARED.contains(&text("type")) || LINKS.contains(&text("relationship_type"))
}
