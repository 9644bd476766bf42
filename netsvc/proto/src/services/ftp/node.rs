//! The node's own files: what the shell shows, sftp and scp serve, and uploads by other services changed.

use super::tree::{Actor, Attributes, FileTree, TreeError};
use crate::account;
use netsvc_kit::{Host, Link};
use netsvc_shell::{
    Origin,
    fs::{Credentials, Errno, Fs, Kind, OpenOptions, Stat, join, parent},
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Number of the account that anonymous is.
const ANONYMOUS: u32 = 998;
/// Longest file that is read at once.
const LONGEST: usize = 64 << 20;

/// The files as one login sees them. Names and paths are in the text of [`netsvc_shell::text`].
pub struct NodeFiles {
    fs: Mutex<Fs>,
    home: String,
    user: (u32, String),
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl NodeFiles {
    /// The files that `user` sees over `link`; `None`: anonymous. `umask` is the server's.
    pub fn new(host: &Host, link: &Link, user: Option<&str>, umask: u32) -> Self {
        let shell = account::shell(host);
        let name = user.unwrap_or("ftp");
        let mut fs = shell.fs(name, link.source(), account::facts(host, link, None));
        fs.set_origin(Origin::Upload);
        fs.umask = umask;
        let users = account::names(&mut fs, "/etc/passwd");
        let groups = account::names(&mut fs, "/etc/group");
        let home = fs.cwd().to_owned();
        if user.is_none() {
            fs.credentials = Credentials { uid: ANONYMOUS, gid: ANONYMOUS, groups: Vec::new() };
        }
        let user = (fs.credentials.uid, name.to_owned());
        NodeFiles { fs: Mutex::new(fs), home, user, users, groups }
    }

    /// The user's home.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// Number and name of the user.
    pub fn user(&self) -> &(u32, String) {
        &self.user
    }

    fn attributes(&self, stat: &Stat, target: Option<String>) -> Attributes {
        let (uid, gid) = (stat.meta.uid, stat.meta.gid);
        let named = |table: &BTreeMap<u32, String>, number: u32| {
            table.get(&number).cloned().unwrap_or_else(|| number.to_string())
        };
        Attributes {
            kind: stat.kind,
            target,
            mode: stat.meta.mode,
            links: stat.links,
            owner: (uid, named(&self.users, uid)),
            group: (gid, named(&self.groups, gid)),
            size: stat.size,
            modified: stat.meta.modified,
        }
    }

    /// Runs `act`. What it led to is reported by the server, which knows the command, and not from here.
    fn act<T>(&self, act: impl FnOnce(&mut Fs) -> Result<T, Errno>) -> Result<T, TreeError> {
        let mut fs = self.fs.lock();
        let done = act(&mut fs);
        drop(fs.take_events());
        done.map_err(error)
    }
}

fn error(errno: Errno) -> TreeError {
    match errno {
        Errno::NotFound | Errno::NameTooLong | Errno::Loop => TreeError::NotFound,
        Errno::NotDirectory => TreeError::NotDirectory,
        Errno::IsDirectory => TreeError::IsDirectory,
        Errno::Exists => TreeError::Exists,
        Errno::NotEmpty => TreeError::NotEmpty,
        Errno::NoSpace | Errno::TooBig => TreeError::NoSpace,
        _ => TreeError::Denied,
    }
}

impl FileTree for NodeFiles {
    fn stat(&self, _: &Actor, path: &str) -> Result<Attributes, TreeError> {
        let stat = self.fs.lock().stat(path).map_err(error)?;
        Ok(self.attributes(&stat, None))
    }

    fn list(&self, _: &Actor, path: &str) -> Result<Vec<(String, Attributes)>, TreeError> {
        let fs = self.fs.lock();
        let entry = |name: String| {
            let path = join(path, &name);
            let stat = fs.lstat(&path).ok()?;
            let target = fs.readlink(&path).ok();
            Some((name, self.attributes(&stat, target)))
        };
        Ok(fs.readdir(path).map_err(error)?.into_iter().filter_map(entry).collect())
    }

    fn enter(&self, _: &Actor, path: &str) -> Result<(), TreeError> {
        self.fs.lock().access(path, 1).map_err(error)
    }

    fn read(&self, _: &Actor, path: &str) -> Result<Arc<[u8]>, TreeError> {
        self.act(|fs| {
            let handle = fs.open(path, OpenOptions::read(), 0)?;
            let content = fs.read_at(handle, 0, LONGEST);
            fs.close(handle)?;
            content.map(Arc::from)
        })
    }

    fn may_write(&self, _: &Actor, path: &str) -> Result<(), TreeError> {
        let fs = self.fs.lock();
        let path = fs.resolve(path, true).map_err(error)?;
        match fs.stat(&path) {
            Ok(stat) if stat.kind == Kind::Directory => Err(TreeError::IsDirectory),
            Ok(_) => fs.access(&path, 2).map_err(error),
            Err(_) => fs.access(parent(&path), 3).map_err(error),
        }
    }

    fn write(&self, _: &Actor, path: &str, content: &[u8]) -> Result<(), TreeError> {
        self.act(|fs| fs.write_file(path, content, 0o666))
    }

    fn make_directory(&self, _: &Actor, path: &str) -> Result<(), TreeError> {
        self.act(|fs| fs.mkdir(path, 0o777))
    }

    fn remove(&self, _: &Actor, path: &str, directory: bool) -> Result<(), TreeError> {
        self.act(|fs| if directory { fs.rmdir(path) } else { fs.unlink(path) })
    }

    fn rename(&self, _: &Actor, from: &str, to: &str) -> Result<(), TreeError> {
        self.act(|fs| fs.rename(from, to))
    }

    fn set_mode(&self, _: &Actor, path: &str, mode: u32) -> Result<(), TreeError> {
        self.act(|fs| fs.chmod(path, mode & 0o777))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, link, persona, stage};

    #[test]
    fn a_login_sees_and_changes_the_files_of_the_shell() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("web-01"), "ftp", &[]);
        let link = link(21);
        let files = NodeFiles::new(&host, &link, Some("root"), 0o077);
        let actor = Actor { source: link.source(), user: files.user().clone(), clock: 0 };
        files.write(&actor, "/tmp/x", b"hi").unwrap();
        let mut shell =
            account::shell(&host).login("root", link.source(), account::facts(&host, &link, None));
        let seen =
            shell.exec("cat /tmp/x; stat -c %a /tmp/x; ls -A /root | sort; echo own > /root/own", None);
        let seen = String::from_utf8(seen.bytes(netsvc_shell::Stream::Out)).unwrap();
        assert!(seen.starts_with("hi600\n"), "{seen}");
        for (name, _) in files.list(&actor, "/root").unwrap() {
            assert!(name == "own" || seen.lines().any(|line| line == name), "{name} is not in {seen}");
        }
        assert_eq!(&*files.read(&actor, "/root/own").unwrap(), b"own\n");
        let bin = files.list(&actor, "/").unwrap().into_iter().find(|(name, _)| name == "bin").unwrap().1;
        assert_eq!((bin.kind, bin.target.as_deref()), (Kind::Symlink, Some("usr/bin")));
    }

    #[test]
    fn anonymous_reads_what_is_public_and_writes_where_anybody_may() {
        let folder = tempfile::tempdir().unwrap();
        let stage = stage(folder.path());
        // A server says which services there are.
        let _server = netsvc_kit::server::Server::new(stage.clone(), crate::ALL);
        let host = host(&stage, persona("web-01"), "ftp", &[]);
        let link = link(21);
        let files = NodeFiles::new(&host, &link, None, 0o077);
        let actor = Actor { source: link.source(), user: files.user().clone(), clock: 0 };
        assert_eq!(files.write(&actor, "/etc/x", b""), Err(TreeError::Denied));
        assert_eq!(files.may_write(&actor, "/srv/ftp/x"), Err(TreeError::Denied));
        assert_eq!(files.read(&actor, "/etc/shadow"), Err(TreeError::Denied));
        assert_eq!(files.enter(&actor, "/root"), Err(TreeError::Denied));
        assert_eq!(files.may_write(&actor, "/srv/ftp/incoming/x"), Ok(()));
        files.write(&actor, "/srv/ftp/incoming/x", b"1").unwrap();
        let entry = files.list(&actor, "/srv/ftp/incoming").unwrap().remove(0).1;
        assert_eq!((entry.owner.0, entry.size), (998, 1));
    }
}
