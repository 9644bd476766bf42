//! The words of vsftpd. Checked against 3.0.3 of Debian 12.

use super::{Names, Say, mode_word};

const HELP: &str = "214-The following commands are recognized.
 ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP LIST MDTM MKD
 MODE NLST NOOP OPTS PASS PASV PORT PWD  QUIT REIN REST RETR RMD  RNFR
 RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD
 XPWD XRMD
214 Help OK.";

const FEAT: &str = "211-Features:
 AUTH TLS
 EPRT
 EPSV
 MDTM
 PASV
 PBSZ
 PROT
 REST STREAM
 SIZE
 TVFS
211 End";

/// `say` without the last line end.
pub(super) fn say(names: &Names, say: &Say<'_>) -> String {
    let version = if names.product.version.is_empty() { "3.0.3" } else { &names.product.version };
    match say {
        Say::Greeting => format!("220 (vsFTPd {version})"),
        Say::Stat => format!(
            "211-FTP server status:\n     Connected to {}\n     Logged in as {}\n     TYPE: {}\n     No session \
             bandwidth limit\n     Session timeout in seconds is 300\n     Control connection is {}\n     Data \
             connections will be {}\n     At session startup, client count was 1\n     vsFTPd {version} - secure, \
             fast, stable\n211 End of status",
            names.peer,
            names.user,
            mode_word(names.ascii),
            if names.tls { "encrypted" } else { "plain text" },
            if names.tls { "encrypted" } else { "plain text" },
        ),
        Say::Folder(path) => format!("257 \"{path}\" is the current directory"),
        Say::Failed(verb, ..) | Say::NoFile(verb, _) => failed(verb).to_owned(),
        Say::Mode("S") => "200 Mode set to S.".to_owned(),
        Say::Stru("F") => "200 Structure set to F.".to_owned(),
        Say::Type("A") => "200 Switching to ASCII mode.".to_owned(),
        Say::Size(size) => format!("213 {size}"),
        Say::Time(at) => format!("213 {at}"),
        Say::Rest(at) => format!("350 Restart position accepted ({at})."),
        Say::Pasv(numbers) => format!("227 Entering Passive Mode ({numbers})."),
        Say::Epsv(port) => format!("229 Entering Extended Passive Mode (|||{port}|)"),
        Say::Port(verb) => format!(
            "200 {verb} command successful. Consider using {}.",
            if *verb == "EPRT" { "EPSV" } else { "PASV" }
        ),
        Say::PortBad("EPRT") => "500 Bad EPRT command.".to_owned(),
        Say::PortBad(verb) | Say::PortRefused(verb, ..) => format!("500 Illegal {verb} command."),
        Say::SendBegins(name, size, ascii) => {
            format!("150 Opening {} mode data connection for {name} ({size} bytes).", mode_word(*ascii))
        }
        Say::Made(path, _) => format!("257 \"{path}\" created"),
        Say::NotImplemented(verb) => format!("502 {verb} not implemented."),
        Say::NeedTls(verb) => format!("503 {verb} needs a secure connection."),
        Say::Prot(private) => format!("200 PROT now {}.", if *private { "Private" } else { "Clear" }),
        other => fixed(names, other).to_owned(),
    }
}

fn failed(verb: &str) -> &'static str {
    match verb {
        "CWD" | "CDUP" => "550 Failed to change directory.",
        "SIZE" => "550 Could not get file size.",
        "MDTM" => "550 Could not get file modification time.",
        "STOR" | "APPE" | "STOU" => "553 Could not create file.",
        "MKD" => "550 Create directory operation failed.",
        "RMD" => "550 Remove directory operation failed.",
        "DELE" => "550 Delete operation failed.",
        "RNFR" => "550 RNFR command failed.",
        "RNTO" => "550 Rename failed.",
        "CHMOD" => "550 SITE CHMOD command failed.",
        _ => "550 Failed to open file.",
    }
}

fn fixed(names: &Names, say: &Say<'_>) -> &'static str {
    match say {
        Say::NeedPassword(..) => "331 Please specify the password.",
        Say::NoAnonymous | Say::LoginFailed => "530 Login incorrect.",
        Say::NotForAnonymous => "550 Permission denied.",
        Say::NeedUser => "503 Login with USER first.",
        Say::LoggedIn(..) => "230 Login successful.",
        Say::AnyPassword => "331 Any password will do.",
        Say::UserAgain => "530 Can't change to another user.",
        Say::PassAgain => "230 Already logged in.",
        Say::NotLoggedIn => "530 Please login with USER and PASS.",
        Say::Unknown(_) if !names.inside => "530 Please login with USER and PASS.",
        Say::Feat => FEAT,
        Say::Syst => "215 UNIX Type: L8",
        Say::Help(_) => HELP,
        Say::Noop => "200 NOOP ok.",
        Say::Quit => "221 Goodbye.",
        Say::Timeout => "421 Timeout.",
        Say::Changed(_) | Say::ChangedUp(_) => "250 Directory successfully changed.",
        Say::Type(_) => "200 Switching to Binary mode.",
        Say::TypeBad(_) => "500 Unrecognised TYPE command.",
        Say::Mode(_) => "504 Bad MODE command.",
        Say::Stru(_) => "504 Bad STRU command.",
        Say::RestBad => "350 Restart position accepted (0).",
        Say::EpsvAll => "200 EPSV ALL ok.",
        Say::ProtocolBad => "522 Bad network protocol.",
        Say::NoData => "425 Use PORT or PASV first.",
        Say::DataFailed(_) => "425 Failed to establish connection.",
        Say::ListBegins => "150 Here comes the directory listing.",
        Say::ListDone(_) => "226 Directory send OK.",
        Say::ReceiveBegins(..) => "150 Ok to send data.",
        Say::Transferred(_) => "226 Transfer complete.",
        Say::Broken => "426 Failure writing network stream.",
        Say::FolderRemoved => "250 Remove directory operation successful.",
        Say::Deleted(_) => "250 Delete operation successful.",
        Say::RenameFrom => "350 Ready for RNTO.",
        Say::Renamed => "250 Rename successful.",
        Say::RenameFirst => "503 RNFR required first.",
        Say::SiteBare | Say::SiteUnknown(_) => "500 Unknown SITE command.",
        Say::SiteHelp => "214 CHMOD UMASK HELP",
        Say::Chmod(_) => "200 SITE CHMOD command ok.",
        Say::Umask => "200 Your current UMASK is 077",
        Say::Allo => "202 ALLO command ignored.",
        Say::Abor => "225 No transfer to ABOR.",
        Say::Utf8 => "200 Always in UTF8 mode.",
        Say::OptsMlst(_) | Say::OptsUnknown(_) => "501 Option not understood.",
        Say::TlsGo => "234 Proceed with negotiation.",
        Say::TlsUnknown => "504 Unknown AUTH type.",
        Say::Pbsz => "200 PBSZ set to 0.",
        Say::ProtBad => "504 PROT not supported.",
        _ => "500 Unknown command.",
    }
}
