//! Files that say which system this is, and small settings of `/etc`.

use super::{Live, calendar::strftime};
use crate::flavour::{Flavour, busybox_version};

impl Live {
    pub(super) fn os_release(&self) -> String {
        let os = &self.persona.os;
        let id = self.flavour.id(&self.persona);
        let (name, extra) = match self.flavour {
            Flavour::Ubuntu => (
                "Ubuntu".to_owned(),
                "ID_LIKE=debian\nHOME_URL=\"https://www.ubuntu.com/\"\nSUPPORT_URL=\"https://help.ubuntu.com/\"\nBUG_REPORT_URL=\"https://bugs.launchpad.net/ubuntu/\"\nPRIVACY_POLICY_URL=\"https://www.ubuntu.com/legal/terms-and-policies/privacy-policy\"\n".to_owned()
                    + &format!("UBUNTU_CODENAME={}\n", os.codename),
            ),
            Flavour::Redhat => (
                os.pretty_name.split(" release").next().unwrap_or("").split(char::is_numeric).next().unwrap_or("").trim().to_owned(),
                format!("ID_LIKE=\"rhel centos fedora\"\nPLATFORM_ID=\"platform:el{0}\"\nANSI_COLOR=\"0;32\"\n", os.version.split('.').next().unwrap_or("9")),
            ),
            Flavour::Alpine => (
                "Alpine Linux".to_owned(),
                "HOME_URL=\"https://alpinelinux.org/\"\nBUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"\n".to_owned(),
            ),
            Flavour::Busybox => ("Buildroot".to_owned(), String::new()),
            Flavour::Debian => (
                "Debian GNU/Linux".to_owned(),
                "HOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\nBUG_REPORT_URL=\"https://bugs.debian.org/\"\n".to_owned(),
            ),
        };
        let code = if os.codename.is_empty() {
            String::new()
        } else {
            format!("VERSION_CODENAME={}\n", os.codename)
        };
        let version = if os.codename.is_empty() {
            os.version.clone()
        } else {
            format!("{} ({})", os.version, os.codename)
        };
        match self.flavour {
            Flavour::Alpine | Flavour::Busybox => format!(
                "NAME=\"{name}\"\nID={id}\nVERSION_ID={}\nPRETTY_NAME=\"{}\"\n{extra}",
                os.version, os.pretty_name
            ),
            _ => format!(
                "PRETTY_NAME=\"{}\"\nNAME=\"{name}\"\nVERSION_ID=\"{}\"\nVERSION=\"{version}\"\n{code}ID={id}\n{extra}",
                os.pretty_name, os.version
            ),
        }
    }

    pub(super) fn lsb_release(&self) -> String {
        let os = &self.persona.os;
        format!(
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={}\nDISTRIB_CODENAME={}\nDISTRIB_DESCRIPTION=\"{}\"\n",
            os.version, os.codename, os.pretty_name
        )
    }

    pub(super) fn version_file(&self) -> String {
        let os = &self.persona.os;
        match self.flavour {
            Flavour::Debian => format!("{}.{}\n", os.version, 1 + self.fixed(&["point release"]) % 5),
            Flavour::Ubuntu => {
                format!("{}/sid\n", if os.codename == "noble" { "trixie" } else { "bookworm" })
            }
            _ => format!("{}\n", os.version),
        }
    }

    pub(super) fn hosts(&self) -> String {
        let persona = &self.persona;
        let names = if persona.domain.is_empty() {
            persona.hostname.clone()
        } else {
            format!("{}\t{}", persona.fqdn(), persona.hostname)
        };
        // Where nobody answers for names, those of the neighbours stand here.
        let near: String = self
            .near()
            .into_iter()
            .map(|near| match persona.domain.as_str() {
                "" => format!("{}\t{}\n", near.address, near.name),
                domain => format!("{}\t{1}.{domain}\t{1}\n", near.address, near.name),
            })
            .collect();
        let own = match self.flavour {
            Flavour::Busybox => format!("127.0.0.1\tlocalhost\n127.0.1.1\t{}\n", persona.hostname),
            Flavour::Redhat => "127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n::1         localhost localhost.localdomain localhost6 localhost6.localdomain6\n".into(),
            _ => format!(
                "127.0.0.1\tlocalhost\n127.0.1.1\t{names}\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
            ),
        };
        own + &near
    }

    pub(super) fn resolv(&self) -> String {
        let search = if self.persona.domain.is_empty() {
            String::new()
        } else {
            format!("search {}\n", self.persona.domain)
        };
        let server =
            self.persona.gateway.map_or_else(|| "127.0.0.53".to_owned(), |gateway| gateway.to_string());
        format!("{search}nameserver {server}\n")
    }

    pub(super) fn issue(&self, path: &str) -> String {
        let os = &self.persona.os;
        let network = path.ends_with(".net");
        match self.flavour {
            Flavour::Debian | Flavour::Ubuntu if network => format!("{}\n", strip_code(&os.pretty_name)),
            Flavour::Debian | Flavour::Ubuntu => format!("{} \\n \\l\n\n", strip_code(&os.pretty_name)),
            Flavour::Redhat => "\\S\nKernel \\r on an \\m\n\n".into(),
            Flavour::Alpine => {
                format!("Welcome to Alpine Linux {}\nKernel \\r on an \\m (\\l)\n\n", os.version)
            }
            Flavour::Busybox => format!("{}\n", self.persona.hardware.product),
        }
    }

    pub(super) fn fstab(&self) -> String {
        let uuid = |what: &str| {
            let (high, low) = (self.fixed(&["uuid", what]), self.fixed(&["uuid low", what]));
            format!(
                "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                high >> 32,
                (high >> 16) & 0xffff,
                high & 0xfff,
                0x8000 | (low >> 50),
                low & 0xffff_ffff_ffff
            )
        };
        match self.flavour {
            Flavour::Busybox => "proc\t\t/proc\tproc\tdefaults\t0\t0\ntmpfs\t\t/tmp\ttmpfs\tdefaults\t0\t0\nsysfs\t\t/sys\tsysfs\tdefaults\t0\t0\n".into(),
            Flavour::Redhat => format!(
                "\n#\n# /etc/fstab\n# Created by anaconda on {}\n#\nUUID={} /                       xfs     defaults        0 0\nUUID={} none                    swap    defaults        0 0\n",
                strftime("%a %b %e %H:%M:%S %Y", self.persona.installed_at, &self.persona.zone), uuid("/"), uuid("swap")
            ),
            _ => format!(
                "# /etc/fstab: static file system information.\n#\n# <file system> <mount point>   <type>  <options>       <dump>  <pass>\nUUID={} /               ext4    errors=remount-ro 0       1\nUUID={} none            swap    sw              0       0\n",
                uuid("/"), uuid("swap")
            ),
        }
    }

    pub(super) fn interfaces(&self) -> String {
        let persona = &self.persona;
        let gateway = persona.gateway.map_or_else(String::new, |gateway| format!("\tgateway {gateway}\n"));
        let interface = &persona.hardware.interface;
        format!(
            "# This file describes the network interfaces available on your system\n# and how to activate them. For more information, see interfaces(5).\n\nsource /etc/network/interfaces.d/*\n\n# The loopback network interface\nauto lo\niface lo inet loopback\n\n# The primary network interface\nallow-hotplug {interface}\niface {interface} inet static\n\taddress {}/{}\n{gateway}",
            persona.ip, persona.prefix
        )
    }

    pub(super) fn sshd_config(&self) -> String {
        let subsystem = match self.flavour {
            Flavour::Redhat => "/usr/libexec/openssh/sftp-server",
            Flavour::Alpine => "internal-sftp",
            _ => "/usr/lib/openssh/sftp-server",
        };
        format!(
            "# This is the sshd server system-wide configuration file.  See\n# sshd_config(5) for more information.\n\nInclude /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#AddressFamily any\n#ListenAddress 0.0.0.0\n#ListenAddress ::\n\n#HostKey /etc/ssh/ssh_host_rsa_key\n#HostKey /etc/ssh/ssh_host_ecdsa_key\n#HostKey /etc/ssh/ssh_host_ed25519_key\n\n#LoginGraceTime 2m\nPermitRootLogin yes\n#StrictModes yes\n#MaxAuthTries 6\n#MaxSessions 10\n\n#PubkeyAuthentication yes\n\n#PasswordAuthentication yes\n#PermitEmptyPasswords no\n\nKbdInteractiveAuthentication no\nUsePAM yes\n\nX11Forwarding yes\nPrintMotd no\n\nAcceptEnv LANG LC_*\n\nSubsystem\tsftp\t{subsystem}\n"
        )
    }

    /// What a person typed here some time ago.
    pub(super) fn history_file(&self, path: &str) -> String {
        let persona = &self.persona;
        if !persona.routine.is_unknown()
            && let Some(typed) = self.typed(path.strip_suffix("/.bash_history").unwrap_or(path))
        {
            return typed;
        }
        let gateway = persona.gateway.map_or_else(|| "127.0.0.1".into(), |gateway| gateway.to_string());
        let update = match self.flavour {
            Flavour::Redhat => "dnf update -y",
            Flavour::Alpine => "apk upgrade",
            _ => "apt update && apt upgrade -y",
        };
        let service = persona.products.keys().next().map_or("sshd", String::as_str);
        let pool = [
            "ls -la".to_owned(),
            "df -h".into(),
            update.into(),
            "top".into(),
            format!("systemctl status {service}"),
            "journalctl -xe".into(),
            format!("ping -c 3 {gateway}"),
            "ip a".into(),
            "cd /var/log".into(),
            "tail -n 50 syslog".into(),
            "free -m".into(),
            "crontab -l".into(),
            "vi /etc/hosts".into(),
            "uptime".into(),
            "last | head".into(),
            format!("systemctl restart {service}"),
            "cd".into(),
            "du -sh /var/*".into(),
            "cat /etc/os-release".into(),
            "ss -tlnp".into(),
            "reboot".into(),
            "exit".into(),
        ];
        let count = pool.len() as u64;
        (0..28_u32)
            .filter_map(|line| {
                pool.get(usize::try_from(self.fixed(&[path, &line.to_string()]) % count).unwrap_or(0))
            })
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

fn strip_code(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

/// `/etc/motd` as the file is.
pub(super) fn motd_file(live: &Live) -> String {
    match live.flavour {
        Flavour::Debian => "\nThe programs included with the Debian GNU/Linux system are free software;\nthe exact distribution terms for each program are described in the\nindividual files in /usr/share/doc/*/copyright.\n\nDebian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\npermitted by applicable law.\n".into(),
        Flavour::Alpine => "Welcome to Alpine!\n\nThe Alpine Wiki contains a large amount of how-to guides and general\ninformation about administrating Alpine systems.\nSee <https://wiki.alpinelinux.org/>.\n\nYou can setup the system with the command: setup-alpine\n\nYou may change this message by editing /etc/motd.\n\n".into(),
        _ => String::new(),
    }
}

/// What a login shows before the first prompt, without the last-login line.
pub(crate) fn motd(live: &Live) -> String {
    let os = &live.persona.os;
    match live.flavour {
        Flavour::Debian => format!(
            "Linux {} {} {} {}\n{}",
            live.persona.hostname,
            os.kernel,
            os.kernel_version,
            os.machine,
            motd_file(live)
        ),
        Flavour::Ubuntu => ubuntu(live),
        Flavour::Busybox => format!(
            "\n\n{} built-in shell (ash)\nEnter 'help' for a list of built-in commands.\n\n",
            busybox_version(&live.persona)
        ),
        _ => motd_file(live),
    }
}

fn ubuntu(live: &Live) -> String {
    let persona = &live.persona;
    let memory = live.memory();
    let used = (memory.total - memory.available) * 100 / memory.total.max(1);
    let disk = live.disk();
    let now = strftime("%a %b %e %H:%M:%S %Z %Y", live.login_at, &persona.zone);
    let load = live.load().0;
    let left = [
        ("System load:  ", format!("{load:.2}")),
        (
            "Usage of /:   ",
            format!(
                "{:.1}% of {:.2}GB",
                disk.1 as f64 * 100.0 / disk.0.max(1) as f64,
                disk.0 as f64 / 1_048_576.0
            ),
        ),
        ("Memory usage: ", format!("{used}%")),
        ("Swap usage:   ", "0%".into()),
    ];
    let right = [
        "Processes:             ".to_owned() + &live.processes().len().to_string(),
        format!("Users logged in:       {}", live.colleagues().len()),
        format!("IPv4 address for {}: {}", persona.hardware.interface, persona.ip),
        String::new(),
    ];
    let table: String = left
        .iter()
        .zip(&right)
        .map(|((name, value), right)| {
            format!("  {:<33}{right}", format!("{name}{value}")).trim_end().to_owned() + "\n"
        })
        .collect();
    format!(
        "Welcome to {} (GNU/Linux {} {})\n\n * Documentation:  https://help.ubuntu.com\n * Management:     https://landscape.canonical.com\n * Support:        https://ubuntu.com/advantage\n\n  System information as of {now}\n\n{table}\nExpanded Security Maintenance for Applications is not enabled.\n\n0 updates can be applied immediately.\n\nEnable ESM Apps to receive additional future security updates.\nSee https://ubuntu.com/esm or run: sudo pro status\n\n\n",
        persona.os.pretty_name, persona.os.kernel, persona.os.machine,
    )
}
