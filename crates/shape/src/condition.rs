//! The conditions that narrow lists down: one table for the flags of the command line and the parameters of
//! the interface. Each list takes those that it applies and refuses the others, and a name that does not
//! exist is told with the nearest that does.

use decnet_model::{
    catalogue, nearest,
    record::{Filter, IncidentState, Known, Severity, Stage},
    words::Query,
};
use netsvc_wire::{Class, Kind, stamp};
use std::collections::BTreeSet;

/// Longest value of a condition, in bytes.
pub const LONGEST: usize = 256;

/// How a condition is given and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Flag of the command line, without its dashes.
    pub flag: &'static str,
    /// Parameter in the query of a request.
    pub parameter: &'static str,
    /// What a value is called; `None`: it is a switch.
    pub value: Option<&'static str>,
    /// What it asks for.
    pub about: &'static str,
}

macro_rules! conditions {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $flag:literal, $parameter:literal, $value:expr, $about:literal;
    )+) => {
        /// One condition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Condition { $($(#[doc = $doc])+ $variant,)+ }

        impl Condition {
            /// Every condition.
            pub const ALL: &'static [Condition] = &[$(Condition::$variant),+];

            /// How it is given.
            pub fn spec(self) -> Spec {
                match self {
                    $(Condition::$variant => Spec {
                        flag: $flag,
                        parameter: $parameter,
                        value: $value,
                        about: $about,
                    },)+
                }
            }
        }
    };
}

conditions! {
    /// Of one decky.
    Decky = "decky", "decky", Some("NAME"), "Only of this decky";
    /// Of one service.
    Service = "service", "service", Some("NAME"), "Only of this service";
    /// Of one kind of event.
    Kind = "kind", "kind", Some("KIND"), "Only of this kind, for example auth_attempt or command";
    /// From one address.
    Source = "src", "src_ip", Some("ADDRESS"), "Only from this address";
    /// From one country.
    Country = "country", "country", Some("CODE"), "Only from this country, by its two letters (ISO 3166-1)";
    /// From one autonomous system.
    Asn = "asn", "asn", Some("NUMBER"), "Only from this autonomous system, as 64496 or AS64496";
    /// Of one session.
    Session = "session", "session", Some("ID"), "Only of this session";
    /// From one host of the swarm.
    Host = "host", "host", Some("HOST"), "Only from this host of the swarm, by name or id";
    /// Not earlier.
    Since = "since", "since", Some("TIME"),
        "Only at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)";
    /// Earlier.
    Until = "until", "until", Some("TIME"), "Only before this time";
    /// With a text.
    Text = "text", "q", Some("TEXT"), "Only with this text in the value of a field, as shown, in any case";
    /// With words.
    Search = "search", "search", Some("WORDS"),
        "Only with all these words in the values of fields, quickly; WORD* is the beginning of one";
    /// As important.
    Class = "class", "class", Some("CLASS"), "Only at least this important: noise, scan, interaction, evidence";
    /// With one kind of secret.
    SecretKind = "secret-kind", "secret_kind", Some("KIND"),
        "Only secrets of this kind, for example plaintext or publickey";
    /// With a recording.
    Recorded = "recorded", "recorded", None, "Only with a recording";
    /// In one state.
    State = "state", "state", Some("STATE"), "Only in this state: new, acknowledged, closed";
    /// As urgent.
    Severity = "severity", "severity", Some("SEVERITY"), "Only at least this urgent: info, low, medium, high, critical";
    /// As far.
    Stage = "stage", "stage", Some("STAGE"),
        "Only at least this far: touched, scanned, tried-credentials, logged-in, executed-commands, left-artefact";
    /// Somebody's.
    Assignee = "assignee", "assignee", Some("NAME"), "Only what this user works on";
    /// Our own, too.
    Probes = "probes", "probes", None, "Probes of our own, such as firedrill's, as well";
}

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// Events.
    Events,
    /// Events as they come.
    Stream,
    /// Events to take away.
    Export,
    /// Sessions.
    Sessions,
    /// Credentials.
    Credentials,
    /// Artefacts by content.
    Artifacts,
    /// Times that artefacts were seen.
    Sightings,
    /// Attackers.
    Attackers,
    /// Attackers that touched several deckies.
    Traversals,
    /// Incidents.
    Incidents,
    /// Changes of deckies.
    Mutations,
}

impl Noun {
    /// Every list.
    pub const ALL: &'static [Noun] = &[
        Noun::Events,
        Noun::Stream,
        Noun::Export,
        Noun::Sessions,
        Noun::Credentials,
        Noun::Artifacts,
        Noun::Sightings,
        Noun::Attackers,
        Noun::Traversals,
        Noun::Incidents,
        Noun::Mutations,
    ];

    /// The conditions that the list applies.
    pub fn conditions(self) -> &'static [Condition] {
        use Condition::{
            Asn, Assignee, Class, Country, Decky, Host, Kind, Probes, Recorded, Search, SecretKind, Service,
            Session, Severity, Since, Source, Stage, State, Text, Until,
        };
        match self {
            Noun::Events | Noun::Export => {
                &[Decky, Service, Kind, Source, Session, Host, Since, Until, Text, Search, Class, Probes]
            }
            Noun::Stream => &[Decky, Service, Kind, Probes],
            Noun::Sessions => &[Decky, Service, Source, Session, Since, Until, Recorded, Probes],
            Noun::Credentials => &[Decky, Service, Source, Since, Until, SecretKind, Probes],
            Noun::Artifacts => &[Since, Until],
            Noun::Sightings => &[Decky, Service, Source, Session, Since, Until, Probes],
            Noun::Attackers => &[Source, Country, Asn, Since, Until, Probes],
            Noun::Traversals => &[],
            Noun::Mutations => &[Decky, Service, Since, Until],
            Noun::Incidents => &[State, Severity, Stage, Decky, Service, Source, Assignee, Since, Until],
        }
    }
}

impl Condition {
    /// The words that its value can be; `None` where they are not the same everywhere, or it is no word.
    pub fn words(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Condition::Kind => Kind::ALL.iter().map(|kind| kind.name()).collect(),
            Condition::Class => Class::ALL.iter().map(|class| class.name()).collect(),
            Condition::State => IncidentState::ALL.iter().map(|state| state.name()).collect(),
            Condition::Severity => Severity::ALL.iter().map(|severity| severity.name()).collect(),
            Condition::Stage => Stage::ALL.iter().map(|stage| stage.name()).collect(),
            _ => return None,
        })
    }
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The condition.
    pub condition: Condition,
    /// What is wrong with its value.
    pub message: String,
}

/// The filter that conditions make, where `known` are the names of the installation and spans end at `now`
/// (microseconds). A switch has the value `true` or `false`.
///
/// # Errors
/// Everything that is wrong.
pub fn filter(given: &[(Condition, String)], known: &Known, now: i64) -> Result<Filter, Vec<Wrong>> {
    let mut filter = Filter { without_probes: true, ..Filter::default() };
    let mut wrong = Vec::new();
    for (condition, value) in given {
        let applied = if value.len() > LONGEST {
            Err(format!("longer than {LONGEST} bytes"))
        } else {
            apply(&mut filter, *condition, value, known, now)
        };
        if let Err(message) = applied {
            wrong.push(Wrong { condition: *condition, message });
        }
    }
    if wrong.is_empty() { Ok(filter) } else { Err(wrong) }
}

fn apply(
    filter: &mut Filter,
    condition: Condition,
    value: &str,
    known: &Known,
    now: i64,
) -> Result<(), String> {
    match condition {
        Condition::Decky => {
            filter.node = Some(one_of("decky", value, known.deckies.iter().map(String::as_str))?);
        }
        Condition::Service => filter.service = Some(service(value, known)?),
        Condition::Kind => {
            filter.kind = Some(one_of("kind of event", value, Kind::ALL.iter().map(|kind| kind.name()))?);
        }
        Condition::Source => {
            filter.src_ip = Some(value.parse().map_err(|_| format!("{value:?} is no address"))?);
        }
        Condition::Country => filter.country = Some(country(value)?),
        Condition::Asn => filter.asn = Some(system(value)?),
        Condition::Session => {
            filter.session = Some(one_of("session", value, known.sessions.iter().map(String::as_str))?);
        }
        Condition::Host => {
            let name = one_of("host of the swarm", value, known.hosts.keys().map(String::as_str))?;
            filter.host = known.hosts.get(&name).cloned();
        }
        Condition::Since => filter.since = Some(moment(value, now)?),
        Condition::Until => filter.until = Some(moment(value, now)?),
        Condition::Text => filter.text = Some(value.to_owned()),
        Condition::Search => {
            if Query::new(value).is_none() {
                return Err(format!("{value:?} has no word"));
            }
            filter.search = Some(value.to_owned());
        }
        Condition::Class => {
            let class = Class::ALL.iter().find(|class| class.name() == value);
            let names = Class::ALL.iter().map(|class| class.name());
            one_of("class", value, names)?;
            filter.class = class.copied();
        }
        Condition::SecretKind => {
            filter.secret_kind =
                Some(one_of("kind of secret", value, known.secret_kinds.iter().map(String::as_str))?);
        }
        Condition::State => {
            filter.state = Some(ranked("state", value, IncidentState::ALL, IncidentState::name)?)
        }
        Condition::Severity => {
            filter.severity = Some(ranked("severity", value, Severity::ALL, Severity::name)?);
        }
        Condition::Stage => filter.stage = Some(ranked("stage", value, Stage::ALL, Stage::name)?),
        Condition::Assignee => filter.assignee = Some(value.to_owned()),
        Condition::Recorded => filter.recorded = switch(value)?,
        Condition::Probes => filter.without_probes = !switch(value)?,
    }
    Ok(())
}

/// The country that `value` is the code of, in capitals as it is stored.
fn country(value: &str) -> Result<String, String> {
    let code = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    if code {
        Ok(value.to_ascii_uppercase())
    } else {
        Err(format!("{value:?} is no country: write DE, US, …"))
    }
}

/// The number of the autonomous system that `value` names.
fn system(value: &str) -> Result<u64, String> {
    let number = value.strip_prefix("AS").or_else(|| value.strip_prefix("as")).unwrap_or(value);
    let number = number.parse::<u32>().map(u64::from);
    number.map_err(|_| format!("{value:?} is no autonomous system: write 64496 or AS64496"))
}

/// The service that is called `value`, of the house or of the installation.
fn service(value: &str, known: &Known) -> Result<String, String> {
    let all: BTreeSet<_> = catalogue::services()
        .iter()
        .map(|service| service.slug.as_str())
        .chain(known.services.iter().map(String::as_str))
        .collect();
    one_of("service", value, all.iter().copied())
}

/// The one of `all` that is called `value`.
fn ranked<T: Copy>(what: &str, value: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| name(*one) == value);
    match found {
        Some(one) => Ok(one),
        None => Err(one_of(what, value, all.iter().map(|one| name(*one))).err().unwrap_or_default()),
    }
}

/// Most names that a message lists.
const LISTED: usize = 40;

/// `value`, if it is one of the names there are.
fn one_of<'a>(
    what: &str,
    value: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<String, String> {
    if names.clone().any(|name| name == value) {
        return Ok(value.to_owned());
    }
    let near = nearest::hint(value, names.clone());
    let few: Vec<_> = names.take(LISTED + 1).collect();
    let list = match (near.is_empty(), few.len()) {
        (true, 1..=LISTED) => format!("; there are: {}", few.join(", ")),
        _ => String::new(),
    };
    Err(format!("no {what} is called {value:?}{near}{list}"))
}

fn switch(value: &str) -> Result<bool, String> {
    match value {
        "true" | "1" | "yes" | "" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("{value:?} is neither true nor false")),
    }
}

/// A time as RFC 3339, a date, or a span before `now`.
///
/// # Errors
/// What a time looks like.
pub fn moment(text: &str, now: i64) -> Result<i64, String> {
    if let Some(at) = stamp::parse(text).or_else(|| stamp::parse(&format!("{text}T00:00:00Z"))) {
        return Ok(at);
    }
    match span(text) {
        Some(span) => Ok(now.saturating_sub(span)),
        None => Err(format!(
            "{text:?} is no time: write 2026-01-31T12:00:00Z, 2026-01-31, or a span such as 30m, 12h, 7d"
        )),
    }
}

/// A span such as 30m, 12h or 7d, in microseconds.
pub fn span(text: &str) -> Option<i64> {
    let (count, unit) = text.split_at_checked(text.len().saturating_sub(1)).unwrap_or_default();
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let count = count.parse::<i64>().ok().filter(|count| *count >= 0)?;
    Some(count.saturating_mul(seconds * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn known() -> Known {
        Known {
            deckies: ["web-01".to_owned(), "db-01".to_owned()].into(),
            services: ["gate".to_owned()].into(),
            secret_kinds: ["plaintext".to_owned()].into(),
            sessions: BTreeSet::new(),
            hosts: BTreeMap::new(),
        }
    }

    fn of(condition: Condition, value: &str) -> Result<Filter, String> {
        filter(&[(condition, value.to_owned())], &known(), 1_764_000_000_000_000)
            .map_err(|wrong| wrong.into_iter().map(|wrong| wrong.message).collect())
    }

    #[test]
    fn names_that_do_not_exist_are_told_with_the_nearest() {
        for (condition, value, near) in [
            (Condition::Decky, "wbe-01", "no decky is called \"wbe-01\" (did you mean \"web-01\"?)"),
            (Condition::Decky, "printer", "no decky is called \"printer\"; there are: db-01, web-01"),
            (Condition::Service, "shs", "no service is called \"shs\" (did you mean \"ssh\"?)"),
            (
                Condition::Kind,
                "auth_atempt",
                "no kind of event is called \"auth_atempt\" (did you mean \"auth_attempt\"?)",
            ),
            (Condition::Severity, "hihg", "no severity is called \"hihg\" (did you mean \"high\"?)"),
            (Condition::State, "open", "no state is called \"open\"; there are: new, acknowledged, closed"),
            (Condition::Class, "scam", "no class is called \"scam\" (did you mean \"scan\"?)"),
            (Condition::SecretKind, "plain", "no kind of secret is called \"plain\"; there are: plaintext"),
            (Condition::Session, "00", "no session is called \"00\""),
            (Condition::Source, "300.1.1.1", "\"300.1.1.1\" is no address"),
            (Condition::Probes, "maybe", "\"maybe\" is neither true nor false"),
            (Condition::Country, "Germany", "\"Germany\" is no country: write DE, US, …"),
            (Condition::Asn, "ASx", "\"ASx\" is no autonomous system: write 64496 or AS64496"),
        ] {
            assert_eq!(of(condition, value), Err(near.to_owned()));
        }
        assert_eq!(of(Condition::Country, "de").unwrap().country.as_deref(), Some("DE"));
        assert_eq!(of(Condition::Asn, "AS64496").unwrap().asn, Some(64496));
        assert_eq!(of(Condition::Asn, "64496").unwrap().asn, Some(64496));
        assert_eq!(of(Condition::Service, "gate").unwrap().service.as_deref(), Some("gate"));
        assert_eq!(of(Condition::Class, "evidence").unwrap().class, Some(Class::Evidence));
        assert!(of(Condition::Text, &"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn times_are_absolute_or_spans() {
        let now = 1_764_000_000_000_000;
        assert_eq!(moment("90s", now), Ok(now - 90_000_000));
        assert_eq!(moment("1970-01-02", now), Ok(86_400_000_000));
        assert!(moment("yesterday", now).unwrap_err().contains("30m"));
        assert!(moment("m", now).is_err());
        assert!(moment("", now).is_err());
    }

    #[test]
    fn probes_are_left_out_unless_asked_for() {
        assert!(filter(&[], &known(), 0).unwrap().without_probes);
        assert!(!of(Condition::Probes, "true").unwrap().without_probes);
    }

    #[test]
    fn flags_and_parameters_are_unique() {
        for name in [|spec: Spec| spec.flag, |spec: Spec| spec.parameter] {
            let all: BTreeSet<_> = Condition::ALL.iter().map(|condition| name(condition.spec())).collect();
            assert_eq!(all.len(), Condition::ALL.len());
        }
    }
}
