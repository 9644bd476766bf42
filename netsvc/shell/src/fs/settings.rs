//! What `/etc` and `/var` of a system hold: settings, logs, spools.

use super::{
    image::{Age, Content, Tree},
    node::Kind,
};
use crate::{flavour::Flavour, live::Dynamic};

/// Puts `/etc` and the logs in their places.
pub(super) fn settings(tree: &mut Tree, flavour: Flavour) {
    use Dynamic as D;
    for (path, mode, age, dynamic) in [
        ("/etc/passwd", 0o644, Age::Install, D::Passwd),
        ("/etc/group", 0o644, Age::Install, D::Group),
        ("/etc/shadow", 0o640, Age::Install, D::Shadow),
        ("/etc/hostname", 0o644, Age::Install, D::Hostname),
        ("/etc/hosts", 0o644, Age::Install, D::Hosts),
        ("/etc/resolv.conf", 0o644, Age::Recent, D::Resolv),
        ("/etc/issue", 0o644, Age::Package, D::Issue),
        ("/etc/fstab", 0o644, Age::Install, D::Fstab),
        ("/etc/os-release", 0o644, Age::Package, D::OsRelease),
    ] {
        tree.dynamic(path, mode, age, dynamic);
    }
    tree.own("/etc/shadow", 0, 42);
    tree.text("/etc/shells", 0o644, Age::Install, if flavour.busybox() { "/bin/sh\n/bin/ash\n" } else { "# /etc/shells: valid login shells\n/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/usr/bin/sh\n/bin/dash\n" });
    tree.text("/etc/profile", 0o644, Age::Package, "# /etc/profile: system-wide .profile file for the Bourne shell (sh(1))\n\nif [ \"$(id -u)\" -eq 0 ]; then\n  PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\nelse\n  PATH=\"/usr/local/bin:/usr/bin:/bin\"\nfi\nexport PATH\n");
    tree.directory("/etc/init.d", 0o755, Age::Install);
    if flavour == Flavour::Busybox {
        tree.directory("/var/spool/cron/crontabs", 0o755, Age::Install);
        tree.text("/etc/inittab", 0o644, Age::Package, "::sysinit:/etc/init.d/rcS\nttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n::ctrlaltdel:/sbin/reboot\n::shutdown:/bin/umount -a -r\n");
        tree.text("/etc/init.d/rcS", 0o755, Age::Package, "#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sysfs /sys\nfor i in /etc/init.d/S??* ;do\n     [ ! -f \"$i\" ] && continue\n     $i start\ndone\n");
        return;
    }
    release(tree, flavour);
    host_keys(tree);
    packaged(tree);
    logs(tree, flavour);
    spools(tree);
}

/// Which system it is, and what else depends on the node.
fn release(tree: &mut Tree, flavour: Flavour) {
    use Dynamic as D;
    tree.dynamic("/etc/gshadow", 0o640, Age::Install, D::GroupShadow);
    tree.dynamic("/etc/issue.net", 0o644, Age::Package, D::Issue);
    tree.dynamic("/etc/motd", 0o644, Age::Package, D::Motd);
    tree.dynamic("/etc/machine-id", 0o444, Age::Install, D::MachineId);
    tree.dynamic("/etc/ssh/sshd_config", 0o644, Age::Install, D::SshdConfig);
    match flavour {
        Flavour::Redhat => {
            tree.dynamic("/etc/redhat-release", 0o644, Age::Package, D::Release);
            tree.dynamic("/etc/rocky-release", 0o644, Age::Package, D::Release);
            tree.link("/etc/system-release", "redhat-release");
        }
        Flavour::Alpine => tree.dynamic("/etc/alpine-release", 0o644, Age::Package, D::Version),
        _ => {
            tree.dynamic("/etc/debian_version", 0o644, Age::Package, D::Version);
            tree.dynamic("/etc/network/interfaces", 0o644, Age::Install, D::Interfaces);
        }
    }
    if flavour == Flavour::Ubuntu {
        tree.add("/usr/bin/lsb_release", Kind::File, 0o755, Age::Package, Content::Program);
        tree.dynamic("/etc/lsb-release", 0o644, Age::Package, D::LsbRelease);
    }
}

fn host_keys(tree: &mut Tree) {
    for key in ["rsa", "ecdsa", "ed25519"] {
        tree.add(
            &format!("/etc/ssh/ssh_host_{key}_key"),
            Kind::File,
            0o600,
            Age::Install,
            Content::Filler(if key == "rsa" { 2_602 } else { 505 }),
        );
    }
}

/// Folders and files as their packages bring them.
fn packaged(tree: &mut Tree) {
    tree.text("/etc/crontab", 0o644, Age::Package, "# /etc/crontab: system-wide crontab\n\nSHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n\n17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }\n52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }\n");
    for folder in [
        "cron.d",
        "cron.daily",
        "cron.hourly",
        "cron.weekly",
        "cron.monthly",
        "systemd/system",
        "default",
        "skel",
        "security",
        "pam.d",
        "ssl/certs",
        "profile.d",
        "sudoers.d",
        "ssh/sshd_config.d",
        "update-motd.d",
        "rc.d",
    ] {
        tree.directory(&format!("/etc/{folder}"), 0o755, Age::Install);
    }
    for (path, text) in [
        ("/etc/host.conf", "multi on\n"),
        (
            "/etc/nsswitch.conf",
            "passwd:         files systemd\ngroup:          files systemd\nshadow:         files\ngshadow:        files\n\nhosts:          files dns\nnetworks:       files\n\nprotocols:      db files\nservices:       db files\n",
        ),
        ("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
        ("/etc/environment", ""),
        (
            "/etc/login.defs",
            "MAIL_DIR        /var/mail\nUMASK\t\t022\nPASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\nUID_MIN\t\t\t 1000\nUID_MAX\t\t\t60000\nENCRYPT_METHOD YESCRYPT\n",
        ),
        (
            "/etc/bash.bashrc",
            "# System-wide .bashrc file for interactive bash(1) shells.\n[ -z \"$PS1\" ] && return\nshopt -s checkwinsize\n",
        ),
    ] {
        tree.text(path, 0o644, Age::Package, text);
    }
    tree.text("/etc/sudoers", 0o440, Age::Package, "Defaults\tenv_reset\nDefaults\tmail_badpass\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n");
}

fn logs(tree: &mut Tree, flavour: Flavour) {
    for (path, age) in [
        ("/var/log/dpkg.log", Age::Recent),
        ("/var/log/lastlog", Age::Lived),
        ("/var/log/wtmp", Age::Lived),
        ("/var/log/btmp", Age::Recent),
        ("/var/log/faillog", Age::Install),
        ("/var/log/boot.log", Age::Boot),
    ] {
        tree.add(path, Kind::File, 0o644, age, Content::Filler(20_000));
    }
    let (system, auth) = if flavour == Flavour::Redhat {
        ("/var/log/messages", "/var/log/secure")
    } else {
        ("/var/log/syslog", "/var/log/auth.log")
    };
    tree.dynamic(system, 0o640, Age::Now, Dynamic::SystemLog);
    tree.dynamic(auth, 0o640, Age::Now, Dynamic::AuthLog);
}

/// Folders that the system's own programs keep things in.
fn spools(tree: &mut Tree) {
    for path in [
        "/var/spool/cron",
        "/var/spool/cron/crontabs",
        "/var/lib/dpkg",
        "/var/lib/systemd",
        "/var/log/journal",
        "/var/log/apt",
        "/usr/share/doc",
        "/usr/share/man",
        "/lost+found",
    ] {
        tree.directory(path, 0o755, Age::Install);
    }
}
