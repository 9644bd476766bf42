//! Who may do what with the interface: roles, and scopes of tokens that are narrower than a role.

use std::{fmt, str::FromStr};

/// What a user may do, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything but payloads, accounts and the audit log.
    Viewer,
    /// Works on what was seen.
    Analyst,
    /// Changes the fleet, settings and accounts.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: &'static [Role] = &[Role::Viewer, Role::Analyst, Role::Admin];

    /// Name in the store, in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Analyst => "analyst",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// No role has this name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no role is called {0:?}; there are viewer, analyst and admin")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        let found = Role::ALL.iter().copied().find(|role| role.name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// What a token may be used for; never more than its user's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Asking.
    Read,
    /// Changing what is noted about what was seen.
    Work,
    /// Changing the fleet and settings, and taking accounts away; who can log in is for who has logged in to say.
    Manage,
}

impl Scope {
    /// All scopes.
    pub const ALL: &'static [Scope] = &[Scope::Read, Scope::Work, Scope::Manage];

    /// Name in the store, in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Work => "work",
            Scope::Manage => "manage",
        }
    }
}

/// No scope has this name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no scope is called {0:?}; there are read, work and manage")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let found = Scope::ALL.iter().copied().find(|scope| scope.name() == name);
        found.ok_or_else(|| UnknownScope(name.to_owned()))
    }
}

/// Longest name of a user.
const NAME_CHARS: usize = 64;

/// Whether a user may be called `name`: letters, digits and `. _ - @`, 64 at most, so that a name is the same
/// wherever it is shown.
pub fn is_user_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    (1..=NAME_CHARS).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_what_they_name_and_roles_grow() {
        for &role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        for &scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert!(Role::Viewer < Role::Analyst && Role::Analyst < Role::Admin);
        assert!("root".parse::<Role>().is_err() && "".parse::<Scope>().is_err());
    }

    #[test]
    fn a_user_name_is_plain() {
        for (name, plain) in
            [("eve@corp", true), ("", false), ("a b", false), ("é", false), ("a\u{202e}b", false)]
        {
            assert_eq!(is_user_name(name), plain, "{name:?}");
        }
        assert!(!is_user_name(&"a".repeat(65)));
    }
}
