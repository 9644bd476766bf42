//! The programs of a system: which there are, where, and how large.

use super::{
    image::{Age, Content, Tree},
    node::{Kind, name},
};
use crate::{flavour::Flavour, text::hash};

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
pub(crate) const APPLETS: &str = "/bin: ash base64 cat chgrp chmod chown cp cpio date dd df dmesg echo ed egrep false fgrep fsync getopt grep gunzip gzip hostname ionice iostat kill link ln login ls mkdir mknod mktemp more mount mountpoint mpstat mv netstat pidof ping ping6 pipe_progress ps pwd reformime rev rm rmdir run-parts sed setarch sh sleep stat stty su sync tar touch true umount uname usleep vi watch zcat
/sbin: adjtimex arp blkid devmem fdisk freeramdisk fsck getty halt hdparm hwclock ifconfig ifdown ifup init insmod ip ipaddr iplink iproute iprule klogd loadkmap logread losetup lsmod mdev mkfs.ext2 mkswap modinfo modprobe nameif pivot_root poweroff raidautorun reboot rmmod route runlevel setconsole start-stop-daemon sulogin swapoff swapon switch_root sysctl syslogd tunctl udhcpc vconfig watchdog zcip
/usr/bin: [ [[ arping awk basename beep bunzip2 bzcat cal chrt chvt clear cmp crontab cryptpw cut dc deallocvt diff dirname dos2unix du env expand expr factor find flock fold free ftpget ftpput fuser groups hd head hexdump hostid id install ipcrm ipcs killall last less logger logname lpq lpr lsof lspci lsusb md5sum mesg microcom mkfifo mkpasswd nc nl nproc nslookup od openvt passwd paste patch pmap printf pscan pstree pwdx readlink realpath renice reset resize rpm2cpio seq setkeycodes setsid sha1sum sha256sum sha512sum showkey shuf smemcap sort strings sum tac tail taskset tcpsvd tee telnet test tftp time timeout top tr traceroute truncate tty ttysize unexpand uniq unix2dos unlink unlzma unxz unzip uptime users uudecode uuencode vlock volname wc wget which who whoami whois xargs xxd xz xzcat yes
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

/// Puts all programs in their places.
pub(super) fn programs(tree: &mut Tree, flavour: Flavour) {
    if flavour.busybox() {
        return busybox(tree, flavour);
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

fn program(tree: &mut Tree, path: &str) {
    let mode = if ["su", "sudo", "passwd", "mount", "umount"].contains(&name(path)) { 0o4755 } else { 0o755 };
    tree.add(path, Kind::File, mode, Age::Package, Content::Program);
}

/// One program with a link for each applet.
fn busybox(tree: &mut Tree, flavour: Flavour) {
    program(tree, "/bin/busybox");
    for (folder, names) in APPLETS.lines().filter_map(|line| line.split_once(": ")) {
        let target = match folder {
            _ if flavour == Flavour::Alpine => "/bin/busybox",
            "/bin" => "busybox",
            "/sbin" => "../bin/busybox",
            _ => "../../bin/busybox",
        };
        for applet in names.split(' ') {
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
}

fn libraries(tree: &mut Tree, flavour: Flavour) {
    let folder = if flavour.deb() { "/usr/lib/x86_64-linux-gnu" } else { "/usr/lib64" };
    for (library, size) in [
        ("libc.so.6", 1_922_136),
        ("libm.so.6", 907_784),
        ("libpthread.so.0", 14_480),
        ("libdl.so.2", 14_480),
        ("libz.so.1", 121_280),
        ("libpam.so.0", 67_504),
        ("libselinux.so.1", 174_312),
        ("libsystemd.so.0", 868_632),
        ("libstdc++.so.6", 2_190_440),
    ] {
        tree.add(&format!("{folder}/{library}"), Kind::File, 0o644, Age::Package, Content::Filler(size));
    }
    tree.add("/usr/lib64/ld-linux-x86-64.so.2", Kind::File, 0o755, Age::Package, Content::Filler(210_968));
}
