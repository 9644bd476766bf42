//! `init` and `deinit` below a folder that stands for a host.

use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Units, target, rule and entry as they are for a package's programs.
const RENDERED: &str = "tests/it/units.txt";

/// A host: a folder that stands for its root, and the programs as somebody has built them.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Host {
        let folder = tempfile::tempdir().unwrap();
        let host = Host { folder };
        fs::create_dir_all(host.root("etc")).unwrap();
        fs::create_dir_all(host.folder.path().join("built")).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_decnet"), host.folder.path().join("built/decnet")).unwrap();
        fs::write(host.folder.path().join("built/netsvcd"), "service binary").unwrap();
        host
    }

    fn root(&self, path: &str) -> PathBuf {
        self.folder.path().join("root").join(path)
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(self.folder.path().join("built/decnet"))
            .args(words)
            .arg("--prefix")
            .arg(self.root(""))
            .env("DECNET_CONFIG", self.folder.path().join("none.ini"))
            .env_remove("DECNET_STATE_DIR")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn lines(&self, words: &[&str]) -> Vec<String> {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Every path below the root with what is in it.
    fn seen(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut found, mut folders) = (Vec::new(), vec![self.root("")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let data = fs::symlink_metadata(&path).unwrap();
                // The store writes to its files when it is looked at.
                let stays = data.is_file() && !path.to_string_lossy().contains("decnet.db");
                found.push((path.clone(), if stays { fs::read(&path).unwrap() } else { Vec::new() }));
                if data.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_host_is_made_once_and_taken_away_whole() {
    let host = Host::new();
    let before = host.seen();
    let would = host.lines(&["init", "--dry-run"]);
    assert!(would.iter().all(|line| line.starts_with("[ .. ]") || line.starts_with("[SKIP]")), "{would:?}");
    assert_eq!(host.seen(), before, "a dry run does nothing");
    let first = host.lines(&["init"]);
    assert!(
        first.iter().any(|line| line.starts_with("[ OK ] file ") && line.ends_with("decnet.target")),
        "{first:?}"
    );
    assert!(first.iter().any(|line| line.starts_with("[SKIP] systemd starts")), "{first:?}");
    let state = host.root("var/lib/decnet");
    assert_eq!((mode(&state), mode(&state.join("install.secret"))), (0o750, 0o600));
    assert_eq!(mode(&host.root("etc/decnet/decnet.ini")), 0o640);
    assert_eq!(fs::read(host.root("opt/decnet/bin/netsvcd")).unwrap(), b"service binary");
    let command = fs::read_link(host.root("usr/local/bin/decnet")).unwrap();
    assert_eq!(command, Path::new("/opt/decnet/bin/decnet"));
    let made = host.seen();
    let second = host.lines(&["init"]);
    assert!(second.iter().all(|line| line.starts_with("[SKIP]")), "{second:?}");
    assert_eq!(host.seen(), made, "a second run changes nothing");
    assert!(host.run(&["init", "--verify"]).status.success());
    fs::write(host.root("etc/systemd/system/decnet-bus.service"), "# Made by `decnet init`, and changed\n")
        .unwrap();
    fs::write(host.root("etc/decnet/decnet.ini"), "[decnet]\n; mine\n").unwrap();
    let output = host.run(&["init", "--verify", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<_> =
        told["steps"].as_array().unwrap().iter().filter(|step| step["outcome"] == "fail").collect();
    assert!(failed.len() == 1 && failed[0]["subject"].as_str().unwrap().contains("decnet-bus"), "{told:#}");
    assert_eq!(output.status.code(), Some(1));
    host.lines(&["init"]);
    assert_eq!(
        fs::read(host.root("etc/decnet/decnet.ini")).unwrap(),
        b"[decnet]\n; mine\n",
        "settings are kept"
    );
    host.lines(&["deinit"]);
    assert!(!host.root("etc/systemd/system/decnet.target").exists() && !host.root("opt/decnet").exists());
    assert!(state.join("install.secret").exists(), "what was recorded stays");
    host.lines(&["init", "--deinit", "--purge"]);
    let left: Vec<_> =
        host.seen().into_iter().filter(|(path, _)| path.is_file() || path.is_symlink()).collect();
    assert_eq!(left, [], "nothing of ours is left");
}

#[test]
fn what_fails_is_undone() {
    let host = Host::new();
    // A folder stands where a file is to be.
    fs::create_dir_all(host.root("etc/tmpfiles.d/decnet.conf/in-the-way")).unwrap();
    let before = host.seen();
    let output = host.run(&["init"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("[FAIL] file ") && text.contains("[UNDO] "), "{text}");
    assert_eq!(host.seen(), before, "{text}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("password"), "there is no operator any more");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let host = Host::new();
    let before = host.seen();
    for (words, told) in [
        (&["init", "--install-dir", "opt"][..], "not absolute"),
        (&["init", "--install-dir", "/opt"], "belongs to the system"),
        (&["--state-dir", "/var", "init"], "belongs to the system"),
        (&["init", "--user=-r"], "no name of an account"),
        (&["init", "--user", "Root:0"], "no name of an account"),
        (&["init", "--purge"], "--deinit"),
    ] {
        let output = host.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(told), "{words:?}: {said}");
        assert_eq!(host.seen(), before);
    }
    fs::remove_file(host.folder.path().join("built/netsvcd")).unwrap();
    let said = String::from_utf8(host.run(&["init"]).stderr).unwrap();
    assert!(said.contains("there is no netsvcd beside"), "{said}");
    assert_eq!(host.seen(), before);
}

#[test]
fn units_are_as_they_were_agreed() {
    let host = Host::new();
    host.lines(&["init", "--user", "ops", "--group", "watch", "--duty", "both", "--install-dir", "/srv/net"]);
    let files =
        ["etc/polkit-1/rules.d/50-decnet.rules", "etc/tmpfiles.d/decnet.conf"].map(|path| host.root(path));
    let units = fs::read_dir(host.root("etc/systemd/system")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = units.filter(|path| path.is_file()).chain(files).collect();
    files.sort();
    let shown = |path: &PathBuf| {
        let name = path.strip_prefix(host.root("")).unwrap().display().to_string();
        format!("==> /{name}\n{}\n", fs::read_to_string(path).unwrap())
    };
    let text: String = files.iter().map(shown).collect();
    let agreed = Path::new(env!("CARGO_MANIFEST_DIR")).join(RENDERED);
    if std::env::var_os("DECNET_TEST_WRITE").is_some() {
        fs::write(&agreed, &text).unwrap();
    }
    let wanted = fs::read_to_string(&agreed).unwrap_or_default();
    let other = text.lines().zip(wanted.lines()).find(|(one, other)| one != other);
    assert!(text == wanted, "{other:?}: look at it, then run this with DECNET_TEST_WRITE=1 to agree");
}

#[test]
fn an_upgrade_of_the_package_makes_units_anew_for_whom_they_were_made() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    fs::create_dir_all(at("bin")).unwrap();
    fs::create_dir_all(at("etc/systemd/system")).unwrap();
    fs::write(at("bin/decnet"), format!("#!/bin/sh\necho \"$@\" >'{}'\n", at("asked").display())).unwrap();
    fs::set_permissions(at("bin/decnet"), fs::Permissions::from_mode(0o755)).unwrap();
    for unit in ["decnet.target", "decnet-link.service"] {
        fs::write(at("etc/systemd/system").join(unit), "").unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/postinst");
    let upgrade = |program: &str| {
        let unit = format!("ExecStart={program} --state-dir /srv/state bus\nUser=ops\nGroup=watch\n");
        fs::write(at("etc/systemd/system/decnet-bus.service"), unit).unwrap();
        let mut command = Command::new("sh");
        command.arg(&script).args(["configure", "1.0"]).env("DPKG_ROOT", root.path());
        let path = format!("{}:/usr/bin:/bin", at("bin").display());
        assert!(command.env("PATH", path).status().unwrap().success());
        fs::read_to_string(at("asked")).unwrap_or_default()
    };
    assert_eq!(upgrade("/opt/decnet/bin/decnet"), "", "what was copied is not the package's");
    let wanted = format!(
        "--state-dir /srv/state init --no-start --prefix {} --user ops --group watch --duty agent\n",
        root.path().display()
    );
    assert_eq!(upgrade("/usr/bin/decnet"), wanted);
}
