//! The part of the tree that all nodes of the same make share.

use super::{
    image::{Age, Content, Tree},
    node::{Kind, name},
};
use crate::{
    flavour::Flavour,
    live::{Dynamic, KernelItem as Kernel, NetworkItem as Network, ProcessItem},
    text::hash,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The shared tree for a flavour; made once per process and flavour.
pub(crate) fn shared(flavour: Flavour) -> Arc<Tree> {
    static TREES: OnceLock<Mutex<BTreeMap<Flavour, Arc<Tree>>>> = OnceLock::new();
    let mut trees = TREES.get_or_init(Mutex::default).lock();
    Arc::clone(trees.entry(flavour).or_insert_with(|| Arc::new(build(flavour))))
}

/// Size of a program of the distribution: the same for the same name.
pub(crate) fn program_size(path: &str) -> usize {
    let spread =
        |low: u64, high: u64| usize::try_from(low + hash(&[name(path)]) % (high - low)).unwrap_or(40_000);
    match name(path) {
        "bash" => 1_265_648,
        "busybox" => 837_272,
        "python3.11" | "python3.10" | "python3.9" => 6_831_736,
        "perl" => 3_849_080,
        "systemd" | "init" => 1_841_560,
        "sshd" => 901_056,
        "openssl" => 999_296,
        "curl" | "wget" | "ssh" | "tar" | "vim.tiny" | "awk" | "mawk" => spread(250_000, 1_100_000),
        _ => spread(26_000, 160_000),
    }
}

/// Programs in `/usr/bin`.
const BIN: &str = "[ apt apt-cache apt-get arch awk b2sum base32 base64 basename bash cat chattr chgrp chmod chown cksum clear cmp comm cp cpio crontab csplit curl cut date dd df diff dig dir dircolors dirname dmesg dpkg du echo egrep env expand expr factor false fgrep file find flock fmt fold free ftp getconf getent getopt grep groups gunzip gzip hd head hexdump host hostname hostid hostnamectl iconv id install ionice join journalctl kill killall last lastb less link ln locale localectl logger login loginctl logname look ls lsattr lsblk lscpu lsmod lsof lspci lsusb man md5sum mesg mkdir mkfifo mknod mktemp more mount mountpoint mv namei nano nc netstat nice nl nohup nproc nslookup numfmt od openssl pager passwd paste perl pgrep pidof ping pkill pmap printenv printf ps pstree ptx pwd python3 readlink realpath rename renice reset rev rm rmdir rsync run-parts scp screen script sdiff sed seq setsid sftp sh sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split ssh ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan stat stdbuf strings stty su sudo sum sync systemctl tac tail tar taskset tee telnet test tftp time timedatectl timeout tmux top touch tput tr true truncate tset tsort tty umount uname unexpand uniq unlink unxz unzip uptime users utmpdump vdir vi view vim vmstat w wall watch wc wget whereis which who whoami write xargs xxd xz yes zcat zip zless";
/// Programs in `/usr/sbin`.
const SBIN: &str = "adduser agetty arp blkid chpasswd chroot cron deluser depmod dmidecode fdisk fsck getty groupadd halt hwclock ifconfig init insmod ip iptables iptables-save ip6tables ldconfig losetup mkfs mkswap modprobe newusers nologin poweroff reboot rmmod route service shutdown sshd ss swapoff swapon sysctl tcpdump traceroute useradd userdel usermod visudo";
const NOT_DEBIAN: [&str; 4] = ["apt", "apt-get", "apt-cache", "dpkg"];
const REDHAT_BIN: &str = "dnf yum rpm";

/// Applets of BusyBox by folder, as a common router build has them.
pub(crate) const APPLETS: &str = "/bin: ash base64 cat chgrp chmod chown cp cpio date dd df dmesg echo ed egrep false fgrep fsync getopt grep gunzip gzip hostname ionice iostat kill link ln login ls mkdir mknod mktemp more mount mountpoint mpstat mv netstat nice pidof ping ping6 pipe_progress printenv ps pwd reformime rev rm rmdir run-parts sed setarch sh sleep stat stty su sync tar touch true umount uname usleep vi watch zcat
/sbin: adjtimex arp blkid devmem fdisk freeramdisk fsck getty halt hdparm hwclock ifconfig ifdown ifup init insmod ip ipaddr iplink iproute iprule klogd loadkmap logread losetup lsmod mdev mkfs.ext2 mkswap modinfo modprobe nameif pivot_root poweroff raidautorun reboot rmmod route runlevel setconsole start-stop-daemon sulogin swapoff swapon switch_root sysctl syslogd tunctl udhcpc vconfig watchdog zcip
/usr/bin: [ [[ arping awk basename beep bunzip2 bzcat cal chrt chvt cksum clear cmp comm crontab cryptpw cut dc deallocvt diff dirname dos2unix du env expand expr find flock fold free ftpget ftpput fuser groups hd head hexdump hostid id install ipcrm ipcs killall last less logger logname lpq lpr lsof lspci lsusb md5sum mesg microcom mkfifo mkpasswd nc nohup nslookup od openvt passwd patch pgrep pkill pmap printf pscan pstree pwdx readlink realpath renice reset resize rpm2cpio setkeycodes setsid sha1sum sha256sum sha512sum showkey shuf smemcap sort split strings sum tail taskset tcpsvd tee telnet test tftp time timeout top tr traceroute tty ttysize unexpand uniq unix2dos unlzma unxz unzip uptime users uudecode uuencode vlock volname wc wget which who whoami whois xargs xz xzcat yes
/usr/sbin: brctl chat chpasswd chroot crond dhcprelay dnsd fakeidentd fbset ftpd httpd inetd loadfont lpd nanddump nandwrite nbd-client ntpd popmaildir rdate rdev readprofile rtcwake sendmail setfont setlogcons svlogd telnetd tftpd udhcpd udpsvd";

/// Names of all applets, sorted.
pub(crate) fn applets() -> Vec<&'static str> {
    let mut names: Vec<&str> = APPLETS
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, names)| names.split(' '))
        .chain(["adduser", "addgroup", "delgroup", "deluser"])
        .collect();
    names.sort_unstable();
    names
}

fn build(flavour: Flavour) -> Tree {
    let mut tree = Tree::default();
    tree.directory("/", 0o755, Age::Install);
    for path in ["/etc", "/usr", "/var", "/home", "/mnt", "/opt", "/srv", "/media"] {
        tree.directory(path, 0o755, Age::Install);
    }
    for path in [
        "/boot",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/spool",
        "/usr/share",
        "/usr/lib",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/src",
        "/usr/include",
        "/usr/games",
        "/var/backups",
        "/var/mail",
        "/var/opt",
        "/var/local",
        "/var/www",
    ] {
        if flavour != Flavour::Busybox || path.starts_with("/var/l") || path == "/usr/lib" {
            tree.directory(path, 0o755, Age::Install);
        }
    }
    tree.directory("/root", 0o700, Age::Recent);
    for path in ["/tmp", "/var/tmp", "/dev/shm", "/run/lock"] {
        tree.directory(path, 0o1777, Age::Boot);
    }
    tree.directory("/run", 0o755, Age::Boot);
    tree.link("/var/run", "/run");
    tree.link("/var/lock", "/run/lock");
    programs(&mut tree, flavour);
    settings(&mut tree, flavour);
    devices(&mut tree);
    kernel(&mut tree, flavour);
    tree.complete(None);
    tree
}

fn programs(tree: &mut Tree, flavour: Flavour) {
    let program = |tree: &mut Tree, path: &str| {
        let mode =
            if ["su", "sudo", "passwd", "mount", "umount"].contains(&name(path)) { 0o4755 } else { 0o755 };
        tree.add(path, Kind::File, mode, Age::Package, Content::Program);
    };
    if flavour.busybox() {
        program(tree, "/bin/busybox");
        for (folder, names) in APPLETS.lines().filter_map(|line| line.split_once(": ")) {
            for applet in names.split(' ') {
                let target = if folder == "/bin" {
                    "busybox"
                } else if folder == "/sbin" {
                    "../bin/busybox"
                } else {
                    "../../bin/busybox"
                };
                let target = if flavour == Flavour::Alpine { "/bin/busybox" } else { target };
                tree.link(&format!("{folder}/{applet}"), target);
            }
        }
        if flavour == Flavour::Alpine {
            for path in [
                "/sbin/apk",
                "/usr/bin/curl",
                "/usr/bin/ssh",
                "/usr/bin/scp",
                "/usr/sbin/sshd",
                "/usr/bin/openssl",
            ] {
                program(tree, path);
            }
        }
        tree.directory("/lib", 0o755, Age::Package);
        return;
    }
    for (link, target) in
        [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64")]
    {
        tree.link(link, target);
    }
    for entry in BIN.split(' ').filter(|entry| flavour.deb() || !NOT_DEBIAN.contains(entry)) {
        program(tree, &format!("/usr/bin/{entry}"));
    }
    for entry in SBIN.split(' ') {
        program(tree, &format!("/usr/sbin/{entry}"));
    }
    if flavour == Flavour::Redhat {
        for entry in REDHAT_BIN.split(' ') {
            program(tree, &format!("/usr/bin/{entry}"));
        }
    } else {
        program(tree, "/usr/bin/dash");
        program(tree, "/usr/bin/busybox");
        tree.link("/usr/bin/sh", "dash");
    }
    for (link, target) in [
        ("/usr/bin/vi", "vim.tiny"),
        ("/usr/bin/awk", "mawk"),
        ("/usr/bin/ip", "../sbin/ip"),
        ("/usr/bin/ss", "../sbin/ss"),
        ("/usr/sbin/init", "/lib/systemd/systemd"),
    ] {
        tree.link(link, target);
    }
    for path in
        ["/usr/bin/vim.tiny", "/usr/bin/mawk", "/usr/lib/systemd/systemd", "/usr/lib/openssh/sftp-server"]
    {
        program(tree, path);
    }
    libraries(tree, flavour);
}

fn libraries(tree: &mut Tree, flavour: Flavour) {
    let folder = if flavour.deb() { "/usr/lib/x86_64-linux-gnu" } else { "/usr/lib64" };
    for (library, size) in [
        ("libc.so.6", 1_922_136),
        ("libm.so.6", 907_784),
        ("libpthread.so.0", 14_480),
        ("libdl.so.2", 14_480),
        ("libz.so.1", 121_280),
        ("libcrypto.so.3", 4_709_536),
        ("libssl.so.3", 688_160),
        ("libpam.so.0", 67_504),
        ("libselinux.so.1", 174_312),
        ("libsystemd.so.0", 868_632),
        ("libstdc++.so.6", 2_190_440),
    ] {
        tree.add(&format!("{folder}/{library}"), Kind::File, 0o644, Age::Package, Content::Filler(size));
    }
    tree.add("/usr/lib64/ld-linux-x86-64.so.2", Kind::File, 0o755, Age::Package, Content::Filler(210_968));
}

fn settings(tree: &mut Tree, flavour: Flavour) {
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
    more_settings(tree, flavour);
}

fn more_settings(tree: &mut Tree, flavour: Flavour) {
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
    for key in ["rsa", "ecdsa", "ed25519"] {
        tree.add(
            &format!("/etc/ssh/ssh_host_{key}_key"),
            Kind::File,
            0o600,
            Age::Install,
            Content::Filler(if key == "rsa" { 2_602 } else { 505 }),
        );
    }
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
    for (path, age) in [
        ("/var/log/dpkg.log", Age::Recent),
        ("/var/log/lastlog", Age::Recent),
        ("/var/log/wtmp", Age::Recent),
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
    tree.dynamic(system, 0o640, Age::Now, D::SystemLog);
    tree.dynamic(auth, 0o640, Age::Now, D::AuthLog);
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

fn devices(tree: &mut Tree) {
    use Kind::{Block, Character};
    tree.directory("/dev", 0o755, Age::Boot);
    tree.directory("/dev/pts", 0o755, Age::Boot);
    for (path, kind, mode, major, minor) in [
        ("null", Character, 0o666, 1, 3),
        ("zero", Character, 0o666, 1, 5),
        ("full", Character, 0o666, 1, 7),
        ("random", Character, 0o666, 1, 8),
        ("urandom", Character, 0o666, 1, 9),
        ("mem", Character, 0o640, 1, 1),
        ("kmsg", Character, 0o644, 1, 11),
        ("tty", Character, 0o666, 5, 0),
        ("console", Character, 0o600, 5, 1),
        ("ptmx", Character, 0o666, 5, 2),
        ("tty0", Character, 0o620, 4, 0),
        ("tty1", Character, 0o600, 4, 1),
        ("ttyS0", Character, 0o660, 4, 64),
        ("watchdog", Character, 0o600, 10, 130),
        ("rtc0", Character, 0o600, 252, 0),
        ("loop0", Block, 0o660, 7, 0),
        ("fuse", Character, 0o666, 10, 229),
        ("pts/0", Character, 0o620, 136, 0),
        ("pts/ptmx", Character, 0o000, 5, 2),
    ] {
        tree.device(&format!("/dev/{path}"), kind, mode, major, minor);
    }
    for (path, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"),
        ("rtc", "rtc0"),
    ] {
        tree.link(&format!("/dev/{path}"), target);
    }
}

fn kernel(tree: &mut Tree, flavour: Flavour) {
    let mut file = |path: &str, dynamic: Dynamic| tree.dynamic(path, 0o444, Age::Now, dynamic);
    for (path, item) in [
        ("cpuinfo", Kernel::CpuInfo),
        ("meminfo", Kernel::MemInfo),
        ("version", Kernel::Version),
        ("uptime", Kernel::Uptime),
        ("loadavg", Kernel::LoadAverage),
        ("mounts", Kernel::Mounts),
        ("self/mounts", Kernel::Mounts),
        ("filesystems", Kernel::Filesystems),
        ("partitions", Kernel::Partitions),
        ("stat", Kernel::Stat),
        ("swaps", Kernel::Swaps),
        ("modules", Kernel::Modules),
        ("cmdline", Kernel::CommandLine),
        ("devices", Kernel::Devices),
        ("interrupts", Kernel::Interrupts),
        ("diskstats", Kernel::DiskStats),
        ("sys/kernel/osrelease", Kernel::Release),
        ("sys/kernel/hostname", Kernel::Hostname),
        ("sys/kernel/random/uuid", Kernel::Random),
        ("sys/kernel/random/boot_id", Kernel::BootId),
    ] {
        file(&format!("/proc/{path}"), Dynamic::Kernel(item));
    }
    for (path, item) in [
        ("dev", Network::Devices),
        ("arp", Network::Arp),
        ("route", Network::Route),
        ("tcp", Network::Tcp),
        ("udp", Network::Udp),
        ("unix", Network::Nothing),
        ("if_inet6", Network::Nothing),
        ("tcp6", Network::Nothing),
    ] {
        file(&format!("/proc/net/{path}"), Dynamic::Network(item));
    }
    for (path, item) in [
        ("cmdline", ProcessItem::CommandLine),
        ("comm", ProcessItem::Name),
        ("status", ProcessItem::Status),
        ("stat", ProcessItem::Stat),
        ("maps", ProcessItem::Maps),
        ("environ", ProcessItem::Environment),
        ("cgroup", ProcessItem::Group),
    ] {
        file(&format!("/proc/self/{path}"), Dynamic::Process(0, item));
    }
    if flavour == Flavour::Busybox {
        file("/proc/mtd", Dynamic::Kernel(Kernel::Mtd));
    } else {
        for (path, item) in [
            ("sys_vendor", Kernel::DmiVendor),
            ("board_vendor", Kernel::DmiVendor),
            ("product_name", Kernel::DmiProduct),
            ("product_serial", Kernel::DmiSerial),
        ] {
            file(&format!("/sys/class/dmi/id/{path}"), Dynamic::Kernel(item));
        }
    }
    for (path, value) in [
        ("kernel/ostype", "Linux\n"),
        ("kernel/pid_max", "32768\n"),
        ("vm/swappiness", "60\n"),
        ("vm/drop_caches", "0\n"),
        ("vm/nr_hugepages", "0\n"),
        ("net/ipv4/ip_forward", "0\n"),
        ("net/ipv4/tcp_syncookies", "1\n"),
        ("fs/file-max", "9223372036854775807\n"),
        ("kernel/randomize_va_space", "2\n"),
    ] {
        tree.text(&format!("/proc/sys/{path}"), 0o644, Age::Now, value);
    }
    tree.link("/proc/self/exe", if flavour.busybox() { "/bin/busybox" } else { "/usr/bin/bash" });
    tree.link("/proc/self/root", "/");
    for (descriptor, target) in [("0", "/dev/pts/0"), ("1", "/dev/pts/0"), ("2", "/dev/pts/0")] {
        tree.link(&format!("/proc/self/fd/{descriptor}"), target);
    }
    tree.directory("/sys/class/net", 0o755, Age::Boot);
    tree.directory("/sys/block", 0o755, Age::Boot);
}
