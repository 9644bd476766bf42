//! Samba by system: units, packages, folders, and the file that says what is shared.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const DEBIAN_CONF: &str = "[global]\n   workgroup = WORKGROUP\n   log file = /var/log/samba/log.%m\n   max \
    log size = \
    1000\n   logging = file\n   panic action = /usr/share/samba/panic-action %d\n   server role = \
    standalone server\n   \
    obey pam restrictions = yes\n   unix password sync = yes\n   passwd program = /usr/bin/passwd %u\n   \
    pam password \
    change = yes\n   map to guest = bad user\n   usershare allow guests = yes\n\n[homes]\n   comment = Home \
    Directories\n   browseable = no\n   read only = no\n   create mask = 0700\n   directory mask = \
    0700\n   valid users \
    = %S\n\n[printers]\n   comment = All Printers\n   browseable = no\n   path = /var/tmp\n   printable = \
    yes\n   guest \
    ok = no\n   read only = yes\n   create mask = 0700\n\n[print$]\n   comment = Printer Drivers\n   path = \
    /var/lib/samba/printers\n   browseable = yes\n   read only = yes\n   guest ok = no\n\n[transfer]\n   \
    comment = \
    Ablage {domain}\n   path = /srv/samba/transfer\n   guest ok = yes\n   read only = no\n\n[data]\n   path = \
    /srv/samba/data\n   read only = no\n";
const UBUNTU_CONF: &str = "[global]\n   workgroup = WORKGROUP\n   server string = %h server (Samba, \
    Ubuntu)\n   log file \
    = /var/log/samba/log.%m\n   max log size = 1000\n   logging = file\n   server role = standalone \
    server\n   obey pam \
    restrictions = yes\n   map to guest = bad user\n   usershare allow guests = yes\n\n[homes]\n   comment \
    = Home \
    Directories\n   browseable = no\n   read only = no\n\n[printers]\n   comment = All Printers\n   \
    browseable = no\n   \
    path = /var/spool/samba\n   printable = yes\n   guest ok = no\n   read only = yes\n\n[print$]\n   \
    comment = Printer \
    Drivers\n   path = /var/lib/samba/printers\n   browseable = yes\n   read only = yes\n   guest ok = no\n\
    \n[dept]\n   \
    comment = Department files\n   path = /srv/samba/dept\n   read only = no\n\n[incoming]\n   path = \
    /srv/samba/incoming\n   guest ok = yes\n   read only = no\n";
const REDHAT_CONF: &str = "# See smb.conf.example for a more detailed config file or\n# read the smb.conf \
    manpage.\n# \
    Run 'testparm' to verify the config is correct after\n# you modified it.\n\n[global]\n\tworkgroup = \
    SAMBA\n\tsecurity = user\n\n\tpassdb backend = tdbsam\n\n\tprinting = cups\n\tprintcap name = cups\n\
    \tload printers \
    = yes\n\tcups options = raw\n\n[homes]\n\tcomment = Home Directories\n\tvalid users = %S, %D%w%S\n\
    \tbrowseable = \
    No\n\tread only = No\n\tinherit acls = Yes\n\n[printers]\n\tcomment = All Printers\n\tpath = /var/tmp\n\
    \tprintable = \
    Yes\n\tcreate mask = 0600\n\tbrowseable = No\n\n[print$]\n\tcomment = Printer Drivers\n\tpath = \
    /var/lib/samba/drivers\n\twrite list = @printadmin root\n\tforce group = @printadmin\n\tcreate mask = \
    0664\n\tdirectory mask = 0775\n\n[archive]\n\tcomment = Archive\n\tpath = /srv/samba/archive\n\tread \
    only = No\n";
const PLAIN_CONF: &str = "[global]\n   workgroup = WORKGROUP\n   server string = Samba\n   log file = \
    /var/log/samba4/log.%m\n   max log size = 50\n\n[homes]\n   comment = Home Directories\n   browseable \
    = no\n   \
    writable = yes\n\n[pub]\n   path = /srv/samba/pub\n   public = yes\n   writable = no\n";
const BOX_CONF: &str = "[global]\n   workgroup = WORKGROUP\n   server string = NAS Server\n   map to guest \
    = Bad \
    User\n\n[Public]\n   comment = System default share\n   path = /share/Public\n   guest ok = yes\n   \
    read only = \
    no\n\n[Multimedia]\n   comment = System default share\n   path = /share/Multimedia\n   guest ok = \
    yes\n   read only \
    = yes\n\n[Backup]\n   path = /share/Backup\n   read only = no\n";
const STATION_CONF: &str = "[global]\n   workgroup = WORKGROUP\n   map to guest = Bad User\n\n[home]\n   \
    comment = Home \
    share\n   path = /volume1/homes\n   read only = no\n\n[public]\n   path = /volume1/public\n   guest ok \
    = yes\n   \
    read only = no\n\n[video]\n   comment = System default shared folder\n   path = /volume1/video\n   \
    read only = no\n";

const README: &str = "Hier ablegen, was ausgetauscht werden soll. Wird sonntags geleert. admin@{domain}\n";
const NOTES: &str = "backup host: nas01.{domain}\nrsync user: backup\nrestore test: due\n";
const INVENTORY: &str = "id,host,ip,owner\n1,{fqdn},,it\n2,nas01.{domain},,it\n3,sql01.{domain},,it\n\
    4,print01.{domain},,office\n";
const CRON: &str =
    "#!/bin/sh\nmysqldump --all-databases -h sql01.{domain} -u backup | gzip > /srv/samba/data/db.sql.gz\n";

const SAMBA: Daemon = Daemon {
    product: "samba",
    binary: "/usr/sbin/smbd",
    command: "/usr/sbin/smbd --foreground --no-process-group",
    unit: "smbd",
    about: "Samba SMB Daemon",
    package: ("samba", "SMB/CIFS file, print, and login server for Unix"),
    size: (84_200, 21_700),
    ..Daemon::ROOT
};

const fn folder(path: &'static str) -> Laid {
    Laid::folder(path, 0o755, Changed::Installed)
}

const fn open(path: &'static str) -> Laid {
    Laid::folder(path, 0o777, Changed::Lately)
}

const fn text(path: &'static str, text: &'static str) -> Laid {
    Laid::file(path, 0o644, Changed::Lately, text)
}

/// See [`Daemon`].
pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: &["debian*", "kali"],
        files: &[
            Laid::file("/etc/samba/smb.conf", 0o644, Changed::Installed, DEBIAN_CONF),
            folder("/var/lib/samba/printers"),
            folder("/srv/samba"),
            open("/srv/samba/transfer"),
            text("/srv/samba/transfer/LIESMICH.txt", README),
            open("/srv/samba/data"),
            text("/srv/samba/data/inventory.csv", INVENTORY),
            Laid::file("/srv/samba/data/dump.sh", 0o755, Changed::Lately, CRON),
        ],
        ..SAMBA
    },
    Daemon {
        systems: &["ubuntu*"],
        files: &[
            Laid::file("/etc/samba/smb.conf", 0o644, Changed::Installed, UBUNTU_CONF),
            folder("/var/lib/samba/printers"),
            folder("/srv/samba"),
            open("/srv/samba/dept"),
            text("/srv/samba/dept/inventory.csv", INVENTORY),
            text("/srv/samba/dept/notes.txt", NOTES),
            open("/srv/samba/incoming"),
        ],
        ..SAMBA
    },
    Daemon {
        systems: REDHAT,
        unit: "smb",
        package: ("samba", "Server and Client software to interoperate with Windows machines"),
        files: &[
            Laid::file("/etc/samba/smb.conf", 0o644, Changed::Installed, REDHAT_CONF),
            folder("/var/lib/samba/drivers"),
            folder("/srv/samba"),
            open("/srv/samba/archive"),
            text("/srv/samba/archive/inventory.csv", INVENTORY),
            text("/srv/samba/archive/restore.txt", NOTES),
        ],
        ..SAMBA
    },
    Daemon {
        systems: &["qnap"],
        binary: "/usr/local/samba/sbin/smbd",
        command: "/usr/local/samba/sbin/smbd -l /var/log -D -s /etc/config/smb.conf",
        unit: "",
        files: &[
            Laid::file("/etc/config/smb.conf", 0o644, Changed::Installed, BOX_CONF),
            open("/share/Public"),
            open("/share/Multimedia"),
            open("/share/Backup"),
            text("/share/Backup/inventory.csv", INVENTORY),
        ],
        ..SAMBA
    },
    Daemon {
        systems: &["synology"],
        binary: "/usr/bin/smbd",
        command: "/usr/bin/smbd -D",
        unit: "",
        files: &[
            Laid::file("/etc/samba/smb.conf", 0o644, Changed::Installed, STATION_CONF),
            open("/volume1/homes"),
            open("/volume1/public"),
            open("/volume1/video"),
            text("/volume1/public/inventory.csv", INVENTORY),
        ],
        ..SAMBA
    },
    Daemon {
        systems: &["freebsd*"],
        binary: "/usr/local/sbin/smbd",
        command: "/usr/local/sbin/smbd --daemon --configfile=/usr/local/etc/smb4.conf",
        unit: "",
        files: &[
            Laid::file("/usr/local/etc/smb4.conf", 0o644, Changed::Installed, PLAIN_CONF),
            folder("/srv/samba"),
            open("/srv/samba/pub"),
            text("/srv/samba/pub/inventory.csv", INVENTORY),
        ],
        ..SAMBA
    },
    Daemon {
        unit: "smb",
        files: &[
            Laid::file("/etc/samba/smb.conf", 0o644, Changed::Installed, PLAIN_CONF),
            folder("/srv/samba"),
            open("/srv/samba/pub"),
            text("/srv/samba/pub/inventory.csv", INVENTORY),
        ],
        ..SAMBA
    },
];
