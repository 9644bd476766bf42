//! What the server keeps: the persona's databases, and for each attacker what became of them.

use super::{
    bson::{Doc, Value, bson},
    fault::Fault,
    json,
};
use std::{collections::BTreeMap, sync::Arc};

/// Bytes that an attacker may add.
const ROOM: usize = 512 * 1024;
/// What a document costs beyond its bytes.
const COST: usize = 64;
/// What a collection, an index or an account costs.
const THING: usize = 1024;
/// Most databases, and collections of one.
const DATABASES: usize = 64;
const COLLECTIONS: usize = 256;
/// Cursors that stay open; beyond that the oldest is forgotten.
const CURSORS: usize = 16;
/// Longest name of a database.
const NAME: usize = 63;
/// Longest name space.
const NAMESPACE: usize = 255;

/// A document as it is kept: its bytes, in which `_id` stands first.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    raw: Arc<[u8]>,
    /// Where `_id` ends.
    id: usize,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Index {
    pub name: String,
    pub key: Doc,
}

/// A collection.
#[derive(Clone, Debug)]
pub(super) struct Collection {
    pub documents: Vec<Stored>,
    pub indexes: Vec<Index>,
    pub uuid: [u8; 16],
}

pub(super) type Database = BTreeMap<String, Collection>;

/// A question whose answer has not been given in full.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub id: i64,
    pub database: String,
    pub collection: String,
    /// The command that opened it.
    pub command: Doc,
    /// Documents that were given.
    pub given: usize,
}

/// Everything that the server keeps, as one attacker sees it.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub databases: BTreeMap<String, Database>,
    /// Accounts that were made.
    pub users: Vec<Doc>,
    pub cursors: Vec<Cursor>,
    /// Bytes that may be added.
    room: usize,
    /// Things that were numbered.
    counter: u32,
    /// Five random bytes of the process.
    process: [u8; 5],
}

impl Stored {
    fn new(doc: &Doc) -> Self {
        let first = doc.0.first().cloned().into_iter().collect();
        Stored { raw: doc.bytes().into(), id: Doc(first).bytes().len() - 1 }
    }

    pub(super) fn doc(&self) -> Doc {
        Doc::read(&self.raw).unwrap_or_default()
    }

    pub(super) fn size(&self) -> usize {
        self.raw.len()
    }

    fn key(&self) -> &[u8] {
        self.raw.get(4..self.id).unwrap_or_default()
    }

    fn cost(&self) -> usize {
        self.raw.len() + COST
    }
}

impl Collection {
    /// The bytes of its documents.
    pub(super) fn size(&self) -> usize {
        self.documents.iter().map(Stored::size).sum()
    }

    fn cost(&self) -> usize {
        THING * self.indexes.len() + self.documents.iter().map(Stored::cost).sum::<usize>()
    }
}

impl World {
    /// A world with nothing in it.
    pub(super) fn new(process: [u8; 5]) -> Self {
        let (databases, users, cursors) = Default::default();
        World { databases, users, cursors, room: ROOM, counter: 0, process }
    }

    /// Forgets what filling it took of the room.
    pub(super) fn filled(mut self) -> Self {
        self.room = ROOM;
        self
    }

    fn next(&mut self) -> u32 {
        self.counter = self.counter.wrapping_add(1);
        self.counter
    }

    /// An object id made at `seconds`.
    pub(super) fn object_id(&mut self, seconds: i64) -> Value {
        let counter = self.next().wrapping_add(u32::from_le_bytes([self.process[0], self.process[1], 7, 0]));
        let seconds = u32::try_from(seconds).unwrap_or(0).to_be_bytes();
        let mut id = [0; 12];
        let [_, low @ ..] = counter.to_be_bytes();
        let bytes = seconds.into_iter().chain(self.process).chain(low);
        id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Value::Id(id)
    }

    fn uuid(&mut self) -> [u8; 16] {
        let mut uuid = [0; 16];
        let counter = self.next().wrapping_mul(0x9e37_79b1).to_be_bytes();
        let bytes = self.process.iter().chain(&counter).cycle().zip(0_u8..);
        uuid.iter_mut()
            .zip(bytes)
            .for_each(|(to, (from, at))| *to = from.rotate_left(u32::from(at % 8)) ^ at);
        uuid[6] = uuid[6] & 0x0f | 0x40;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        uuid
    }

    fn spend(&mut self, cost: usize) -> Result<(), Fault> {
        self.room = self.room.checked_sub(cost).ok_or_else(Fault::full)?;
        Ok(())
    }

    fn gain(&mut self, cost: usize) {
        self.room = (self.room + cost).min(ROOM);
    }

    pub(super) fn collection(&self, database: &str, collection: &str) -> Option<&Collection> {
        self.databases.get(database)?.get(collection)
    }

    fn collection_mut(&mut self, database: &str, collection: &str) -> Option<&mut Collection> {
        self.databases.get_mut(database)?.get_mut(collection)
    }

    /// All documents of a collection, none where it is not.
    pub(super) fn documents(&self, database: &str, collection: &str) -> Vec<Doc> {
        let found = self.collection(database, collection);
        found.map_or_else(Vec::new, |found| found.documents.iter().map(Stored::doc).collect())
    }

    /// Makes a collection; whether it was not there.
    pub(super) fn create(&mut self, database: &str, collection: &str) -> Result<bool, Fault> {
        checked(database, collection)?;
        if self.collection(database, collection).is_some() {
            return Ok(false);
        }
        let known = self.databases.get(database).map_or(0, BTreeMap::len);
        if COLLECTIONS <= known || DATABASES <= self.databases.len() {
            return Err(Fault::full());
        }
        self.spend(THING)?;
        let indexes = vec![Index { name: "_id_".to_owned(), key: bson! { "_id" => 1 } }];
        let made = Collection { documents: Vec::new(), indexes, uuid: self.uuid() };
        self.databases.entry(database.to_owned()).or_default().insert(collection.to_owned(), made);
        Ok(true)
    }

    /// Adds an index; whether it was not there.
    pub(super) fn index(&mut self, database: &str, collection: &str, index: Index) -> Result<bool, Fault> {
        self.create(database, collection)?;
        if self.collection(database, collection).is_some_and(|found| found.indexes.contains(&index)) {
            return Ok(false);
        }
        self.spend(THING + index.key.bytes().len() + index.name.len())?;
        if let Some(found) = self.collection_mut(database, collection) {
            found.indexes.push(index);
        }
        Ok(true)
    }

    /// Adds `doc`, which gets an `_id` if it has none; what it is kept as.
    pub(super) fn insert(
        &mut self,
        database: &str,
        collection: &str,
        mut doc: Doc,
        now: i64,
    ) -> Result<Doc, Fault> {
        self.create(database, collection)?;
        let id = match doc.0.iter().position(|(name, _)| name == "_id") {
            Some(at) => doc.0.remove(at).1,
            None => self.object_id(now / 1000),
        };
        if matches!(id, Value::Array(_) | Value::Regex(..) | Value::Undefined) {
            let kind = id.type_name();
            return Err(Fault::new(53, format!("The '_id' value cannot be of type {kind}")));
        }
        doc.0.insert(0, ("_id".to_owned(), id));
        let stored = Stored::new(&doc);
        let found = self.collection(database, collection);
        if found.is_some_and(|found| found.documents.iter().any(|known| known.key() == stored.key())) {
            let id = Doc(doc.0.first().cloned().into_iter().collect());
            let shown = json::shown(&id, 200).replacen("{\"_id\":", "{ _id: ", 1).replace('}', " }");
            return Err(Fault::new(
                11_000,
                format!(
                    "E11000 duplicate key error collection: {database}.{collection} index: _id_ dup key: {shown}"
                ),
            ));
        }
        self.spend(stored.cost())?;
        if let Some(found) = self.collection_mut(database, collection) {
            found.documents.push(stored);
        }
        Ok(doc)
    }

    /// Puts `doc` in the place of the document number `at`.
    pub(super) fn replace(
        &mut self,
        database: &str,
        collection: &str,
        at: usize,
        doc: &Doc,
    ) -> Result<(), Fault> {
        let stored = Stored::new(doc);
        let Some(before) = self.collection(database, collection).and_then(|found| found.documents.get(at))
        else {
            return Ok(());
        };
        let cost = before.cost();
        self.spend(stored.cost().saturating_sub(cost))?;
        self.gain(cost.saturating_sub(stored.cost()));
        let there = self.collection_mut(database, collection).and_then(|found| found.documents.get_mut(at));
        if let Some(there) = there {
            *there = stored;
        }
        Ok(())
    }

    /// Removes the documents with these numbers, which are sorted.
    pub(super) fn remove(&mut self, database: &str, collection: &str, numbers: &[usize]) {
        let Some(found) = self.collection_mut(database, collection) else { return };
        let (mut at, mut cost) = (0, 0);
        found.documents.retain(|stored| {
            let goes = numbers.binary_search(&at).is_ok();
            cost += if goes { stored.cost() } else { 0 };
            at += 1;
            !goes
        });
        self.gain(cost);
    }

    /// Removes a collection.
    pub(super) fn drop_collection(&mut self, database: &str, collection: &str) -> Option<Collection> {
        let collections = self.databases.get_mut(database)?;
        let gone = collections.remove(collection)?;
        if collections.is_empty() {
            self.databases.remove(database);
        }
        self.gain(gone.cost());
        Some(gone)
    }

    /// Removes a database; whether it was there.
    pub(super) fn drop_database(&mut self, database: &str) -> bool {
        let Some(gone) = self.databases.remove(database) else { return false };
        self.gain(gone.values().map(Collection::cost).sum());
        true
    }

    /// Gives a collection another name, in whatever database.
    pub(super) fn rename(&mut self, from: (&str, &str), to: (&str, &str)) -> Result<(), Fault> {
        checked(to.0, to.1)?;
        if self.databases.get(to.0).is_some_and(|database| COLLECTIONS <= database.len()) {
            return Err(Fault::full());
        }
        let moved = self.databases.get_mut(from.0).and_then(|database| database.remove(from.1));
        let moved = moved.ok_or_else(|| Fault::new(26, "source namespace does not exist"))?;
        self.databases.entry(to.0.to_owned()).or_default().insert(to.1.to_owned(), moved);
        self.databases.retain(|_, database| !database.is_empty());
        Ok(())
    }

    /// Keeps an account.
    pub(super) fn add_user(&mut self, user: Doc) -> Result<(), Fault> {
        self.spend(THING + user.bytes().len())?;
        self.users.push(user);
        Ok(())
    }

    /// Opens a cursor; its id, or none where the question is too long to be kept.
    pub(super) fn open(
        &mut self,
        database: &str,
        collection: &str,
        command: &Doc,
        given: usize,
    ) -> Option<i64> {
        if 16 * 1024 < command.bytes().len() {
            return None;
        }
        if CURSORS <= self.cursors.len() {
            self.cursors.remove(0);
        }
        let mixed = u64::from(self.next()).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(self.process[2]);
        let id = i64::try_from(mixed >> 2).unwrap_or(1).max(1);
        let (database, collection, command) = (database.to_owned(), collection.to_owned(), command.clone());
        self.cursors.push(Cursor { id, database, collection, command, given });
        Some(id)
    }
}

/// Whether names can be those of a database and a collection.
pub(super) fn checked(database: &str, collection: &str) -> Result<(), Fault> {
    let odd = |letter: char| matches!(letter, '/' | '\\' | '.' | ' ' | '"' | '$' | '\0');
    if database.is_empty() || NAME < database.len() || database.contains(odd) {
        return Err(Fault::new(73, format!("Invalid database name: '{database}'")));
    }
    let namespace = format!("{database}.{collection}");
    if collection.is_empty() || collection.starts_with('.') || collection.contains(['$', '\0']) {
        return Err(Fault::new(73, format!("Invalid namespace specified '{namespace}'")));
    }
    if NAMESPACE < namespace.len() {
        let text = format!("Fully qualified namespace is too long. Namespace: {namespace} Max: 255");
        return Err(Fault::new(73, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attacker_adds_no_more_than_there_is_room_and_gets_it_back() {
        let mut world = World::new([1; 5]);
        let text = "x".repeat(10_000);
        let mut count = 0;
        while world.insert("a", "b", bson! { "t" => text.as_str() }, 0).is_ok() {
            count += 1;
        }
        assert!((40..60).contains(&count), "{count}");
        assert!(world.drop_database("a"));
        world.insert("a", "b", bson! { "t" => text.as_str() }, 0).unwrap();
        assert_eq!(world.collection("a", "b").unwrap().documents.len(), 1);
    }

    #[test]
    fn ids_are_there_and_only_once() {
        let mut world = World::new([1; 5]);
        let made = world.insert("a", "b", bson! { "x" => 1 }, 1_700_000_000_000).unwrap();
        assert!(matches!(made.0.first(), Some((name, Value::Id(_))) if name == "_id"));
        world.insert("a", "b", bson! { "x" => 1, "_id" => 7 }, 0).unwrap();
        let fault = world.insert("a", "b", bson! { "_id" => 7 }, 0).unwrap_err();
        let text = "E11000 duplicate key error collection: a.b index: _id_ dup key: { _id: 7 }";
        assert_eq!((fault.code, fault.text.as_str()), (11_000, text));
        assert_eq!(world.insert("a", "$b", bson! {}, 0).unwrap_err().code, 73);
    }
}
