//! What there is to say, and how each product says it.

mod microsoft;
mod proftpd;
mod pureftpd;
mod vsftpd;

use super::tree::TreeError;
use netsvc_kit::Host;
use netsvc_persona::Product;

/// Which server this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// vsftpd.
    Vsftpd,
    /// ProFTPD.
    ProFtpd,
    /// Pure-FTPd.
    PureFtpd,
    /// The FTP service of IIS.
    Microsoft,
    /// The server of HP's print servers.
    JetDirect,
}

/// Something to say to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say<'a> {
    /// First lines.
    Greeting,
    /// USER taken; the flag: anonymous.
    NeedPassword(&'a str, bool),
    /// USER anonymous where anonymous is not let in.
    NoAnonymous,
    /// PASS before USER.
    NeedUser,
    /// Let in: user, folder, anonymous.
    LoggedIn(&'a str, &'a str, bool),
    /// A password that nobody has asked for, of anonymous.
    AnyPassword,
    /// Wrong user or password.
    LoginFailed,
    /// The verb changes something, and anonymous may not.
    NotForAnonymous,
    /// USER after login.
    UserAgain,
    /// PASS after login.
    PassAgain,
    /// The verb needs a login.
    NotLoggedIn,
    /// Not a command; whether logged in is in the names.
    Unknown(&'a str),
    /// The verb is known but not done.
    NotImplemented(&'a str),
    /// The verb needs an argument.
    NoArgument(&'a str),
    /// FEAT.
    Feat,
    /// SYST.
    Syst,
    /// HELP with its argument.
    Help(&'a str),
    /// STAT without an argument.
    Stat,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
    /// Idle for too long.
    Timeout,
    /// PWD.
    Folder(&'a str),
    /// CWD done.
    Changed(&'a str),
    /// CDUP done.
    ChangedUp(&'a str),
    /// The verb failed on the path.
    Failed(&'a str, &'a str, TreeError),
    /// TYPE done: A, I or L.
    Type(&'a str),
    /// TYPE that is none.
    TypeBad(&'a str),
    /// MODE.
    Mode(&'a str),
    /// STRU.
    Stru(&'a str),
    /// SIZE.
    Size(u64),
    /// SIZE or RETR of what is no file.
    NoFile(&'a str, &'a str),
    /// MDTM.
    Time(&'a str),
    /// REST.
    Rest(u64),
    /// REST that is no number.
    RestBad,
    /// PASV: the six numbers.
    Pasv(&'a str),
    /// EPSV: the port.
    Epsv(u16),
    /// EPSV ALL.
    EpsvAll,
    /// A protocol of EPSV or EPRT that is not there.
    ProtocolBad,
    /// PORT or EPRT done.
    Port(&'a str),
    /// PORT or EPRT that is none.
    PortBad(&'a str),
    /// PORT or EPRT to another host or a low port.
    PortRefused(&'a str, &'a str, u16),
    /// No PASV and no PORT.
    NoData,
    /// The data connection did not come about, with its port.
    DataFailed(u16),
    /// A listing begins.
    ListBegins,
    /// A listing is done: its options and entries.
    ListDone(usize),
    /// A file goes out: its name, size, and whether ASCII.
    SendBegins(&'a str, u64, bool),
    /// A file comes in: its name, and whether ASCII.
    ReceiveBegins(&'a str, bool),
    /// A file was transferred: bytes.
    Transferred(u64),
    /// A transfer broke.
    Broken,
    /// MKD done: the absolute path and the argument.
    Made(&'a str, &'a str),
    /// RMD done.
    FolderRemoved,
    /// DELE done.
    Deleted(&'a str),
    /// RNFR.
    RenameFrom,
    /// RNTO done.
    Renamed,
    /// RNTO before RNFR.
    RenameFirst,
    /// SITE without an argument.
    SiteBare,
    /// SITE HELP.
    SiteHelp,
    /// SITE CHMOD done.
    Chmod(&'a str),
    /// SITE UMASK.
    Umask,
    /// Another SITE.
    SiteUnknown(&'a str),
    /// ALLO.
    Allo,
    /// ABOR with nothing to abort.
    Abor,
    /// OPTS UTF8 ON.
    Utf8,
    /// OPTS MLST with its facts.
    OptsMlst(&'a str),
    /// Another OPTS.
    OptsUnknown(&'a str),
    /// AUTH TLS: go on.
    TlsGo,
    /// Another AUTH.
    TlsUnknown,
    /// PBSZ.
    Pbsz,
    /// PROT; the flag: private.
    Prot(bool),
    /// PROT with another level.
    ProtBad,
    /// PBSZ or PROT outside TLS.
    NeedTls(&'a str),
}

/// What the texts are made from.
#[derive(Clone, Debug)]
pub struct Names {
    /// Which server.
    pub family: Family,
    /// Product as the persona gives it.
    pub product: Product,
    /// Name of the node.
    pub host: String,
    /// Address of the node.
    pub local: String,
    /// Port that the peer addressed.
    pub port: u16,
    /// Address of the peer.
    pub peer: String,
    /// `hh:mm` on the node's wall.
    pub wall: String,
    /// User, when logged in.
    pub user: String,
    /// Whether logged in.
    pub inside: bool,
    /// Whether anonymous is let in.
    pub anonymous: bool,
    /// Whether the control connection is in TLS.
    pub tls: bool,
    /// Whether transfers are ASCII.
    pub ascii: bool,
}

impl Family {
    /// The family that `name` belongs to; vsftpd when it is unknown.
    pub fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("proftpd") {
            Family::ProFtpd
        } else if name.contains("pure") {
            Family::PureFtpd
        } else if name.contains("microsoft") || name.contains("iis") {
            Family::Microsoft
        } else if name.contains("jetdirect") || name.contains("arpa") || name.starts_with("hp") {
            Family::JetDirect
        } else {
            Family::Vsftpd
        }
    }
}

impl Names {
    /// The names of `host`.
    pub fn of(host: &Host, local: String, peer: String, port: u16) -> Self {
        let product = host.product().cloned().unwrap_or_else(|| Product {
            name: "vsftpd".to_owned(),
            version: "3.0.3".to_owned(),
            packaging: String::new(),
        });
        let persona = host.persona();
        Names {
            family: Family::of(&product.name),
            product,
            host: persona.fqdn(),
            local,
            port,
            peer,
            wall: crate::date::wall(host.clock(), persona.zone.offset_minutes),
            user: String::new(),
            inside: false,
            anonymous: host.flag("anonymous", false),
            tls: false,
            ascii: true,
        }
    }

    /// `say` in the words of the product, with line ends.
    pub fn say(&self, say: &Say<'_>) -> String {
        let text = match self.family {
            Family::Vsftpd => vsftpd::say(self, say),
            Family::ProFtpd => proftpd::say(self, say),
            Family::PureFtpd => pureftpd::say(self, say),
            Family::Microsoft | Family::JetDirect => microsoft::say(self, say),
        };
        text.replace('\n', "\r\n") + "\r\n"
    }
}

/// `BINARY` or `ASCII`.
pub fn mode_word(ascii: bool) -> &'static str {
    if ascii { "ASCII" } else { "BINARY" }
}
