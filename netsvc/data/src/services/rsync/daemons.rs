//! The daemon by system: the units of the distributions' packages, and what an administrator shares with it.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

/// Modules as they are set up by hand: copies for the machines that fetch them, a site that its agency writes to.
const CONFIGURATION: &str = "\
uid = root
gid = root
use chroot = yes
max connections = 20
log file = /var/log/rsyncd.log
timeout = 600

[backup]
    comment = nightly copies
    path = /srv/backup
    read only = yes
    auth users = backup
    secrets file = /etc/rsyncd.secrets

[www]
    comment = site of {domain}
    path = /srv/www
    read only = no

[public]
    comment = public files
    path = /srv/public
    read only = yes
";
const SECRETS: &str = "backup:{secret}\n";
const CLIENT: &str = "[client]\nhost = db.{domain}\nuser = backup\npassword = {secret}\n";
const SCRIPT: &str = "\
#!/bin/sh
# copies of {fqdn}, fetched by the other machines at night
set -e
cd /srv/backup
tar czf etc.tar.gz --exclude=shadow /etc
mysqldump --defaults-file=/srv/backup/.my.cnf --all-databases > db/all.sql
";
const DUMP: &str = "\
-- MySQL dump 10.19
--
-- Host: db.{domain}    Database: site
-- ------------------------------------------------------
DROP TABLE IF EXISTS `users`;
CREATE TABLE `users` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `login` varchar(64) NOT NULL,
  `mail` varchar(128) NOT NULL,
  `role` varchar(16) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `users` VALUES (1,'admin','webmaster@{domain}','admin'),(2,'editor','press@{domain}','editor');
CREATE USER 'backup'@'%' IDENTIFIED BY '{secret}';
GRANT SELECT, LOCK TABLES ON *.* TO 'backup'@'%';
";
const PAGE: &str = "<!doctype html>\n<title>{domain}</title>\n<h1>{domain}</h1>\n<p>This site moves.</p>\n";
const SETTINGS: &str = "\
<?php
$db_host = 'db.{domain}';
$db_name = 'site';
$db_user = 'backup';
$db_password = '{secret}';
";
const README: &str = "Files of {fqdn} for everybody. Please fetch them by rsync, not by mail.\n";

const FILES: &[Laid] = &[
    Laid::file("/etc/rsyncd.conf", 0o644, Changed::Installed, CONFIGURATION),
    Laid::file("/etc/rsyncd.secrets", 0o600, Changed::Installed, SECRETS),
    Laid::folder("/srv/backup", 0o755, Changed::Lately),
    Laid::file("/srv/backup/.my.cnf", 0o600, Changed::Installed, CLIENT),
    Laid::file("/srv/backup/backup.sh", 0o700, Changed::Installed, SCRIPT),
    Laid::folder("/srv/backup/db", 0o755, Changed::Lately),
    Laid::file("/srv/backup/db/all.sql", 0o640, Changed::Lately, DUMP),
    Laid::folder("/srv/www", 0o755, Changed::Installed),
    Laid::file("/srv/www/index.html", 0o644, Changed::Installed, PAGE),
    Laid::file("/srv/www/config.php", 0o640, Changed::Installed, SETTINGS),
    Laid::folder("/srv/public", 0o755, Changed::Installed),
    Laid::file("/srv/public/README.txt", 0o644, Changed::Installed, README),
];
const RSYNC: Daemon = Daemon {
    product: "rsync",
    binary: "/usr/bin/rsync",
    command: "/usr/bin/rsync --daemon --no-detach",
    unit: "rsync",
    about: "fast remote file copy program daemon",
    package: ("rsync", "fast, versatile, remote (and local) file-copying tool"),
    size: (10_300, 3_400),
    files: FILES,
    ..Daemon::ROOT
};

/// Network storage: a folder for copies of other storage, and one for everybody.
const STORAGE: &str = "\
uid = root
gid = root
use chroot = no
log file = /var/log/rsyncd.log

[NetBackup]
    comment = System default shared folder
    path = /volume1/NetBackup
    read only = no
    auth users = backup
    secrets file = /etc/rsyncd.secrets

[public]
    comment = Public
    path = /volume1/public
    read only = no
";
const STORED: &[Laid] = &[
    Laid::file("/etc/rsyncd.conf", 0o644, Changed::Installed, STORAGE),
    Laid::file("/etc/rsyncd.secrets", 0o600, Changed::Installed, SECRETS),
    Laid::folder("/volume1/NetBackup", 0o777, Changed::Lately),
    Laid::file("/volume1/NetBackup/all.sql", 0o640, Changed::Lately, DUMP),
    Laid::folder("/volume1/public", 0o777, Changed::Installed),
    Laid::file("/volume1/public/README.txt", 0o644, Changed::Installed, README),
    Laid::file("/volume1/public/backup.sh", 0o755, Changed::Installed, SCRIPT),
];

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: &["qnap", "synology"],
        command: "/usr/bin/rsync --daemon",
        unit: "",
        package: ("", ""),
        files: STORED,
        ..RSYNC
    },
    Daemon {
        systems: REDHAT,
        unit: "rsyncd",
        package: ("rsync-daemon", "Service for anonymous access to rsync"),
        ..RSYNC
    },
    Daemon { systems: &["arch", "alpine*"], unit: "rsyncd", ..RSYNC },
    RSYNC,
];
