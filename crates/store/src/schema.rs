//! Tables: each is declared once, by [`row!`], and the declaration gives the columns, the SELECT, the INSERT
//! and how a row is read; the tests hold the scripts of both dialects to it, by name.

use crate::{
    error::Error,
    row::{Cells, Value},
};
use decnet_model::{
    access::Role,
    record::{
        AlertFormat, AlertKind, Behaviour, CanaryChannel, CanaryKind, DeckyActual, DeckyDesired, Deed,
        DeliveryState, FingerprintKind, IncidentDeed, IncidentState, Level, LifeKind, MarkKind,
        MutationCause, MutationKind, OperationKind, OperationState, Phase, Rpki, Subject,
        TopologyChangeState, TopologyState, TraversalKind, UpdateState, Verdict,
    },
};
use std::net::IpAddr;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// A number, a time in microseconds, a flag.
    Int,
    /// Text of at most so many characters; what is longer is cut when it is written.
    Text(usize),
    /// Text of any length.
    Long,
    /// 4 or 16 bytes.
    Address,
    /// Bytes of any length.
    Bytes,
    /// A SHA-256.
    Hash,
}

/// What happens to a column when a row with the same key is there already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Merge {
    /// The old value stays.
    Keep,
    /// The new value replaces it.
    Replace,
    /// The new value replaces it unless it is NULL.
    Latest,
    /// The old value stays unless it is NULL.
    Fill,
    /// The sum of both.
    Add,
    /// The smaller of both.
    Least,
    /// The larger of both.
    Greatest,
    /// The old value stays if it equals this text, else as [`Merge::Latest`].
    Sticky(&'static str),
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) of: Type,
    /// Whether it may be NULL.
    pub(crate) null: bool,
    pub(crate) merge: Merge,
    /// Whether it is written and never selected.
    pub(crate) hidden: bool,
}

/// A table that rows are put into. On MySQL assignments run left to right and see earlier ones, so no
/// merge refers to another column.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Names of the key's columns, comma-separated.
    pub(crate) key: &'static str,
    pub(crate) columns: &'static [Column],
}

impl Table {
    /// `SELECT … FROM …`, with the columns in the order in which a row is read.
    pub(crate) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.list(""), self.name)
    }

    /// The columns that are read, each with `prefix` (a table's alias and a dot) before it.
    pub(crate) fn list(&self, prefix: &str) -> String {
        let shown = self.columns.iter().filter(|column| !column.hidden);
        shown.map(|column| format!("{prefix}{}", column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The column called `name`.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A value that is read from one column.
pub(crate) trait Cell: Sized {
    /// Whether the column may be NULL.
    const NULL: bool = false;

    fn read(cells: &mut Cells) -> Result<Self, Error>;
}

/// A row that is read with [`Table::select`].
pub(crate) trait Read: Sized {
    fn read(cells: Cells) -> Result<Self, Error>;
}

/// A row that is put into its table.
pub(crate) trait Write {
    const TABLE: &'static Table;

    /// A value for each column, in the order of the declaration.
    fn values(self) -> Vec<Value>;
}

/// Whether the column that a field is read from may be NULL.
pub(crate) const fn may_be_null<R, T: Cell>(_: fn(&R) -> &T) -> bool {
    T::NULL
}

impl<T: Cell> Cell for Option<T> {
    const NULL: bool = true;

    fn read(cells: &mut Cells) -> Result<Self, Error> {
        if cells.skip_null() { Ok(None) } else { T::read(cells).map(Some) }
    }
}

macro_rules! cells {
    ($($type:ty: $method:ident;)+) => {$(
        impl Cell for $type {
            fn read(cells: &mut Cells) -> Result<Self, Error> {
                cells.$method()
            }
        }
    )+};
}
cells! {
    i64: int;
    u64: count;
    u16: port;
    bool: flag;
    String: text;
    Vec<u8>: bytes;
    IpAddr: address;
}

/// Enums that are kept by their names; the text says what a cell should hold.
macro_rules! names {
    ($($type:ty: $what:literal;)+) => {$(
        impl Cell for $type {
            fn read(cells: &mut Cells) -> Result<Self, Error> {
                cells.text()?.parse().map_err(|_| cells.bad($what))
            }
        }

        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                value.name().into()
            }
        }
    )+};
}
names! {
    CanaryChannel: "a way in which a canary is used";
    FingerprintKind: "a kind of fingerprint";
    CanaryKind: "a kind of canary";
    AlertFormat: "a form of messages";
    AlertKind: "a kind of message";
    Behaviour: "a behaviour";
    Deed: "a decision of an analyst";
    Level: "a level of clusters";
    Phase: "a phase";
    DeliveryState: "what became of a message";
    Role: "a role";
    DeckyActual: "a state of a decky";
    OperationKind: "a kind of work";
    OperationState: "a state of work";
    DeckyDesired: "running or absent";
    IncidentDeed: "a deed of an analyst";
    IncidentState: "a state of an incident";
    LifeKind: "a kind of what is done";
    MarkKind: "a kind of mark";
    MutationCause: "why a decky changed";
    MutationKind: "a kind of change";
    Rpki: "whether a route may be";
    Subject: "a subject of a ranking";
    TopologyChangeState: "a state of a change";
    TopologyState: "a state of a topology";
    TraversalKind: "a kind of traversal";
    UpdateState: "how far an update is";
    Verdict: "a verdict";
}

/// Declares a table: the constant, what is read from it and what is put into it. A field that is missing
/// here does not compile. Columns are called as their fields unless `as` says otherwise.
///
/// `part` is a field with columns of its own, `hidden` a column that is only written: then what is put in is
/// a struct of the row (`row`) and those.
macro_rules! row {
    ($(#[$meta:meta])* $table:ident = $name:literal by $key:literal, $read:ident, $write:ident $(<$life:lifetime>)? {
        $($field:ident $(as $column:ident)?: $of:ident $(($limit:literal))? $(, $merge:ident $(($text:literal))?)?;)+
    } $(part $part:ident: $type:ident { $(
        $inner:ident: $inner_of:ident $(($inner_limit:literal))?
            $(, $inner_merge:ident $(($inner_text:literal))?)?;
    )+ })? $(hidden { $(
        $hidden:ident: $hidden_of:ident $(($hidden_limit:literal))?
            $(, $hidden_merge:ident $(($hidden_text:literal))?)?;
    )+ })?) => {
        $(#[$meta])*
        pub(crate) const $table: $crate::schema::Table = {
            use $crate::schema::{Column, Table, may_be_null};
            Table {
                name: $name,
                key: $key,
                columns: &[
                    $(Column {
                        name: $crate::schema::column!($field $($column)?),
                        of: $crate::schema::Type::$of $(($limit))?,
                        null: may_be_null(|row: &$read| &row.$field),
                        merge: $crate::schema::merge!($($merge $(($text))?)?),
                        hidden: false,
                    },)+
                    $($(Column {
                        name: stringify!($inner),
                        of: $crate::schema::Type::$inner_of $(($inner_limit))?,
                        null: may_be_null(|row: &$read| &row.$part.$inner),
                        merge: $crate::schema::merge!($($inner_merge $(($inner_text))?)?),
                        hidden: false,
                    },)+)?
                    $($(Column {
                        name: stringify!($hidden),
                        of: $crate::schema::Type::$hidden_of $(($hidden_limit))?,
                        null: false,
                        merge: $crate::schema::merge!($($hidden_merge $(($hidden_text))?)?),
                        hidden: true,
                    },)+)?
                ],
            }
        };

        impl $crate::schema::Read for $read {
            fn read(mut cells: $crate::row::Cells) -> Result<Self, $crate::Error> {
                use $crate::schema::Cell;
                Ok($read {
                    $($field: Cell::read(&mut cells)?,)+
                    $($part: $type { $($inner: Cell::read(&mut cells)?,)+ },)?
                })
            }
        }

        $crate::schema::written! {
            $table, $read, $write $(<$life>)?, [$($field,)+], [$($part: $($inner)+)?], [$($($hidden,)+)?]
        }
    };
}
pub(crate) use row;

/// How a row is put into its table: field by field; with hidden columns it is the field `row` beside them.
macro_rules! written {
    ($table:ident, $read:ident, $write:ident $(<$life:lifetime>)?, [$($field:ident,)+],
     [$($part:ident: $($inner:ident)+)?], []) => {
        impl $crate::schema::Write for $write $(<$life>)? {
            const TABLE: &'static $crate::schema::Table = &$table;

            fn values(self) -> Vec<$crate::row::Value> {
                let $write { $($field,)+ $($part,)? } = self;
                vec![$($field.into(),)+ $($($part.$inner.into(),)+)?]
            }
        }
    };
    ($table:ident, $read:ident, $write:ident, [$($field:ident,)+],
     [$($part:ident: $($inner:ident)+)?], [$($hidden:ident,)+]) => {
        impl $crate::schema::Write for $write {
            const TABLE: &'static $crate::schema::Table = &$table;

            fn values(self) -> Vec<$crate::row::Value> {
                let $write { row: $read { $($field,)+ $($part,)? }, $($hidden,)+ } = self;
                vec![$($field.into(),)+ $($($part.$inner.into(),)+)? $($hidden.into(),)+]
            }
        }
    };
}
pub(crate) use written;

/// Name of a column: that of its field unless there is another.
macro_rules! column {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $column:ident) => {
        stringify!($column)
    };
}
pub(crate) use column;

/// What happens to a column with a row that is there: it stays unless the declaration says otherwise.
macro_rules! merge {
    () => {
        $crate::schema::Merge::Keep
    };
    ($merge:ident $(($text:literal))?) => {
        $crate::schema::Merge::$merge $(($text))?
    };
}
pub(crate) use merge;
