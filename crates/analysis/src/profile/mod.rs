//! What each attacker is like, made of its events one after another: counts, pace, phases, tools, commands, and
//! what it can be recognised by. However events are cut into batches, the same comes of them, and what is kept of
//! one address has a bound.

mod behaviour;
pub mod facts;
mod phase;
mod risk;
mod tool;
pub(crate) mod traits;

pub use behaviour::behaviour;
pub use risk::{Term, risk};
pub use tool::Tool;

use crate::{
    incident, listed,
    sketch::{Distinct, Gaps, hash},
    touch::Touch,
};
use decnet_model::record::{Counts, EventRow, Phase, ProfileRow, Stage, Trait};
use netsvc_wire::{
    Kind, Meaning,
    escape::printable,
    field,
    stamp::{DAY, Micros},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr};
use traits::Traits;

/// Services of an address that are told by name.
const SERVICES: usize = 64;
/// Commands that are kept, the first of each.
const COMMANDS: usize = 40;
/// Bytes of a command, URL or value that are kept.
pub(crate) const SHOWN: usize = 256;
/// URLs that are kept.
const URLS: usize = 16;

/// What an address did in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Events.
    pub events: u64,
    /// The first of them.
    pub first_event: i64,
    /// When first.
    pub first_seen: Micros,
    /// When last.
    pub last_seen: Micros,
}

/// A command and how often it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The command, escaped and cut.
    pub text: String,
    /// How often.
    pub times: u64,
    /// The first event.
    pub first_event: i64,
}

/// What it tried to get in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logins {
    /// Secrets and keys offered.
    pub attempts: u64,
    /// Let in.
    pub accepted: u64,
    /// Distinct login names.
    pub principals: Distinct,
    /// Distinct secrets.
    pub secrets: Distinct,
    /// Distinct pairs of both.
    pub pairs: Distinct,
    /// Distinct pairs that are on no list.
    pub unlisted: Distinct,
}

/// All that is known of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Id of the first event.
    pub first_event: i64,
    /// Id of the last event.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Events.
    pub counts: Counts,
    /// Gaps between events.
    pub pace: Gaps,
    /// Gaps between connections.
    pub calls: Gaps,
    /// When the last connection began.
    last_call: Option<Micros>,
    /// Gaps between commands of one session.
    pub typing: Gaps,
    /// Session and time of the last command.
    last_command: Option<(String, Micros)>,
    /// What was done in each phase.
    #[serde(default)]
    pub phases: BTreeMap<String, Seen>,
    /// Distinct nodes.
    pub nodes: Distinct,
    /// Events by service.
    pub services: BTreeMap<String, u64>,
    /// Days on which it was seen.
    pub days: Distinct,
    /// Logins.
    pub logins: Logins,
    /// Commands that were executed, the first of each.
    pub commands: Vec<Said>,
    /// How many commands were executed.
    pub commanded: u64,
    /// Exploits that were recognised.
    pub exploits: u64,
    /// Distinct payloads left.
    pub payloads: Distinct,
    /// Where it wanted something fetched from.
    pub urls: Vec<String>,
    /// Bytes that it took.
    pub taken: u64,
    /// Programs that it seems to use.
    pub tools: Vec<Tool>,
    /// What it can be recognised by.
    #[serde(skip)]
    traits: Traits,
}

/// What was stored of an address cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read what is stored of {address}")]
pub struct BadState {
    /// Whose.
    pub address: String,
    /// Why.
    #[source]
    pub source: serde_json::Error,
}

/// The address that an event is about, if it belongs into a profile: probes of our own are nobody.
pub fn key(row: &EventRow) -> Option<IpAddr> {
    if row.probe { None } else { Touch::of_row(row).map(|touch| touch.src_ip) }
}

impl Profile {
    /// What was stored.
    ///
    /// # Errors
    /// [`BadState`] when it was written by something else.
    pub fn read(row: &ProfileRow) -> Result<Profile, BadState> {
        let bad = |source| BadState { address: row.src_ip.to_string(), source };
        let mut profile: Profile = serde_json::from_str(&row.state).map_err(bad)?;
        let traits: Vec<Trait> = serde_json::from_str(&row.traits).map_err(bad)?;
        profile.traits = Traits::of(traits);
        Ok(profile)
    }

    /// What is to be stored.
    pub fn row(&self, src_ip: IpAddr) -> ProfileRow {
        // Plain data with texts as keys is always written.
        let text = |value: serde_json::Result<String>| value.unwrap_or_default();
        ProfileRow {
            src_ip,
            first_event: self.first_event,
            last_event: self.last_event,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            events: self.counts.events,
            behaviour: behaviour(self).0,
            phase: self.phase(),
            risk: risk(self).1,
            nodes: self.nodes.count(),
            services: u64::try_from(self.services.len()).unwrap_or(u64::MAX),
            traits: text(serde_json::to_string(&self.traits())),
            state: text(serde_json::to_string(self)),
        }
    }

    /// How far it came.
    pub fn phase(&self) -> Phase {
        let found = self.phases.keys().filter_map(|name| name.parse().ok()).max();
        found.unwrap_or(Phase::Recon)
    }

    /// What it can be recognised by.
    pub fn traits(&self) -> Vec<Trait> {
        self.traits.list(self.rhythm(), self.first_seen)
    }

    /// The pace of its connections, where it is a pace: steady and often enough.
    fn rhythm(&self) -> Option<String> {
        let steady = self.calls.count >= 20 && self.calls.variation() < 0.5 && self.calls.mean() >= 2000.0;
        steady.then(|| format!("a connection about every {} s", self.calls.middle() / 1000 + 1))
    }

    /// Takes the next event of the address.
    pub fn add(&mut self, row: &EventRow) {
        let Some(touch) = Touch::of_row(row) else { return };
        if self.first_event == 0 {
            (self.first_event, self.first_seen, self.last_seen) = (row.id, touch.at, touch.at);
            self.traits.network(touch.src_ip, touch.at);
        } else {
            self.pace.add(millis(touch.at.saturating_sub(self.last_seen)));
        }
        self.last_event = row.id;
        self.first_seen = self.first_seen.min(touch.at);
        self.last_seen = self.last_seen.max(touch.at);
        self.counts.add_many(touch.kind, touch.class, touch.count);
        self.nodes.add(hash(&[touch.node.as_bytes()]));
        self.days.add(hash(&[&touch.at.div_euclid(DAY).to_le_bytes()]));
        if self.services.contains_key(touch.service) || self.services.len() < SERVICES {
            let events = self.services.entry(touch.service.to_owned()).or_default();
            *events = events.saturating_add(touch.count);
        }
        let kind = Kind::from_name(touch.kind);
        self.advance(row, &touch, phase::of(row, kind, touch.service));
        if let Some(kind) = kind.filter(|_| touch.kind == row.kind) {
            self.learn(row, &touch, kind);
        }
    }

    fn advance(&mut self, row: &EventRow, touch: &Touch<'_>, phase: Phase) {
        let new = || Seen { events: 0, first_event: row.id, first_seen: touch.at, last_seen: touch.at };
        let seen = self.phases.entry(phase.name().to_owned()).or_insert_with(new);
        seen.events = seen.events.saturating_add(touch.count);
        seen.first_seen = seen.first_seen.min(touch.at);
        seen.last_seen = seen.last_seen.max(touch.at);
    }

    /// What one event says that a number does not.
    fn learn(&mut self, row: &EventRow, touch: &Touch<'_>, kind: Kind) {
        tool::look(&mut self.tools, row);
        self.traits.learn(row, kind);
        match kind.meaning() {
            Meaning::Opened => {
                if let Some(last) = self.last_call.replace(touch.at) {
                    self.calls.add(millis(touch.at.saturating_sub(last)));
                }
            }
            Meaning::Closed => {
                self.taken =
                    self.taken.saturating_add(row.number_field(field::BYTES_OUT).unwrap_or_default());
            }
            Meaning::Secret | Meaning::Key => self.login(row, kind),
            Meaning::Command => {
                let executed = incident::stage(kind, touch.service, false) == Stage::Executed;
                if let Some(text) = said(row).filter(|_| executed) {
                    self.command(row, text);
                }
            }
            Meaning::Deed => {
                self.exploits += u64::from(kind == Kind::ExploitAttempt);
                if let Some(url) = row.field(field::URL).filter(|_| self.urls.len() < URLS) {
                    let url = shown(url, SHOWN);
                    if !self.urls.contains(&url) {
                        self.urls.push(url);
                    }
                }
            }
            Meaning::Payload | Meaning::Mail => {
                if let Some(sha256) = row.field(field::SHA256) {
                    self.payloads.add(hash(&[sha256]));
                }
            }
            Meaning::Own
            | Meaning::Contact
            | Meaning::Client
            | Meaning::Session
            | Meaning::Recording
            | Meaning::Packets
            | Meaning::Flood => {}
        }
    }

    fn login(&mut self, row: &EventRow, kind: Kind) {
        let logins = &mut self.logins;
        logins.attempts += 1;
        logins.accepted += u64::from(incident::let_in(row));
        let name = row.field(field::PRINCIPAL).unwrap_or_default();
        logins.principals.add(hash(&[name]));
        if kind.meaning() == Meaning::Key {
            return;
        }
        let secret = row.field(field::SECRET_PRINTABLE).unwrap_or_default();
        logins.secrets.add(hash(&[secret]));
        let pair = hash(&[name, secret]);
        logins.pairs.add(pair);
        let clear = row.text(field::SECRET_KIND).is_none_or(|kind| kind == "plaintext");
        let listed = listed::pair(&String::from_utf8_lossy(name), &String::from_utf8_lossy(secret));
        if clear && listed.is_none() {
            logins.unlisted.add(pair);
        }
    }

    fn command(&mut self, row: &EventRow, text: &[u8]) {
        self.commanded += 1;
        if let Some(session) = &row.session {
            if let Some((last, at)) = &self.last_command
                && last == session
            {
                self.typing.add(millis(row.at.saturating_sub(*at)));
            }
            self.last_command = Some((session.clone(), row.at));
        }
        let text = shown(text, SHOWN);
        if let Some(known) = self.commands.iter_mut().find(|known| known.text == text) {
            known.times += 1;
        } else if self.commands.len() < COMMANDS {
            self.commands.push(Said { text, times: 1, first_event: row.id });
        }
    }
}

/// What was said to a shell or a database.
pub(crate) fn said(row: &EventRow) -> Option<&[u8]> {
    row.field(field::COMMAND).or_else(|| row.field(field::QUERY)).filter(|text| !text.is_empty())
}

/// Captured bytes as a text that can be shown, cut to about `most` bytes.
pub(crate) fn shown(bytes: &[u8], most: usize) -> String {
    printable(bytes.get(..most).unwrap_or(bytes)).into_string()
}

fn millis(micros: Micros) -> u64 {
    u64::try_from(micros.max(0) / 1000).unwrap_or_default()
}

#[cfg(test)]
mod tests;
