//! A rule as somebody wants it, from the command line, the interface or settings, checked in one place.

use super::{Addresses, Quiet, Target};
use crate::record::{AlertFormat, AlertRule, Severity, Stage};
use netsvc_wire::stamp::Micros;
use std::fmt::Display;

/// Messages in an hour where nobody says otherwise.
const PER_HOUR: u32 = 20;
/// Most that can be asked for.
const MOST_PER_HOUR: u32 = 10_000;
/// Longest name of a rule, and longest secret.
const NAME: usize = 64;
const SECRET: usize = 256;

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

/// What is wrong, by field.
type Wrong = Vec<(&'static str, String)>;

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
    ) -> Result<AlertRule, Wrong> {
        let mut wrong = Wrong::new();
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

fn read<T: std::str::FromStr<Err: Display>>(field: &'static str, text: &Option<String>, wrong: &mut Wrong) {
    if let Some(Err(bad)) = text.as_deref().map(str::parse::<T>) {
        wrong.push((field, bad.to_string()));
    }
}

fn one_of<T: Copy>(
    field: &'static str,
    text: &Option<String>,
    all: &[T],
    name: fn(T) -> &'static str,
    wrong: &mut Wrong,
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
