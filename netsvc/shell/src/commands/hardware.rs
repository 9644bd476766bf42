//! Hardware: CPU, disks, buses, firmware.

use super::{Run, options::options, rest};
use crate::{
    Flavour,
    interpret::{Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("lscpu", lscpu),
    ("lspci", lspci),
    ("lsusb", lsusb),
    ("lsblk", lsblk),
    ("blkid", blkid),
    ("fdisk", fdisk),
    ("dmidecode", dmidecode),
    ("lsmod", lsmod),
    ("modprobe", |_, _| Ok(0)),
    ("insmod", |_, _| Ok(0)),
    ("rmmod", |_, _| Ok(0)),
    ("hwclock", |_, _| Ok(0)),
    ("swapon", |_, _| Ok(0)),
    ("swapoff", |_, _| Ok(0)),
    ("hdparm", |_, _| Ok(0)),
    ("mkswap", |_, _| Ok(0)),
];

fn lscpu(shell: &mut Shell, _: &[String]) -> Status {
    let live = &shell.live;
    let (hardware, machine) = (&live.persona.hardware, &live.persona.os.machine);
    let (family, model, stepping) = hardware.cpu_signature;
    let mut text = format!("Architecture:            {machine}\n");
    if machine == "x86_64" {
        text.push_str("  CPU op-mode(s):        32-bit, 64-bit\n  Address sizes:         40 bits physical, 48 bits virtual\n");
    }
    let last = hardware.cpus.saturating_sub(1);
    let online = if last == 0 { "0".to_owned() } else { format!("0-{last}") };
    text.push_str(&format!("  Byte Order:            Little Endian\nCPU(s):                  {}\n  On-line CPU(s) list:   {online}\nVendor ID:               {}\n  Model name:            {}\n    CPU family:          {family}\n    Model:               {model}\n    Thread(s) per core:  1\n    Core(s) per socket:  {}\n    Socket(s):           1\n    Stepping:            {stepping}\n    BogoMIPS:            {:.2}\n", hardware.cpus, hardware.cpu_vendor, hardware.cpu, hardware.cpus, f64::from(hardware.mhz) * 2.0));
    text.push_str(&format!(
        "NUMA:                    \n  NUMA node(s):          1\n  NUMA node0 CPU(s):     {online}\n"
    ));
    shell.out(&text)?;
    Ok(0)
}

fn lspci(shell: &mut Shell, _: &[String]) -> Status {
    shell.out("00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)\n00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]\n00:01.1 IDE interface: Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]\n00:01.3 Bridge: Intel Corporation 82371AB/EB/MB PIIX4 ACPI (rev 03)\n00:02.0 VGA compatible controller: Device 1234:1111 (rev 02)\n00:03.0 Ethernet controller: Intel Corporation 82540EM Gigabit Ethernet Controller (rev 03)\n00:05.0 SCSI storage controller: LSI Logic / Symbios Logic 53c895a\n")?;
    Ok(0)
}

fn lsusb(shell: &mut Shell, _: &[String]) -> Status {
    shell.out("Bus 001 Device 001: ID 1d6b:0001 Linux Foundation 1.1 root hub\n")?;
    Ok(0)
}

fn size(kib: u64) -> String {
    let text = super::system::human(kib * 1024);
    text.replace(".0", "")
}

fn lsblk(shell: &mut Shell, _: &[String]) -> Status {
    let live = &shell.live;
    let hardware = &live.persona.hardware;
    let swap = live.memory().swap_total;
    let root = live.root_device();
    let first = root.trim_start_matches("/dev/");
    let mut text = format!(
        "NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\n{:<6}   8:0    0 {:>5}  0 disk \n├─{first:<4}   8:1    0 {:>5}  0 part /\n",
        hardware.disk,
        size(hardware.disk_kib),
        size(hardware.disk_kib.saturating_sub(swap))
    );
    text.push_str(&format!(
        "└─{:<4}   8:5    0 {:>5}  0 part [SWAP]\nsr0     11:0    1 1024M  0 rom  \n",
        first.replace('1', "5"),
        size(swap)
    ));
    let bytes = crate::text::decode(text.as_bytes());
    shell.out(&bytes)?;
    Ok(0)
}

fn blkid(shell: &mut Shell, _: &[String]) -> Status {
    let fstab = crate::text::decode(&shell.fs.read_file("/etc/fstab").unwrap_or_default());
    let uuid = fstab
        .lines()
        .find_map(|line| line.strip_prefix("UUID="))
        .and_then(|rest| rest.split(' ').next())
        .unwrap_or("")
        .to_owned();
    let device = shell.live.root_device();
    let kind = if shell.flavour() == Flavour::Redhat { "xfs" } else { "ext4" };
    shell.out(&format!(
        "{device}: UUID=\"{uuid}\" BLOCK_SIZE=\"4096\" TYPE=\"{kind}\" PARTUUID=\"{:08x}-01\"\n",
        uuid.len() as u64 + shell.live.fixed(&["partuuid"]) % 0xffff_0000
    ))?;
    Ok(0)
}

fn fdisk(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.fs.credentials.uid != 0 || !rest(arguments).iter().any(|word| word == "-l") {
        shell.err("fdisk: bad usage\nTry 'fdisk --help' for more information.\n")?;
        return Ok(1);
    }
    let hardware = &shell.live.persona.hardware;
    let bytes = hardware.disk_kib * 1024;
    let text = format!(
        "Disk /dev/{}: {:.0} GiB, {bytes} bytes, {} sectors\nDisk model: {}\nUnits: sectors of 1 * 512 = 512 bytes\nSector size (logical/physical): 512 bytes / 512 bytes\nI/O size (minimum/optimal): 512 bytes / 512 bytes\nDisklabel type: dos\n\nDevice     Boot Start       End   Sectors  Size Id Type\n{}  *     2048 {:>9} {:>9} {:>5} 83 Linux\n",
        hardware.disk,
        bytes as f64 / 1_073_741_824.0,
        bytes / 512,
        "QEMU HARDDISK   ",
        shell.live.root_device(),
        bytes / 512 - 1,
        bytes / 512 - 2048,
        size(hardware.disk_kib)
    );
    shell.out(&text)?;
    Ok(0)
}

fn dmidecode(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "s:t:q", &[("string", 's'), ("type", 't')])? else {
        return Ok(1);
    };
    if shell.fs.credentials.uid != 0 {
        shell.err("/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\nScanning /dev/mem for entry point.\n/dev/mem: Permission denied\n")?;
        return Ok(1);
    }
    let hardware = &shell.live.persona.hardware;
    let text = match options.value('s') {
        Some("system-manufacturer" | "baseboard-manufacturer" | "chassis-manufacturer") => {
            format!("{}\n", hardware.vendor)
        }
        Some("system-product-name" | "baseboard-product-name") => format!("{}\n", hardware.product),
        Some("system-serial-number" | "chassis-serial-number") => format!("{}\n", hardware.serial),
        Some("processor-version") => format!("{}\n", hardware.cpu),
        Some(_) => "Not Specified\n".into(),
        None => format!(
            "# dmidecode 3.4\nGetting SMBIOS data from sysfs.\nSMBIOS 2.8 present.\n\nHandle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: {}\n\tProduct Name: {}\n\tVersion: Not Specified\n\tSerial Number: {}\n\tWake-up Type: Power Switch\n\tSKU Number: Not Specified\n\tFamily: Not Specified\n\nHandle 0x0400, DMI type 4, 42 bytes\nProcessor Information\n\tType: Central Processor\n\tManufacturer: {}\n\tVersion: {}\n\tMax Speed: {} MHz\n\nHandle 0x1100, DMI type 17, 40 bytes\nMemory Device\n\tSize: {} MB\n\n",
            hardware.vendor,
            hardware.product,
            hardware.serial,
            hardware.cpu_vendor,
            hardware.cpu,
            hardware.mhz,
            hardware.memory_kib.div_ceil(1 << 20) << 10
        ),
    };
    shell.out(&text)?;
    Ok(0)
}

fn lsmod(shell: &mut Shell, _: &[String]) -> Status {
    let modules = crate::text::decode(&shell.fs.read_file("/proc/modules").unwrap_or_default());
    let mut out = String::from("Module                  Size  Used by\n");
    for line in modules.lines() {
        let mut fields = line.split(' ');
        let (name, size, used, by) = (
            fields.next().unwrap_or(""),
            fields.next().unwrap_or(""),
            fields.next().unwrap_or(""),
            fields.next().unwrap_or("-"),
        );
        let by = if by == "-" { "" } else { by.trim_end_matches(',') };
        out.push_str(format!("{name:<19} {size:>8}  {used} {by}").trim_end());
        out.push('\n');
    }
    shell.out(&out)?;
    Ok(0)
}
