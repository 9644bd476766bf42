//! Messages of LDAP (RFC 4511) as peers send them, and of LDAPv2's sicily binds ([MS-ADTS] §5.1.1.1.3).

use super::filter::{self, Filter};
use netsvc_daemon::ber::{BOOLEAN, ENUMERATED, INTEGER, Malformed, Reader, SEQUENCE, SET, TEXT};

/// Attributes that a request may name.
const ATTRIBUTES: usize = 2_000;
/// Controls that a request may have.
const CONTROLS: usize = 64;

/// Tags of results.
pub(super) const BIND: u8 = 0x61;
pub(super) const ENTRY: u8 = 0x64;
pub(super) const DONE: u8 = 0x65;
pub(super) const MODIFIED: u8 = 0x67;
pub(super) const ADDED: u8 = 0x69;
pub(super) const DELETED: u8 = 0x6b;
pub(super) const RENAMED: u8 = 0x6d;
pub(super) const COMPARED: u8 = 0x6f;
pub(super) const REFERENCE: u8 = 0x73;
pub(super) const EXTENDED: u8 = 0x78;

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) operation: Operation,
    pub(super) controls: Vec<Control>,
}

/// What goes beyond an operation.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) name: String,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

/// How somebody proves who he is.
#[derive(Debug)]
pub(super) enum Proof {
    Simple(Vec<u8>),
    Sasl {
        mechanism: String,
        token: Option<Vec<u8>>,
    },
    /// `[9]`, `[10]` or `[11]`: package discovery, negotiate, response.
    Sicily(u8, Vec<u8>),
    Other,
}

/// Attributes with their values.
pub(super) type Attributes = Vec<(String, Vec<Vec<u8>>)>;

/// What is asked for.
#[derive(Debug)]
pub(super) enum Operation {
    Bind {
        version: i64,
        name: Vec<u8>,
        proof: Proof,
    },
    Unbind,
    Search(Search),
    /// Each with 0 to add, 1 to delete, 2 to replace.
    Modify {
        name: Vec<u8>,
        changes: Vec<(i64, String, Vec<Vec<u8>>)>,
    },
    Add {
        name: Vec<u8>,
        attributes: Attributes,
    },
    Delete {
        name: Vec<u8>,
    },
    Rename {
        name: Vec<u8>,
        first: Vec<u8>,
    },
    Compare {
        name: Vec<u8>,
        attribute: String,
        value: Vec<u8>,
    },
    Abandon,
    Extended {
        name: String,
        value: Vec<u8>,
    },
    Unknown,
}

/// A search.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) base: Vec<u8>,
    /// 0: the base, 1: what is directly below it, 2: it and all below it, 3: all below it.
    pub(super) scope: i64,
    pub(super) most: usize,
    pub(super) names_only: bool,
    pub(super) filter: Filter,
    pub(super) attributes: Vec<String>,
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Message {
    /// Reads a message, all of which has come.
    pub(super) fn read(bytes: &[u8]) -> Result<Message, Malformed> {
        let mut message = Reader::new(bytes).inside(SEQUENCE)?;
        let id = message.integer()?;
        let operation = message.value()?;
        let mut inside = operation.reader();
        let whole = operation.content.to_vec();
        let operation = match operation.tag {
            0x60 => Operation::bind(&mut inside)?,
            0x42 => Operation::Unbind,
            0x63 => Operation::Search(Search::read(&mut inside)?),
            0x66 => Operation::modify(&mut inside)?,
            0x68 => {
                let name = inside.text()?.to_vec();
                Operation::Add { name, attributes: attributes(&mut inside.inside(SEQUENCE)?)? }
            }
            0x4a => Operation::Delete { name: whole },
            0x6c => Operation::Rename { name: inside.text()?.to_vec(), first: inside.text()?.to_vec() },
            0x6e => {
                let name = inside.text()?.to_vec();
                let mut pair = inside.inside(SEQUENCE)?;
                let attribute = string(pair.text()?);
                Operation::Compare { name, attribute, value: pair.text()?.to_vec() }
            }
            0x50 => Operation::Abandon,
            0x77 => {
                let name = string(inside.of(0x80)?.content);
                let value = if inside.is_empty() { Vec::new() } else { inside.of(0x81)?.content.to_vec() };
                Operation::Extended { name, value }
            }
            _ => Operation::Unknown,
        };
        let controls = if message.is_empty() { Vec::new() } else { controls(&mut message.inside(0xa0)?)? };
        Ok(Message { id, operation, controls })
    }

    /// The control called `name`.
    pub(super) fn control(&self, name: &str) -> Option<&Control> {
        self.controls.iter().find(|control| control.name == name)
    }
}

fn controls(reader: &mut Reader<'_>) -> Result<Vec<Control>, Malformed> {
    let mut all = Vec::new();
    while !reader.is_empty() && all.len() < CONTROLS {
        let mut one = reader.inside(SEQUENCE)?;
        let mut control = Control { name: string(one.text()?), critical: false, value: Vec::new() };
        while !one.is_empty() {
            let value = one.value()?;
            match value.tag {
                BOOLEAN => control.critical = value.content.iter().any(|byte| *byte != 0),
                TEXT => control.value = value.content.to_vec(),
                _ => return Err(Malformed),
            }
        }
        all.push(control);
    }
    Ok(all)
}

fn values(reader: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut set = reader.inside(SET)?;
    let mut values = Vec::new();
    while !set.is_empty() {
        values.push(set.text()?.to_vec());
    }
    Ok(values)
}

fn attributes(reader: &mut Reader<'_>) -> Result<Attributes, Malformed> {
    let mut all = Vec::new();
    while !reader.is_empty() {
        let mut one = reader.inside(SEQUENCE)?;
        let name = string(one.text()?);
        all.push((name, values(&mut one)?));
        if ATTRIBUTES < all.len() {
            return Err(Malformed);
        }
    }
    Ok(all)
}

impl Operation {
    fn bind(reader: &mut Reader<'_>) -> Result<Operation, Malformed> {
        let (version, name) = (reader.integer()?, reader.text()?.to_vec());
        let proof = reader.value()?;
        let proof = match proof.tag {
            0x80 => Proof::Simple(proof.content.to_vec()),
            0xa3 => {
                let mut inside = proof.reader();
                let mechanism = string(inside.text()?);
                let token = if inside.is_empty() { None } else { Some(inside.text()?.to_vec()) };
                Proof::Sasl { mechanism, token }
            }
            tag @ 0x89..=0x8b => Proof::Sicily(tag, proof.content.to_vec()),
            _ => Proof::Other,
        };
        Ok(Operation::Bind { version, name, proof })
    }

    fn modify(reader: &mut Reader<'_>) -> Result<Operation, Malformed> {
        let name = reader.text()?.to_vec();
        let mut list = reader.inside(SEQUENCE)?;
        let mut changes = Vec::new();
        while !list.is_empty() && changes.len() < ATTRIBUTES {
            let mut one = list.inside(SEQUENCE)?;
            let how = one.of(ENUMERATED)?.integer()?;
            let mut pair = one.inside(SEQUENCE)?;
            let attribute = string(pair.text()?);
            changes.push((how, attribute, values(&mut pair)?));
        }
        Ok(Operation::Modify { name, changes })
    }
}

impl Search {
    fn read(reader: &mut Reader<'_>) -> Result<Search, Malformed> {
        let base = reader.text()?.to_vec();
        let scope = reader.of(ENUMERATED)?.integer()?;
        let _aliases = reader.of(ENUMERATED)?;
        let most = usize::try_from(reader.of(INTEGER)?.integer()?).unwrap_or(0);
        let _seconds = reader.of(INTEGER)?;
        let names_only = reader.of(BOOLEAN)?.content.iter().any(|byte| *byte != 0);
        let filter = filter::read(reader)?;
        let mut attributes = Vec::new();
        let mut list = reader.inside(SEQUENCE)?;
        while !list.is_empty() && attributes.len() < ATTRIBUTES {
            attributes.push(string(list.text()?));
        }
        Ok(Search { base, scope, most, names_only, filter, attributes })
    }

    /// `base`, `one`, `sub` or `children`, as clients call them.
    pub(super) fn scope_name(&self) -> &'static str {
        match self.scope {
            0 => "base",
            1 => "one",
            2 => "sub",
            _ => "children",
        }
    }
}
