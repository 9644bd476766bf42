//! The part of the tree that belongs to one node: homes, processes, its disk and interface.

use super::{
    image::{Age, Content, Tree},
    node::{Kind, join, parent},
};
use crate::{
    flavour::Flavour,
    live::{Dynamic, KernelItem, Live, ProcessItem},
};
use netsvc_persona::{Persona, daemon::Changed};

const BASHRC: &str = "# ~/.bashrc: executed by bash(1) for non-login shells.\n\n# Note: PS1 and umask are already set in /etc/profile. You should not\n# need this unless you want different defaults for root.\n# PS1='${debian_chroot:+($debian_chroot)}\\h:\\w\\$ '\n# umask 022\n\n# You may uncomment the following lines if you want `ls' to be colorized:\n# export LS_OPTIONS='--color=auto'\n# eval \"$(dircolors)\"\n# alias ls='ls $LS_OPTIONS'\n# alias ll='ls $LS_OPTIONS -l'\n";
const PROFILE: &str = "# ~/.profile: executed by Bourne-compatible login shells.\n\nif [ \"$BASH\" ]; then\n  if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\n  fi\nfi\n\nmesg n 2> /dev/null || true\n";

/// The tree of the node that `live` describes.
pub(crate) fn tree(live: &Live) -> Tree {
    let mut tree = Tree::default();
    homes(&mut tree, live);
    hardware(&mut tree, live);
    services(&mut tree, live);
    backup(&mut tree, live);
    terminals(&mut tree, live);
    libraries(&mut tree, live);
    // Scripts that lead on to other nodes log in with it.
    if !live.persona.place.reach.is_empty() {
        tree.add("/usr/bin/sshpass", Kind::File, 0o755, Age::Package, Content::Program);
    }
    lived(&mut tree, live);
    for process in live.processes() {
        let folder = format!("/proc/{}", process.pid);
        for (file, item) in [
            ("cmdline", ProcessItem::CommandLine),
            ("comm", ProcessItem::Name),
            ("status", ProcessItem::Status),
            ("stat", ProcessItem::Stat),
            ("maps", ProcessItem::Maps),
            ("cgroup", ProcessItem::Group),
        ] {
            tree.dynamic(&format!("{folder}/{file}"), 0o444, Age::Now, Dynamic::Process(process.pid, item));
        }
        if !process.kernel() {
            let words = process.command.split([' ', ':']).next().unwrap_or("").trim_start_matches('-');
            let served = live.daemons().find(|(_, daemon)| daemon.program() == process.name());
            let target = match (live.flavour.busybox(), served) {
                (true, _) => "/bin/busybox".to_owned(),
                (false, Some((_, daemon))) => daemon.binary.to_owned(),
                (false, None) if words.starts_with('/') => words.to_owned(),
                (false, None) => format!("/usr/bin/{words}"),
            };
            tree.link(&format!("{folder}/exe"), &target);
        }
    }
    tree
}

/// The libraries of OpenSSL, by the release's version.
fn libraries(tree: &mut Tree, live: &Live) {
    if live.flavour.busybox() {
        return;
    }
    let folder = if live.flavour.deb() { "/usr/lib/x86_64-linux-gnu" } else { "/usr/lib64" };
    let number = live.versions().openssl_number();
    let (end, crypto, ssl) = match number {
        _ if number.starts_with('3') => ("3", 4_709_536, 688_160),
        _ if number.starts_with("1.1") => ("1.1", 3_076_960, 597_792),
        _ => ("10", 2_520_768, 470_376),
    };
    for (library, size) in [("libcrypto", crypto), ("libssl", ssl)] {
        let path = format!("{folder}/{library}.so.{end}");
        tree.add(&path, Kind::File, 0o644, Age::Package, Content::Filler(size));
    }
}

/// Devices of the terminals that sessions have.
fn terminals(tree: &mut Tree, live: &Live) {
    let own = live.facts.tty.clone();
    let there = crate::live::present(live).into_iter().map(|login| login.tty).chain(own.clone());
    for tty in there {
        if let Some(minor) = tty.strip_prefix("pts/").and_then(|number| number.parse().ok()) {
            tree.device(&format!("/dev/{tty}"), Kind::Character, 0o620, 136, minor);
        }
    }
    if let Some(tty) = own.filter(|tty| tty != "pts/0") {
        for descriptor in 0..3 {
            tree.link(&format!("/proc/self/fd/{descriptor}"), &format!("/dev/{tty}"));
        }
    }
}

fn homes(tree: &mut Tree, live: &Live) {
    for user in &live.persona.users {
        let home = user.home.as_str();
        if home.is_empty() || home == "/" {
            continue;
        }
        let mode = if user.uid == 0 || live.flavour == Flavour::Redhat { 0o700 } else { 0o755 };
        let mut made = vec![home.to_owned()];
        tree.directory(home, mode, Age::Lived);
        if live.flavour.busybox() {
            tree.own(home, user.uid, user.uid);
            continue;
        }
        let mut file = |name: &str, mode: u32, age: Age, content: Content| {
            let path = join(home, name);
            tree.add(&path, Kind::File, mode, age, content);
            made.push(path);
        };
        file(".bashrc", 0o644, Age::Package, Content::Text(BASHRC.into()));
        file(".profile", 0o644, Age::Package, Content::Text(PROFILE.into()));
        file(".bash_history", 0o600, Age::Lived, Content::Dynamic(Dynamic::History));
        file(".ssh/authorized_keys", 0o600, Age::Install, Content::Text("".into()));
        if user.uid != 0 {
            file(
                ".bash_logout",
                0o644,
                Age::Package,
                Content::Text("# ~/.bash_logout: executed by bash(1) when login shell exits.\n".into()),
            );
            if live.persona.routine.is_unknown() && live.fixed(&["notes", &user.name]).is_multiple_of(2) {
                file("notes.txt", 0o644, Age::Recent, Content::Text(format!("{}\n- renew certificate in spring\n- ask about backup window\n- old disk still in cupboard\n", live.persona.hostname).into()));
            }
        } else {
            file(".lesshst", 0o600, Age::Recent, Content::Filler(20));
        }
        let ssh = join(home, ".ssh");
        tree.directory(&ssh, 0o700, Age::Install);
        made.push(ssh);
        for path in made {
            tree.own(&path, user.uid, user.uid);
        }
    }
}

/// What people and the system leave day after day: files, and logs of the week before.
fn lived(tree: &mut Tree, live: &Live) {
    if live.persona.routine.is_unknown() {
        return;
    }
    let number =
        |name: &str| live.persona.users.iter().find(|user| user.name == name).map_or(65_534, |user| user.uid);
    for (path, owner) in live.kept_files() {
        tree.dynamic(&path, 0o644, Age::Lived, Dynamic::Kept);
        tree.own(&path, number(&owner), number(&owner));
    }
    if live.flavour == Flavour::Busybox {
        return;
    }
    let (system, auth) = match live.flavour {
        Flavour::Redhat => ("messages", "secure"),
        _ => ("syslog", "auth.log"),
    };
    for (name, of) in [(system, Dynamic::SystemLog), (auth, Dynamic::AuthLog)] {
        for end in ["", ".1"] {
            let path = format!("/var/log/{name}{end}");
            tree.dynamic(&path, 0o640, Age::Lived, of);
            tree.own(&path, 0, if live.flavour.deb() { 4 } else { 0 });
        }
    }
    if live.flavour == Flavour::Redhat {
        tree.dynamic("/var/log/cron", 0o600, Age::Lived, Dynamic::SystemLog);
    }
    if live.flavour.deb() {
        for stamp in ["update-stamp", "update-success-stamp", "download-upgradeable-stamp"] {
            tree.text(&format!("/var/lib/apt/periodic/{stamp}"), 0o644, Age::Lived, "");
        }
    }
    let server = live.daemons().find(|(service, _)| ["http", "https"].contains(&service.slug.as_str()));
    if let Some((_, daemon)) = server.filter(|(_, daemon)| !daemon.unit.is_empty()) {
        let (unit, uid) = (daemon.unit, if live.flavour.deb() { 33 } else { 0 });
        let name = if unit == "httpd" { "access_log" } else { "access.log" };
        for end in ["", ".1"] {
            let path = format!("/var/log/{unit}/{name}{end}");
            tree.dynamic(&path, 0o640, Age::Lived, Dynamic::AccessLog);
            tree.own(&path, uid, if live.flavour.deb() { 4 } else { 0 });
        }
    }
}

fn hardware(tree: &mut Tree, live: &Live) {
    let hardware = &live.persona.hardware;
    let major = if hardware.disk.starts_with("nvme") {
        259
    } else if hardware.disk.starts_with("vd") {
        252
    } else if hardware.disk.starts_with("mtd") {
        31
    } else {
        8
    };
    tree.device(&format!("/dev/{}", hardware.disk), Kind::Block, 0o660, major, 0);
    tree.device(&live.root_device(), Kind::Block, 0o660, major, 1);
    tree.directory(&format!("/sys/block/{}", hardware.disk), 0o755, Age::Boot);
    let interface = format!("/sys/class/net/{}", hardware.interface);
    tree.dynamic(&format!("{interface}/address"), 0o444, Age::Now, Dynamic::Kernel(KernelItem::Mac));
    for (file, text) in [("operstate", "up\n"), ("mtu", "1500\n"), ("speed", "1000\n")] {
        tree.text(&format!("{interface}/{file}"), 0o444, Age::Now, text);
    }
    tree.text("/sys/class/net/lo/address", 0o444, Age::Now, "00:00:00:00:00:00\n");
    if live.flavour != Flavour::Busybox {
        let kernel = &live.persona.os.kernel;
        for (file, size) in
            [("vmlinuz", 8_204_992), ("initrd.img", 31_203_991), ("config", 259_612), ("System.map", 83)]
        {
            tree.add(
                &format!("/boot/{file}-{kernel}"),
                Kind::File,
                0o644,
                Age::Install,
                Content::Filler(size),
            );
        }
        tree.directory(&format!("/usr/lib/modules/{kernel}"), 0o755, Age::Install);
    }
}

fn services(tree: &mut Tree, live: &Live) {
    for laid in live.software().flat_map(|(_, daemon)| daemon.files) {
        let age = match laid.changed {
            Changed::Packaged => Age::Package,
            Changed::Installed => Age::Install,
            Changed::Lately => Age::Recent,
        };
        match laid.text {
            Some(text) => {
                let text = text
                    .replace("{fqdn}", &live.persona.fqdn())
                    .replace("{domain}", &live.persona.domain)
                    .replace("{secret}", &copying(&live.persona));
                tree.text(laid.path, laid.mode, age, &text);
            }
            None => tree.directory(laid.path, laid.mode, age),
        }
    }
}

/// The password of the account that makes copies at night.
fn copying(persona: &Persona) -> String {
    persona.hardware.machine_id.chars().take(12).collect()
}

/// Files that only this node has. Folders on the way that are missing are their owner's, and as old.
pub(crate) fn own_files(tree: &mut Tree, shared: &Tree, live: &Live) {
    for file in &live.persona.files {
        let owner = live.persona.users.iter().find(|user| user.name == file.owner).map_or(0, |user| user.uid);
        let age = Age::At(file.changed_at);
        let mut folder = parent(&file.path);
        while folder != "/" && tree.get(folder).is_none() && shared.get(folder).is_none() {
            let mode = if file.mode & 0o077 == 0 { 0o700 } else { 0o755 };
            tree.directory(folder, mode, age);
            tree.own(folder, owner, owner);
            folder = parent(folder);
        }
        let content = Content::Text(crate::text::decode(&file.bytes()).into());
        tree.add(&file.path, Kind::File, file.mode, age, content);
        tree.own(&file.path, owner, owner);
    }
}

/// What root of a server keeps: a nightly copy, and the password that it needs.
fn backup(tree: &mut Tree, live: &Live) {
    if live.flavour.busybox() {
        return;
    }
    let persona = &live.persona;
    let (host, domain) = (&persona.hostname, &persona.domain);
    let script = format!(
        "#!/bin/sh\n# nightly copy of {host}\nset -e\nDAY=$(date +%F)\ntar czf /var/backups/etc-$DAY.tar.gz /etc\n\
         mysqldump --defaults-file=/root/backup/db.conf --all-databases | gzip > /var/backups/db-$DAY.sql.gz\n\
         rsync -a /var/backups/ backup@nas.{domain}:/volume1/{host}/\n"
    );
    let password = copying(persona);
    let settings = format!("[client]\nhost = db.{domain}\nuser = backup\npassword = {password}\n");
    tree.directory("/root/backup", 0o700, Age::Recent);
    tree.text("/root/backup/backup.sh", 0o700, Age::Recent, &script);
    tree.text("/root/backup/db.conf", 0o600, Age::Recent, &settings);
}
