//! Who of those that a provider knows may do what here.

use decnet_model::access::Role;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The value that everybody has whom the provider lets in.
const EVERYBODY: &str = "*";

/// Values of a claim, and the role that each has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<(Role, String)>);

/// What is wrong with a list of roles.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not ROLE=VALUE, such as admin=blue-leads,viewer=*; roles are admin, analyst and viewer")]
pub struct BadRoles(String);

impl FromStr for Roles {
    type Err = BadRoles;

    fn from_str(text: &str) -> Result<Self, BadRoles> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let bad = || BadRoles(pair.to_owned());
            let (role, value) = pair.split_once('=').ok_or_else(bad)?;
            let (role, value) = (role.trim().parse().map_err(|_| bad())?, value.trim());
            if value.is_empty() { Err(bad()) } else { Ok((role, value.to_owned())) }
        };
        pairs.map(read).collect::<Result<_, _>>().map(Roles)
    }
}

impl Roles {
    /// Whether nobody has any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest role of somebody with these values.
    pub(super) fn of(&self, values: Vec<&str>) -> Option<Role> {
        let has = |(_, value): &&(Role, String)| value == EVERYBODY || values.contains(&value.as_str());
        self.0.iter().filter(has).map(|(role, _)| *role).max()
    }
}

/// The values of a claim: a text, or a list of them; `a.b` is `b` of the object `a`, unless a claim is called so.
pub(super) fn values<'a>(claims: &'a Map<String, Value>, name: &str) -> Vec<&'a str> {
    let found = claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    });
    match found {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_role_counts_and_who_has_none_has_none() {
        let roles: Roles = "admin=leads, analyst=team,analyst=night".parse().unwrap();
        let claims = json!({"groups": ["team", "leads", 7], "one": "night", "realm": {"roles": ["team"]}});
        let claims = claims.as_object().unwrap();
        for (name, role) in [
            ("groups", Some(Role::Admin)),
            ("one", Some(Role::Analyst)),
            ("realm.roles", Some(Role::Analyst)),
            ("realm", None),
            ("none", None),
        ] {
            assert_eq!(roles.of(values(claims, name)), role, "{name}");
        }
        let all: Roles = "viewer=*".parse().unwrap();
        assert_eq!(all.of(Vec::new()), Some(Role::Viewer));
        for bad in ["root=x", "admin", "admin=", "=x"] {
            assert!(bad.parse::<Roles>().is_err(), "{bad}");
        }
        assert!("".parse::<Roles>().unwrap().is_empty());
    }
}
