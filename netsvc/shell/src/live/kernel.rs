//! Files of `/proc` that do not belong to a process or the network.

use super::{
    Live,
    activity::{Processor, whole},
};
use crate::flavour::Flavour;

/// A file of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    CpuInfo,
    MemInfo,
    Version,
    Uptime,
    LoadAverage,
    Mounts,
    Filesystems,
    Partitions,
    Stat,
    Swaps,
    Modules,
    CommandLine,
    Devices,
    Interrupts,
    DiskStats,
    Release,
    Hostname,
    Random,
    BootId,
    DmiVendor,
    DmiProduct,
    DmiSerial,
    Mac,
    Mtd,
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) available: u64,
    pub(crate) buffers: u64,
    pub(crate) cached: u64,
    pub(crate) shared: u64,
    pub(crate) swap_total: u64,
    pub(crate) swap_free: u64,
}

impl Live {
    /// Memory now.
    pub(crate) fn memory(&self) -> Memory {
        let total = self.persona.hardware.memory_kib.max(16_384);
        let share = |name: &str, low: u64, span: u64| total * (low + self.fixed(&[name]) % span) / 1000;
        let cached = share("cached", 240, 200) + self.tide("cached", total / 120);
        let buffers = share("buffers", 15, 30) + self.tide("buffers", total / 900);
        let free = share("free", 180, 220).saturating_sub(self.tide("free", total / 60));
        let swap_total = if self.flavour == Flavour::Busybox {
            0
        } else {
            (total / 2).next_power_of_two().min(2 << 20) - 4
        };
        let swapped = if swap_total == 0 { 0 } else { self.fixed(&["swap"]) % 9000 / 4 * 4 };
        Memory {
            total,
            free,
            available: (free + cached * 9 / 10).min(total * 95 / 100),
            buffers,
            cached,
            shared: total / 500 + self.fixed(&["shared"]) % 700,
            swap_total,
            swap_free: swap_total - swapped,
        }
    }

    /// Size and use of the root file system in KiB.
    pub(crate) fn disk(&self) -> (u64, u64) {
        let size = self.persona.hardware.disk_kib * 98 / 100;
        let used = if self.flavour == Flavour::Busybox {
            size * 6 / 10
        } else {
            2_300_000 + self.fixed(&["disk"]) % 3_000_000 + self.grown()
        };
        (size, used.min(size * 9 / 10))
    }

    /// Device that holds the root file system: `/dev/sda1`.
    pub(crate) fn root_device(&self) -> String {
        let disk = &self.persona.hardware.disk;
        let separator = if disk.ends_with(|last: char| last.is_ascii_digit()) { "p" } else { "" };
        format!("/dev/{disk}{separator}1")
    }

    pub(super) fn kernel_file(&self, item: Item) -> String {
        let os = &self.persona.os;
        let hardware = &self.persona.hardware;
        match item {
            Item::CpuInfo => self.cpu_info(),
            Item::MemInfo => self.mem_info(),
            Item::Version => self.version(),
            Item::Uptime => {
                let since = self.now().saturating_sub(self.boot()).max(60_000_000) / 10_000;
                let idle = self.processor(self.now()).idle;
                format!("{}.{:02} {idle:.2}\n", since / 100, since % 100)
            }
            Item::LoadAverage => {
                let (one, five, fifteen) = self.load();
                format!("{one:.2} {five:.2} {fifteen:.2} 1/{} {}\n", self.processes().len() + 41, self.last_pid())
            }
            Item::Mounts => self.mounts(),
            Item::Filesystems => "nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\tcpuset\nnodev\tdevtmpfs\nnodev\tdebugfs\nnodev\ttracefs\nnodev\tsecurityfs\nnodev\tsockfs\nnodev\tbpf\nnodev\tpipefs\nnodev\tramfs\nnodev\thugetlbfs\nnodev\tdevpts\n\text3\n\text2\n\text4\nnodev\tmqueue\n\tvfat\n\tfuseblk\nnodev\tfuse\nnodev\tfusectl\n".into(),
            Item::Partitions => self.partitions(),
            Item::Stat => self.stat_file(),
            Item::Swaps if self.memory().swap_total == 0 => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".into(),
            Item::Swaps => {
                let memory = self.memory();
                let device = self.root_device().replace('1', "5");
                format!("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n{device:<40}partition\t{}\t\t{}\t\t-2\n", memory.swap_total, memory.swap_total - memory.swap_free)
            }
            Item::Modules => MODULES.lines().map(|line| format!("{line} - Live 0x0000000000000000\n")).collect(),
            Item::CommandLine if self.flavour == Flavour::Busybox => "console=ttyS0,115200 root=/dev/mtdblock2 rootfstype=squashfs init=/sbin/init\n".into(),
            Item::CommandLine => format!("BOOT_IMAGE=/boot/vmlinuz-{} root={} ro quiet\n", os.kernel, self.root_device()),
            Item::Devices => "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n  7 vcs\n 10 misc\n 13 input\n 29 fb\n128 ptm\n136 pts\n180 usb\n189 usb_device\n226 drm\n\nBlock devices:\n  8 sd\n 11 sr\n 65 sd\n259 blkext\n".into(),
            Item::Interrupts => self.interrupts(),
            Item::DiskStats => self.disk_stats(),
            Item::Release => format!("{}\n", os.kernel),
            Item::Hostname => format!("{}\n", self.persona.hostname),
            Item::Random | Item::BootId => {
                let (high, low) = if item == Item::BootId {
                    (self.fixed(&["boot", &self.persona.booted_at.to_string()]), self.fixed(&["boot low"]))
                } else {
                    (u64::from(self.random_number()) << 32 | u64::from(self.random_number()), u64::from(self.random_number()) << 20)
                };
                format!("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}\n", high >> 32, (high >> 16) & 0xffff, high & 0xfff, 0x8000 | (low >> 50), low & 0xffff_ffff_ffff)
            }
            Item::DmiVendor => format!("{}\n", hardware.vendor),
            Item::DmiProduct => format!("{}\n", hardware.product),
            Item::DmiSerial => format!("{}\n", hardware.serial),
            Item::Mac => format!("{}\n", self.persona.mac),
            Item::Mtd => "dev:    size   erasesize  name\nmtd0: 00040000 00010000 \"boot\"\nmtd1: 00180000 00010000 \"kernel\"\nmtd2: 00600000 00010000 \"rootfs\"\nmtd3: 00010000 00010000 \"config\"\n".into(),
        }
    }

    pub(super) fn version(&self) -> String {
        let os = &self.persona.os;
        let (builder, compiler) = match self.flavour {
            Flavour::Debian => (
                "debian-kernel@lists.debian.org",
                "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40",
            ),
            Flavour::Ubuntu => (
                "buildd@lcy02-amd64-016",
                "gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38",
            ),
            Flavour::Redhat => (
                "mockbuild@iad1-prod-build001.bld.equ.rockylinux.org",
                "gcc (GCC) 11.4.1 20230605 (Red Hat 11.4.1-2), GNU ld version 2.35.2-42.el9",
            ),
            Flavour::Alpine => (
                "buildozer@build-3-19-x86_64",
                "gcc (Alpine 13.2.1_git20231014) 13.2.1 20231014, GNU ld (GNU Binutils) 2.41",
            ),
            Flavour::Busybox => ("root@localhost.localdomain", "gcc version 4.6.4 (Buildroot 2014.05)"),
        };
        format!("Linux version {} ({builder}) ({compiler}) {}\n", os.kernel, os.kernel_version)
    }

    fn cpu_info(&self) -> String {
        let hardware = &self.persona.hardware;
        let machine = self.persona.os.machine.as_str();
        let mut out = String::new();
        for cpu in 0..hardware.cpus.min(512) {
            let block = match machine {
                "x86_64" | "i686" => self.x86_block(cpu),
                _ if machine.starts_with("arm") || machine == "aarch64" => format!(
                    "processor\t: {cpu}\nmodel name\t: {}\nBogoMIPS\t: {:.2}\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm\nCPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x0\nCPU part\t: 0xc07\nCPU revision\t: 5\n\n",
                    hardware.cpu,
                    f64::from(hardware.mhz) / 12.5
                ),
                _ => format!(
                    "system type\t\t: {}\nmachine\t\t\t: {}\nprocessor\t\t: {cpu}\ncpu model\t\t: {}\nBogoMIPS\t\t: {:.2}\nwait instruction\t: yes\nmicrosecond timers\t: yes\ntlb_entries\t\t: 32\nextra interrupt vector\t: yes\nhardware watchpoint\t: yes, count: 4, address/irw mask: [0x0ffc, 0x0ffc, 0x0ffb, 0x0ffb]\nASEs implemented\t: mips16 dsp\nshadow register sets\t: 1\nkscratch registers\t: 0\npackage\t\t\t: 0\ncore\t\t\t: 0\nVCED exceptions\t\t: not available\nVCEI exceptions\t\t: not available\n\n",
                    hardware.product,
                    hardware.product,
                    hardware.cpu,
                    f64::from(hardware.mhz) * 0.6631
                ),
            };
            out.push_str(&block);
        }
        if machine.starts_with("arm") {
            out.push_str(&format!(
                "Hardware\t: {}\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n",
                hardware.product
            ));
        }
        out
    }

    fn x86_block(&self, cpu: u32) -> String {
        let hardware = &self.persona.hardware;
        let (family, model, stepping) = hardware.cpu_signature;
        let flags = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc arch_perfmon rep_good nopl xtopology cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt xsaveopt xsavec xgetbv1 arat md_clear";
        let cache = if hardware.cpu_vendor == "AuthenticAMD" { 512 } else { 16_384 };
        format!(
            "processor\t: {cpu}\nvendor_id\t: {}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {}\nstepping\t: {stepping}\nmicrocode\t: 0x1\ncpu MHz\t\t: {}.{:03}\ncache size\t: {cache} KB\nphysical id\t: 0\nsiblings\t: {n}\ncore id\t\t: {cpu}\ncpu cores\t: {n}\napicid\t\t: {cpu}\ninitial apicid\t: {cpu}\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: {flags}\nbugs\t\t: spectre_v1 spectre_v2 spec_store_bypass swapgs\nbogomips\t: {:.2}\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 40 bits physical, 48 bits virtual\npower management:\n\n",
            hardware.cpu_vendor,
            hardware.cpu,
            hardware.mhz,
            self.fixed(&["mhz"]) % 1000,
            f64::from(hardware.mhz) * 2.0,
            n = hardware.cpus
        )
    }

    fn interrupts(&self) -> String {
        let row = |name: &str, count: u64, what: &str| format!("{name:>3}: {count:>10}   {what}\n");
        let card = &self.persona.hardware.interface;
        [
            "           CPU0       \n".to_owned(),
            row("0", 30 + self.fixed(&["irq"]) % 20, "IO-APIC   2-edge      timer"),
            row("1", 9, "IO-APIC   1-edge      i8042"),
            row("8", 1, "IO-APIC   8-edge      rtc0"),
            row("9", 0, "IO-APIC   9-fasteoi   acpi"),
            row("24", self.traffic().packets_in, &format!("PCI-MSI 65536-edge      {card}")),
            row("NMI", 0, "Non-maskable interrupts"),
            row("LOC", self.switches(self.now()).1, "Local timer interrupts"),
            "ERR:          0\nMIS:          0\n".to_owned(),
        ]
        .concat()
    }

    fn disk_stats(&self) -> String {
        let blocks = self.blocks();
        let (reads, writes) = (blocks.reads, blocks.writes);
        let numbers = [
            reads,
            reads * 2 / 5,
            blocks.sectors_read,
            reads * 3 / 4,
            writes,
            writes * 4 / 5,
            blocks.sectors_written,
            writes * 6 / 5,
            0,
            reads / 2 + writes,
            reads * 3 / 4 + writes * 6 / 5,
            0,
            0,
            0,
            0,
            writes / 9,
            writes / 20,
        ];
        let numbers: String = numbers.iter().map(|number| format!(" {number}")).collect();
        format!("   8       0 {}{numbers}\n", self.persona.hardware.disk)
    }

    fn mem_info(&self) -> String {
        let memory = self.memory();
        let rows = [
            ("MemTotal", memory.total),
            ("MemFree", memory.free),
            ("MemAvailable", memory.available),
            ("Buffers", memory.buffers),
            ("Cached", memory.cached),
            ("SwapCached", 0),
            ("Active", memory.total / 5),
            ("Inactive", memory.total / 4),
            ("Active(anon)", memory.total / 90),
            ("Inactive(anon)", memory.total / 9),
            ("Active(file)", memory.total / 6),
            ("Inactive(file)", memory.total / 7),
            ("Unevictable", 0),
            ("Mlocked", 0),
            ("SwapTotal", memory.swap_total),
            ("SwapFree", memory.swap_free),
            ("Dirty", self.fixed(&["dirty", &(self.now() / 5_000_000).to_string()]) % 300),
            ("Writeback", 0),
            ("AnonPages", memory.total / 9),
            ("Mapped", memory.total / 17),
            ("Shmem", memory.shared),
            ("KReclaimable", memory.total / 30),
            ("Slab", memory.total / 20),
            ("SReclaimable", memory.total / 30),
            ("SUnreclaim", memory.total / 60),
            ("KernelStack", 2_640),
            ("PageTables", memory.total / 500),
            ("CommitLimit", memory.total / 2 + memory.swap_total),
            ("Committed_AS", memory.total / 4),
            ("VmallocTotal", 34_359_738_367),
            ("VmallocUsed", 21_004),
            ("VmallocChunk", 0),
        ];
        rows.iter().map(|(name, kib)| format!("{:<16}{kib:>8} kB\n", format!("{name}:"))).collect()
    }

    fn mounts(&self) -> String {
        let device = self.root_device();
        let rest = "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nsysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n";
        match self.flavour {
            Flavour::Busybox => format!(
                "rootfs / rootfs rw 0 0\n/dev/root / squashfs ro,relatime 0 0\n{rest}tmpfs /dev tmpfs rw,relatime,mode=755 0 0\ndevpts /dev/pts devpts rw,relatime,mode=600 0 0\ntmpfs /tmp tmpfs rw,relatime 0 0\n/dev/mtdblock3 /etc/config jffs2 rw,relatime 0 0\n"
            ),
            flavour => {
                let kind = if flavour == Flavour::Redhat {
                    "xfs rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota"
                } else {
                    "ext4 rw,relatime,errors=remount-ro"
                };
                let memory = self.persona.hardware.memory_kib;
                format!(
                    "{rest}udev /dev devtmpfs rw,nosuid,relatime,size={}k,nr_inodes={},mode=755,inode64 0 0\ndevpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\ntmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={}k,mode=755,inode64 0 0\n{device} / {kind} 0 0\nsecurityfs /sys/kernel/security securityfs rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0\ntmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k,inode64 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0\nsystemd-1 /proc/sys/fs/binfmt_misc autofs rw,relatime,fd=30,pgrp=1,timeout=0,minproto=5,maxproto=5,direct 0 0\ntmpfs /run/user/0 tmpfs rw,nosuid,nodev,relatime,size={}k,mode=700,inode64 0 0\n",
                    memory / 2 - 30_000,
                    memory / 8,
                    memory / 10,
                    memory / 10
                )
            }
        }
    }

    fn partitions(&self) -> String {
        let mut out = String::from("major minor  #blocks  name\n\n");
        if self.flavour == Flavour::Busybox {
            out.push_str("  31        0        256 mtdblock0\n  31        1       1536 mtdblock1\n  31        2       6144 mtdblock2\n  31        3         64 mtdblock3\n");
            return out;
        }
        let disk = &self.persona.hardware.disk;
        let size = self.persona.hardware.disk_kib;
        let swap = self.memory().swap_total + 4;
        let device = self.root_device();
        let first = device.trim_start_matches("/dev/");
        out.push_str(&format!(
            "   8        0 {size:>10} {disk}\n   8        1 {:>10} {first}\n   8        5 {swap:>10} {}\n",
            size.saturating_sub(swap + 1024),
            first.replace('1', "5")
        ));
        out
    }

    fn stat_file(&self) -> String {
        let now = self.now();
        let processor = self.processor(now);
        let cpus = self.persona.hardware.cpus.clamp(1, 512);
        let row = |name: String, part: f64| {
            let ticks = |seconds: f64| whole(seconds * 100.0 / part);
            let Processor { user, nice, system, waiting, soft, idle } = processor;
            let [user, nice, system, idle] = [user, nice, system, idle].map(ticks);
            format!("{name} {user} {nice} {system} {idle} {} 0 {} 0 0 0\n", ticks(waiting), ticks(soft))
        };
        let mut out = row("cpu ".into(), 1.0);
        for cpu in 0..cpus {
            out.push_str(&row(format!("cpu{cpu}"), f64::from(cpus)));
        }
        let (switches, interrupts) = self.switches(now);
        out + &format!(
            "intr {interrupts} 30 9 0 0 0 0 0 0 1 0\nctxt {switches}\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\nsoftirq {} 0 0 0 0 0 0 0 0 0 0\n",
            self.boot() / 1_000_000,
            self.forks(),
            interrupts / 2
        )
    }
}

const MODULES: &str = "tcp_diag 16384 0
inet_diag 24576 1 tcp_diag,
intel_rapl_msr 20480 0
intel_rapl_common 32768 1 intel_rapl_msr,
ghash_clmulni_intel 16384 0
sha512_ssse3 49152 0
aesni_intel 393216 0
crypto_simd 16384 1 aesni_intel,
cryptd 28672 2 ghash_clmulni_intel,crypto_simd,
serio_raw 20480 0
evdev 28672 2
sg 40960 0
button 24576 0
fuse 176128 1
loop 32768 0
dm_mod 184320 0
configfs 57344 1
ip_tables 36864 0
x_tables 61440 1 ip_tables,
autofs4 53248 2
ext4 983040 1
crc16 16384 1 ext4,
mbcache 16384 1 ext4,
jbd2 167936 1 ext4,
sd_mod 65536 3
ahci 49152 2
libahci 49152 1 ahci,
libata 401408 2 libahci,ahci,
e1000 159744 0
psmouse 184320 0";
