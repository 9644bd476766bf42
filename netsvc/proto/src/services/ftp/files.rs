//! What lies in the tree of a persona: dated, owned and named as the persona is.

use super::{
    bait::Entry,
    tree::{Attributes, parent},
};
use netsvc_persona::Persona;
use std::{collections::BTreeMap, fmt::Write};

/// µs of a day.
const DAY: i64 = 86_400_000_000;

/// A directory.
pub fn directory(mode: u32, owner: (u32, String), modified: i64) -> Entry {
    let attributes = Attributes { directory: true, mode, group: owner.clone(), owner, size: 4096, modified };
    Entry { attributes, content: [].into() }
}

/// All entries of `persona` by path.
pub fn tree(persona: &Persona) -> BTreeMap<String, Entry> {
    let mut builder = Builder { entries: BTreeMap::new(), at: persona.installed_at };
    if persona.os.family.starts_with("windows") {
        windows(persona, &mut builder);
    } else if persona.os.family == "embedded" {
        printer(persona, &mut builder);
    } else {
        unix(persona, &mut builder);
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
            directory: false,
            mode,
            group: owner.clone(),
            owner,
            size: content.len() as u64,
            modified: self.at + days * DAY + spread,
        };
        self.entries.insert(path.to_owned(), Entry { attributes, content: content.into() });
    }
}

fn unix(persona: &Persona, builder: &mut Builder) {
    let root = (0, "root");
    for path in [
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/mnt",
        "/opt",
        "/proc",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/usr",
        "/var",
        "/var/www",
        "/var/www/html",
        "/var/log",
        "/var/lib",
    ] {
        builder.folder(path, 0o755, root, 0);
    }
    builder.folder("/tmp", 0o777, root, 0);
    builder.folder("/root", 0o700, root, 0);
    let mut passwd = String::from(
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
    );
    for user in persona.users.iter().filter(|user| user.uid != 0) {
        let _ = writeln!(
            passwd,
            "{0}:x:{1}:{1}:{2}:{3}:{4}",
            user.name, user.uid, user.full_name, user.home, user.shell
        );
        builder.folder(&user.home, 0o755, (user.uid, &user.name), 3);
        builder.file(
            &format!("{}/.bashrc", user.home),
            0o644,
            (user.uid, &user.name),
            3,
            "# ~/.bashrc\nalias ll='ls -l'\n",
        );
    }
    builder.file("/etc/passwd", 0o644, root, 3, passwd);
    unix_files(persona, builder);
}

fn unix_files(persona: &Persona, builder: &mut Builder) {
    let root = (0, "root");
    builder.file("/etc/shadow", 0o600, root, 3, "");
    builder.file("/etc/hostname", 0o644, root, 0, format!("{}\n", persona.hostname));
    builder.file(
        "/etc/hosts",
        0o644,
        root,
        0,
        format!("127.0.0.1\tlocalhost\n{}\t{} {}\n", persona.ip, persona.fqdn(), persona.hostname),
    );
    builder.file("/var/www/html/index.html", 0o644, root, 1, "<html><body></body></html>\n");
    builder.file("/root/.bashrc", 0o644, root, 0, "# ~/.bashrc\n");
    builder.folder("/root/backup", 0o700, root, 40);
    builder.file("/root/backup/backup.sh", 0o700, root, 40, backup_script(persona));
    builder.file("/root/backup/db.conf", 0o600, root, 41, database_settings(persona));
    builder.folder("/srv/ftp", 0o755, root, 2);
    builder.folder("/srv/ftp/pub", 0o755, root, 2);
    builder.folder("/srv/ftp/incoming", 0o777, root, 2);
    builder.file(
        "/srv/ftp/pub/README",
        0o644,
        root,
        2,
        format!("Files of {}. Put uploads into /incoming.\n", persona.fqdn()),
    );
}

fn backup_script(persona: &Persona) -> String {
    format!(
        "#!/bin/sh\n# nightly copy of {0}\nset -e\nDAY=$(date +%F)\ntar czf /var/backups/etc-$DAY.tar.gz /etc\n\
         mysqldump --defaults-file=/root/backup/db.conf --all-databases | gzip > /var/backups/db-$DAY.sql.gz\n\
         rsync -a /var/backups/ backup@nas.{1}:/volume1/{0}/\n",
        persona.hostname, persona.domain
    )
}

fn database_settings(persona: &Persona) -> String {
    let password: String = persona.hardware.machine_id.chars().take(12).collect();
    format!("[client]\nhost = db.{}\nuser = backup\npassword = {password}\n", persona.domain)
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
