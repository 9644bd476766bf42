//! The tables of `pg_catalog` and `information_schema`, made of the databases when they are asked: what clients look
//! at to list databases, tables and roles.
//!
//! Source: PostgreSQL documentation, "System Catalogs"; queries of psql's backslash commands.

use super::worlds::Role;
use netsvc_sql::{Column, Kind, Made, Table, Value, World};
use std::collections::BTreeMap;

/// First object id that is not the system's (`FirstNormalObjectId`).
const FIRST: i64 = 16_384;
/// Object ids of the schemas.
const CATALOG: i64 = 11;
const PUBLIC: i64 = 2200;
const INFORMATION: i64 = 13_000;
/// Object ids of roles and databases begin here.
const ROLES: i64 = 16_000;
/// Object id of the administrator.
const ADMINISTRATOR: i64 = 10;
/// Object ids of types, by their names.
const TYPES: &[(&str, i64)] = &[
    ("boolean", 16),
    ("bytea", 17),
    ("bigint", 20),
    ("smallint", 21),
    ("integer", 23),
    ("text", 25),
    ("oid", 26),
    ("real", 700),
    ("double precision", 701),
    ("character", 1042),
    ("character varying", 1043),
    ("date", 1082),
    ("timestamp without time zone", 1114),
    ("timestamp with time zone", 1184),
    ("numeric", 1700),
];

/// What the tables are made of.
pub(super) struct Seen<'a> {
    pub world: &'a World,
    pub database: &'a str,
    /// Names of all databases.
    pub databases: &'a [String],
    pub roles: &'a BTreeMap<String, Role>,
    pub settings: Vec<(String, String)>,
    pub activity: Vec<Value>,
}

/// A table or an index of a schema.
struct Relation<'a> {
    oid: i64,
    schema: i64,
    name: String,
    kind: &'static str,
    table: Option<&'a Table>,
    /// For an index: the table, the column and whether it is the primary key.
    of: Option<(i64, i64, bool)>,
}

fn text(text: &str) -> Value {
    Value::text(text)
}

const fn number(number: i64) -> Value {
    Value::Integer(number)
}

const fn truth(truth: bool) -> Value {
    Value::Truth(truth)
}

/// The object id of a type, and what its bounds are kept as.
fn type_of(declared: &str) -> (i64, i64) {
    let plain = declared.split('(').next().unwrap_or_default();
    let oid = TYPES.iter().find(|(name, _)| *name == plain).map_or(25, |(_, oid)| *oid);
    let mut bounds =
        declared.split(['(', ')', ',']).skip(1).filter_map(|part| part.trim().parse::<i64>().ok());
    let modifier = match (oid, bounds.next(), bounds.next()) {
        (1042 | 1043, Some(most), _) => most + 4,
        (1700, Some(precision), scale) => (precision << 16 | scale.unwrap_or(0)) + 4,
        _ => -1,
    };
    (oid, modifier)
}

/// A type as `format_type` shows it.
pub(super) fn format_type(oid: i64, modifier: i64) -> String {
    let name = TYPES.iter().find(|(_, known)| *known == oid).map_or("???", |(name, _)| *name);
    match (oid, modifier) {
        (1042 | 1043, 4..) => format!("{name}({})", modifier - 4),
        (1700, 4..) => format!("{name}({},{})", (modifier - 4) >> 16, (modifier - 4) & 0xffff),
        _ => name.to_owned(),
    }
}

impl Seen<'_> {
    /// Tables of `public` with their indexes and sequences; object ids go by the order of names.
    fn relations(&self) -> Vec<Relation<'_>> {
        let mut found = Vec::new();
        let mut oid = FIRST + 16;
        for (schema, tables) in &self.world.databases {
            let Some(namespace) = self.namespace(schema).filter(|oid| *oid == PUBLIC || *oid >= FIRST) else {
                continue;
            };
            for (name, table) in tables {
                let own = oid;
                let relation =
                    |oid, name, kind, of| Relation { oid, schema: namespace, name, kind, table: None, of };
                found.push(Relation { table: Some(table), ..relation(own, name.clone(), "r", None) });
                for (at, column) in (1..).zip(&table.columns) {
                    if column.counts {
                        oid += 1;
                        found.push(relation(oid, format!("{name}_{}_seq", column.name), "S", None));
                    }
                    if matches!(column.key, "PRI" | "UNI") {
                        oid += 1;
                        let primary = column.key == "PRI";
                        let index = if primary {
                            format!("{name}_pkey")
                        } else {
                            format!("{name}_{}_key", column.name)
                        };
                        found.push(relation(oid, index, "i", Some((own, at, primary))));
                    }
                }
                oid += 3;
            }
        }
        found
    }

    /// The object id of a schema.
    fn namespace(&self, name: &str) -> Option<i64> {
        match name {
            "pg_catalog" => Some(CATALOG),
            "public" => Some(PUBLIC),
            "information_schema" => Some(INFORMATION),
            _ => {
                let at = self.world.databases.keys().position(|known| known == name)?;
                Some(FIRST + i64::try_from(at).unwrap_or(0))
            }
        }
    }

    /// The object id of a role.
    pub(super) fn role(&self, name: &str) -> i64 {
        let at = self.roles.keys().position(|known| known == name).unwrap_or(0);
        if name == "postgres" { ADMINISTRATOR } else { ROLES + i64::try_from(at).unwrap_or(0) }
    }

    /// The name of the role with an object id.
    pub(super) fn role_name(&self, oid: i64) -> String {
        let found = self.roles.keys().find(|name| self.role(name) == oid);
        found.map_or_else(|| format!("unknown (OID={oid})"), Clone::clone)
    }

    /// The name of the relation with an object id, and the object id of a name.
    pub(super) fn relation(&self, wanted: &Value) -> Option<(i64, String)> {
        let name = wanted.string();
        let name = name.strip_prefix("public.").unwrap_or(&name).trim_matches('"');
        let oid = name.parse().unwrap_or(-1);
        let found =
            self.relations().into_iter().find(|relation| relation.oid == oid || relation.name == name);
        found.map(|relation| (relation.oid, relation.name))
    }

    /// The text of an index as a statement makes it.
    pub(super) fn index_text(&self, oid: i64) -> Option<String> {
        let all = self.relations();
        let index = all.iter().find(|relation| relation.oid == oid)?;
        let (table, column, _) = index.of?;
        let table = all.iter().find(|relation| relation.oid == table)?;
        let column = table.table?.columns.get(usize::try_from(column - 1).ok()?)?;
        let (index, table, column) = (&index.name, &table.name, &column.name);
        Some(format!("CREATE UNIQUE INDEX {index} ON public.{table} USING btree ({column})"))
    }

    /// A table of the catalogue.
    pub(super) fn table(&self, schema: &str, name: &str) -> Option<Made> {
        match schema {
            "information_schema" => self.standard(name),
            // The catalogue is looked through for names without a schema, too.
            "pg_catalog" | "public" if !self.kept("public", name) || schema == "pg_catalog" => {
                self.objects(name).or_else(|| self.cluster(name)).or_else(|| empty(name))
            }
            _ => None,
        }
    }

    fn kept(&self, schema: &str, name: &str) -> bool {
        self.world.databases.get(schema).is_some_and(|tables| tables.contains_key(name))
    }

    /// What stands in the database.
    fn objects(&self, name: &str) -> Option<Made> {
        Some(match name {
            "pg_class" => made(CLASS, self.relations().iter().map(class_row).collect()),
            "pg_namespace" => {
                let row = |(name, oid): (&str, i64)| {
                    vec![number(oid), text(name), number(ADMINISTRATOR), Value::Null]
                };
                let own = self.world.databases.keys().map(String::as_str);
                let all = own.filter_map(|name| Some((name, self.namespace(name)?)));
                let rows = all.chain([("pg_toast", 99)]).map(row).collect();
                made("oid:i nspname:t nspowner:i nspacl:t", rows)
            }
            "pg_attribute" => made(ATTRIBUTE, self.relations().iter().flat_map(attribute_rows).collect()),
            "pg_attrdef" => {
                let rows = self.relations().iter().flat_map(default_rows).collect();
                made("oid:i adrelid:i adnum:i adbin:t", rows)
            }
            "pg_index" => {
                let row = |relation: &Relation<'_>| {
                    let (table, column, primary) = relation.of?;
                    let mut row = vec![number(relation.oid), number(table), number(1), truth(true)];
                    row.extend([truth(primary), truth(false), truth(true), truth(false)]);
                    row.push(text(&column.to_string()));
                    Some(row)
                };
                let names = "indexrelid:i indrelid:i indnatts:i indisunique:b indisprimary:b indisclustered:b \
                             indisvalid:b indisreplident:b indkey:t";
                made(names, self.relations().iter().filter_map(row).collect())
            }
            "pg_constraint" => {
                let row = |relation: &Relation<'_>| {
                    let (table, _, primary) = relation.of?;
                    let kind = if primary { "p" } else { "u" };
                    let mut row = vec![number(relation.oid + 100_000), text(&relation.name), text(kind)];
                    row.extend([truth(false), truth(false), number(table), number(relation.oid)]);
                    Some(row)
                };
                let names = "oid:i conname:t contype:t condeferrable:b condeferred:b conrelid:i conindid:i";
                made(names, self.relations().iter().filter_map(row).collect())
            }
            _ => return self.listed(name),
        })
    }

    /// Lists of what stands in the database, and what is the same in each.
    fn listed(&self, name: &str) -> Option<Made> {
        Some(match name {
            "pg_tables" => {
                let row = |relation: &Relation<'_>| {
                    relation.table?;
                    Some(vec![text("public"), text(&relation.name), text("postgres"), Value::Null])
                };
                let rows = self.relations().iter().filter_map(row).collect();
                made("schemaname:t tablename:t tableowner:t tablespace:t", rows)
            }
            "pg_stat_user_tables" => {
                let row = |relation: &Relation<'_>| {
                    let rows = i64::try_from(relation.table?.rows.len()).unwrap_or(0);
                    Some(vec![number(relation.oid), text("public"), text(&relation.name), number(rows)])
                };
                let rows = self.relations().iter().filter_map(row).collect();
                made("relid:i schemaname:t relname:t n_live_tup:i", rows)
            }
            "pg_am" => made(
                "oid:i amname:t amtype:t",
                vec![vec![number(2), text("heap"), text("t")], vec![number(403), text("btree"), text("i")]],
            ),
            "pg_type" => {
                let row = |(name, oid): &(&str, i64)| {
                    vec![number(*oid), text(name), number(CATALOG), number(0), text("b")]
                };
                made(
                    "oid:i typname:t typnamespace:i typcollation:i typtype:t",
                    TYPES.iter().map(row).collect(),
                )
            }
            "pg_extension" => made(
                "oid:i extname:t extowner:i extnamespace:i extversion:t",
                vec![vec![
                    number(13_500),
                    text("plpgsql"),
                    number(ADMINISTRATOR),
                    number(CATALOG),
                    text("1.0"),
                ]],
            ),
            "pg_language" => {
                let languages =
                    [("internal", 12, false), ("c", 13, false), ("sql", 14, true), ("plpgsql", 13_501, true)];
                let row = |(name, oid, trusted)| vec![number(oid), text(name), truth(trusted)];
                made("oid:i lanname:t lanpltrusted:b", languages.map(row).to_vec())
            }
            _ => return None,
        })
    }

    /// What the databases have in common.
    fn cluster(&self, name: &str) -> Option<Made> {
        Some(match name {
            "pg_database" => made(
                DATABASE,
                (0..).zip(self.databases).map(|(at, name)| self.database_row(at, name)).collect(),
            ),
            "pg_roles" | "pg_authid" | "pg_user" | "pg_shadow" => self.roles_as(name),
            "pg_settings" => {
                let row = |(name, value): &(String, String)| vec![text(name), text(value), Value::Null];
                made("name:t setting:t unit:t", self.settings.iter().map(row).collect())
            }
            "pg_stat_activity" => made(ACTIVITY, vec![self.activity.clone()]),
            "pg_tablespace" => made(
                "oid:i spcname:t spcowner:i",
                vec![
                    vec![number(1663), text("pg_default"), number(ADMINISTRATOR)],
                    vec![number(1664), text("pg_global"), number(ADMINISTRATOR)],
                ],
            ),
            _ => return None,
        })
    }

    fn roles_as(&self, name: &str) -> Made {
        let row = |(role, kept): (&String, &Role)| {
            let (oid, superuser) = (number(self.role(role)), truth(kept.superuser));
            // Whoever asks sees that there is one, as for everybody but the administrator.
            let password =
                if name == "pg_shadow" || name == "pg_authid" { Value::Null } else { text("********") };
            if name == "pg_user" || name == "pg_shadow" {
                let mut row = vec![text(role), oid, superuser.clone(), superuser.clone(), superuser];
                row.extend([truth(false), password, Value::Null, Value::Null]);
                return row;
            }
            let mut row = vec![oid, text(role), superuser.clone(), truth(true), superuser.clone()];
            row.extend([superuser.clone(), truth(kept.login), superuser.clone(), superuser]);
            row.extend([number(-1), password, Value::Null]);
            row
        };
        let rows = self.roles.iter().map(row).collect();
        if name == "pg_user" || name == "pg_shadow" {
            let names = "usename:t usesysid:i usecreatedb:b usesuper:b userepl:b usebypassrls:b passwd:t valuntil:t \
                         useconfig:t";
            return made(names, rows);
        }
        let names = "oid:i rolname:t rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b \
                     rolreplication:b rolbypassrls:b rolconnlimit:i rolpassword:t rolvaliduntil:t";
        made(names, rows)
    }

    fn database_row(&self, at: i64, name: &str) -> Vec<Value> {
        let template = name.starts_with("template");
        let oid = match name {
            "template1" => 1,
            "template0" => 4,
            "postgres" => 5,
            _ => FIRST + at,
        };
        let access = if template { text("{=c/postgres,postgres=CTc/postgres}") } else { Value::Null };
        let mut row =
            vec![number(oid), text(name), number(ADMINISTRATOR), number(6), text("c"), truth(template)];
        row.extend([
            truth(name != "template0"),
            number(-1),
            number(1663),
            text("en_US.UTF-8"),
            text("en_US.UTF-8"),
        ]);
        row.extend([Value::Null, Value::Null, access]);
        row
    }

    /// Tables of information_schema.
    fn standard(&self, name: &str) -> Option<Made> {
        let tables = || {
            let all = self.world.databases.iter().filter(|(schema, _)| *schema != "pg_catalog");
            all.flat_map(|(schema, tables)| tables.iter().map(move |(name, table)| (schema, name, table)))
        };
        let names = |schema: &str, name: &str| vec![text(self.database), text(schema), text(name)];
        Some(match name {
            "tables" => {
                let row = |(schema, name, _): (&String, &String, &Table)| {
                    [names(schema, name), vec![text("BASE TABLE")]].concat()
                };
                made("table_catalog:t table_schema:t table_name:t table_type:t", tables().map(row).collect())
            }
            "columns" => {
                let rows = tables().flat_map(|(schema, name, table)| {
                    let row = |(at, column): (i64, &Column)| {
                        let plain = column.declared.split('(').next().unwrap_or_default();
                        let more = vec![
                            text(&column.name),
                            number(at),
                            Value::Null,
                            text(if column.nullable { "YES" } else { "NO" }),
                            text(plain),
                        ];
                        [names(schema, name), more].concat()
                    };
                    (1..).zip(&table.columns).map(row).collect::<Vec<_>>()
                });
                let names = "table_catalog:t table_schema:t table_name:t column_name:t ordinal_position:i \
                             column_default:t is_nullable:t data_type:t";
                made(names, rows.collect())
            }
            "schemata" => {
                let row = |schema: &String| vec![text(self.database), text(schema), text("postgres")];
                let rows = self.world.databases.keys().map(row).collect();
                made("catalog_name:t schema_name:t schema_owner:t", rows)
            }
            _ => return None,
        })
    }
}

const DATABASE: &str = "oid:i datname:t datdba:i encoding:i datlocprovider:t datistemplate:b datallowconn:b \
                        datconnlimit:i dattablespace:i datcollate:t datctype:t daticulocale:t daticurules:t datacl:t";
const CLASS: &str = "oid:i relname:t relnamespace:i reltype:i reloftype:i relowner:i relam:i reltablespace:i \
                     relpages:i reltuples:i reltoastrelid:i relhasindex:b relisshared:b relpersistence:t relkind:t \
                     relnatts:i relchecks:i relhasrules:b relhastriggers:b relrowsecurity:b \
                     relforcerowsecurity:b relreplident:t relispartition:b relacl:t relpartbound:t reloptions:t";
const ATTRIBUTE: &str = "attrelid:i attname:t atttypid:i attnum:i atttypmod:i attnotnull:b atthasdef:b \
                         attidentity:t attgenerated:t attisdropped:b attcollation:i attacl:t attlen:i";
const ACTIVITY: &str = "datid:i datname:t pid:i usesysid:i usename:t application_name:t client_addr:t \
                        client_port:i state:t query:t backend_type:t";

fn class_row(relation: &Relation<'_>) -> Vec<Value> {
    let rows = relation.table.map_or(0, |table| i64::try_from(table.rows.len()).unwrap_or(0));
    let columns = relation.table.map_or(1, |table| i64::try_from(table.columns.len()).unwrap_or(0));
    let indexed =
        relation.table.is_some_and(|table| table.columns.iter().any(|column| !column.key.is_empty()));
    let method = match relation.kind {
        "r" => 2,
        "i" => 403,
        _ => 0,
    };
    let mut row =
        vec![number(relation.oid), text(&relation.name), number(relation.schema), number(0), number(0)];
    row.extend([number(ADMINISTRATOR), number(method), number(0), number(1), number(rows), number(0)]);
    row.extend([truth(indexed), truth(false), text("p"), text(relation.kind), number(columns), number(0)]);
    row.extend([truth(false), truth(false), truth(false), truth(false), text("d"), truth(false)]);
    row.extend([Value::Null, Value::Null, Value::Null]);
    row
}

fn attribute_rows(relation: &Relation<'_>) -> Vec<Vec<Value>> {
    let row = |(at, column): (i64, &Column)| {
        let (oid, modifier) = type_of(&column.declared);
        let mut row =
            vec![number(relation.oid), text(&column.name), number(oid), number(at), number(modifier)];
        row.extend([truth(!column.nullable), truth(column.counts || column.default.is_some())]);
        row.extend([text(""), text(""), truth(false), number(0), Value::Null, number(-1)]);
        row
    };
    (1..).zip(relation.table.map_or(&[][..], |table| &table.columns)).map(row).collect()
}

fn default_rows(relation: &Relation<'_>) -> Vec<Vec<Value>> {
    let row = |(at, column): (i64, &Column)| {
        let shown = match &column.default {
            _ if column.counts => format!("nextval('{}_{}_seq'::regclass)", relation.name, column.name),
            Some(Value::Text(default)) => format!("'{}'::text", String::from_utf8_lossy(default)),
            Some(default) => default.string(),
            None => return None,
        };
        Some(vec![number(relation.oid * 100 + at), number(relation.oid), number(at), text(&shown)])
    };
    (1..).zip(relation.table.map_or(&[][..], |table| &table.columns)).filter_map(row).collect()
}

/// Tables in which nothing stands.
fn empty(name: &str) -> Option<Made> {
    const EMPTY: &[(&str, &str)] = &[
        ("pg_auth_members", "roleid:i member:i grantor:i admin_option:b inherit_option:b set_option:b"),
        ("pg_collation", "oid:i collname:t"),
        ("pg_description", "objoid:i classoid:i objsubid:i description:t"),
        ("pg_inherits", "inhrelid:i inhparent:i inhseqno:i inhdetachpending:b"),
        ("pg_largeobject_metadata", "oid:i lomowner:i"),
        (
            "pg_policy",
            "oid:i polname:t polrelid:i polcmd:t polpermissive:b polroles:t polqual:t polwithcheck:t",
        ),
        ("pg_proc", "oid:i proname:t pronamespace:i proowner:i prolang:i prokind:t prosrc:t"),
        ("pg_publication", "oid:i pubname:t puballtables:b"),
        ("pg_publication_namespace", "oid:i pnpubid:i pnnspid:i"),
        ("pg_publication_rel", "oid:i prpubid:i prrelid:i prqual:t prattrs:t"),
        ("pg_statistic_ext", "oid:i stxrelid:i stxnamespace:i stxname:t stxkind:t stxstattarget:i"),
        ("pg_trigger", "oid:i tgrelid:i tgname:t tgenabled:t tgisinternal:b"),
        ("pg_views", "schemaname:t viewname:t viewowner:t definition:t"),
    ];
    EMPTY.iter().find(|(known, _)| *known == name).map(|(_, columns)| made(columns, Vec::new()))
}

/// Columns written as `name:kind`.
fn made(columns: &str, rows: Vec<Vec<Value>>) -> Made {
    let column = |word: &str| {
        let (name, kind) = word.split_once(':').unwrap_or((word, "t"));
        let kind = match kind {
            "i" => Kind::Integer,
            "b" => Kind::Truth,
            _ => Kind::Text,
        };
        (name.to_owned(), kind)
    };
    (columns.split_whitespace().map(column).collect(), rows)
}
