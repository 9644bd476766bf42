//! Objects with their instances, in the order of their names.

use super::ber;
use rand_core::RngCore;
use std::net::Ipv4Addr;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i32),
    Text(Vec<u8>),
    Name(Vec<u32>),
    Address(Ipv4Addr),
    Counter(u32),
    Gauge(u32),
    Ticks(u32),
    Counter64(u64),
    /// There is no such object.
    NoObject,
    /// There is no such instance of the object.
    NoInstance,
    /// There is nothing behind it.
    End,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// It stays.
    Fixed(Value),
    /// Hundredths of a second since the agent started.
    AgentTime,
    /// Hundredths of a second since the system started.
    SystemTime,
    /// The date (RFC 2579, DateAndTime).
    Date,
    /// A count that grows: what it was at the start, and how much comes in a thousand seconds.
    Count(u64, u64),
    /// The same in 64 bits.
    Count64(u64, u64),
    /// A load of so many hundredths on average, as a text.
    Load(u32),
    /// A text that may be set.
    Set(Vec<u8>),
}

/// An instance.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u32>,
    /// Sub-identifiers of `name` that are the object's.
    object: usize,
    pub(super) source: Source,
}

/// All instances of an agent.
#[derive(Debug, Default)]
pub(super) struct Tree(Vec<Entry>);

/// A number.
pub(super) fn int(number: impl TryInto<i32>) -> Source {
    Value::Integer(number.try_into().unwrap_or(i32::MAX)).into()
}

/// A text.
pub(super) fn text(text: impl AsRef<[u8]>) -> Source {
    Value::text(text).into()
}

/// A gauge.
pub(super) fn gauge(number: impl TryInto<u32>) -> Source {
    Value::Gauge(number.try_into().unwrap_or(u32::MAX)).into()
}

/// A name of an object.
pub(super) fn name(name: &[u32]) -> Source {
    Value::Name(name.to_vec()).into()
}

/// A number below `limit`.
pub(super) fn below(random: &mut impl RngCore, limit: u32) -> u64 {
    u64::from(random.next_u32() % limit.max(1))
}

impl Value {
    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Value::Text(text.as_ref().to_vec())
    }

    /// Appends it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Value::Integer(number) => ber::put_integer(out, ber::INTEGER, (*number).into()),
            Value::Text(text) => ber::put(out, ber::TEXT, text),
            Value::Name(name) => ber::put_name(out, name),
            Value::Address(address) => ber::put(out, ber::ADDRESS, &address.octets()),
            Value::Counter(number) => ber::put_integer(out, ber::COUNTER, (*number).into()),
            Value::Gauge(number) => ber::put_integer(out, ber::GAUGE, (*number).into()),
            Value::Ticks(number) => ber::put_integer(out, ber::TICKS, (*number).into()),
            Value::Counter64(number) => ber::put_integer(out, ber::COUNTER64, (*number).into()),
            Value::NoObject => ber::put(out, ber::NO_OBJECT, &[]),
            Value::NoInstance => ber::put(out, ber::NO_INSTANCE, &[]),
            Value::End => ber::put(out, ber::END_OF_VIEW, &[]),
        }
    }
}

impl Entry {
    /// Whether it has 64 bits, which v1 does not know.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.source, Source::Count64(..) | Source::Fixed(Value::Counter64(_)))
    }
}

impl Tree {
    /// Adds the one instance of `object`.
    pub(super) fn scalar(&mut self, object: &[u32], source: impl Into<Source>) {
        self.cell(object, &[0], source);
    }

    /// Adds the instance `index` of the column `object`.
    pub(super) fn cell(&mut self, object: &[u32], index: &[u32], source: impl Into<Source>) {
        let name = [object, index].concat();
        self.0.push(Entry { name, object: object.len(), source: source.into() });
    }

    /// Adds a row: columns of the entry `object` by their number.
    pub(super) fn row(&mut self, object: &[u32], index: &[u32], columns: Vec<(u32, Source)>) {
        for (column, source) in columns {
            self.cell(&[object, &[column]].concat(), index, source);
        }
    }

    /// Puts all into order; to be called once, at the end.
    pub(super) fn sorted(mut self) -> Self {
        self.0.sort_by(|one, other| one.name.cmp(&other.name));
        self.0.dedup_by(|one, other| one.name == other.name);
        self
    }

    /// The instance called `name`, or why there is none.
    pub(super) fn get(&self, name: &[u32]) -> Result<&Entry, Value> {
        let place = match self.0.binary_search_by(|entry| entry.name.as_slice().cmp(name)) {
            Ok(place) => return self.0.get(place).ok_or(Value::NoObject),
            Err(place) => place,
        };
        // All instances of an object stand together, so if it has any, one of the neighbours is its.
        let neighbours = self.0.get(place.saturating_sub(1)..self.0.len().min(place + 1));
        let of_object = |entry: &Entry| entry.name.get(..entry.object).is_some_and(|o| name.starts_with(o));
        let known = neighbours.unwrap_or_default().iter().any(of_object);
        Err(if known { Value::NoInstance } else { Value::NoObject })
    }

    /// The first instance behind `name`.
    pub(super) fn next(&self, name: &[u32]) -> Option<&Entry> {
        self.0.get(self.0.partition_point(|entry| entry.name.as_slice() <= name))
    }
}

impl From<Value> for Source {
    fn from(value: Value) -> Self {
        Source::Fixed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_an_object_or_an_instance() {
        let mut tree = Tree::default();
        tree.scalar(&[1, 3, 5], Value::Integer(1));
        tree.cell(&[1, 3, 2, 1], &[7], Value::Integer(2));
        tree.cell(&[1, 3, 2, 1], &[9], Value::Integer(3));
        tree.cell(&[1, 3, 2, 2], &[7], Value::Integer(4));
        let tree = tree.sorted();
        for (name, missing) in [
            (&[1, 3, 5, 0][..], None),
            (&[1, 3, 5, 1], Some(Value::NoInstance)),
            (&[1, 3, 5], Some(Value::NoInstance)),
            (&[1, 3], Some(Value::NoObject)),
            (&[1, 3, 6, 0], Some(Value::NoObject)),
            (&[1, 3, 2, 1, 8], Some(Value::NoInstance)),
            (&[1, 3, 2, 1, 10], Some(Value::NoInstance)),
            (&[1, 3, 2, 1, 1], Some(Value::NoInstance)),
            (&[1, 3, 2, 3, 7], Some(Value::NoObject)),
            (&[], Some(Value::NoObject)),
        ] {
            assert_eq!(tree.get(name).err(), missing, "{name:?}");
        }
        let mut names = vec![Vec::new()];
        while let Some(entry) = tree.next(names.last().unwrap()) {
            names.push(entry.name.clone());
        }
        assert_eq!(
            names[1..],
            [vec![1, 3, 2, 1, 7], vec![1, 3, 2, 1, 9], vec![1, 3, 2, 2, 7], vec![1, 3, 5, 0]]
        );
    }
}
