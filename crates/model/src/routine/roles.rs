//! What machines are for: a table in a file, read once.

use netsvc_persona::routine::{Duty, Hours};

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

/// A line of a table that is no row of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {0}: {1:?} is no row: write name, services with commas (or *), what it is for, visits, visits on free days, \
     hours and pages, with tabs between them"
)]
pub struct BadRole(pub usize, pub String);

/// Longest table, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// The usual table.
pub fn usual() -> &'static str {
    include_str!("roles.tsv")
}

/// The roles of a table, the first that fits first.
///
/// # Errors
/// The first line that is neither empty nor a comment and no row.
pub fn read(text: &str) -> Result<Vec<Role>, BadRole> {
    let mut all = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() && !line.starts_with('#') {
            all.push(row(line).ok_or_else(|| BadRole(number, line.to_owned()))?);
        }
    }
    Ok(all)
}

/// The roles of the table that a setting holds; without one, or with one that is none, the usual.
pub fn known(setting: Option<&str>) -> Vec<Role> {
    let own = setting.and_then(|text| read(text).ok());
    own.unwrap_or_else(|| read(usual()).unwrap_or_default())
}

/// The role of a machine with these services.
pub fn role_of<'a>(roles: &'a [Role], services: &[&str]) -> Option<&'a Role> {
    let fits = |role: &&Role| {
        role.services.is_empty() || role.services.iter().any(|slug| services.contains(&slug.as_str()))
    };
    roles.iter().find(fits)
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
    let hours = crate::people::Hours::try_from((*hours).to_owned()).ok().filter(fit)?;
    let (often, weekend, pages) = (count(often)?, count(weekend)?, count(pages)?);
    Some(Role {
        name: (*name).to_owned(),
        services: services.split(',').filter(|slug| *slug != "*").map(str::to_owned).collect(),
        duty,
        often,
        weekend,
        hours: Hours { from: hours.from, to: hours.to },
        pages,
    })
}

/// A number of visits or pages.
fn count(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|count| *count <= 600)
}

/// Whether logins that begin in these hours, up to an hour later than others', end on the same day.
fn fit(hours: &crate::people::Hours) -> bool {
    5 * 60 <= hours.from && hours.to <= 21 * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_every_machine_has_a_role() {
        let roles = read(usual()).unwrap();
        assert_eq!(known(None), roles);
        for (services, name) in
            [("ssh http", "web"), ("http smtp", "mail"), ("ssh", "general"), ("", "general")]
        {
            let list: Vec<&str> = services.split(' ').collect();
            assert_eq!(role_of(&roles, &list).map(|role| role.name.as_str()), Some(name), "{services}");
        }
        for wrong in [
            "web\thttp\tweb\t100\t10\t08:00-17:00",
            "web\thttp\tcooking\t100\t10\t08:00-17:00\t1",
            "web\thttp\tweb\t1000\t10\t08:00-17:00\t1",
            "web\thttp\tweb\t100\t10\t08:00-23:00\t1",
            "web",
        ] {
            assert_eq!(read(&format!("# table\n\n{wrong}\n")), Err(BadRole(3, wrong.to_owned())));
            assert_eq!(known(Some(wrong)), roles, "what is no table is not taken");
        }
    }
}
