//! A whole document, piece by piece: a STIX bundle, MISP events, a list for blocking.

use crate::{
    blocklist::{Blocklist, Shape},
    gather::{LeftOut, Source},
    known::{Known, KnownIncident, Payload, Techniques},
    misp::Misp,
    origin::Origin,
    stix::{self, Stix},
};
use decnet_model::record::Following;
use decnet_store::Error;
use netsvc_wire::stamp::Micros;
use serde_json::Value;
use std::collections::BTreeSet;

/// Addresses or payloads read at once.
const PAGE: u32 = 500;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A STIX 2.1 bundle.
    Stix,
    /// MISP events, as `{"response": [{"Event": …}, …]}`.
    Misp,
    /// A list of addresses to block.
    Blocklist(Shape),
}

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begin,
    Addresses(Following),
    Payloads(Following),
    Incidents(Following),
    End,
    Done,
}

/// What writes the form.
#[derive(Debug)]
enum Pen {
    Stix { origin: Origin, techniques: Techniques, told: BTreeSet<String> },
    Misp(Misp),
    Blocklist(Blocklist),
}

/// A document that is being written.
#[derive(Debug)]
pub struct Document {
    source: Source,
    now: Micros,
    pen: Pen,
    stage: Stage,
    written: u64,
}

impl Document {
    /// A document of what `source` has, as of `now`.
    pub fn new(form: Form, source: Source, origin: Origin, techniques: Techniques, now: Micros) -> Self {
        let wanted = source.wanted().clone();
        let pen = match form {
            Form::Stix => Pen::Stix { origin, techniques, told: BTreeSet::new() },
            Form::Misp => Pen::Misp(Misp::new(origin, wanted, techniques, false)),
            Form::Blocklist(shape) => Pen::Blocklist(Blocklist::new(shape, wanted, now)),
        };
        Document { source, now, pen, stage: Stage::Begin, written: 0 }
    }

    /// How many objects, events or addresses were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What was left out.
    pub fn left_out(&self) -> LeftOut {
        self.source.left_out()
    }

    /// The next piece; `None`: it is whole.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let text = match self.stage {
            Stage::Begin => {
                self.stage = Stage::Addresses(self.first());
                self.begin()
            }
            Stage::Addresses(following) => {
                let (known, next) = self.source.addresses(following, PAGE).await?;
                self.stage = match next {
                    Some(next) => Stage::Addresses(next),
                    None if matches!(self.pen, Pen::Blocklist(_)) => Stage::End,
                    None => Stage::Payloads(self.first()),
                };
                known.iter().map(|one| self.address(one)).collect()
            }
            Stage::Payloads(following) => {
                let (payloads, next) = self.source.payloads(following, PAGE).await?;
                self.stage = match (next, &self.pen) {
                    (Some(next), _) => Stage::Payloads(next),
                    (None, Pen::Stix { .. }) => Stage::Incidents(self.first()),
                    (None, Pen::Misp(_) | Pen::Blocklist(_)) => Stage::End,
                };
                payloads.iter().map(|one| self.payload(one)).collect()
            }
            Stage::Incidents(following) => {
                let (incidents, next) = self.source.incidents(following, PAGE).await?;
                self.stage = next.map_or(Stage::End, Stage::Incidents);
                incidents.iter().map(|one| self.incident(one)).collect()
            }
            Stage::End => {
                self.stage = Stage::Done;
                self.end()
            }
            Stage::Done => return Ok(None),
        };
        Ok(Some(text.into_bytes()))
    }

    fn first(&self) -> Following {
        match self.pen {
            Pen::Misp(_) => Following::First(i64::MIN, i64::MIN),
            Pen::Stix { .. } | Pen::Blocklist(_) => Following::Last(i64::MIN, i64::MIN),
        }
    }

    fn begin(&mut self) -> String {
        match &self.pen {
            Pen::Stix { origin, techniques, .. } => {
                let preamble = Stix { origin, wanted: self.source.wanted(), techniques }.preamble();
                let id = origin.id(&format!("bundle {}", self.now));
                let begin = format!("{{\"type\":\"bundle\",\"id\":\"bundle--{id}\",\"objects\":[");
                begin + &self.listed(preamble)
            }
            Pen::Misp(_) => "{\"response\":[".to_owned(),
            Pen::Blocklist(list) => list.begin(),
        }
    }

    fn address(&mut self, known: &Known) -> String {
        match &mut self.pen {
            Pen::Stix { origin, techniques, .. } => {
                let objects = Stix { origin, wanted: self.source.wanted(), techniques }.address(known);
                self.listed(objects)
            }
            Pen::Misp(misp) => {
                let event = misp.address(known);
                self.listed(event)
            }
            Pen::Blocklist(list) => {
                let entry = list.entry(known);
                self.written += u64::from(entry.is_some());
                entry.unwrap_or_default()
            }
        }
    }

    fn payload(&mut self, payload: &Payload) -> String {
        match &mut self.pen {
            Pen::Stix { origin, techniques, .. } => {
                let objects = Stix { origin, wanted: self.source.wanted(), techniques }.payload(payload);
                self.listed(objects)
            }
            Pen::Misp(misp) => {
                let event = misp.payload(payload);
                self.listed(event)
            }
            // A list for blocking is of addresses.
            Pen::Blocklist(_) => String::new(),
        }
    }

    fn incident(&mut self, incident: &KnownIncident) -> String {
        let Pen::Stix { origin, techniques, .. } = &self.pen else { return String::new() };
        let objects = Stix { origin, wanted: self.source.wanted(), techniques }.incident(incident);
        self.listed(objects)
    }

    fn end(&mut self) -> String {
        match &mut self.pen {
            Pen::Stix { .. } => "\n]}\n".to_owned(),
            Pen::Misp(misp) => {
                let event = misp.end();
                self.listed(event) + "\n]}\n"
            }
            Pen::Blocklist(list) => list.end().to_owned(),
        }
    }

    /// Objects as entries of a list, one a line; those that come again are left out.
    fn listed(&mut self, objects: impl IntoIterator<Item = Value>) -> String {
        let mut text = String::new();
        for object in objects {
            if let Pen::Stix { told, .. } = &mut self.pen
                && stix::is_shared(&object)
                && !told.insert(object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
            {
                continue;
            }
            text.push_str(if self.written > 0 { ",\n" } else { "\n" });
            text.push_str(&object.to_string());
            self.written += 1;
        }
        text
    }
}
