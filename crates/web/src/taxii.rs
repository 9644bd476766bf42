//! TAXII 2.1 (OASIS): collections of STIX objects that others fetch as they grow. What is asked for, and which part of
//! a collection answers it; the routes are in [`crate::route::taxii`].
//!
//! A collection is its addresses, files or incidents in the order in which they were seen last; that time is when their
//! objects were added. An object that changes is so added again, with a later version. Nothing is kept between
//! requests: `next` says where to go on.

mod asked;

pub(crate) use asked::{Asked, Place};

use decnet_export::{
    Origin, Source, Techniques, Uuid,
    stix::{Stix, is_shared},
};
use decnet_model::{export::Wanted, record::Following};
use decnet_store::{Error, Store};
use netsvc_wire::stamp::{self, Micros};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where everything of it is (§4.1): paths of the standard, not ours to choose.
pub(crate) const PATH: &str = "/taxii2/";
/// The media type of all answers.
pub(crate) const MEDIA: &str = "application/taxii+json;version=2.1";
/// Addresses or files read at once.
const PAGE: u32 = 100;
/// When that was added which all objects refer to: before any of them.
const BEFORE_ALL: Micros = 0;
/// Pages that one request looks through for what it matches; it says where to go on.
const PAGES: usize = 20;

/// A collection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Collection {
    /// Its name in paths, beside its id.
    pub(crate) alias: &'static str,
    title: &'static str,
    about: &'static str,
    holds: Holds,
    all: bool,
}

/// What a collection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Addresses,
    Files,
    Incidents,
}

/// Every collection.
pub(crate) const COLLECTIONS: &[Collection] = &[
    Collection {
        alias: "addresses",
        title: "Addresses",
        about: "Addresses that touched machines that do not exist. Indicators are of those that the internet routes \
                and that did more than look.",
        holds: Holds::Addresses,
        all: false,
    },
    Collection {
        alias: "all-addresses",
        title: "All addresses",
        about: "The same with indicators of all addresses: those who only looked, whose address may be anybody's, and \
                those that the internet does not route.",
        holds: Holds::Addresses,
        all: true,
    },
    Collection {
        alias: "files",
        title: "Files",
        about: "Files that were left on machines that do not exist, by their SHA-256.",
        holds: Holds::Files,
        all: false,
    },
    Collection {
        alias: "incidents",
        title: "Incidents",
        about: "What addresses did without a longer pause, and how it stands. What incidents refer to is in the \
                collection of addresses.",
        holds: Holds::Incidents,
        all: false,
    },
];

impl Collection {
    /// The collection that is called so, by its alias or its id.
    pub(crate) fn find(name: &str, origin: &Origin) -> Option<&'static Collection> {
        COLLECTIONS.iter().find(|one| one.alias == name || one.id(origin).to_string() == name)
    }

    fn id(&self, origin: &Origin) -> Uuid {
        origin.id(&format!("taxii collection {}", self.alias))
    }

    /// As it is told of (§5.2.1).
    pub(crate) fn shown(&self, origin: &Origin) -> Value {
        json!({
            "id": self.id(origin).to_string(),
            "title": self.title,
            "description": self.about,
            "alias": self.alias,
            "can_read": true,
            "can_write": false,
            "media_types": [decnet_export::stix::MEDIA],
        })
    }

    fn wanted(&self) -> Wanted {
        Wanted { private: self.all, scanners: self.all, ..Wanted::default() }
    }
}

/// An object of a collection.
#[derive(Debug)]
pub(crate) struct Entry {
    /// When it was added.
    added: Micros,
    object: Value,
    /// Where it stands.
    place: Place,
}

/// What answers a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) entries: Vec<Entry>,
    /// Where to go on; `None`: that was all.
    pub(crate) next: Option<Place>,
}

impl Entry {
    fn text(&self, name: &str) -> &str {
        self.object.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its version: when it was changed, or of an object without versions when it was added (§5.4.1).
    fn version(&self) -> String {
        let own =
            ["modified", "created"].into_iter().map(|name| self.text(name)).find(|text| !text.is_empty());
        own.map_or_else(|| stamp::format(self.added), str::to_owned)
    }

    fn record(&self) -> Value {
        json!({
            "id": self.text("id"),
            "date_added": stamp::format(self.added),
            "version": self.version(),
            "media_type": decnet_export::stix::MEDIA,
        })
    }
}

impl Answer {
    fn with(&self, name: &str, list: Vec<Value>) -> Value {
        let mut body = serde_json::Map::new();
        if let Some(next) = &self.next {
            body.insert("more".to_owned(), true.into());
            body.insert("next".to_owned(), next.to_string().into());
        }
        // An answer without anything is an empty object (§3.7).
        if !list.is_empty() {
            body.insert(name.to_owned(), list.into());
        }
        body.into()
    }

    /// The objects (§3.7).
    pub(crate) fn envelope(&self) -> Value {
        self.with("objects", self.entries.iter().map(|entry| entry.object.clone()).collect())
    }

    /// What is said of the objects (§5.3).
    pub(crate) fn manifest(&self) -> Value {
        self.with("objects", self.entries.iter().map(Entry::record).collect())
    }

    /// The versions of the objects (§5.8).
    pub(crate) fn versions(&self) -> Value {
        self.with("versions", self.entries.iter().map(|entry| entry.version().into()).collect())
    }

    /// When the first and the last of the objects were added.
    pub(crate) fn added(&self) -> Option<(String, String)> {
        let times = || self.entries.iter().map(|entry| entry.added);
        Some((stamp::format(times().min()?), stamp::format(times().max()?)))
    }
}

/// Reads a collection.
#[derive(Debug)]
pub(crate) struct Reader {
    collection: &'static Collection,
    source: Source,
    origin: Origin,
    techniques: Techniques,
}

impl Reader {
    /// A reader of a collection as of `now`.
    pub(crate) async fn open(
        store: &Store,
        collection: &'static Collection,
        (origin, techniques): (Origin, Techniques),
        now: Micros,
    ) -> Result<Self, Error> {
        let source = Source::open(store, collection.wanted(), now).await?;
        Ok(Reader { collection, source, origin, techniques })
    }

    /// What answers a request.
    pub(crate) async fn answer(&mut self, asked: &Asked) -> Result<Answer, Error> {
        let mut from = asked.from();
        let (mut entries, mut told) = (Vec::new(), BTreeSet::new());
        for _ in 0..PAGES {
            let (found, next) = self.page(from).await?;
            for entry in found {
                if !asked.matches(entry.added, &entry.object) {
                    continue;
                }
                if is_shared(&entry.object) && !told.insert(entry.text("id").to_owned()) {
                    continue;
                }
                if entries.len() >= asked.limit {
                    return Ok(Answer { entries, next: Some(entry.place) });
                }
                entries.push(entry);
            }
            match next {
                Some(next) => from = next,
                None => return Ok(Answer { entries, next: None }),
            }
        }
        Ok(Answer { entries, next: Some(from) })
    }

    /// The objects from a place on, and the place behind them; `None`: there are no more.
    async fn page(&mut self, from: Place) -> Result<(Vec<Entry>, Option<Place>), Error> {
        let Reader { collection, source, origin, techniques } = self;
        let wanted = collection.wanted();
        let stix = Stix { origin, wanted: &wanted, techniques };
        let mut found = Vec::new();
        if from.is_start() {
            entries(&mut found, from, from.after, 0, BEFORE_ALL, stix.preamble());
        }
        let following = Following::Last(from.after.0, from.after.1);
        let mut after = from.after;
        let mut add = |of: i64, added: Micros, objects: Vec<Value>| {
            entries(&mut found, from, after, of, added, objects);
            after = (added, of);
        };
        let next = match collection.holds {
            Holds::Files => {
                let (payloads, next) = source.payloads(following, PAGE).await?;
                for one in &payloads {
                    add(one.artefact.first_event, one.artefact.last_seen, stix.payload(one));
                }
                next
            }
            Holds::Addresses => {
                let (known, next) = source.addresses(following, PAGE).await?;
                for one in &known {
                    add(one.seen.last_event, one.seen.last_seen, stix.address(one));
                }
                next
            }
            Holds::Incidents => {
                let (incidents, next) = source.incidents(following, PAGE).await?;
                for one in &incidents {
                    add(one.view.incident.id, one.view.incident.last_seen, stix.incident(one));
                }
                next
            }
        };
        let next = next.map(|next| match next {
            Following::First(at, event) | Following::Last(at, event) => Place::behind((at, event)),
        });
        Ok((found, next))
    }
}

/// Objects of one address or file (`of`, which stands behind `after`), without those that were told before `from`.
fn entries(
    found: &mut Vec<Entry>,
    from: Place,
    after: (Micros, i64),
    of: i64,
    added: Micros,
    objects: Vec<Value>,
) {
    // What was told half is another one by now, if something happened since: then all of it is told.
    let told = if from.of == of && from.after == after { from.told } else { 0 };
    for (number, object) in objects.into_iter().enumerate().skip(told) {
        found.push(Entry { added, object, place: Place { after, of, told: number } });
    }
}
