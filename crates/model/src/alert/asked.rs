//! A rule or a mute as somebody wants it, from the command line, the interface or settings, checked in one place.

use super::{Addresses, Quiet, Target};
use crate::{
    flaw::Flaw,
    record::{AlertFormat, AlertMute, AlertRule, Severity, Stage},
};
use netsvc_wire::stamp::Micros;
use std::fmt::Display;

/// Messages in an hour where nobody says otherwise.
const PER_HOUR: u32 = 20;
/// Most that can be asked for.
const MOST_PER_HOUR: u32 = 10_000;
/// Longest name of a rule, and longest secret.
const NAME: usize = 64;
const SECRET: usize = 256;
/// Longest reason of a mute, in characters.
const REASON: usize = 500;
/// Longest mute, in minutes: a year.
pub const LONGEST_MUTE: u32 = 366 * 24 * 60;
/// Longest mute of everything, in minutes: a week. Longer, and nobody would remember.
const LONGEST_SILENCE: u32 = 7 * 24 * 60;

/// A rule as it is to be: what is `None` is as it was, or as usual; an empty text takes a condition away.
#[derive(Clone, Default)]
pub struct Asked {
    /// Whether it is used.
    pub enabled: Option<bool>,
    /// Where messages go.
    pub target: Option<String>,
    /// What they are signed with.
    pub secret: Option<String>,
    /// How they look.
    pub format: Option<String>,
    /// At least this urgent.
    pub severity: Option<String>,
    /// At least this far.
    pub stage: Option<String>,
    /// Only where this node was touched.
    pub node: Option<String>,
    /// Only where this service was touched.
    pub service: Option<String>,
    /// Only from these addresses.
    pub network: Option<String>,
    /// Messages in an hour.
    pub per_hour: Option<u32>,
    /// Hours in which less than critical is held.
    pub quiet: Option<String>,
}

/// Whether a rule can be called so: letters, digits, `.`, `_` and `-`.
pub fn is_rule_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=NAME).contains(&name.len()) && name.bytes().all(plain)
}

impl Asked {
    /// The rule that is meant, where `known` is the one there is.
    ///
    /// # Errors
    /// Everything that is wrong, by field.
    pub fn rule(
        self,
        name: &str,
        known: Option<AlertRule>,
        by: &str,
        now: Micros,
    ) -> Result<AlertRule, Vec<Flaw>> {
        let mut wrong = Vec::new();
        if !is_rule_name(name) {
            wrong.push(("name", "letters, digits and . _ -, 1 to 64 of them".to_owned()));
        }
        if known.is_none() && self.target.is_none() {
            wrong.push(("target", "a new rule needs one".to_owned()));
        }
        let mut rule = known.unwrap_or_else(|| usual(name));
        read::<Target>("target", &self.target, &mut wrong);
        if let Some(format) = one_of("format", &self.format, AlertFormat::ALL, AlertFormat::name, &mut wrong)
        {
            rule.format = format;
        }
        if let Some(severity) = one_of("severity", &self.severity, Severity::ALL, Severity::name, &mut wrong)
        {
            rule.severity = severity;
        }
        if let Some(stage) = one_of("stage", &self.stage, Stage::ALL, Stage::name, &mut wrong) {
            rule.stage = stage;
        }
        if self.per_hour.is_some_and(|count| !(1..=MOST_PER_HOUR).contains(&count)) {
            wrong.push(("per_hour", format!("1 to {MOST_PER_HOUR}")));
        }
        if self.secret.as_ref().is_some_and(|secret| secret.len() > SECRET) {
            wrong.push(("secret", format!("{SECRET} bytes at most")));
        }
        let target = self.target.as_deref().filter(|_| self.secret.is_none());
        if target.is_some_and(|target| would_be_told(&rule, target)) {
            wrong.push((
                "secret",
                "another mail server would be told it; give the password of that one".to_owned(),
            ));
        }
        let network = condition(self.network, |text| read::<Addresses>("network", text, &mut wrong));
        let quiet = condition(self.quiet, |text| read::<Quiet>("quiet", text, &mut wrong));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        put(&mut rule.enabled, self.enabled);
        put(&mut rule.target, self.target);
        put(&mut rule.secret, self.secret);
        put(&mut rule.per_hour, self.per_hour.map(u64::from));
        put(&mut rule.network, network);
        put(&mut rule.quiet, quiet);
        put(&mut rule.node, condition(self.node, |_| {}));
        put(&mut rule.service, condition(self.service, |_| {}));
        by.clone_into(&mut rule.changed_by);
        rule.changed_at = now;
        Ok(rule)
    }
}

/// Whether a mail server would hear the secret of `rule` for which it was not given. Nobody may read a secret by having
/// it sent to himself.
fn would_be_told(rule: &AlertRule, target: &str) -> bool {
    let Ok(Target::Mail(new)) = target.parse() else { return false };
    let known = match rule.target.parse() {
        Ok(Target::Mail(old)) => (old.security, old.host, old.port) == (new.security, new.host, new.port),
        _ => false,
    };
    !rule.secret.is_empty() && new.user.is_some() && !known
}

/// A mute as it is to be.
#[derive(Clone, Debug, Default)]
pub struct AskedMute {
    /// Only from these addresses, as 192.0.2.0/24.
    pub network: Option<String>,
    /// Only of this node.
    pub node: Option<String>,
    /// Only of this service.
    pub service: Option<String>,
    /// Only in these hours of each day (UTC), as 02:00-03:30.
    pub hours: Option<String>,
    /// Of everything: while the host is worked on.
    pub all: bool,
    /// Why.
    pub reason: String,
    /// For so many minutes; `None`: until somebody ends it.
    pub minutes: Option<u32>,
}

impl AskedMute {
    /// The mute that is meant, not numbered yet.
    ///
    /// # Errors
    /// Everything that is wrong, by field.
    pub fn mute(self, by: &str, now: Micros) -> Result<AlertMute, Vec<Flaw>> {
        let mut wrong = Vec::new();
        let named = self.network.is_some() || self.node.is_some() || self.service.is_some();
        if named == self.all {
            wrong.push(("", "name addresses, a decky or a service, or say all".to_owned()));
        }
        if self.all && self.minutes.is_none_or(|minutes| minutes > LONGEST_SILENCE) {
            wrong.push(("minutes", format!("what mutes everything ends within {LONGEST_SILENCE} minutes")));
        }
        let hours = self.hours.as_deref().map(str::parse::<Quiet>).transpose();
        if let Err(bad) = &hours {
            wrong.push(("hours", bad.to_string()));
        }
        let network = self.network.as_deref().map(str::parse::<Addresses>).transpose();
        if let Err(bad) = &network {
            wrong.push(("network", bad.to_string()));
        }
        if self.reason.chars().count() > REASON {
            wrong.push(("reason", format!("{REASON} characters at most")));
        }
        if self.minutes.is_some_and(|minutes| !(1..=LONGEST_MUTE).contains(&minutes)) {
            wrong.push(("minutes", "1 minute to a year".to_owned()));
        }
        let (Ok(network), Ok(hours), true) = (network, hours, wrong.is_empty()) else { return Err(wrong) };
        Ok(AlertMute {
            id: 0,
            network: network.map(|network| network.to_string()),
            node: self.node,
            service: self.service,
            hours: hours.map(|hours| hours.to_string()),
            reason: self.reason,
            until: self.minutes.map(|minutes| now + i64::from(minutes) * 60_000_000),
            created_by: by.to_owned(),
            created_at: now,
        })
    }
}

fn usual(name: &str) -> AlertRule {
    AlertRule {
        name: name.to_owned(),
        enabled: true,
        target: String::new(),
        secret: String::new(),
        format: AlertFormat::Json,
        severity: Severity::Medium,
        stage: Stage::Touched,
        node: None,
        service: None,
        network: None,
        per_hour: u64::from(PER_HOUR),
        quiet: None,
        changed_by: String::new(),
        changed_at: 0,
    }
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// What a condition is to be: `Some(None)` takes it away.
fn condition(text: Option<String>, mut check: impl FnMut(&Option<String>)) -> Option<Option<String>> {
    let text = text?;
    if text.is_empty() {
        return Some(None);
    }
    let text = Some(text);
    check(&text);
    Some(text)
}

fn read<T: std::str::FromStr<Err: Display>>(
    field: &'static str,
    text: &Option<String>,
    wrong: &mut Vec<Flaw>,
) {
    if let Some(Err(bad)) = text.as_deref().map(str::parse::<T>) {
        wrong.push((field, bad.to_string()));
    }
}

fn one_of<T: Copy>(
    field: &'static str,
    text: &Option<String>,
    all: &[T],
    name: fn(T) -> &'static str,
    wrong: &mut Vec<Flaw>,
) -> Option<T> {
    let text = text.as_deref()?;
    let found = all.iter().copied().find(|one| name(*one) == text);
    if found.is_none() {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        wrong.push((field, format!("one of {}", names.join(", "))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_sent_to_a_server_that_it_was_not_given_for() {
        let asked = |target: &str, secret: Option<&str>| Asked {
            target: Some(target.to_owned()),
            secret: secret.map(str::to_owned),
            ..Asked::default()
        };
        let rule = |known: &AlertRule, target: &str, secret: Option<&str>| {
            asked(target, secret).rule("ops", Some(known.clone()), "eve", 2)
        };
        let mail =
            asked("smtps://u@mail.example/a@b.example", Some("s3cret")).rule("ops", None, "eve", 1).unwrap();
        let flaws = rule(&mail, "smtps://u@evil.example/a@b.example", None).unwrap_err();
        assert_eq!(flaws.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["secret"]);
        assert!(rule(&mail, "smtps://u@evil.example/a@b.example", Some("own")).is_ok());
        assert!(rule(&mail, "smtps://u@mail.example/c@b.example", None).is_ok(), "another recipient");
        let hook = asked("https://hook.example/", Some("s3cret")).rule("ops", None, "eve", 1).unwrap();
        assert!(rule(&hook, "smtps://u@evil.example/a@b.example", None).is_err());
        assert!(rule(&hook, "https://other.example/", None).is_ok(), "it signs, and is not sent");
    }

    #[test]
    fn a_mute_is_of_something_and_ends_within_a_year() {
        let asked = AskedMute {
            network: Some("192.0.2.7/24".to_owned()),
            reason: "ours".to_owned(),
            minutes: Some(60),
            ..AskedMute::default()
        };
        let mute = asked.clone().mute("eve", 5).unwrap();
        assert_eq!((mute.until, mute.created_by.as_str(), mute.created_at), (Some(3_600_000_005), "eve", 5));
        let wrong = AskedMute {
            network: Some("x".to_owned()),
            reason: "x".repeat(REASON + 1),
            minutes: Some(LONGEST_MUTE + 1),
            ..AskedMute::default()
        };
        let fields = |flaws: Vec<Flaw>| flaws.into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(fields(wrong.mute("eve", 5).unwrap_err()), ["network", "reason", "minutes"]);
        assert_eq!(fields(AskedMute::default().mute("eve", 5).unwrap_err()), [""]);
        let all = AskedMute { all: true, ..AskedMute::default() };
        assert_eq!(fields(all.clone().mute("eve", 5).unwrap_err()), ["minutes"]);
        let hours = Some("2:00-04:30".to_owned());
        let mute = AskedMute { minutes: Some(60), hours, ..all }.mute("eve", 5).unwrap();
        assert_eq!((mute.network, mute.hours.as_deref()), (None, Some("02:00-04:30")));
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_goes() {
        let asked = Asked {
            target: Some("https://h/x".into()),
            secret: Some("s".into()),
            network: Some("192.0.2.0/24".into()),
            ..Asked::default()
        };
        let rule = asked.rule("siem", None, "eve", 5).unwrap();
        assert_eq!((rule.per_hour, rule.severity, rule.changed_by.as_str()), (20, Severity::Medium, "eve"));
        let change = Asked { network: Some(String::new()), per_hour: Some(3), ..Asked::default() };
        let rule = change.rule("siem", Some(rule), "bob", 6).unwrap();
        assert_eq!((rule.target.as_str(), rule.secret.as_str()), ("https://h/x", "s"));
        assert_eq!((rule.network, rule.per_hour, rule.changed_at), (None, 3, 6));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let asked = Asked {
            target: Some("ftp://h".into()),
            format: Some("x".into()),
            severity: Some("urgent".into()),
            stage: Some("x".into()),
            network: Some("x".into()),
            quiet: Some("x".into()),
            per_hour: Some(0),
            secret: Some("x".repeat(257)),
            ..Asked::default()
        };
        let wrong = asked.rule("a b", None, "eve", 5).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|(field, _)| *field).collect();
        assert_eq!(
            fields,
            ["name", "target", "format", "severity", "stage", "per_hour", "secret", "network", "quiet"]
        );
        assert_eq!(Asked::default().rule("a", None, "eve", 5).unwrap_err()[0].0, "target");
    }
}
