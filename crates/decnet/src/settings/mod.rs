//! Settings: built-in default < `/etc/decnet/decnet.ini` < `.env` < `.env.local` < environment < flag.
//!
//! The only module that reads the environment. Every value keeps where it came from, and all bad
//! values are reported at once.

mod dotenv;
mod embed;
mod example;
mod former;
mod table;

pub use example::example;
pub use former::all as former;
pub use table::{Kind, Knob, Name};

use crate::level::Levels;
use anyhow::Context as _;
use decnet_model::{record::KindRetention, secret, worker::Worker};
use decnet_web::{Proxies, Roles};
use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Host INI, unless `DECNET_CONFIG` names another.
pub const HOST_INI: &str = "/etc/decnet/decnet.ini";

/// Resolved settings.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<Name, Value>,
    strange: Vec<BadSetting>,
}

/// A value and its origin.
#[derive(Clone)]
struct Value {
    text: String,
    origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table.
    Default,
    /// A line of a file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => formatter.write_str("default"),
            Origin::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Origin::Environment(name) if name.starts_with("DECNET_") => write!(formatter, "${name}"),
            Origin::Environment(name) => formatter.write_str(name),
            Origin::Flag(name) => write!(formatter, "--{name}"),
        }
    }
}

/// A bad setting: where it stands and what is wrong with it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{origin}: {key}: {message}")]
pub struct BadSetting {
    /// Where it stands.
    pub origin: String,
    /// Which setting.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A layer of values: variable name, value, origin.
pub type Layer = Vec<(String, String, Origin)>;

impl Settings {
    /// Resolves `layers`, later ones going before earlier ones.
    ///
    /// # Errors
    /// All bad values at once.
    pub fn resolve(layers: &[Layer]) -> Result<Self, Vec<BadSetting>> {
        let mut values = BTreeMap::new();
        let mut bad = Vec::new();
        for &name in Name::ALL {
            let knob = name.knob();
            let given = layers.iter().rev().flatten().find(|(variable, _, _)| variable == knob.variable);
            let (text, origin) = match given {
                Some((_, text, origin)) => (text.clone(), origin.clone()),
                None => (knob.default.to_owned(), Origin::Default),
            };
            if let Err(message) = check(knob, &text) {
                bad.push(BadSetting { origin: origin.to_string(), key: knob.key.to_owned(), message });
            }
            values.insert(name, Value { text, origin });
        }
        embed::named(&mut values, layers, &mut bad);
        if bad.is_empty() { Ok(Settings { values, strange: Vec::new() }) } else { Err(bad) }
    }

    /// Reads every layer of this machine. `flags` come from the command line.
    ///
    /// # Errors
    /// All bad values and unreadable lines at once.
    pub fn load(flags: Layer) -> Result<Self, Vec<BadSetting>> {
        let path = environment("DECNET_CONFIG").map_or_else(|| PathBuf::from(HOST_INI), PathBuf::from);
        let mut bad = Vec::new();
        let ini = host_ini(&path, &mut bad);
        let mut layers = vec![ini];
        for file in dotenv_files() {
            layers.push(dotenv::read(&file, &mut bad));
        }
        layers.push(environment_layer());
        let strange = layers.iter().flatten().filter_map(strange).chain(strange_environment()).collect();
        layers.push(flags);
        match Settings::resolve(&layers) {
            Ok(settings) if bad.is_empty() => Ok(Settings { strange, ..settings }),
            Ok(_) => Err(bad),
            Err(more) => {
                bad.extend(more);
                Err(bad)
            }
        }
    }

    /// The text of a setting.
    pub fn text(&self, name: Name) -> &str {
        self.values.get(&name).map(|value| value.text.as_str()).unwrap_or_default()
    }

    /// Every setting by its variable, for a process that is to have the same.
    pub fn export(&self) -> Vec<(String, String)> {
        let pair = |(name, value): (&Name, &Value)| (name.knob().variable.to_owned(), value.text.clone());
        self.values.iter().map(pair).collect()
    }

    /// The settings that the command line gave, by variable: what a process in the background must hear of
    /// in another way.
    pub fn flagged(&self) -> Vec<(&'static str, &str)> {
        let given = |value: &&Value| matches!(value.origin, Origin::Flag(_));
        let pair =
            |name: &Name| Some((name.knob().variable, self.values.get(name).filter(given)?.text.as_str()));
        Name::ALL.iter().filter_map(pair).collect()
    }

    /// The text of a setting, unless it is empty.
    pub fn given(&self, name: Name) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A setting that is a list with commas between.
    ///
    /// # Errors
    /// When one of it is none.
    pub fn listed<T>(&self, name: Name) -> anyhow::Result<Vec<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let listed = self.text(name).split(',').map(str::trim).filter(|text| !text.is_empty());
        let read: Result<Vec<T>, T::Err> = listed.map(str::parse).collect();
        read.with_context(|| format!("read {}", name.knob().key))
    }

    /// A setting that is a number; checked when it was resolved.
    pub fn number(&self, name: Name) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A setting that is a yes or no.
    pub fn flag(&self, name: Name) -> bool {
        flag(self.text(name)).unwrap_or_default()
    }

    /// Where a setting came from.
    pub fn origin(&self, name: Name) -> Origin {
        self.values.get(&name).map_or(Origin::Default, |value| value.origin.clone())
    }

    /// Names that look like settings of ours and are none: typing errors, and names of earlier releases.
    pub fn strange(&self) -> &[BadSetting] {
        &self.strange
    }

    /// Workers that live in the process of the interface.
    pub fn embedded(&self) -> Vec<Worker> {
        embed::workers(self.text(Name::Embed)).unwrap_or_default()
    }

    /// Folder of everything.
    pub fn state_dir(&self) -> &Path {
        Path::new(self.text(Name::StateDir))
    }

    /// The value as shown to an operator: secrets as `***`.
    pub fn shown(&self, name: Name) -> &str {
        match (name.knob().kind, self.text(name)) {
            (Kind::Secret, "") => "",
            (Kind::Secret, _) => "***",
            (_, text) => text,
        }
    }
}

fn check(knob: Knob, text: &str) -> Result<(), String> {
    let fits = match knob.kind {
        Kind::Text | Kind::Path => true,
        Kind::Secret => return check_secret(knob, text),
        Kind::Port => text.parse::<u16>().is_ok_and(|port| port > 0),
        Kind::Count if text.is_empty() => knob.default.is_empty(),
        Kind::Count => text.parse::<u64>().is_ok_and(|count| count > 0),
        Kind::Flag => flag(text).is_some(),
        Kind::Retention => text.parse::<KindRetention>().is_ok(),
        Kind::Addresses => return Proxies::read(text).map(drop).map_err(|bad| bad.to_string()),
        Kind::Roles => return text.parse::<Roles>().map(drop).map_err(|bad| bad.to_string()),
        Kind::Levels => return text.parse::<Levels>().map(drop).map_err(|bad| bad.to_string()),
        Kind::Workers => return embed::workers(text).map(drop),
        Kind::Word(words) => words.contains(&text),
    };
    if fits {
        return Ok(());
    }
    let wanted = match knob.kind {
        Kind::Port => "a port from 1 to 65535".to_owned(),
        Kind::Count => "a whole number from 1".to_owned(),
        Kind::Flag => "yes or no".to_owned(),
        Kind::Retention => {
            "KIND=AGE, KIND=BYTES or KIND=AGE:BYTES, such as connect=7d,command=30d:500M".to_owned()
        }
        Kind::Word(words) => format!("one of {}", words.join(", ")),
        Kind::Text
        | Kind::Path
        | Kind::Secret
        | Kind::Addresses
        | Kind::Roles
        | Kind::Levels
        | Kind::Workers => "text".to_owned(),
    };
    Err(format!("{text:?} is not {wanted}"))
}

/// Secrets that guard something must not be guessable.
fn check_secret(knob: Knob, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    match knob.key {
        "web.jwt-secret" => secret::check_signing(text),
        "web.admin-password" => secret::check_password(text),
        _ => Ok(()),
    }
    .map_err(|weak| weak.to_string())
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Variables that are no settings: which file holds them, and what tests and benchmarks are told.
const BESIDE: &[&str] = &["DECNET_CONFIG", "DECNET_TEST_", "DECNET_BENCH_"];

/// What is wrong with the name of a value, if it begins as ours do and is none.
fn strange((variable, _, origin): &(String, String, Origin)) -> Option<BadSetting> {
    let known = Name::ALL.iter().any(|name| name.knob().variable == variable)
        || Worker::ALL.iter().any(|&worker| embed::variable(worker) == *variable);
    if known || !variable.starts_with("DECNET_") || BESIDE.iter().any(|name| variable.starts_with(name)) {
        return None;
    }
    let told = |message| Some(BadSetting { origin: origin.to_string(), key: variable.clone(), message });
    if let Some(instead) = former::instead(variable) {
        return told(format!("is a setting of DECNET 1 and is not read: {instead}"));
    }
    let names = Name::ALL.iter().map(|name| name.knob().variable);
    told(match decnet_model::nearest::nearest(variable, names) {
        None => "is no setting; `decnet config show` lists them".to_owned(),
        Some(near) => format!("is no setting; {near} is one"),
    })
}

fn strange_environment() -> Vec<BadSetting> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let named = names.map(|name| (name, String::new(), Origin::Environment("the environment".to_owned())));
    named.filter_map(|value| strange(&value)).collect()
}

/// User and group of whoever is root by `sudo`; `None` when this is root itself or nobody in particular.
pub fn sudo_user() -> Option<(u32, u32)> {
    let number = |name| environment(name)?.parse::<u32>().ok();
    let known = number("SUDO_UID").zip(number("SUDO_GID"));
    known.filter(|(user, _)| nix::unistd::geteuid().is_root() && *user != 0)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn environment_layer() -> Layer {
    let knobs = Name::ALL.iter().map(|name| name.knob().variable.to_owned());
    let names = knobs.chain(Worker::ALL.iter().map(|&worker| embed::variable(worker)));
    names
        .filter_map(|variable| {
            let text = environment(&variable)?;
            Some((variable.clone(), text, Origin::Environment(variable)))
        })
        .collect()
}

/// `.env` and `.env.local` beside the program's configuration; those of the working directory only for
/// an ordinary user, because root must not obey a file that anybody may have put there.
fn dotenv_files() -> Vec<PathBuf> {
    let folder =
        if nix::unistd::geteuid().is_root() { PathBuf::from("/etc/decnet") } else { PathBuf::from(".") };
    [".env", ".env.local"].iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// The settings of the host INI. No file is no setting; one that cannot be read is a mistake.
fn host_ini(path: &Path, bad: &mut Vec<BadSetting>) -> Layer {
    let text = match fs_err::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Layer::new(),
        Err(error) => {
            let message = format!("cannot be read: {error}");
            bad.push(BadSetting { origin: path.display().to_string(), key: "file".to_owned(), message });
            return Layer::new();
        }
    };
    let known: Vec<_> = Name::ALL.iter().map(|name| (name.knob().key, name.knob().variable)).collect();
    let file = path.display().to_string();
    let (values, errors) = decnet_plan::ini::host::values(&file, &text, &known);
    bad.extend(errors.into_iter().map(|error| BadSetting {
        origin: format!("{file}:{}", error.line),
        key: "host settings".to_owned(),
        message: error.message,
    }));
    let from = |line| Origin::File(path.to_owned(), line);
    values.into_iter().map(|value| (value.variable, value.value, from(value.line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(pairs: &[(&str, &str)]) -> Layer {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned(), Origin::Flag("test")))
            .collect()
    }

    #[test]
    fn the_last_layer_wins_and_keeps_its_origin() {
        let low = vec![("DECNET_API_PORT".to_owned(), "81".to_owned(), Origin::File("x.ini".into(), 7))];
        let settings = Settings::resolve(&[low.clone(), layer(&[("DECNET_API_PORT", "82")])]).unwrap();
        assert_eq!(
            (settings.number(Name::ApiPort), settings.origin(Name::ApiPort)),
            (82, Origin::Flag("test"))
        );
        let settings = Settings::resolve(&[low]).unwrap();
        assert_eq!(settings.origin(Name::ApiPort).to_string(), "x.ini:7");
    }

    #[test]
    fn all_bad_values_are_reported_at_once() {
        let bad = Settings::resolve(&[layer(&[
            ("DECNET_API_PORT", "0"),
            ("DECNET_BUS_ENABLED", "maybe"),
            ("DECNET_DB_TYPE", "oracle"),
            ("DECNET_JWT_SECRET", "short"),
            ("DECNET_ADMIN_PASSWORD", "Admin123"),
            ("DECNET_STORE_KINDS", "connect=7d,command"),
        ])]);
        let keys: Vec<_> = bad.err().unwrap().into_iter().map(|bad| bad.key).collect();
        assert_eq!(
            keys,
            [
                "database.type",
                "api.port",
                "web.admin-password",
                "web.jwt-secret",
                "bus.enabled",
                "events.store-kinds"
            ]
        );
    }

    #[test]
    fn names_that_are_none_are_told_with_the_nearest() {
        let told = |variable: &str| {
            strange(&(variable.to_owned(), String::new(), Origin::Flag("x"))).map(|bad| bad.to_string())
        };
        for (variable, part) in [
            ("DECNET_APIPORT", Some("DECNET_API_PORT is one")),
            ("DECNET_WEBPORT", Some("DECNET_WEB_PORT is one")),
            ("DECNET_WEB_PORT", None),
            ("DECNET_OTEL_ENDPOINT", Some("a setting of DECNET 1 and is not read")),
            ("DECNET_PROBE_PORTS_SSH", Some("a setting of DECNET 1")),
            ("DECNET_EMBED_COLLECTOR", None),
            ("DECNET_QWERTYUIOP", Some("`decnet config show` lists them")),
            ("DECNET_API_PORT", None),
            ("DECNET_CONFIG", None),
            ("DECNET_TEST_KILLS", None),
            ("HOME", None),
        ] {
            match (told(variable), part) {
                (Some(text), Some(part)) => assert!(text.contains(part), "{text}"),
                (told, part) => assert_eq!(told.as_deref(), part, "{variable}"),
            }
        }
    }

    #[test]
    fn what_the_command_line_gave_can_be_handed_on() {
        let low = vec![("DECNET_API_PORT".to_owned(), "81".to_owned(), Origin::File("x.ini".into(), 7))];
        let settings = Settings::resolve(&[low, layer(&[("DECNET_USER", "nobody")])]).unwrap();
        assert_eq!(settings.flagged(), [("DECNET_USER", "nobody")]);
    }

    #[test]
    fn workers_are_embedded_by_the_list_and_by_variables_of_their_own() {
        let resolve = |pairs: &[(&str, &str)]| Settings::resolve(&[layer(pairs)]);
        let settings = resolve(&[("DECNET_EMBED", "ingester"), ("DECNET_EMBED_COLLECTOR", "yes")]).unwrap();
        assert_eq!(settings.embedded(), [Worker::Ingester, Worker::Collector]);
        assert!(resolve(&[("DECNET_EMBED_COLLECTOR", "no")]).unwrap().embedded().is_empty());
        for (pairs, told) in [
            ([("DECNET_EMBED", "fleet")], "has other rights"),
            ([("DECNET_EMBED", "nobody")], "no worker is called"),
            ([("DECNET_EMBED_COLLECTOR", "perhaps")], "is not yes or no"),
            ([("DECNET_EMBED_API", "yes")], "has other rights"),
            ([("DECNET_LOG_LEVEL", "info,nobody=debug")], "nobody"),
        ] {
            let bad = resolve(&pairs).err().unwrap();
            assert!(bad.len() == 1 && bad[0].to_string().contains(told), "{bad:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = Settings::resolve(&[layer(&[("DECNET_DB_PASSWORD", "hunter2")])]).unwrap();
        assert_eq!(settings.shown(Name::DbPassword), "***");
    }

    #[test]
    fn the_host_file_is_a_layer_and_its_mistakes_have_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decnet.ini");
        let read = |text: Option<&str>| {
            let mut bad = Vec::new();
            if let Some(text) = text {
                fs_err::write(&path, text).unwrap();
            }
            let layer = host_ini(&path, &mut bad);
            (layer, bad.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read(None), (Layer::new(), Vec::new()));
        let (layer, bad) = read(Some("[decnet]\nstate-dir = /x ; here\n[api]\nport = 81\n"));
        let settings = Settings::resolve(&[layer]).unwrap();
        assert_eq!((settings.text(Name::StateDir), settings.number(Name::ApiPort), bad.len()), ("/x", 81, 0));
        assert_eq!(settings.origin(Name::ApiPort), Origin::File(path.clone(), 4));
        let (layer, bad) = read(Some("[api]\nprot = 81\n[ipa]\n"));
        assert_eq!((layer.len(), bad.len()), (0, 2));
        assert!(
            bad[0].starts_with(&format!("{}:2: host settings: [api] has no key \"prot\"", path.display()))
        );
        let mut bad = Vec::new();
        assert!(host_ini(folder.path(), &mut bad).is_empty() && bad.len() == 1, "a folder is no file");
    }
}
