//! The server as a session asks it: variables, functions, tables.

use super::{
    catalogue::{self, Asked},
    faults::{self, conversion},
    release::Release,
    settings::Settings,
};
use netsvc_kit::Host;
use netsvc_sql::{Facts, Fault, Made, Value, World};
use rand_core::RngCore;
use time::OffsetDateTime;

/// Longest text that a function makes.
const LONGEST: usize = 256 * 1024;

/// The server, for one statement.
pub(super) struct Server<'a> {
    pub(super) host: &'a Host,
    pub(super) release: &'a Release,
    pub(super) settings: &'a Settings,
    pub(super) login: &'a str,
    pub(super) client: &'a str,
    pub(super) application: &'a str,
    pub(super) database: &'a str,
    pub(super) spid: u16,
    /// Rows of the statement before, and the number of its error.
    pub(super) last: (u64, i32),
    /// Values that were drawn so far.
    pub(super) drawn: u64,
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn flag(value: bool) -> Value {
    Value::Integer(i64::from(value))
}

/// A moment (s since the epoch) as the server writes it.
fn moment(seconds: i64) -> String {
    let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds) else { return String::new() };
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

impl Server<'_> {
    fn property(&self, name: &str) -> Value {
        match name.to_lowercase().as_str() {
            "productversion" => text(self.release.number()),
            "productlevel" => text(self.release.level()),
            "productmajorversion" => text(self.release.number().split('.').next().unwrap_or_default()),
            "edition" => text(self.release.edition()),
            "engineedition" => {
                Value::Integer(if self.release.edition().starts_with("Express") { 4 } else { 2 })
            }
            "servername" => text(&self.release.server()),
            "machinename" | "computernamephysicalnetbios" => text(&self.release.machine),
            "instancename" if self.release.is_default() => Value::Null,
            "instancename" => text(&self.release.instance),
            "isclustered" | "ishadrenabled" | "isintegratedsecurityonly" | "issingleuser" => flag(false),
            "isfulltextinstalled" => flag(true),
            "collation" => text("SQL_Latin1_General_CP1_CI_AS"),
            "licensetype" => text("DISABLED"),
            "processid" => Value::Integer(3184),
            "instancedefaultdatapath" => text("C:\\Program Files\\Microsoft SQL Server\\MSSQL\\DATA\\"),
            _ => Value::Null,
        }
    }

    fn about_session(&self, name: &str) -> Option<Value> {
        Some(match name {
            "suser_name" | "suser_sname" | "system_user" | "original_login" => text(self.login),
            "user_name" | "user" | "current_user" | "session_user" => text("dbo"),
            "host_name" => text(self.client),
            "app_name" => text(self.application),
            "schema_name" => text("dbo"),
            "getdate" | "sysdatetime" | "current_timestamp" => text(&moment(self.now().1)),
            "getutcdate" | "sysutcdatetime" => text(&moment(self.now().0)),
            "is_srvrolemember" | "is_member" | "is_rolemember" | "has_dbaccess" | "has_perms_by_name" => {
                flag(true)
            }
            _ => return None,
        })
    }

    fn about_objects(&self, world: &World, name: &str, values: &[Value]) -> Option<Value> {
        let given = values.first().map(Value::string).unwrap_or_default();
        let all = catalogue::databases(world);
        Some(match name {
            "db_name" if values.is_empty() => text(self.database),
            "db_name" => {
                let at = values.first().map(Value::integer).and_then(|id| usize::try_from(id - 1).ok());
                at.and_then(|at| all.get(at)).map_or(Value::Null, |name| text(name))
            }
            "db_id" => {
                let wanted = if values.is_empty() { self.database } else { &given };
                let at = all.iter().position(|name| name.eq_ignore_ascii_case(wanted));
                at.and_then(|at| i64::try_from(at).ok()).map_or(Value::Null, |at| Value::Integer(at + 1))
            }
            "object_id" => {
                let plain = given.replace(['[', ']', '"'], "");
                let parts: Vec<&str> = plain.split('.').collect();
                let database = if parts.len() == 3 { parts.first().copied() } else { None };
                let table = parts.last().copied().unwrap_or_default();
                catalogue::object(world, database.unwrap_or(self.database), table)
                    .map_or(Value::Null, Value::Integer)
            }
            "object_name" => {
                let wanted = values.first().map(Value::integer);
                let tables = world.databases.get(self.database);
                let mut names = tables.into_iter().flat_map(|tables| tables.keys());
                let found = names.find(|name| catalogue::object(world, self.database, name) == wanted);
                found.map_or(Value::Null, |name| text(name))
            }
            _ => return None,
        })
    }

    fn of_texts(&self, name: &str, values: &[Value]) -> Option<Result<Value, Fault>> {
        let at = |index: usize| values.get(index).cloned().unwrap_or(Value::Null);
        let string = |index: usize| at(index).string();
        if values.iter().any(Value::is_null) && !matches!(name, "isnull") {
            return matches!(
                name,
                "len" | "datalength" | "charindex" | "replicate" | "quotename" | "stuff" | "str"
            )
            .then_some(Ok(Value::Null));
        }
        Some(Ok(match name {
            "isnull" if values.len() == 2 => {
                if at(0).is_null() {
                    at(1)
                } else {
                    at(0)
                }
            }
            "len" => {
                Value::Integer(i64::try_from(string(0).trim_end_matches(' ').chars().count()).unwrap_or(0))
            }
            "datalength" => Value::Integer(i64::try_from(at(0).bytes().len()).unwrap_or(0)),
            "charindex" => {
                let (part, whole) = (string(0).to_lowercase(), string(1).to_lowercase());
                let found =
                    whole.find(&part).map(|place| whole.get(..place).unwrap_or_default().chars().count() + 1);
                Value::Integer(found.and_then(|place| i64::try_from(place).ok()).unwrap_or(0))
            }
            "replicate" => {
                let (part, count) = (string(0), usize::try_from(at(1).integer()).unwrap_or(0));
                let count = count.min(LONGEST / part.len().max(1));
                text(&part.repeat(count))
            }
            "quotename" => text(&format!("[{}]", string(0).replace(']', "]]"))),
            "str" => text(&format!("{:>10}", at(0).integer())),
            "nchar" => text(
                &char::from_u32(u32::try_from(at(0).integer()).unwrap_or(0))
                    .map(String::from)
                    .unwrap_or_default(),
            ),
            "unicode" => {
                Value::Integer(string(0).chars().next().map_or(0, |letter| i64::from(u32::from(letter))))
            }
            "stuff" => {
                let (whole, from, count) = (string(0), at(1).integer(), at(2).integer());
                let from = usize::try_from(from - 1).unwrap_or(0);
                let count = usize::try_from(count).unwrap_or(0);
                let letters: Vec<char> = whole.chars().collect();
                let head: String = letters.iter().take(from).collect();
                let tail: String = letters.iter().skip(from.saturating_add(count)).collect();
                text(&format!("{head}{}{tail}", string(3)))
            }
            "newid" => return None,
            _ => return None,
        }))
    }
}

/// A value as one of a type; a text that is no number of it is a fault that shows the text.
fn cast(value: &Value, kind: &str) -> Result<Value, Fault> {
    let (plain, bound) = kind.split_once('(').unwrap_or((kind, ""));
    let most = bound.trim_end_matches(')').parse::<usize>().ok();
    if value.is_null() {
        return Ok(Value::Null);
    }
    let number = || -> Result<Value, Fault> {
        let Value::Text(bytes) = value else { return Ok(value.clone()) };
        let shown = String::from_utf8_lossy(bytes).into_owned();
        let trimmed = shown.trim();
        if trimmed.is_empty() {
            return Ok(Value::Integer(0));
        }
        trimmed.parse::<i64>().map(Value::Integer).map_err(|_| conversion(&shown, plain))
    };
    Ok(match plain {
        "int" | "integer" | "bigint" | "smallint" | "tinyint" => Value::Integer(number()?.integer()),
        "bit" => flag(number()?.integer() != 0),
        "float" | "real" | "decimal" | "numeric" | "money" => {
            if let Value::Text(bytes) = value {
                let shown = String::from_utf8_lossy(bytes).into_owned();
                Value::Double(shown.trim().parse().map_err(|_| conversion(&shown, plain))?)
            } else {
                Value::Double(value.number())
            }
        }
        "varbinary" | "binary" => Value::Binary(match value {
            Value::Integer(number) => {
                i32::try_from(*number).map_or(number.to_be_bytes().to_vec(), |n| n.to_be_bytes().to_vec())
            }
            other => other.bytes(),
        }),
        "varchar" | "nvarchar" | "char" | "nchar" | "text" | "ntext" | "sysname" | "sql_variant" | "xml"
        | "uniqueidentifier" | "datetime" | "date" | "datetime2" | "time" | "smalldatetime" => {
            let whole = value.string();
            text(
                &whole
                    .chars()
                    .take(most.unwrap_or(if bound.is_empty() { 30.max(whole.len()) } else { usize::MAX }))
                    .collect::<String>(),
            )
        }
        other => return Err(faults::own(243, 16, 1, format!("Type {other} is not a defined system type."))),
    })
}

impl Facts for Server<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        Some(match name {
            "version" => text(&self.release.banner()),
            "servername" => text(&self.release.server()),
            "servicename" => text(&self.release.instance),
            "spid" => Value::Integer(i64::from(self.spid)),
            "language" => text("us_english"),
            "langid" | "trancount" | "nestlevel" | "fetch_status" | "options" => Value::Integer(0),
            "rowcount" => Value::Integer(i64::try_from(self.last.0).unwrap_or(0)),
            "error" => Value::Integer(i64::from(self.last.1)),
            "identity" => Value::Null,
            "max_connections" => Value::Integer(32_767),
            "microsoftversion" => {
                let [major, minor, high, low] = self.release.version();
                Value::Integer(i64::from(u32::from_be_bytes([major, minor, high, low])))
            }
            "datefirst" => Value::Integer(7),
            "lock_timeout" => Value::Integer(-1),
            "textsize" => Value::Integer(2_147_483_647),
            _ => return None,
        })
    }

    fn variables(&self) -> Vec<(String, Value)> {
        Vec::new()
    }

    fn fact(&self, name: &str) -> Option<Value> {
        match name {
            "version" | "connection_id" => None,
            _ => Some(text("dbo")),
        }
    }

    fn file(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn now(&self) -> (i64, i64) {
        let utc = self.host.clock() / 1_000_000;
        (utc, utc + i64::from(self.host.persona().zone.offset_minutes) * 60)
    }

    fn show(&self, _: &str) -> Option<(Vec<&'static str>, Vec<Vec<Value>>)> {
        None
    }

    fn random(&mut self) -> f64 {
        self.drawn += 1;
        let label = format!("draw {} {} {}", self.spid, self.host.clock(), self.drawn);
        f64::from(self.host.generator(&label).next_u32()) / 4_294_967_296.0
    }

    fn engine(&self) -> String {
        String::new()
    }

    fn table(&self, world: &World, database: &str, name: &str) -> Option<Made> {
        let subkey = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let asked = Asked {
            world,
            database: self.database,
            settings: self.settings,
            server: self.release.server(),
            login: self.login,
            installed: moment(self.host.persona().installed_at / 1_000_000),
            subkey: &subkey,
        };
        asked.table(database, name)
    }

    fn call(&mut self, world: &World, name: &str, values: &[Value]) -> Option<Result<Value, Fault>> {
        let first = values.first().cloned().unwrap_or(Value::Null);
        match (name, values.get(1)) {
            ("cast", Some(kind)) => return Some(cast(&first, &kind.string())),
            ("try_cast", Some(kind)) => return Some(Ok(cast(&first, &kind.string()).unwrap_or(Value::Null))),
            ("serverproperty", _) => return Some(Ok(self.property(&first.string()))),
            ("databasepropertyex" | "loginproperty" | "connectionproperty", _) => {
                return Some(Ok(Value::Null));
            }
            ("newid", _) => {
                self.drawn += 1;
                let mut bytes = [0; 16];
                let label = format!("id {} {} {}", self.spid, self.host.clock(), self.drawn);
                self.host.generator(&label).fill_bytes(&mut bytes);
                let digits = hex::encode_upper(bytes);
                let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
                let id = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
                return Some(Ok(text(&id)));
            }
            _ => {}
        }
        let session = self.about_session(name).or_else(|| self.about_objects(world, name, values));
        session.map(Ok).or_else(|| self.of_texts(name, values))
    }
}
