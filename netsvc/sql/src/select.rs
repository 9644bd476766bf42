//! Runs queries.

use crate::{
    Fault, Value,
    ast::{Expression, Item, Join, Query, Select, Source},
    catalogue,
    evaluate::find,
    functions::is_aggregate,
    machine::{Bound, Machine, Scope},
    schema::Kind,
    session::{Field, Rows},
};

/// Most rows and bytes of a result.
const ROWS: usize = 100_000;
const BYTES: usize = 16 << 20;

/// Rows with what the order sees of them.
struct Found {
    fields: Vec<Field>,
    /// The row as shown, and the row that it was made of with its group.
    rows: Vec<(Vec<Value>, Vec<Value>)>,
}

/// The result of a query.
pub(crate) fn query(
    machine: &mut Machine<'_>,
    query: &Query,
    outer: Option<&Scope<'_>>,
) -> Result<Rows, Fault> {
    let mut fields: Vec<Field> = Vec::new();
    let mut rows: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    for (index, select) in query.selects.iter().enumerate() {
        let order = if query.selects.len() == 1 { query.order.as_slice() } else { &[] };
        let found = run(machine, select, order, outer)?;
        if index == 0 {
            fields = found.fields;
        } else if fields.len() != found.fields.len() {
            return Err(Fault::UnequalColumns);
        } else {
            for (field, other) in fields.iter_mut().zip(&found.fields) {
                if field.kind != other.kind {
                    field.kind = if field.kind == Kind::Null { other.kind } else { Kind::Text };
                }
            }
        }
        rows.extend(found.rows);
        // Whether this one and the next keep what is double stands with this one.
        let distinct = select.distinct || (index > 0 && !query.all.get(index - 1).copied().unwrap_or(false));
        if distinct {
            unique(machine, &mut rows)?;
        }
    }
    if query.selects.len() > 1 {
        order_union(machine, query, &fields, &mut rows)?;
    } else if !query.order.is_empty() {
        let directions: Vec<bool> = query.order.iter().map(|(_, descending)| *descending).collect();
        rows.sort_by(|left, right| by_keys(&left.1, &right.1, &directions));
    }
    if let Some((offset, count)) = query.limit {
        machine.session.last.1 = i64::try_from(rows.len()).unwrap_or(0);
        rows = rows.into_iter().skip(offset).take(count).collect();
    } else {
        machine.session.last.1 = i64::try_from(rows.len()).unwrap_or(0);
    }
    let rows: Vec<Vec<Value>> = rows.into_iter().map(|(row, _)| row).collect();
    if BYTES < rows.iter().flatten().map(Value::size).sum() {
        return Err(Fault::Full("result".to_owned()));
    }
    Ok(Rows { fields, rows })
}

fn by_keys(left: &[Value], right: &[Value], descending: &[bool]) -> std::cmp::Ordering {
    for ((left, right), descending) in left.iter().zip(right).zip(descending) {
        let order = left.order(right);
        if order.is_ne() {
            return if *descending { order.reverse() } else { order };
        }
    }
    std::cmp::Ordering::Equal
}

/// Rows without those that are there already.
fn unique(machine: &mut Machine<'_>, rows: &mut Vec<(Vec<Value>, Vec<Value>)>) -> Result<(), Fault> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept = Vec::new();
    for row in std::mem::take(rows) {
        machine.visit()?;
        let key: Vec<Option<Vec<u8>>> =
            row.0.iter().map(|value| value.printed().map(|text| text.to_ascii_lowercase())).collect();
        if seen.insert(key) {
            kept.push(row);
        }
    }
    *rows = kept;
    Ok(())
}

fn order_union(
    machine: &mut Machine<'_>,
    query: &Query,
    fields: &[Field],
    rows: &mut [(Vec<Value>, Vec<Value>)],
) -> Result<(), Fault> {
    if query.order.is_empty() {
        return Ok(());
    }
    let columns: Vec<Bound> = fields.iter().map(bound).collect();
    for (shown, keys) in rows.iter_mut() {
        *keys = keys_of(machine, &query.order, &columns, shown, None, None)?;
    }
    let directions: Vec<bool> = query.order.iter().map(|(_, descending)| *descending).collect();
    rows.sort_by(|left, right| by_keys(&left.1, &right.1, &directions));
    Ok(())
}

fn bound(field: &Field) -> Bound {
    Bound {
        database: field.database.clone(),
        table: field.table.clone(),
        name: field.name.clone(),
        kind: field.kind,
    }
}

/// What ORDER BY sees of a row: numbers are places, names are those shown or those of the tables.
fn keys_of(
    machine: &mut Machine<'_>,
    order: &[(Expression, bool)],
    shown_columns: &[Bound],
    shown: &[Value],
    scope: Option<&Scope<'_>>,
    outer: Option<&Scope<'_>>,
) -> Result<Vec<Value>, Fault> {
    machine.clause = "order clause";
    let mut keys = Vec::new();
    for (expression, _) in order {
        let key = match expression {
            Expression::Literal(Value::Integer(place)) => {
                let at = usize::try_from(*place - 1).ok().filter(|at| *at < shown_columns.len());
                let at = at.ok_or_else(|| Fault::UnknownColumn(place.to_string(), "order clause"))?;
                shown.get(at).cloned().unwrap_or(Value::Null)
            }
            Expression::Column(None, None, name)
                if shown_columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) =>
            {
                let at = shown_columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
                at.and_then(|at| shown.get(at)).cloned().unwrap_or(Value::Null)
            }
            other => {
                let here = Scope { columns: shown_columns, row: shown, group: None, outer };
                machine.value(other, Some(scope.unwrap_or(&here)))?
            }
        };
        keys.push(key);
    }
    Ok(keys)
}

/// Columns and rows of the sources.
fn sources(
    machine: &mut Machine<'_>,
    select: &Select,
    outer: Option<&Scope<'_>>,
) -> Result<(Vec<Bound>, Vec<Vec<Value>>), Fault> {
    let mut columns: Vec<Bound> = Vec::new();
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for (join, source, condition) in &select.from {
        let (more, right) = source_rows(machine, source, outer)?;
        let width = more.len();
        columns.extend(more);
        let mut joined = Vec::new();
        let mut met = vec![false; right.len()];
        let before_width = columns.len() - width;
        for left in &rows {
            let before = joined.len();
            for (right, met) in right.iter().zip(&mut met) {
                machine.visit()?;
                let row: Vec<Value> = left.iter().chain(right).cloned().collect();
                if let Some(condition) = condition {
                    machine.clause = "on clause";
                    let scope = Scope { columns: &columns, row: &row, group: None, outer };
                    if machine.value(condition, Some(&scope))?.holds() != Some(true) {
                        continue;
                    }
                }
                *met = true;
                machine.hold(row.iter().map(Value::size).sum())?;
                joined.push(row);
                if ROWS < joined.len() {
                    return Err(Fault::Full("result".to_owned()));
                }
            }
            if *join == Join::Left && joined.len() == before {
                joined.push(left.iter().cloned().chain(std::iter::repeat_n(Value::Null, width)).collect());
            }
        }
        if *join == Join::Right {
            let alone = right.iter().zip(&met).filter(|(_, met)| !**met);
            joined.extend(alone.map(|(right, _)| {
                std::iter::repeat_n(Value::Null, before_width).chain(right.iter().cloned()).collect()
            }));
        }
        rows = joined;
    }
    Ok((columns, rows))
}

fn source_rows(
    machine: &mut Machine<'_>,
    source: &Source,
    outer: Option<&Scope<'_>>,
) -> Result<(Vec<Bound>, Vec<Vec<Value>>), Fault> {
    match source {
        Source::Table(_, table, _) if table.eq_ignore_ascii_case("dual") => {
            Ok((Vec::new(), vec![Vec::new()]))
        }
        Source::Table(database, table, _) => {
            let database = database.clone().unwrap_or_else(|| machine.session.database.clone());
            if database.is_empty() {
                return Err(Fault::NoDatabase);
            }
            let (columns, rows) = catalogue::rows_of(machine, &database, table)?;
            let name = source.name();
            let bound = columns.into_iter().map(|(column, kind)| Bound {
                database: database.clone(),
                table: name.clone(),
                name: column,
                kind,
            });
            Ok((bound.collect(), rows))
        }
        Source::Query(inner, alias) => {
            let rows = query(machine, inner, outer)?;
            let columns = rows.fields.iter().map(|field| Bound { table: alias.clone(), ..bound(field) });
            Ok((columns.collect(), rows.rows))
        }
    }
}

/// The rows that WHERE leaves.
fn filtered(
    machine: &mut Machine<'_>,
    select: &Select,
    outer: Option<&Scope<'_>>,
) -> Result<(Vec<Bound>, Vec<Vec<Value>>), Fault> {
    let (columns, all) = sources(machine, select, outer)?;
    let mut rows = Vec::new();
    for row in all {
        machine.visit()?;
        machine.clause = "where clause";
        let scope = Scope { columns: &columns, row: &row, group: None, outer };
        let fits = match &select.filter {
            Some(filter) => machine.value(filter, Some(&scope))?.holds() == Some(true),
            None => true,
        };
        if fits {
            rows.push(row);
        }
    }
    Ok((columns, rows))
}

fn run(
    machine: &mut Machine<'_>,
    select: &Select,
    order: &[(Expression, bool)],
    outer: Option<&Scope<'_>>,
) -> Result<Found, Fault> {
    if let Some(inner) = &select.nested {
        let found = query(machine, inner, outer)?;
        let rows = found.rows.into_iter().map(|row| (row, Vec::new())).collect();
        return Ok(Found { fields: found.fields, rows });
    }
    let (columns, rows) = filtered(machine, select, outer)?;
    let items = listed(select, &columns)?;
    let having = select.having.as_ref();
    let summed = items.iter().any(|(expression, _)| aggregates(expression)) || having.is_some_and(aggregates);
    let groups = if summed || !select.groups.is_empty() {
        grouped(machine, select, &columns, &items, rows, outer)?
    } else {
        rows.into_iter().map(|row| vec![row]).collect()
    };
    let plain = !summed && select.groups.is_empty();
    let mut found = Found { fields: fields(&items, &columns), rows: Vec::new() };
    let shown_columns: Vec<Bound> = found.fields.iter().map(bound).collect();
    let nothing: Vec<Value> = vec![Value::Null; columns.len()];
    for group in &groups {
        let row = group.first().unwrap_or(&nothing);
        let scope = Scope { columns: &columns, row, group: (!plain).then_some(group.as_slice()), outer };
        machine.clause = "field list";
        let mut shown = Vec::new();
        for (expression, _) in &items {
            shown.push(machine.value(expression, Some(&scope))?);
        }
        if let Some(having) = having {
            machine.clause = "having clause";
            let names =
                Scope { columns: &shown_columns, row: &shown, group: scope.group, outer: Some(&scope) };
            if machine.value(having, Some(&names))?.holds() != Some(true) {
                continue;
            }
        }
        let keys = keys_of(machine, order, &shown_columns, &shown, Some(&scope), outer)?;
        settle(&mut found.fields, &shown);
        machine.hold(shown.iter().map(Value::size).sum())?;
        found.rows.push((shown, keys));
    }
    if let (Some(path), Some((first, _))) = (&select.into, found.rows.first()) {
        let content: Vec<Vec<u8>> = first.iter().map(Value::bytes).collect();
        machine.session.written.push((path.clone(), content.join(&b'\t')));
    }
    Ok(found)
}

/// Kinds of computed columns come from their values.
fn settle(fields: &mut [Field], shown: &[Value]) {
    for (field, value) in fields.iter_mut().zip(shown) {
        if field.table.is_empty() && field.kind == Kind::Null {
            field.kind = match value {
                Value::Null => Kind::Null,
                Value::Truth(_) => Kind::Truth,
                Value::Integer(_) => Kind::Integer,
                Value::Decimal(_) => Kind::Decimal,
                Value::Double(_) => Kind::Double,
                Value::Text(_) => Kind::Text,
                Value::Binary(_) => Kind::Binary,
            };
        }
    }
}

/// The expressions that are shown, with their names.
fn listed(select: &Select, columns: &[Bound]) -> Result<Vec<(Expression, String)>, Fault> {
    let mut items = Vec::new();
    for item in &select.items {
        match item {
            Item::One(expression, name) => items.push((expression.clone(), name.clone())),
            Item::Star(_) if select.from.is_empty() => return Err(Fault::NoTables),
            Item::Star(table) => {
                let wanted = columns.iter().filter(|column| {
                    table.as_ref().is_none_or(|table| column.table.eq_ignore_ascii_case(table))
                });
                let before = items.len();
                items.extend(wanted.map(|column| {
                    let name = column.name.clone();
                    (Expression::Column(None, Some(column.table.clone()), name.clone()), name)
                }));
                if let (Some(table), true) = (table, items.len() == before) {
                    return Err(Fault::UnknownTable(String::new(), table.clone()));
                }
            }
        }
    }
    Ok(items)
}

fn fields(items: &[(Expression, String)], columns: &[Bound]) -> Vec<Field> {
    let field = |(expression, name): &(Expression, String)| {
        let origin = match expression {
            Expression::Column(database, table, column) => {
                find(columns, database.as_deref(), table.as_deref(), column, "field list").ok().flatten()
            }
            _ => None,
        };
        let origin = origin.and_then(|at| columns.get(at));
        Field {
            name: name.clone(),
            kind: origin.map_or(Kind::Null, |column| column.kind),
            table: origin.map(|column| column.table.clone()).unwrap_or_default(),
            database: origin.map(|column| column.database.clone()).unwrap_or_default(),
        }
    };
    items.iter().map(field).collect()
}

/// Whether an expression sums up rows of its own query.
fn aggregates(expression: &Expression) -> bool {
    match expression {
        Expression::Call(call) => is_aggregate(&call.name) || call.arguments.iter().any(aggregates),
        Expression::Unary(_, inner) | Expression::Assigned(_, inner) | Expression::IsNull(inner, _) => {
            aggregates(inner)
        }
        Expression::Binary(_, left, right)
        | Expression::Like(left, right, _)
        | Expression::Regular(left, right, _) => aggregates(left) || aggregates(right),
        Expression::Between(value, low, high, _) => aggregates(value) || aggregates(low) || aggregates(high),
        Expression::In(left, list, _) => aggregates(left) || list.iter().any(aggregates),
        Expression::InQuery(left, ..) => aggregates(left),
        Expression::Row(list) => list.iter().any(aggregates),
        Expression::Case(operand, branches, otherwise) => {
            operand.as_deref().is_some_and(aggregates)
                || branches.iter().any(|(when, then)| aggregates(when) || aggregates(then))
                || otherwise.as_deref().is_some_and(aggregates)
        }
        _ => false,
    }
}

/// Rows by the values of GROUP BY; one group of all rows without it.
fn grouped(
    machine: &mut Machine<'_>,
    select: &Select,
    columns: &[Bound],
    items: &[(Expression, String)],
    rows: Vec<Vec<Value>>,
    outer: Option<&Scope<'_>>,
) -> Result<Vec<Vec<Vec<Value>>>, Fault> {
    if select.groups.is_empty() {
        return Ok(vec![rows]);
    }
    let mut groups: std::collections::BTreeMap<Vec<Vec<u8>>, Vec<Vec<Value>>> =
        std::collections::BTreeMap::new();
    machine.clause = "group statement";
    for row in rows {
        let scope = Scope { columns, row: &row, group: None, outer };
        let mut key = Vec::new();
        for expression in &select.groups {
            let chosen = match expression {
                Expression::Literal(Value::Integer(place)) => {
                    usize::try_from(*place - 1).ok().and_then(|at| items.get(at)).map(|(item, _)| item)
                }
                Expression::Column(None, None, name) => {
                    items.iter().find(|(_, shown)| shown.eq_ignore_ascii_case(name)).map(|(item, _)| item)
                }
                _ => None,
            };
            let value = machine.value(chosen.unwrap_or(expression), Some(&scope))?;
            key.push(crate::value::folded(&value.bytes()));
        }
        groups.entry(key).or_default().push(row);
    }
    Ok(groups.into_values().collect())
}
