//! A topology as text that people write and read back: JSON, or an INI file with a section for each LAN, decky and
//! rule.

use crate::{Decky, Edge, Lan, Rule, Topology, Verdict, model::SYSTEM};
use decnet_model::{catalogue, fleet::login_policy};
use decnet_plan::ini::syntax::{self, Entry, Section, SpecError, key_of, written};
use netsvc_persona::{LoginPolicy, stage::ServiceSpec};
use std::{collections::BTreeMap, fmt::Write as _};

/// Most bytes of a text that is read.
pub const LIMIT: usize = 4 << 20;

/// How a topology is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    #[default]
    Json,
    /// INI.
    Ini,
}

impl std::str::FromStr for Form {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "json" => Ok(Form::Json),
            "ini" => Ok(Form::Ini),
            _ => Err("json or ini"),
        }
    }
}

/// Why a text is no topology.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TextError {
    /// It is too long.
    #[error("{file}: {LIMIT} bytes at most")]
    Long {
        /// The file.
        file: String,
    },
    /// It is no such JSON.
    #[error("{file}: {what}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        what: String,
    },
    /// It is no such INI.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Ini(Vec<SpecError>),
    /// Something of it cannot stand in an INI file.
    #[error("write {0}: control characters have no place in an INI file")]
    Value(String),
}

/// Reads a topology; what begins with `{` is JSON.
///
/// # Errors
/// [`TextError`]; of an INI file with all its mistakes at once.
pub fn read(file: &str, bytes: &[u8]) -> Result<Topology, TextError> {
    if LIMIT < bytes.len() {
        return Err(TextError::Long { file: file.to_owned() });
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return serde_json::from_slice(bytes)
            .map_err(|error| TextError::Json { file: file.to_owned(), what: error.to_string() });
    }
    let sections = syntax::parse(file, bytes, LIMIT).map_err(TextError::Ini)?;
    let mut reading = Reading { file, topology: Topology::default(), errors: Vec::new() };
    sections.iter().for_each(|section| reading.section(section));
    if reading.errors.is_empty() { Ok(reading.topology) } else { Err(TextError::Ini(reading.errors)) }
}

/// Writes a topology.
///
/// # Errors
/// [`TextError::Value`] for what an INI file cannot hold.
pub fn write(topology: &Topology, form: Form) -> Result<String, TextError> {
    match form {
        Form::Json => {
            let text = serde_json::to_string_pretty(topology);
            text.map(|text| text + "\n").map_err(|error| TextError::Value(error.to_string()))
        }
        Form::Ini => ini(topology),
    }
}

struct Reading<'a> {
    file: &'a str,
    topology: Topology,
    errors: Vec<SpecError>,
}

impl Reading<'_> {
    fn wrong(&mut self, line: usize, message: impl Into<String>) {
        let (file, message) = (self.file.to_owned(), message.into());
        self.errors.push(SpecError { file, line, message });
    }

    fn section(&mut self, section: &Section) {
        let mut words = section.name.split_whitespace();
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("topology"), None, None, None) => self.head(section),
            (Some("lan"), Some(name), None, None) => self.lan(name, section),
            (Some("decky"), Some(name), None, None) => self.decky(name, section),
            (Some("service"), Some(decky), Some(slug), None) => self.service(decky, slug, section),
            (Some("rule"), Some(_), None, None) => self.rule(section),
            _ => {
                let known = "[topology], [lan NAME], [decky NAME], [service DECKY SLUG] or [rule N]";
                self.wrong(section.line, format!("[{}] is none of {known}", section.name));
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, known: &str) {
        self.wrong(entry.line, format!("{} is no key here: {known}", entry.given));
    }

    fn head(&mut self, section: &Section) {
        for entry in &section.entries {
            match entry.key.as_str() {
                "name" => self.topology.name.clone_from(&entry.value),
                _ => self.unknown(entry, "name"),
            }
        }
    }

    fn switch(&mut self, entry: &Entry) -> bool {
        catalogue::boolean(&entry.value).unwrap_or_else(|| {
            self.wrong(entry.line, format!("{}: yes or no", entry.given));
            false
        })
    }

    /// Where something is drawn: `X Y`.
    fn spot(&mut self, entry: &Entry) -> (Option<i32>, Option<i32>) {
        let numbers: Option<Vec<i32>> =
            entry.value.split_whitespace().map(|word| word.parse().ok()).collect();
        match numbers.as_deref() {
            Some([x, y]) => (Some(*x), Some(*y)),
            _ => {
                self.wrong(entry.line, format!("{}: two whole numbers", entry.given));
                (None, None)
            }
        }
    }

    fn lan(&mut self, name: &str, section: &Section) {
        let mut lan = Lan { name: name.to_owned(), subnet: String::new(), dmz: false, x: None, y: None };
        for entry in &section.entries {
            match entry.key.as_str() {
                "subnet" => lan.subnet.clone_from(&entry.value),
                "dmz" => lan.dmz = self.switch(entry),
                "at" => (lan.x, lan.y) = self.spot(entry),
                _ => self.unknown(entry, "subnet, dmz, at"),
            }
        }
        self.topology.lans.push(lan);
    }

    fn decky(&mut self, name: &str, section: &Section) {
        let mut decky = Decky::of(name, SYSTEM);
        let (mut home, mut forwards) = ("", Vec::new());
        let known = "archetype, system, services, home, lans, forwards, front, login, at";
        for entry in &section.entries {
            match entry.key.as_str() {
                "archetype" => decky.archetype = Some(entry.value.clone()),
                "system" => decky.system.clone_from(&entry.value),
                "services" => decky.services = list(&entry.value).map(spec).collect(),
                "home" => home = &entry.value,
                "lans" => self.addresses(&mut decky, entry),
                "forwards" => forwards = list(&entry.value).collect(),
                "front" => decky.front = self.switch(entry),
                "login" => match login_policy(&entry.value) {
                    Ok(login) => decky.login = Some(login),
                    Err(why) => self.wrong(entry.line, format!("{}: {why}", entry.given)),
                },
                "at" => (decky.x, decky.y) = self.spot(entry),
                _ => self.unknown(entry, known),
            }
        }
        for lan in decky.ips.keys() {
            let (bridge, forwards) = (lan != home, forwards.contains(&lan.as_str()));
            self.topology.edges.push(Edge { decky: name.to_owned(), lan: lan.clone(), bridge, forwards });
        }
        self.topology.deckies.push(decky);
    }

    /// `LAN ADDRESS, …`
    fn addresses(&mut self, decky: &mut Decky, entry: &Entry) {
        for pair in list(&entry.value) {
            match pair.split_whitespace().collect::<Vec<_>>().as_slice() {
                [lan, ip] => {
                    decky.ips.insert((*lan).to_owned(), (*ip).to_owned());
                }
                _ => self.wrong(entry.line, format!("{}: each as LAN ADDRESS", entry.given)),
            }
        }
    }

    fn service(&mut self, decky: &str, slug: &str, section: &Section) {
        let machine = self.topology.deckies.iter_mut().find(|machine| machine.name == decky);
        let spec = machine.and_then(|machine| machine.services.iter_mut().find(|spec| spec.slug == slug));
        match spec {
            Some(spec) => {
                let entries = section.entries.iter();
                spec.settings.extend(entries.map(|entry| (setting(slug, entry), entry.value.clone())));
            }
            None => self
                .wrong(section.line, format!("no decky {decky} with the service {slug} stands before this")),
        }
    }

    fn rule(&mut self, section: &Section) {
        let any = || "*".to_owned();
        let mut rule = Rule { from: any(), to: any(), verdict: Verdict::Deny, ports: Vec::new() };
        for entry in &section.entries {
            match (entry.key.as_str(), entry.value.as_str()) {
                ("from", lan) => lan.clone_into(&mut rule.from),
                ("to", lan) => lan.clone_into(&mut rule.to),
                ("verdict", "allow") => rule.verdict = Verdict::Allow,
                ("verdict", "deny") => rule.verdict = Verdict::Deny,
                ("verdict", _) => self.wrong(entry.line, "verdict: allow or deny"),
                ("ports", ports) => match list(ports).map(str::parse).collect() {
                    Ok(ports) => rule.ports = ports,
                    Err(_) => self.wrong(entry.line, "ports: numbers from 1 to 65535, comma-separated"),
                },
                _ => self.unknown(entry, "from, to, verdict, ports"),
            }
        }
        self.topology.rules.push(rule);
    }
}

/// A setting's key as its service declares it.
fn setting(slug: &str, entry: &Entry) -> String {
    let declared = catalogue::find(slug).into_iter().flat_map(|service| &service.settings);
    let mut keys = declared.map(|setting| &setting.key);
    keys.find(|key| key_of(key) == entry.key).unwrap_or(&entry.given).clone()
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn spec(slug: &str) -> ServiceSpec {
    ServiceSpec { slug: slug.to_owned(), settings: BTreeMap::new() }
}

fn ini(topology: &Topology) -> Result<String, TextError> {
    let mut text = Writing(String::new());
    text.head("topology");
    text.entry("name", &topology.name)?;
    for lan in &topology.lans {
        text.head(&format!("lan {}", lan.name));
        text.entry("subnet", &lan.subnet)?;
        text.when("dmz", lan.dmz)?;
        text.spot(lan.x, lan.y)?;
    }
    for decky in &topology.deckies {
        text.decky(topology, decky)?;
    }
    for (number, rule) in topology.rules.iter().enumerate() {
        text.head(&format!("rule {}", number + 1));
        text.entry("from", &rule.from)?;
        text.entry("to", &rule.to)?;
        text.entry("verdict", if rule.verdict == Verdict::Allow { "allow" } else { "deny" })?;
        text.words("ports", rule.ports.iter().map(ToString::to_string))?;
    }
    Ok(text.0)
}

struct Writing(String);

impl Writing {
    fn head(&mut self, name: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{gap}[{name}]");
    }

    fn entry(&mut self, key: &str, value: &str) -> Result<(), TextError> {
        let value = written(value).ok_or_else(|| TextError::Value(key.to_owned()))?;
        let _ = writeln!(self.0, "{key} = {value}");
        Ok(())
    }

    fn when(&mut self, key: &str, on: bool) -> Result<(), TextError> {
        if on { self.entry(key, "yes") } else { Ok(()) }
    }

    fn words(&mut self, key: &str, words: impl Iterator<Item = String>) -> Result<(), TextError> {
        let words: Vec<String> = words.collect();
        if words.is_empty() { Ok(()) } else { self.entry(key, &words.join(", ")) }
    }

    fn spot(&mut self, x: Option<i32>, y: Option<i32>) -> Result<(), TextError> {
        x.zip(y).map_or(Ok(()), |(x, y)| self.entry("at", &format!("{x} {y}")))
    }

    fn decky(&mut self, topology: &Topology, decky: &Decky) -> Result<(), TextError> {
        self.head(&format!("decky {}", decky.name));
        self.words("archetype", decky.archetype.iter().cloned())?;
        self.entry("system", &decky.system)?;
        self.words("services", decky.services.iter().map(|spec| spec.slug.clone()))?;
        self.words("home", topology.home(&decky.name).map(|lan| lan.name.clone()).into_iter())?;
        self.words("lans", decky.ips.iter().map(|(lan, ip)| format!("{lan} {ip}")))?;
        let forwards = topology.edges_of(&decky.name).filter(|edge| edge.forwards);
        self.words("forwards", forwards.map(|edge| edge.lan.clone()))?;
        self.when("front", decky.front)?;
        self.words("login", decky.login.iter().map(policy))?;
        self.spot(decky.x, decky.y)?;
        for spec in decky.services.iter().filter(|spec| !spec.settings.is_empty()) {
            self.head(&format!("service {} {}", decky.name, spec.slug));
            for (key, value) in &spec.settings {
                self.entry(key, value)?;
            }
        }
        Ok(())
    }
}

fn policy(login: &LoginPolicy) -> String {
    match login {
        LoginPolicy::Deny => "deny".to_owned(),
        LoginPolicy::AcceptListed => "accept-listed".to_owned(),
        LoginPolicy::AcceptAfter(count) => format!("accept-after={count}"),
    }
}
