//! `/etc/passwd` and its relatives.

use super::{Live, Service};
use crate::flavour::Flavour;
use netsvc_persona::{Persona, subkey};

const DEBIAN: &str = "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
systemd-timesync:x:997:997:systemd Time Synchronization:/:/usr/sbin/nologin
messagebus:x:100:107::/nonexistent:/usr/sbin/nologin
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
";

const REDHAT: &str = "bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
adm:x:3:4:adm:/var/adm:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/spool/mail:/sbin/nologin
operator:x:11:0:operator:/root:/sbin/nologin
games:x:12:100:games:/usr/games:/sbin/nologin
ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin
systemd-coredump:x:999:997:systemd Core Dumper:/:/sbin/nologin
dbus:x:81:81:System message bus:/:/sbin/nologin
tss:x:59:59:Account used for TPM access:/:/usr/sbin/nologin
sssd:x:998:996:User for sssd:/:/sbin/nologin
chrony:x:997:995:chrony system user:/var/lib/chrony:/sbin/nologin
sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/usr/sbin/nologin
";

const BUSYBOX: &str = "daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
";

const ALPINE: &str = "bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/mail:/sbin/nologin
cron:x:16:16:cron:/var/spool/cron:/sbin/nologin
sshd:x:22:22:sshd:/dev/null:/sbin/nologin
ntp:x:123:123:NTP:/var/empty:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
";

/// Groups that are not an account's own: name, number.
const GROUPS: [(&str, u32); 22] = [
    ("root", 0),
    ("daemon", 1),
    ("bin", 2),
    ("sys", 3),
    ("adm", 4),
    ("tty", 5),
    ("disk", 6),
    ("lp", 7),
    ("mail", 8),
    ("wheel", 10),
    ("kmem", 15),
    ("sudo", 27),
    ("audio", 29),
    ("www-data", 33),
    ("shadow", 42),
    ("utmp", 43),
    ("video", 44),
    ("staff", 50),
    ("games", 60),
    ("users", 100),
    ("messagebus", 107),
    ("nogroup", 65534),
];

/// Lines of accounts that the system brings.
fn system_accounts(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Debian | Flavour::Ubuntu => DEBIAN,
        Flavour::Redhat => REDHAT,
        Flavour::Alpine => ALPINE,
        Flavour::Busybox => BUSYBOX,
    }
}

/// An account that a service brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceAccount {
    pub uid: u32,
    pub gid: u32,
    pub home: &'static str,
}

/// Lines of accounts that the node's services bring.
fn of_services(persona: &Persona, services: &[Service]) -> impl Iterator<Item = &'static str> {
    services.iter().filter_map(|service| service.daemon(persona)).flat_map(|daemon| daemon.account.lines())
}

/// The account `name` that a service of the node brings.
pub(crate) fn of_service(persona: &Persona, services: &[Service], name: &str) -> Option<ServiceAccount> {
    let fields = |line: &'static str| line.split(':').collect::<Vec<_>>();
    of_services(persona, services).map(fields).find_map(|fields| match fields[..] {
        [own, _, uid, gid, _, home, _] if own == name => {
            Some(ServiceAccount { uid: uid.parse().ok()?, gid: gid.parse().ok()?, home })
        }
        _ => None,
    })
}

/// Whether `name` is an account of the system or of one of its services.
pub(crate) fn is_system(persona: &Persona, services: &[Service], name: &str) -> bool {
    known(Flavour::of(persona), name)
        || of_services(persona, services).any(|line| line.split(':').next() == Some(name))
}

/// Whether a system comes with the account `name`.
fn known(flavour: Flavour, name: &str) -> bool {
    system_accounts(flavour).lines().any(|line| line.split(':').next() == Some(name))
}

impl Live {
    pub(super) fn passwd(&self) -> String {
        let shell = if self.flavour.busybox() { "/bin/sh" } else { "/bin/bash" };
        let root = self.persona.users.iter().find(|user| user.uid == 0);
        let mut out = format!(
            "root:x:0:0:root:{}:{}\n",
            root.map_or("/root", |user| user.home.as_str()),
            root.map_or(shell, |user| user.shell.as_str())
        );
        out.push_str(system_accounts(self.flavour));
        if !self.flavour.busybox() {
            // Some come with the system already.
            let own = |line: &&str| line.split(':').next().is_some_and(|name| !known(self.flavour, name));
            for line in self.software().flat_map(|(_, daemon)| daemon.account.lines()).filter(own) {
                out.push_str(line);
                out.push('\n');
            }
        }
        for user in self.persona.users.iter().filter(|user| user.uid != 0) {
            let gecos =
                if self.flavour.deb() { format!("{},,,", user.full_name) } else { user.full_name.clone() };
            let line =
                format!("{}:x:{uid}:{uid}:{gecos}:{}:{}\n", user.name, user.home, user.shell, uid = user.uid);
            out.push_str(&line);
        }
        out
    }

    pub(super) fn shadow(&self) -> String {
        let installed = self.persona.installed_at / 86_400_000_000;
        let mut out = String::new();
        for line in self.passwd().lines() {
            let mut fields = line.split(':');
            let name = fields.next().unwrap_or("");
            let uid: u32 = fields.nth(1).and_then(|uid| uid.parse().ok()).unwrap_or(1);
            let person = uid == 0 || self.persona.users.iter().any(|user| user.name == name);
            let secret = match (person, self.flavour) {
                (true, _) => self.password_hash(name),
                (false, Flavour::Alpine | Flavour::Debian | Flavour::Ubuntu) => "!".into(),
                (false, _) => "*".into(),
            };
            let limits = if person || !self.flavour.deb() { "0:99999:7:::" } else { ":::::" };
            out.push_str(&format!("{name}:{secret}:{installed}:{limits}\n"));
        }
        out
    }

    /// A hash that looks right for the release and opens to nothing.
    fn password_hash(&self, name: &str) -> String {
        const ALPHABET: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let key = self.persona.subkey.hex_bytes().unwrap_or_default();
        let mut letters =
            (0..4).flat_map(|block: u32| subkey::bytes(&key, &["shadow", name, &block.to_string()]));
        let mut text = |count: usize| -> String {
            letters
                .by_ref()
                .take(count)
                .map(|byte| char::from(ALPHABET.get(usize::from(byte & 63)).copied().unwrap_or(b'.')))
                .collect()
        };
        match self.flavour {
            Flavour::Debian | Flavour::Ubuntu => format!("$y$j9T${}${}", text(22), text(43)),
            Flavour::Redhat | Flavour::Alpine => format!("$6${}${}", text(16), text(86)),
            Flavour::Busybox => format!("$1${}${}", text(8), text(22)),
        }
    }

    pub(super) fn group(&self) -> String {
        let mut out = String::new();
        let people = self.persona.users.iter().filter(|user| user.uid >= 1000);
        let first = people.clone().next().map_or("", |user| user.name.as_str());
        for (name, gid) in GROUPS {
            let admin = matches!(
                (name, self.flavour),
                ("sudo", Flavour::Debian | Flavour::Ubuntu) | ("wheel", Flavour::Redhat)
            );
            let member = if admin { first } else { "" };
            out.push_str(&format!("{name}:x:{gid}:{member}\n"));
        }
        for user in people {
            out.push_str(&format!("{}:x:{}:\n", user.name, user.uid));
        }
        out
    }

    pub(super) fn group_shadow(&self) -> String {
        self.group()
            .lines()
            .filter_map(|line| line.split(':').next())
            .map(|name| format!("{name}:*::\n"))
            .collect()
    }
}
