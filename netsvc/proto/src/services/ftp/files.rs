//! What lies in the tree of a Windows server or a printer: dated, owned and named as the persona is.

use super::tree::{Attributes, parent};
use netsvc_persona::{OwnFile, Persona};
use netsvc_shell::fs::Kind;
use std::{collections::BTreeMap, sync::Arc};

/// What the FTP service of IIS shows, on the drive; what is below begins with `/`.
const ROOT: &str = "/inetpub/ftproot";

/// µs of a day.
const DAY: i64 = 86_400_000_000;

/// A file or directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is known of it.
    pub attributes: Attributes,
    /// Content; empty for a directory.
    pub content: Arc<[u8]>,
}

/// A directory.
pub fn directory(mode: u32, owner: (u32, String), modified: i64) -> Entry {
    let kind = Kind::Directory;
    let attributes =
        Attributes { kind, target: None, mode, links: 2, group: owner.clone(), owner, size: 4096, modified };
    Entry { attributes, content: [].into() }
}

/// All entries of `persona` by path.
pub fn tree(persona: &Persona) -> BTreeMap<String, Entry> {
    let mut builder = Builder { entries: BTreeMap::new(), at: persona.installed_at };
    if persona.os.family.starts_with("windows") {
        windows(persona, &mut builder);
        for file in &persona.files {
            builder.own(file);
        }
    } else {
        printer(persona, &mut builder);
    }
    builder.entries
}

struct Builder {
    entries: BTreeMap<String, Entry>,
    at: i64,
}

impl Builder {
    fn folder(&mut self, path: &str, mode: u32, owner: (u32, &str), days: i64) {
        let owner = (owner.0, owner.1.to_owned());
        self.entries.insert(path.to_owned(), directory(mode, owner, self.at + days * DAY));
    }

    fn file(&mut self, path: &str, mode: u32, owner: (u32, &str), days: i64, content: impl Into<Vec<u8>>) {
        if let Some((folder, _)) = parent(path)
            && !self.entries.contains_key(folder)
        {
            self.folder(folder, 0o755, owner, days);
        }
        let content: Vec<u8> = content.into();
        let owner = (owner.0, owner.1.to_owned());
        // The minute within the day comes from the path, so that not all files are of the same one.
        let spread = path.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let spread = i64::try_from(spread % 50_000).unwrap_or_default() * 1_000_000;
        let attributes = Attributes {
            kind: Kind::File,
            target: None,
            mode,
            links: 1,
            group: owner.clone(),
            owner,
            size: content.len() as u64,
            modified: self.at + days * DAY + spread,
        };
        self.entries.insert(path.to_owned(), Entry { attributes, content: content.into() });
    }
}

impl Builder {
    /// A file that only this node has, where it lies below what IIS shows.
    fn own(&mut self, file: &OwnFile) {
        let folder = file.path.get(..ROOT.len()).filter(|start| start.eq_ignore_ascii_case(ROOT));
        let Some(path) = folder.and_then(|_| file.path.get(ROOT.len()..)) else { return };
        self.file(path, 0o644, (0, "owner"), 0, file.bytes());
        if let Some(entry) = self.entries.get_mut(path) {
            entry.attributes.modified = file.changed_at;
        }
    }
}

fn windows(persona: &Persona, builder: &mut Builder) {
    let owner = (0, "owner");
    builder.folder("/", 0o755, owner, 0);
    builder.folder("/aspnet_client", 0o755, owner, 0);
    builder.folder("/backup", 0o755, owner, 30);
    builder.folder("/incoming", 0o777, owner, 5);
    builder.folder("/tmp", 0o777, owner, 5);
    builder.file("/iisstart.htm", 0o644, owner, 0, "<html></html>\r\n");
    builder.file(
        "/web.config",
        0o644,
        owner,
        4,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n  <connectionStrings>\r\n    <add \
             name=\"Main\" connectionString=\"Server=sql01.{};Database=Intranet;User Id=web;Password={}\" />\r\n  \
             </connectionStrings>\r\n</configuration>\r\n",
            persona.domain,
            persona.hardware.machine_id.chars().take(10).collect::<String>()
        ),
    );
    builder.file(
        "/backup/robocopy.cmd",
        0o644,
        owner,
        31,
        format!("robocopy C:\\inetpub \\\\nas.{}\\backup /MIR /R:1\r\n", persona.domain),
    );
}

fn printer(persona: &Persona, builder: &mut Builder) {
    let owner = (0, "hp");
    for path in ["/", "/PORT1"] {
        builder.folder(path, 0o777, owner, 0);
    }
    let text = format!("Send print data to the directory PORT1.\r\n{} {}\r\n", persona.hostname, persona.ip);
    builder.file("/readme.txt", 0o444, owner, 0, text);
}
