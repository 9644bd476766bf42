//! What each kind of canary needs, where it fires and where it cannot: one table.

use crate::record::{CanaryChannel, CanaryKind};

/// What a kind cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The address under which our pages are reached.
    Base,
    /// The zone whose names we answer.
    Zone,
    /// A mail domain.
    Domain,
    /// Nothing.
    Nothing,
}

/// What is true of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// Name of its file; empty: it is a text to be put somewhere.
    pub file: &'static str,
    /// Media type of its file.
    pub media: &'static str,
    /// What it cannot do without.
    pub needs: Needs,
    /// How its use is noticed.
    pub channels: &'static [CanaryChannel],
    /// Where its file usually lies on Linux; empty: nowhere in particular. `~` is a home.
    pub place: &'static str,
    /// What makes it fire.
    pub fires: &'static str,
    /// What does not.
    pub silent: &'static str,
    /// What the option `target` is for; empty: it has none.
    pub target: &'static str,
}

const HTTP: &[CanaryChannel] = &[CanaryChannel::Http];
const NAMES: &[CanaryChannel] = &[CanaryChannel::Dns];

/// A kind that asks for a page.
const fn page(file: &'static str, media: &'static str, fires: &'static str, silent: &'static str) -> Traits {
    Traits { file, media, needs: Needs::Base, channels: HTTP, place: "", fires, silent, target: "" }
}

/// A kind with a login name and a password.
const fn login(file: &'static str, place: &'static str, fires: &'static str) -> Traits {
    Traits {
        file,
        media: "text/plain",
        needs: Needs::Nothing,
        channels: &[CanaryChannel::Secret, CanaryChannel::Login],
        place,
        fires,
        silent: "logins at other hosts than deckies; the password alone where only a proof of it is sent (NTLM, \
                 Kerberos, MySQL, SCRAM, digests)",
        target: "host that it names: a decky",
    }
}

/// A kind with a name that is asked for.
const fn name(file: &'static str, place: &'static str, fires: &'static str, silent: &'static str) -> Traits {
    Traits {
        file,
        media: "text/plain",
        needs: Needs::Zone,
        channels: NAMES,
        place,
        fires,
        silent,
        target: "",
    }
}

impl CanaryKind {
    /// What is true of it.
    pub fn traits(self) -> Traits {
        let row = TRAITS.iter().find(|(kind, _)| *kind == self);
        // Every kind has a row: a test looks.
        row.map_or(UNKNOWN, |(_, traits)| *traits)
    }
}

/// A kind without a row.
const UNKNOWN: Traits = page("", "text/plain", "", "");

/// What is true of each kind.
const TRAITS: &[(CanaryKind, Traits)] = &[
    (
        CanaryKind::WebBug,
        Traits {
            target: "web page that who opens the address is sent on to",
            ..page(
                "",
                "text/plain",
                "browsers, mail programs that load images, curl, chats that look at links",
                "mail programs that do not load images; what only looks is marked as noise",
            )
        },
    ),
    (
        CanaryKind::Dns,
        name(
            "",
            "",
            "anything that looks the name up: ping, ssh, browsers, dig",
            "a client whose resolver may not ask outside; the address seen is that of the resolver",
        ),
    ),
    (
        CanaryKind::Html,
        page(
            "index.html",
            "text/html",
            "browsers, when the file is opened, and mail programs that load images",
            "curl and wget, which load nothing that a page refers to; browsers that are offline",
        ),
    ),
    (
        CanaryKind::Docx,
        page(
            "report.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "Word once editing is allowed; LibreOffice when its safety lets it load linked images",
            "Word in Protected View, previews of Explorer and of most mail programs, python-docx, unzip",
        ),
    ),
    (
        CanaryKind::Xlsx,
        page(
            "budget.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "Excel once editing is allowed; LibreOffice when its safety lets it load linked images",
            "Excel in Protected View, previews, converters to CSV, pandas",
        ),
    ),
    (
        CanaryKind::Pdf,
        page(
            "contract.pdf",
            "application/pdf",
            "Acrobat, which asks before it connects; every reader when the link on the page is clicked",
            "Chromium, Firefox, poppler (evince, okular, pdftotext) and macOS Preview on opening alone",
        ),
    ),
    (
        CanaryKind::Svg,
        page(
            "diagram.svg",
            "image/svg+xml",
            "browsers, when the file itself is opened; Inkscape",
            "an SVG that a page shows as an image, previews of file managers, rsvg-convert",
        ),
    ),
    (
        CanaryKind::Folder,
        Traits {
            media: "application/zip",
            ..name(
                "Documents.zip",
                "",
                "Explorer of Windows, when the unpacked folder is shown; the name tells user and machine",
                "unpackers that drop the marks of files (hidden, system), Linux and macOS, 7-Zip's own view",
            )
        },
    ),
    (
        CanaryKind::Shortcut,
        page(
            "Intranet.url",
            "application/internet-shortcut",
            "Windows and browsers, when it is opened; Explorer, which fetches the icon, where WebDAV is allowed",
            "Linux file managers, which show the text",
        ),
    ),
    (
        CanaryKind::Kubeconfig,
        Traits {
            place: "~/.kube/config",
            ..page(
                "config",
                "application/yaml",
                "kubectl, k9s, helm, Lens: any request to the cluster; the token is seen with it",
                "kubectl config view, which only reads",
            )
        },
    ),
    (
        CanaryKind::Aws,
        Traits {
            place: "~/.aws/credentials",
            ..page(
                "credentials",
                "text/plain",
                "aws and SDKs that honour endpoint_url of the profile (aws-cli 2.13 or newer); whoever asks our \
                     endpoint with the key",
                "the keys alone: no account at Amazon stands behind them, and whoever tries them there is told \
                     that they do not exist, without a word to us",
            )
        },
    ),
    (
        CanaryKind::SshKey,
        Traits {
            file: "id_ed25519",
            media: "application/x-pem-file",
            needs: Needs::Nothing,
            channels: &[CanaryChannel::Key],
            place: "~/.ssh/id_ed25519",
            fires: "ssh, when the key is offered to any decky with the service ssh",
            silent: "ssh to other hosts; ssh-keygen -y",
            target: "host that the comment of the key names",
        },
    ),
    (
        CanaryKind::Dump,
        Traits {
            media: "application/sql",
            channels: &[CanaryChannel::Dns, CanaryChannel::Secret],
            ..name(
                "backup.sql",
                "/var/backups/db.sql",
                "mysql and mariadb, when the dump is loaded: the server looks the name of its source up; the \
                     password at any decky",
                "grep and editors; a server that may not be a replica stops at the statement",
            )
        },
    ),
    (
        CanaryKind::Connection,
        Traits {
            channels: &[CanaryChannel::Dns, CanaryChannel::Secret],
            ..name(
                "database.txt",
                "",
                "any client that connects with it looks the name up; the password at any decky",
                "a connection through a proxy that looks the name up itself shows the proxy's resolver",
            )
        },
    ),
    (
        CanaryKind::Wireguard,
        name(
            "wg0.conf",
            "/etc/wireguard/wg0.conf",
            "wg-quick up and the WireGuard programs: they look the endpoint up",
            "wg show; the import alone in programs that look it up when the tunnel starts",
        ),
    ),
    (
        CanaryKind::Env,
        Traits {
            place: "/var/www/app/.env",
            channels: &[CanaryChannel::Http, CanaryChannel::Dns, CanaryChannel::Secret],
            ..page(
                ".env",
                "text/plain",
                "whoever opens the addresses in it; the password at any decky",
                "a scanner that only stores what it found",
            )
        },
    ),
    (
        CanaryKind::Git,
        Traits {
            place: "/var/www/html/.git/config",
            channels: &[CanaryChannel::Http, CanaryChannel::Secret],
            ..page(
                "config",
                "text/plain",
                "git fetch, pull, clone and ls-remote, which send name and token of the address",
                "git log and git diff, which stay on the disk",
            )
        },
    ),
    (
        CanaryKind::Bookmarks,
        page(
            "bookmarks.html",
            "text/html",
            "browsers, when the bookmark is opened, or its icon is fetched by the import",
            "the import alone in Chromium and Firefox, which fetch no icons then",
        ),
    ),
    (
        CanaryKind::Site,
        Traits {
            target: "domain that the page belongs to; pages below it are silent",
            ..page(
                "analytics.js",
                "text/javascript",
                "browsers, when the page with the script is shown under another name than its own",
                "clients without JavaScript, and copies from which the script was taken",
            )
        },
    ),
    (
        CanaryKind::Qr,
        Traits {
            target: "web page that who opens the address is sent on to",
            ..page("code.png", "image/png", "telephones, when the address is opened", "the scan alone")
        },
    ),
    (
        CanaryKind::Email,
        Traits {
            file: "",
            media: "text/plain",
            needs: Needs::Domain,
            channels: &[CanaryChannel::Mail],
            place: "",
            fires: "a mail to the address at any decky with the service smtp or smtps",
            silent: "mails to it that are delivered elsewhere: point the domain's MX at a decky",
            target: "mail domain of the address",
        },
    ),
    (
        CanaryKind::Password,
        login(
            "passwords.txt",
            "~/passwords.txt",
            "a login at any decky: by the password where it comes in the clear, by the name in any case, unless you \
             gave the name",
        ),
    ),
    (
        CanaryKind::Netrc,
        login(
            ".netrc",
            "~/.netrc",
            "curl -n, ftp and git over HTTP, when they log in at a decky that it names",
        ),
    ),
    (
        CanaryKind::Saved,
        login(
            "connect-share.cmd",
            "",
            "Windows, when the script was run and the share is opened: the name comes with NTLM and Kerberos",
        ),
    ),
    (
        CanaryKind::Rdp,
        login("server.rdp", "", "mstsc and xfreerdp, when the desktop is opened: the name comes with NTLM"),
    ),
];
