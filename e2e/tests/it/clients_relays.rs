//! What hands things on, with its own clients: copies by rsync, a proxy, a mail server that relays for everybody.

use crate::fleet::{Fleet, client, have, printed};
use std::{fs, process::Command};

const FLEET: &str = "[general]\nnet = 127.98.0.0/16\nseed = e2e\ndomain = corp.example\n\n\
    [copies]\nip = 127.98.1.0\ndistro = debian\nservices = rsync\n\n\
    [old]\nip = 127.98.1.1\ndistro = centos7\nservices = rsync\n\n[old.rsync]\nlogins = none\nwritable = all\n\n\
    [proxy]\nip = 127.98.1.2\ndistro = debian\nservices = socks5, http\n\n\
    [closed]\nip = 127.98.1.3\ndistro = debian\nservices = socks5\nlogin = accept-after=2\n\n\
    [closed.socks5]\nlogin = password\n\n\
    [relay]\nip = 127.98.1.4\ndistro = debian\nservices = smtp_relay\n";

fn rsync(words: &[&str]) -> String {
    printed(&client("rsync", words))
}

fn copies(fleet: &Fleet) {
    let url = |index: u8, path: &str| format!("rsync://{}:10873/{path}", fleet.ip(index));
    let list = rsync(&[&url(0, "")]);
    let line = |name: &str, about: &str| format!("{name:<15}\t{about}\n");
    let modules = line("backup", "nightly copies")
        + &line("www", "site of corp.example")
        + &line("public", "public files");
    assert_eq!(list, modules);
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // Whole modules, in clear and compressed, to a release of long ago too.
    for (index, options) in [(0, "-av"), (0, "-avz"), (1, "-av"), (1, "-avcz")] {
        let to = here(&format!("www-{index}-{options}/"));
        let said = rsync(&[options, &url(index, "www/"), &to]);
        assert!(said.contains("config.php") && said.contains("total size is"), "{options}: {said}");
        let page = fs::read_to_string(format!("{to}index.html")).unwrap();
        assert!(page.contains("<h1>corp.example</h1>"), "{page}");
        // A second time there is nothing to fetch.
        let again = rsync(&[options, &url(index, "www/"), &to]);
        assert!(!again.contains("index.html"), "{options}: {again}");
    }
    fleet.wait_for_text("file_read", "path", "/srv/www/config.php");
    assert!(
        rsync(&["-av", &url(0, "public/none"), &here("x")])
            .contains("link_stat \"/none\" (in public) failed")
    );
    assert!(rsync(&["-av", &url(0, "nothing/"), &here("x")]).contains("@ERROR: Unknown module 'nothing'"));
}

/// What is put there is kept, is there for whoever put it, and has its time.
fn uploads(fleet: &Fleet) {
    let url = |path: &str| format!("rsync://{}:10873/{path}", fleet.ip(0));
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let own = here("own/");
    fs::create_dir_all(format!("{own}deep/er")).unwrap();
    fs::write(format!("{own}shell.php"), "<?php system($_GET['c']);").unwrap();
    fs::write(format!("{own}deep/er/large"), vec![b'x'; 300_000]).unwrap();
    std::os::unix::fs::symlink("shell.php", format!("{own}link")).unwrap();
    for options in ["-av", "-avz"] {
        let said = rsync(&[options, &own, &url(&format!("www/up{options}/"))]);
        assert!(said.contains("deep/er/large") && said.contains("total size is"), "{options}: {said}");
        let back = here(&format!("back{options}/"));
        rsync(&["-a", &url(&format!("www/up{options}/")), &back]);
        let compared = Command::new("diff").args(["-r", "--no-dereference", &own, &back]).output().unwrap();
        assert!(compared.status.success(), "{options}: {}", String::from_utf8_lossy(&compared.stdout));
    }
    let kept = fleet.wait_for_text("file_captured", "path", "/shell.php");
    let content = fleet.artefact(kept["fields"]["sha256"].as_str().unwrap());
    assert_eq!(content, b"<?php system($_GET['c']);");
    assert!(rsync(&["-av", &own, &url("public/")]).contains("ERROR: module is read only"));
}

/// The password stands in a file that the other module gives away.
fn logins(fleet: &Fleet) {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    rsync(&["-a", &format!("rsync://{}:10873/www/", fleet.ip(0)), &here("www/")]);
    let password = fs::read_to_string(here("www/config.php")).unwrap();
    let password = password.split("password = '").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    for (password, text) in [("wrong", "@ERROR: auth failed on module backup"), (&password, "db/all.sql")] {
        let secret = here("secret");
        fs::write(&secret, format!("{password}\n")).unwrap();
        Command::new("chmod").args(["600", &secret]).status().unwrap();
        let url = format!("rsync://backup@{}:10873/backup/", fleet.ip(0));
        let said = rsync(&["-av", &format!("--password-file={secret}"), &url, &here("backup/")]);
        assert!(said.contains(text), "{said}");
    }
    let tried = fleet.wait_for_text("auth_attempt", "secret_kind", "rsync_sha512");
    assert!(tried["fields"]["crack_line"].as_str().is_some_and(|line| line.contains(':')), "{tried}");
    if have("nmap", "nmap") {
        // Its script takes no greeting that lists digests, as those since 3.2.7 do.
        let scan = ["-Pn", "-sT", "-sV", "-p", "10873", "--script", "+rsync-list-modules", &fleet.ip(1)];
        let seen = printed(&client("nmap", &scan));
        assert!(seen.contains("(protocol version 31)") && seen.contains("nightly copies"), "{seen}");
    }
}

/// Whether something of a web server came: a page, or where it is.
fn is_page(text: &str) -> bool {
    text.to_lowercase().contains("<html") || text.contains("<a href=")
}

fn proxy(fleet: &Fleet) {
    let curl = |index: u8, user: &str, words: &[&str]| {
        let proxy = format!("socks5h://{user}{}:11080", fleet.ip(index));
        printed(&client("curl", &[&["-sS", "-m", "20", "--proxy", &proxy], words].concat()))
    };
    let page = curl(2, "", &["http://www.example.org/"]);
    assert!(is_page(&page), "{page}");
    // What comes is for the application there to say: a page, where to go on, or that it was refused.
    let said = curl(2, "", &["-k", "https://www.example.org/login", "-d", "user=anna&password=Sommer1"]);
    assert!(!said.contains("curl: ("), "{said}");
    fleet.wait_for_text("forward_request", "target", "www.example.org:443");
    fleet.wait_for_text("tls_handshake", "sni", "www.example.org");
    // A machine of the fleet answers with its own page.
    let own = curl(2, "", &[&format!("http://{}:80/", fleet.ip(2))]);
    assert!(is_page(&own), "{own}");
    assert!(curl(2, "", &["http://nobody.invalid/"]).contains("curl: (97)"));
    assert!(curl(2, "", &[&format!("http://{}:81/", fleet.ip(2))]).contains("curl: (97)"));
    let (from, to) = (["--mail-from", "a@example.net"], ["--mail-rcpt", "b@example.org"]);
    let mail = tempfile::NamedTempFile::new().unwrap();
    fs::write(mail.path(), "Subject: through a proxy\r\n\r\nhello\r\n").unwrap();
    let upload = ["-T", mail.path().to_str().unwrap(), "smtp://mx.example.org"];
    assert_eq!(curl(2, "", &[&from[..], &to, &upload].concat()), "");
    fleet.wait_for_text("message_stored", "subject", "through a proxy");

    assert!(curl(3, "anna:first@", &["http://www.example.org/"]).contains("curl: (97)"));
    let page = curl(3, "anna:second@", &["http://www.example.org/"]);
    assert!(is_page(&page), "{page}");
    fleet.wait_for_text("auth_attempt", "secret_printable", "second");
    if have("nmap", "nmap") {
        // It asks ports of other numbers for proxies only when told to ask everything.
        let ip = fleet.ip(2);
        let scan = ["-Pn", "-sT", "-sV", "--version-all", "-p", "11080", "--script", "+socks-auth-info", &ip];
        let seen = printed(&client("nmap", &scan));
        assert!(seen.contains("socks5") && seen.contains("No authentication"), "{seen}");
    }
}

fn relay(fleet: &Fleet) {
    for to in ["drop@example.org", "drop%example.org@[127.98.1.4]", "nobody@corp.example"] {
        let server = format!("{}:10025", fleet.ip(4));
        let words = [
            "--server",
            &server,
            "--from",
            "probe@example.net",
            "--to",
            to,
            "--header",
            "Subject: relay test",
        ];
        let said = printed(&client("swaks", &words));
        assert!(said.contains("250 2.0.0 Ok: queued as") || said.contains("250 OK id="), "{to}: {said}");
    }
    fleet.wait_for_text("message_stored", "rcpt_to", "drop@example.org");
    fleet.wait_for_text("rcpt_to", "rcpt_to", "drop%example.org");
    if have("nmap", "nmap") {
        let scan = ["-Pn", "-sT", "-p", "10025", "--script", "+smtp-open-relay", &fleet.ip(4)];
        let seen = printed(&client("nmap", &scan));
        assert!(seen.contains("Server is an open relay"), "{seen}");
    }
}

#[test]
fn copies_are_fetched_and_put_proxies_used_and_mail_relayed_with_their_own_clients() {
    let tools = [("rsync", "rsync"), ("curl", "curl"), ("swaks", "swaks")];
    if !tools.iter().all(|(tool, package)| have(tool, package)) {
        return;
    }
    let fleet = Fleet::deploy_config(98, FLEET);
    copies(&fleet);
    uploads(&fleet);
    logins(&fleet);
    proxy(&fleet);
    relay(&fleet);
}
