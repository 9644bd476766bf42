//! The part of the tree that all nodes of the same make share.

use super::{
    image::{Age, Tree},
    node::Kind,
    programs::programs,
    settings::settings,
};
use crate::{
    flavour::Flavour,
    live::{Dynamic, KernelItem as Kernel, NetworkItem as Network, ProcessItem},
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

/// `/proc` and `/sys`.
fn kernel(tree: &mut Tree, flavour: Flavour) {
    kernel_files(tree, flavour);
    parameters(tree);
    own_process(tree, flavour);
    tree.directory("/sys/class/net", 0o755, Age::Boot);
    tree.directory("/sys/block", 0o755, Age::Boot);
}

/// A file that the kernel writes when it is read.
fn kernel_file(tree: &mut Tree, path: &str, dynamic: Dynamic) {
    tree.dynamic(path, 0o444, Age::Now, dynamic);
}

/// What the kernel says of itself, the network and the hardware.
fn kernel_files(tree: &mut Tree, flavour: Flavour) {
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
        kernel_file(tree, &format!("/proc/{path}"), Dynamic::Kernel(item));
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
        kernel_file(tree, &format!("/proc/net/{path}"), Dynamic::Network(item));
    }
    if flavour == Flavour::Busybox {
        kernel_file(tree, "/proc/mtd", Dynamic::Kernel(Kernel::Mtd));
    } else {
        for (path, item) in [
            ("sys_vendor", Kernel::DmiVendor),
            ("board_vendor", Kernel::DmiVendor),
            ("product_name", Kernel::DmiProduct),
            ("product_serial", Kernel::DmiSerial),
        ] {
            kernel_file(tree, &format!("/sys/class/dmi/id/{path}"), Dynamic::Kernel(item));
        }
    }
}

/// `/proc/sys`.
fn parameters(tree: &mut Tree) {
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
}

/// `/proc/self`.
fn own_process(tree: &mut Tree, flavour: Flavour) {
    for (path, item) in [
        ("cmdline", ProcessItem::CommandLine),
        ("comm", ProcessItem::Name),
        ("status", ProcessItem::Status),
        ("stat", ProcessItem::Stat),
        ("maps", ProcessItem::Maps),
        ("environ", ProcessItem::Environment),
        ("cgroup", ProcessItem::Group),
    ] {
        kernel_file(tree, &format!("/proc/self/{path}"), Dynamic::Process(0, item));
    }
    tree.link("/proc/self/exe", if flavour.busybox() { "/bin/busybox" } else { "/usr/bin/bash" });
    tree.link("/proc/self/root", "/");
    for (descriptor, target) in [("0", "/dev/pts/0"), ("1", "/dev/pts/0"), ("2", "/dev/pts/0")] {
        tree.link(&format!("/proc/self/fd/{descriptor}"), target);
    }
}
