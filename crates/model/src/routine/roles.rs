//! What machines are for: a table in a file, read once.

use netsvc_persona::routine::{Duty, Hours};
use std::sync::OnceLock;

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Services by which a machine has it; none: every machine.
    pub services: Vec<String>,
    /// What people do there.
    pub duty: Duty,
    /// Visits on a hundred working days of each who comes.
    pub often: u32,
    /// Visits on a hundred days on which nobody works.
    pub weekend: u32,
    /// When people are there.
    pub hours: Hours,
    /// Pages that colleagues ask for in an hour.
    pub pages: u32,
}

/// All roles, the first that fits first.
pub fn roles() -> &'static [Role] {
    static ROLES: OnceLock<Vec<Role>> = OnceLock::new();
    ROLES.get_or_init(|| read(include_str!("roles.tsv")))
}

/// The role of a machine with these services.
pub fn role_of(services: &[&str]) -> Option<&'static Role> {
    let fits = |role: &&Role| {
        role.services.is_empty() || role.services.iter().any(|slug| services.contains(&slug.as_str()))
    };
    roles().iter().find(fits)
}

/// The rows of a table; a row that is none is left out, which a test does not let happen.
fn read(text: &str) -> Vec<Role> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

fn row(line: &str) -> Option<Role> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, services, duty, often, weekend, hours, pages] = cells.as_slice() else { return None };
    let duty = match *duty {
        "general" => Duty::General,
        "web" => Duty::Web,
        "database" => Duty::Database,
        "mail" => Duty::Mail,
        "files" => Duty::Files,
        "desk" => Duty::Desk,
        _ => return None,
    };
    let hours = crate::people::Hours::try_from((*hours).to_owned()).ok()?;
    Some(Role {
        name: (*name).to_owned(),
        services: services.split(',').filter(|slug| *slug != "*").map(str::to_owned).collect(),
        duty,
        often: often.parse().ok()?,
        weekend: weekend.parse().ok()?,
        hours: Hours { from: hours.from, to: hours.to },
        pages: pages.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_every_machine_has_a_role() {
        let rows = include_str!("roles.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(roles().len(), rows);
        for (services, name) in
            [("ssh http", "web"), ("http smtp", "mail"), ("ssh", "general"), ("", "general")]
        {
            let list: Vec<&str> = services.split(' ').collect();
            assert_eq!(role_of(&list).map(|role| role.name.as_str()), Some(name), "{services}");
        }
        assert!(roles().iter().all(|role| role.hours.from >= 5 * 60 && role.hours.to <= 21 * 60));
    }
}
