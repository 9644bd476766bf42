//! What is typed and written, by what a machine is for.

use super::{Duty, Family};

/// What everybody types now and then. `{unit}` is the machine's main service, `{log}` the log of the system, `{edit}`
/// a change of a file of one's own.
const COMMON: &[&str] = &[
    "ls -la",
    "df -h",
    "uptime",
    "free -m",
    "w",
    "{edit}",
    "{edit}",
    "{edit}",
    "cd",
    "cd /var/log",
    "cd /etc",
    "last | head",
    "ip a",
    "ss -tlnp",
    "ps aux | head -20",
    "sudo systemctl status {unit}",
    "sudo systemctl restart {unit}",
    "sudo tail -n 50 {log}",
    "sudo grep -i error {log} | tail",
    "sudo du -sh /var/log",
    "sudo crontab -l",
    "history | tail -20",
    "cat /etc/hosts",
    "date",
];

const WEB: &[&str] = &[
    "cd /var/www/html",
    "ls -l /var/www/html",
    "curl -sI http://localhost/",
    "sudo tail -n 20 /var/log/{unit}/access.log",
    "sudo systemctl reload {unit}",
    "grep -c GET /var/log/{unit}/access.log",
    "df -h /var/www",
];
const DATABASE: &[&str] = &[
    "sudo du -sh /var/lib",
    "ls -lh /var/backups",
    "sudo systemctl status {unit} --no-pager",
    "df -h /var/lib",
    "top -bn1 | head -15",
    "cd /var/backups",
    "sudo ls -l /root/backup",
];
const MAIL: &[&str] = &[
    "cd /var/mail",
    "ls -l /var/mail",
    "sudo systemctl reload {unit}",
    "df -h /var",
    "sudo grep -c status {log}",
    "sudo du -sh /var/spool",
];
const FILES: &[&str] = &[
    "df -h /srv",
    "sudo du -sh /srv",
    "ls -lt /srv",
    "cd /srv",
    "sudo systemctl reload {unit}",
    "sudo find /srv -mtime -1 | wc -l",
];
const DESK: &[&str] =
    &["cd", "ls", "ls -lt | head", "cd /tmp", "du -sh .", "whoami", "hostname", "env | grep PATH"];

const UPDATES: &[(Family, &[&str])] = &[
    (Family::Debian, &["sudo apt update", "apt list --installed | wc -l", "dpkg -l | grep openssh"]),
    (Family::Redhat, &["sudo dnf check-update", "rpm -qa | wc -l", "rpm -q openssh-server"]),
    (Family::Yum, &["sudo yum check-update", "rpm -qa | wc -l", "rpm -q openssh-server"]),
    (Family::Alpine, &["apk info | wc -l", "apk version"]),
];

/// What people type at a machine.
pub(super) fn commands(duty: Duty, system: Family) -> Vec<&'static str> {
    let own: &'static [&'static str] = match duty {
        Duty::General => &[],
        Duty::Web => WEB,
        Duty::Database => DATABASE,
        Duty::Mail => MAIL,
        Duty::Files => FILES,
        Duty::Desk => DESK,
    };
    let updates = UPDATES.iter().filter(|(family, _)| *family == system).flat_map(|(_, lines)| lines.iter());
    let all = COMMON.iter().chain(own).chain(own).chain(updates).copied();
    // There is no sudo, and root is who logs in.
    all.filter(|line| system != Family::Alpine || !line.starts_with("sudo")).collect()
}

/// A file that somebody keeps: its name, what it begins with, and what is added to it. `{date}` is the day, `{n}` a
/// number below a hundred.
pub(super) type Kept = (&'static str, &'static str, &'static [&'static str]);

/// What people keep in their homes.
pub(super) const OWN: &[Kept] = &[
    (
        "todo.txt",
        "# to do\n",
        &[
            "{date} ask about the maintenance window\n",
            "{date} renew the certificate before it expires\n",
            "{date} clean up old logs, {n} % of the disk is used\n",
            "{date} order a spare disk\n",
            "{date} check who still needs an account here\n",
            "{date} tell the helpdesk about the new name\n",
        ],
    ),
    (
        "maintenance.md",
        "# Maintenance\n\n",
        &[
            "- {date}: restarted the service, {n} s down\n",
            "- {date}: looked at the logs, nothing new\n",
            "- {date}: kernel is current, no reboot needed\n",
            "- {date}: backup of the night was there ({n} MB)\n",
            "- {date}: removed files from /tmp that nobody needs\n",
        ],
    ),
    (
        "usage.csv",
        "date;what;percent\n",
        &["{date};disk;{n}\n", "{date};memory;{n}\n", "{date};inodes;{n}\n"],
    ),
    (
        "calls.txt",
        "",
        &[
            "{date} helpdesk: slow again since this morning, could not see it\n",
            "{date} provider: ticket 48{n} is open\n",
            "{date} vendor: licence runs until spring\n",
            "{date} user could not log in, had the wrong password\n",
        ],
    ),
    (
        "restore-test.log",
        "",
        &["{date} restored {n} files, sums equal\n", "{date} restored one folder, {n} s\n"],
    ),
    (
        "inventory.txt",
        "",
        &["{date} port {n} of the switch is this machine\n", "{date} rack unit {n} is free\n"],
    ),
];

/// What departments keep in their shares.
pub(super) const SHARED: &[Kept] = &[
    ("deliveries.csv", "date;number;pieces\n", &["{date};D-72{n};{n}\n", "{date};D-73{n};1{n}\n"]),
    ("shift-plan.csv", "date;shift;people\n", &["{date};early;{n}\n", "{date};late;{n}\n"]),
    (
        "minutes.txt",
        "",
        &[
            "{date} weekly meeting: numbers are fine, one order is late\n",
            "{date} weekly meeting: {n} open points, next one on Monday\n",
            "{date} call with the customer: wants the offer again\n",
        ],
    ),
    ("prices.csv", "valid from;article;price\n", &["{date};40{n};{n}.90\n", "{date};41{n};1{n}.50\n"]),
    ("holiday.csv", "asked;days;left\n", &["{date};5;{n}\n", "{date};10;{n}\n", "{date};1;{n}\n"]),
    ("complaints.csv", "date;order;what\n", &["{date};26{n};late\n", "{date};26{n};damaged\n"]),
    ("contacts.txt", "", &["{date} extension {n} is new\n", "{date} extension {n} is gone\n"]),
];

/// Pages that colleagues ask for.
pub(super) const PAGES: &[&str] = &["/", "/", "/", "/index.html"];

/// Browsers that colleagues have.
pub(super) const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0",
];
