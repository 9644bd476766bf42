//! Canaries: what was laid out to be taken, where it lies, and what became of it.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// APP-NAME of events of the listeners.
pub const CANARY: &str = "canary";
/// HOSTNAME of events that belong to no decky (NILVALUE).
pub const UNPLACED: &str = "-";

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+) => {
        /// What a canary looks like.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CanaryKind { $($(#[doc = $about])+ $variant,)+ }

        named!(CanaryKind);

        impl CanaryKind {
            /// All kinds.
            pub const ALL: &'static [CanaryKind] = &[$(CanaryKind::$variant),+];

            /// Name in the store, in JSON and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(CanaryKind::$variant => $name,)+ }
            }

            /// What it is, in one line.
            pub fn about(self) -> &'static str {
                match self { $(CanaryKind::$variant => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

kinds! {
    /// Address of an image, for pages, mails and chats
    WebBug = "web-bug";
    /// A DNS name that nobody has reason to ask for
    Dns = "dns";
    /// A web page
    Html = "html";
    /// A document of Word
    Docx = "docx";
    /// A sheet of Excel
    Xlsx = "xlsx";
    /// A PDF
    Pdf = "pdf";
    /// A drawing (SVG)
    Svg = "svg";
    /// A folder for Windows that looks for its icon elsewhere, packed as ZIP
    Folder = "folder";
    /// A shortcut to a web page (.url)
    Shortcut = "shortcut";
    /// Access to a Kubernetes cluster
    Kubeconfig = "kubeconfig";
    /// Keys of a cloud account in the form of AWS
    Aws = "aws";
    /// A private SSH key
    SshKey = "ssh-key";
    /// A dump of a MySQL database that names its source
    Dump = "dump";
    /// A connection string of a database
    Connection = "connection";
    /// A WireGuard configuration
    Wireguard = "wireguard";
    /// Settings of a web application (.env)
    Env = "env";
    /// Settings of a git repository with its remote
    Git = "git";
    /// Bookmarks of a browser
    Bookmarks = "bookmarks";
    /// A script that tells when a page is shown under another name than its own
    Site = "site";
    /// A QR code
    Qr = "qr";
    /// A mail address
    Email = "email";
    /// A login name and a password
    Password = "password";
    /// Saved logins of curl, ftp and git (.netrc)
    Netrc = "netrc";
    /// A script that saves a login for a Windows share (cmdkey)
    Saved = "saved-login";
    /// A shortcut to a remote desktop with a login name (.rdp)
    Rdp = "rdp";
}

/// How something was taken or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CanaryChannel {
    /// It was read where it lay.
    Read,
    /// It asked for a page of ours.
    Http,
    /// It asked for a name of ours.
    Dns,
    /// A secret of it was offered to a decky.
    Secret,
    /// A login name of it was offered to a decky, with whatever proof.
    Login,
    /// A key of it was offered to a decky.
    Key,
    /// A mail to it came to a decky.
    Mail,
}

named!(CanaryChannel);

impl CanaryChannel {
    /// All of them.
    pub const ALL: &'static [CanaryChannel] = &[
        CanaryChannel::Read,
        CanaryChannel::Http,
        CanaryChannel::Dns,
        CanaryChannel::Secret,
        CanaryChannel::Login,
        CanaryChannel::Key,
        CanaryChannel::Mail,
    ];

    /// Name in the store, in events and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            CanaryChannel::Read => "read",
            CanaryChannel::Http => "http",
            CanaryChannel::Dns => "dns",
            CanaryChannel::Secret => "secret",
            CanaryChannel::Login => "login",
            CanaryChannel::Key => "key",
            CanaryChannel::Mail => "mail",
        }
    }
}

/// A canary, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// 18 letters and digits; nobody can guess one.
    pub id: String,
    /// What it looks like.
    pub kind: CanaryKind,
    /// What the operator says of it.
    pub memo: String,
    /// Name of its file.
    pub file: String,
    /// Media type of its file.
    pub media: String,
    /// What the kind says of it: a host, a domain, a web page.
    pub target: Option<String>,
    /// What it leads to, for people: an address, a name, a fingerprint.
    pub lead: String,
    /// The decky that it lies on.
    pub node: Option<String>,
    /// Its path there.
    pub path: Option<String>,
    /// Login name of the file's owner there.
    pub owner: Option<String>,
    /// When the file was changed last, as it looks there.
    pub dated: Option<Micros>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Micros,
    /// When it was made, planted or revoked last.
    pub changed_at: Micros,
    /// Since when it counts no more.
    pub revoked_at: Option<Micros>,
}

/// Where a canary is to lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryPlace {
    /// The decky.
    pub node: String,
    /// Path there, as [`netsvc_persona::OwnFile`] has it.
    pub path: String,
    /// Login name of the file's owner.
    pub owner: String,
    /// When the file was changed last, as it is to look.
    pub dated: Micros,
}

/// Something by whose use a canary is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanarySecret {
    /// SHA-256 of the secret, hex.
    pub sha256: String,
    /// Its canary.
    pub canary: String,
    /// How it is used.
    pub channel: CanaryChannel,
}

/// One time that a canary was taken or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryHit {
    /// Id of its event.
    pub event: i64,
    /// The canary.
    pub canary: String,
    /// When.
    pub at: Micros,
    /// How.
    pub channel: CanaryChannel,
    /// Why it says little; empty: it does not.
    pub noise: String,
    /// How many there were.
    pub count: u64,
    /// From where: for a name, the resolver that asked.
    pub src_ip: Option<IpAddr>,
    /// Decky that it lies on, or was used at.
    pub node: String,
    /// Service there.
    pub service: String,
    /// What the client says it is.
    pub client: Vec<u8>,
    /// What was asked for.
    pub target: Vec<u8>,
}

/// How often a canary was taken and used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanarySummary {
    /// Times that it was read where it lies.
    pub reads: u64,
    /// Times that it was used.
    pub hits: u64,
    /// Calls that say little.
    pub noise: u64,
    /// When it was used last.
    pub last_hit: Option<Micros>,
}

/// Which canaries are wanted; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanaryFilter {
    /// Of this kind.
    pub kind: Option<CanaryKind>,
    /// On this decky.
    pub node: Option<String>,
    /// Only those that count.
    pub live: bool,
}
