//! Conditions and pages as SQL. Texts are always bound, never part of a statement.

use crate::{database::Statement, dialect::Dialect, row::Value, schema::Table, text::Needle, words};
use decnet_model::{
    record::{Filter, Page, PageFrom},
    words::Query,
};

/// Most rows of any page.
pub(crate) const PAGE_LIMIT: u32 = 10_000;

/// Columns of a table that a filter can speak of; `""` where the table has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filterable {
    pub(crate) table: &'static Table,
    /// Column that orders the rows and that pages are counted by.
    pub(crate) key: &'static str,
    pub(crate) node: &'static str,
    pub(crate) service: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) src_ip: &'static str,
    pub(crate) session: &'static str,
    pub(crate) at: &'static str,
    pub(crate) text: &'static str,
    pub(crate) class: &'static str,
    pub(crate) secret_kind: &'static str,
    pub(crate) recording: &'static str,
    pub(crate) probe: &'static str,
    pub(crate) host: &'static str,
    /// Whether its rows have words.
    pub(crate) words: bool,
    /// Whether rows are told apart by whose their address is.
    pub(crate) origins: bool,
}

impl Filterable {
    pub(crate) const NONE: Filterable = Filterable {
        table: &Table { name: "", key: "", columns: &[] },
        key: "",
        node: "",
        service: "",
        kind: "",
        src_ip: "",
        session: "",
        at: "",
        text: "",
        class: "",
        secret_kind: "",
        recording: "",
        probe: "",
        host: "",
        words: false,
        origins: false,
    };

    /// The statement for one page of the rows that fit `filter`.
    pub(crate) fn statement(
        &self,
        what: &'static str,
        dialect: Dialect,
        filter: &Filter,
        page: Page,
    ) -> Statement {
        let mut conditions: Vec<String> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut bound = |column: &str, operator: &str, value: Value| {
            conditions.push(format!("{column} {operator} ?"));
            values.push(value);
        };
        let mut add = |column: &str, operator: &str, value: Option<Value>| {
            let Some(value) = value.filter(|_| !column.is_empty()) else { return };
            debug_assert!(self.table.column(column).is_some(), "{} has no column {column}", self.table.name);
            bound(column, operator, value);
        };
        add(self.node, "=", filter.node.clone().map(Value::from));
        add(self.service, "=", filter.service.clone().map(Value::from));
        add(self.kind, "=", filter.kind.clone().map(Value::from));
        add(self.src_ip, "=", filter.src_ip.map(Value::from));
        add(self.session, "=", filter.session.clone().map(Value::from));
        add(self.host, "=", filter.host.clone().map(Value::from));
        add(self.at, ">=", filter.since.map(Value::from));
        add(self.at, "<", filter.until.map(Value::from));
        add(self.class, ">=", filter.class.map(|class| Value::from(class as i64)));
        add(self.secret_kind, "=", filter.secret_kind.clone().map(Value::from));
        // No hash is empty, and NULL is not more than anything.
        add(self.recording, ">", filter.recorded.then(|| Value::from("")));
        add(self.probe, "=", filter.without_probes.then(|| Value::from(false)));
        let search = filter.search.as_deref().filter(|_| self.words);
        let key = if search.is_some() { words::key(dialect) } else { self.key };
        match page.from {
            PageFrom::Newest => {}
            PageFrom::Before(row) => bound(key, "<", row.into()),
            PageFrom::After(row) => bound(key, ">", row.into()),
        }
        self.origin(filter, &mut conditions, &mut values);
        let needle = filter.text.as_deref().and_then(Needle::new).filter(|_| !self.text.is_empty());
        if let Some(needle) = needle {
            conditions.push(dialect.values_like(self.text));
            values.push(needle.pattern().into());
        }
        let mut select = self.table.select();
        if let Some(search) = search {
            // The words come first: their index has the rows in order, and a page ends soon.
            let of = self.table.name;
            select.push_str(&format!(" CROSS JOIN event_words ON {of}.{} = {key}", self.key));
            let (condition, value) = searched(dialect, search);
            conditions.push(condition.to_owned());
            values.extend(value);
        }
        let order = if matches!(page.from, PageFrom::After(_)) { "ASC" } else { "DESC" };
        let wanted = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
        Statement::new(what, format!("{select} WHERE {wanted} ORDER BY {key} {order} LIMIT ?"))
            .bind_all(values)
            .bind(i64::from(page.limit.min(PAGE_LIMIT)))
    }

    /// Adds conditions on whose an address is, which another table knows.
    fn origin(&self, filter: &Filter, conditions: &mut Vec<String>, values: &mut Vec<Value>) {
        let country = filter.country.clone().map(|country| ("country", Value::from(country)));
        let asn = filter.asn.map(|asn| ("asn", Value::from(asn)));
        for (column, value) in [country, asn].into_iter().flatten().filter(|_| self.origins) {
            let own = self.src_ip;
            conditions.push(format!("{own} IN (SELECT src_ip FROM enrichments WHERE {column} = ?)"));
            values.push(value);
        }
    }
}

/// The condition of a search, and its value.
fn searched(dialect: Dialect, search: &str) -> (&'static str, Option<Value>) {
    match Query::new(search).map(|query| words::condition(dialect, &query)) {
        Some((condition, value)) => (condition, Some(value.into())),
        // Nothing has a word that there is not.
        None => ("1 = 0", None),
    }
}
