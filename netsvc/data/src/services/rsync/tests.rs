//! The real client against the daemon, over a connection of its own, and conversations without one.

use super::SERVICE;
use netsvc_kit::{
    server::Server,
    testing::{converse, host, link, persona_with, records, sent, stage},
};
use netsvc_persona::{
    Product,
    stage::{PortSpec, ServiceSpec, Transport},
};
use std::{fs, net::SocketAddr, path::Path, process::Command};

/// Whether the client is there. Where CI is set a missing one is a failure.
fn have() -> bool {
    let found = Command::new("rsync").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "rsync is missing");
    found
}

/// Serves modules of this release with these settings.
fn serve(folder: &Path, release: (&str, &str), settings: &[(&str, &str)]) -> (Server, SocketAddr) {
    let server = Server::new(stage(folder), crate::ALL);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let slug = SERVICE.slug.to_owned();
    let spec = PortSpec { slug: slug.clone(), transport: Transport::Tcp, port: 873, tls: false };
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut persona = persona_with(&SERVICE, "copies");
    release.0.clone_into(&mut persona.os.id);
    let (name, version) = ("rsync".to_owned(), release.1.to_owned());
    persona.products.insert(slug.clone(), Product { name, version, packaging: String::new() });
    server.add(persona, &[ServiceSpec { slug, settings }], vec![(spec, listener.into())]).unwrap();
    (server, address)
}

/// What the client prints, and whether it is content.
fn client(words: &[&str], password: &str) -> (String, bool) {
    let mut command = Command::new("timeout");
    let output = command.arg("20").arg("rsync").args(words).env("RSYNC_PASSWORD", password).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.success())
}

fn count(folder: &Path, kind: &str) -> usize {
    records(folder).iter().filter(|record| record.kind == kind).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_client_fetches_and_puts_files() {
    if !have() {
        return;
    }
    for (release, settings, options) in [
        (("debian12", "3.2.7"), &[][..], &["-av", "-avz", "-avc", "-rlptD", "-avH"][..]),
        (("rocky9", "3.2.3"), &[], &["-av", "-avz"]),
        (("centos7", "3.1.2"), &[("logins", "none"), ("writable", "all")], &["-av", "-avz"]),
        (("centos6", "3.0.6"), &[], &["-av"]),
    ] {
        let (spool, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (server, address) = serve(spool.path(), release, settings);
        let url = |path: &str| format!("rsync://{address}/{path}");
        let here = |name: &str| format!("{}/{name}", folder.path().display());
        let (list, fine) = client(&[&url("")], "");
        assert!(fine && list.contains("public         \tpublic files\n"), "{release:?}: {list}");
        for option in options {
            let to = here(&format!("www{option}/"));
            let (said, fine) = client(&[option, &url("www/"), &to], "");
            assert!(fine, "{release:?} {option}: {said}");
            let page = fs::read_to_string(format!("{to}index.html")).unwrap();
            assert!(page.contains("<h1>corp.example</h1>"), "{page}");
            let (again, fine) = client(&[option, &url("www/"), &to], "");
            assert!(fine && !again.contains("index.html"), "{release:?} {option}: {again}");
        }
        let own = here("own/");
        fs::create_dir_all(format!("{own}deep/er")).unwrap();
        fs::write(format!("{own}shell.php"), "<?php system($_GET['c']);").unwrap();
        fs::write(format!("{own}deep/er/large"), "0123456789".repeat(30_000)).unwrap();
        fs::write(format!("{own}deep/empty"), "").unwrap();
        std::os::unix::fs::symlink("shell.php", format!("{own}link")).unwrap();
        for option in options.iter().filter(|option| option.starts_with("-a")) {
            let there = url(&format!("www/up{option}/"));
            let (said, fine) = client(&[option, &own, &there], "");
            assert!(fine, "{release:?} {option}: {said}");
            let back = here(&format!("back{option}/"));
            let (said, fine) = client(&["-a", &there, &back], "");
            assert!(fine, "{release:?} {option}: {said}");
            let compared =
                Command::new("diff").args(["-r", "--no-dereference", &own, &back]).output().unwrap();
            assert!(compared.status.success(), "{option}: {}", String::from_utf8_lossy(&compared.stdout));
        }
        server.clear();
        assert!(count(spool.path(), "file_captured") >= 3 && count(spool.path(), "file_read") >= 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_client_is_refused_as_by_the_real_daemon() {
    if !have() {
        return;
    }
    let (spool, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, address) = serve(spool.path(), ("debian12", "3.2.7"), &[]);
    let to = folder.path().display().to_string();
    for (words, password, text) in [
        (["-av", "nothing/"], "", "@ERROR: Unknown module 'nothing'"),
        (["-av", "public/none"], "", "link_stat \"/none\" (in public) failed: No such file or directory (2)"),
        (["-av", "backup/"], "wrong", "@ERROR: auth failed on module backup"),
        (["-avX", "public/"], "", "The server is configured to refuse --xattrs"),
        (["--list-only", "public/"], "", "README.txt"),
        (["-avn", "public/"], "", "README.txt"),
        // The password is what the machine's other files have.
        (["-av", "backup/"], "0123456789ab", "db/all.sql"),
        (["-av", "public/READ*"], "", "README.txt"),
    ] {
        let [option, path] = words;
        let (said, _) = client(&[option, &format!("rsync://backup@{address}/{path}"), &to], password);
        assert!(said.contains(text), "{words:?}: {said}");
    }
    let (said, fine) = client(&["-av", "/etc/hostname", &format!("rsync://{address}/public/")], "");
    assert!(!fine && said.contains("ERROR: module is read only"), "{said}");
    let (said, fine) = client(&["-avn", "/etc/hostname", &format!("rsync://{address}/www/")], "");
    assert!(fine && said.contains("hostname"), "{said}");
    server.clear();
    let line = records(spool.path()).into_iter().find(|record| record.kind == "auth_attempt").unwrap();
    let field =
        |name: &str| line.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(field("secret_kind").as_deref(), Some(&b"rsync_sha512"[..]));
    assert!(field("crack_line").is_some());
}

#[test]
fn nothing_leads_out_of_a_module() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&stage(folder.path()), persona_with(&SERVICE, "copies"), "rsync", &[]);
    let ask = |path: &str| {
        let text = format!("@RSYNCD: 31.0\npublic\n--server\0--sender\0-logDtpr\0.\0{path}\0\0");
        let bytes = [text.as_bytes(), b"\x04\0\0\x07\0\0\0\0"].concat();
        String::from_utf8_lossy(&sent(&converse(&SERVICE, &host, &link(873), &[&bytes]))).into_owned()
    };
    for path in ["public/../../../etc/", "public/../backup/", "/etc/", "public/etc"] {
        let said = ask(path);
        assert!(!said.contains("passwd") && !said.contains("all.sql"), "{path}: {said}");
    }
}
