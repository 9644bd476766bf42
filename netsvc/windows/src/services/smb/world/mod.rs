//! What lies on the drive of a Windows node: the system, the people, and what they share.

mod papers;
mod system;

use super::{
    entry::{Entries, Entry, number},
    flavour::drawn,
    volume::{Content, Meta, attribute, parted},
};
use netsvc_persona::Persona;

/// µs of a day.
const DAY: i64 = 86_400_000_000;

/// A folder that is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) comment: &'static str,
    /// The folder that holds those that are shared.
    above: &'static str,
    papers: &'static [papers::Paper],
}

impl Shared {
    /// Its path as administrators know it.
    pub(super) fn local(&self) -> String {
        format!("C:\\{}\\{}", self.above, self.name)
    }
}

/// Whether people write German there.
fn german(persona: &Persona) -> bool {
    ["Europe/Berlin", "Europe/Vienna", "Europe/Zurich"].contains(&persona.zone.name.as_str())
}

/// The folders that a node shares: a server several, a desk one or none.
pub(super) fn shared(persona: &Persona) -> Vec<Shared> {
    let all = papers::FOLDERS;
    let number = match persona.os.family.as_str() {
        "windows_server" => 2 + drawn(persona, "shares", 3),
        _ => usize::from(drawn(persona, "shares", 5) < 2),
    };
    let first = drawn(persona, "first share", all.len());
    let step = 1 + drawn(persona, "next share", all.len() - 1);
    let mut places: Vec<usize> = Vec::new();
    for turn in 0..all.len() {
        let place = (first + turn * step) % all.len();
        if places.len() < number && !places.contains(&place) {
            places.push(place);
        }
    }
    let folder = |place: usize| {
        let folder = all.get(place)?;
        let (name, comment) = if german(persona) { folder.german } else { folder.english };
        let above = if german(persona) { "Freigaben" } else { "Shares" };
        Some(Shared { name: name.to_owned(), comment, above, papers: folder.papers })
    };
    places.into_iter().filter_map(folder).collect()
}

/// Everything on the drive, by its path in small letters.
pub(super) fn entries(persona: &Persona) -> Entries {
    let mut builder = Builder { entries: Entries::new(), persona };
    builder.folder("/", attribute::DIRECTORY | attribute::HIDDEN | attribute::SYSTEM);
    system::build(&mut builder);
    for folder in shared(persona) {
        for paper in folder.papers {
            let (name, text) = if german(persona) { paper.german } else { paper.english };
            let path = format!("/{}/{}/{name}", folder.above, folder.name);
            builder.text(&path, text, Age::Worked);
        }
    }
    for file in &persona.files {
        builder.own(&file.path, file.bytes(), file.changed_at);
    }
    builder.entries
}

/// When something was changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// When the system was made.
    Made,
    /// When it was installed.
    Installed,
    /// While people worked with it.
    Worked,
}

struct Builder<'a> {
    entries: Entries,
    persona: &'a Persona,
}

impl Builder<'_> {
    /// A moment for `path`.
    fn moment(&self, path: &str, age: Age) -> i64 {
        let persona = self.persona;
        let mixed = number(persona, path) >> 3;
        let part = i64::try_from(mixed % 9973).unwrap_or(0);
        let within = |span: i64| span.max(0) / 9973 * part;
        match age {
            Age::Made => persona.installed_at - 90 * DAY - within(400 * DAY),
            Age::Installed => persona.installed_at + within(3_600_000_000),
            Age::Worked => persona.installed_at + within(persona.booted_at - persona.installed_at),
        }
    }

    fn add(&mut self, path: &str, attributes: u32, content: Content, age: Age) {
        let directory = attributes & attribute::DIRECTORY != 0;
        let (folder, name) = parted(path);
        if path != "/" && !self.entries.contains_key(&folder.to_lowercase()) {
            self.add(folder, attribute::DIRECTORY, Content::Bytes([].into()), Age::Installed);
        }
        let written = self.moment(path, age);
        let created = if age == Age::Worked { written } else { self.moment(path, Age::Installed) };
        let meta = Meta {
            directory,
            size: if directory { 0 } else { content.len() },
            created,
            accessed: created.max(written),
            written,
            changed: created.max(written),
            attributes,
            id: number(self.persona, path),
        };
        let name = if path == "/" { String::new() } else { name.to_owned() };
        self.entries.insert(path.to_lowercase(), Entry { name, meta, content });
    }

    fn folder(&mut self, path: &str, attributes: u32) {
        self.add(path, attributes, Content::Bytes([].into()), Age::Installed);
    }

    /// A program or another file whose bytes nobody keeps.
    fn made(&mut self, path: &str, size: u64, attributes: u32, age: Age) {
        let from = number(self.persona, path);
        self.add(path, attributes, Content::Made { size, from }, age);
    }

    /// A file that only this node has, changed at a moment of its clock.
    fn own(&mut self, path: &str, content: Vec<u8>, changed_at: i64) {
        self.add(path, attribute::ARCHIVE, Content::Bytes(content.into()), Age::Worked);
        if let Some(entry) = self.entries.get_mut(&path.to_lowercase()) {
            let meta = &mut entry.meta;
            (meta.created, meta.accessed, meta.written, meta.changed) =
                (changed_at, changed_at, changed_at, changed_at);
        }
    }

    /// A text, with what is the node's own in its places.
    fn text(&mut self, path: &str, template: &str, age: Age) {
        let content = papers::filled(self.persona, template).replace('\n', "\r\n");
        self.add(path, attribute::ARCHIVE, Content::Bytes(content.into_bytes().into()), age);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_lies_in_a_folder_that_is_there_and_is_older_than_the_last_boot() {
        let mut persona = netsvc_kit::testing::persona("web-01");
        for family in ["windows", "windows_server"] {
            persona.os.family = family.to_owned();
            let entries = entries(&persona);
            assert!(entries.len() > 50);
            for (path, entry) in &entries {
                let folder = parted(path).0;
                assert!(entries.get(folder).is_some_and(|folder| folder.meta.directory), "{path}");
                assert!(entry.meta.written <= persona.booted_at, "{path}");
                assert_eq!(*path, path.to_lowercase());
            }
            for share in shared(&persona) {
                let path = share.local().replace("C:", "").replace('\\', "/").to_lowercase();
                assert!(entries.contains_key(&path), "{path}");
            }
        }
        assert!(shared(&persona).len() >= 2);
    }
}
