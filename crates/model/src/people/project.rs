//! What the people of a domain work on, and the files of it.

use netsvc_persona::{OwnFile, Persona, subkey};
use rand_core::RngCore;

/// Projects of a domain.
const PROJECTS: usize = 6;
/// µs of a day.
const DAY: u64 = 86_400_000_000;
/// Words that projects are called by.
const NAMES: &[&str] = &[
    "Falcon",
    "Atlas",
    "Nordlicht",
    "Helios",
    "Merkur",
    "Delta",
    "Horizon",
    "Mistral",
    "Orbit",
    "Quartz",
    "Saphir",
    "Tandem",
    "Vega",
    "Zenit",
    "Aurora",
    "Phoenix",
];
/// Files of a project: name and text, in which `{project}`, `{year}` and numbers `{n}` are filled in.
const FILES: &[(&str, &str)] = &[
    (
        "budget-{year}.csv",
        "position;planned;spent\nhardware;{n}00;{n}0\nlicences;{n}00;{n}0\nservices;{n}00;{n}0\n",
    ),
    ("schedule.csv", "step,owner,week\nanalysis,{project},{n}\ntests,{project},{n}\nrollout,{project},{n}\n"),
    ("contacts.txt", "{project}\nvendor hotline  +49 89 5550 {n}\nsite manager    +49 89 5550 {n}\n"),
    ("offer-{n}.txt", "Offer {n} for {project}\n\n{n} hours at 96.00\nvalid for 30 days\n"),
    (
        "minutes.md",
        "# {project}\n\n- delivery moved to week {n}\n- {n} open points\n- next meeting in room {n}\n",
    ),
];

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// What it is called.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// Names and texts of its files.
    pub files: Vec<(String, String)>,
}

/// What the people of `domain` work on.
pub fn projects(secret: &[u8], domain: &str) -> Vec<Project> {
    let mut random = subkey::generator(secret, &["projects", domain]);
    let first = random.next_u32() as usize;
    // An odd step meets each of sixteen names once.
    let step = 1 + 2 * (random.next_u32() as usize % 8);
    let year = 2024 + random.next_u32() % 2;
    let mut all = Vec::new();
    for turn in 0..PROJECTS {
        let Some(name) = NAMES.get(first.wrapping_add(turn * step) % NAMES.len()) else { continue };
        let from = random.next_u32() as usize;
        let file = |place: usize| FILES.get(from.wrapping_add(place) % FILES.len());
        let mut filled = |text: &str| {
            let mut out = text.replace("{project}", name).replace("{year}", &year.to_string());
            while out.contains("{n}") {
                out = out.replacen("{n}", &(10 + random.next_u32() % 990).to_string(), 1);
            }
            out
        };
        let files = (0..3).filter_map(file).map(|(name, text)| (filled(name), filled(text))).collect();
        all.push(Project { name: (*name).to_owned(), folder: name.to_lowercase(), files });
    }
    all
}

/// The machine that has the files of all projects, if one can: the first that has a shell for people.
pub fn file_host<'a>(personas: impl Iterator<Item = &'a Persona>) -> Option<&'a Persona> {
    let fits = |persona: &&Persona| persona.os.family == "linux" && persona.products.contains_key("ssh");
    personas.filter(fits).min_by(|left, right| left.node.cmp(&right.node))
}

/// The folder of a project on that machine.
pub fn folder(project: &Project) -> String {
    format!("/srv/projects/{}", project.folder)
}

/// The files of all projects as they lie on `host`.
pub fn files(secret: &[u8], host: &Persona) -> Vec<OwnFile> {
    let mut random = subkey::generator(secret, &["project files", &host.domain, &host.node]);
    let owners: Vec<&str> =
        host.users.iter().filter(|user| user.uid >= 1000).map(|user| user.name.as_str()).collect();
    let age = (host.booted_at - host.installed_at).max(1).unsigned_abs();
    let mut all = Vec::new();
    for project in projects(secret, &host.domain) {
        for (name, text) in &project.files {
            let owner =
                owners.get(random.next_u32() as usize % owners.len().max(1)).copied().unwrap_or_default();
            let later = i64::try_from(DAY.min(age) + random.next_u64() % age).unwrap_or(0);
            all.push(OwnFile::new(
                &format!("{}/{name}", folder(&project)),
                owner,
                host.installed_at + later,
                text,
            ));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_domain_has_projects_of_its_own_and_their_files_lie_on_a_machine() {
        let one = projects(b"a", "corp.example");
        assert_eq!(one, projects(b"a", "corp.example"));
        assert_ne!(one, projects(b"b", "corp.example"));
        let names: BTreeSet<_> = one.iter().map(|project| project.name.clone()).collect();
        assert_eq!(names.len(), PROJECTS);
        let text = include_str!("../../../engine/tests/persona.json");
        let mut host: Persona = serde_json::from_str(text).unwrap();
        host.domain = "corp.example".to_owned();
        let files = files(b"a", &host);
        let paths: BTreeSet<_> = files.iter().map(|file| file.path.clone()).collect();
        assert_eq!((files.len(), paths.len()), (18, 18));
        for file in files {
            assert!(
                host.installed_at < file.changed_at
                    && !String::from_utf8(file.bytes()).unwrap().contains('{')
            );
            assert!(one.iter().any(|project| file.path.starts_with(&folder(project))), "{}", file.path);
        }
    }
}
