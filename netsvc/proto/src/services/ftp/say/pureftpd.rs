//! The words of Pure-FTPd. Checked against 1.0.50 of Debian 12.

use super::{Names, Say};
use crate::services::ftp::tree::TreeError;

const HELP: &str = "214-The following SITE commands are recognized
 ALIAS
 CHMOD
 IDLE
 UTIME
214 Pure-FTPd - http://pureftpd.org/";

const FEAT: &str = "211-Extensions supported:
 UTF8
 EPRT
 IDLE
 MDTM
 SIZE
 MFMT
 REST STREAM
 MLST type*;size*;sizd*;modify*;UNIX.mode*;UNIX.uid*;UNIX.gid*;unique*;
 MLSD
 PRET
 AUTH TLS
 PBSZ
 PROT
 TVFS
 ESTA
 PASV
 EPSV
 ESTP
211 End.";

/// `say` without the last line end.
pub(super) fn say(names: &Names, say: &Say<'_>) -> String {
    match say {
        Say::Greeting => format!(
            "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n220-You are user number 1 of 50 allowed.\n\
             220-Local time is now {}. Server port: {}.\n{}220-IPv6 connections are also welcome on this server.\n220 You \
             will be disconnected after 15 minutes of inactivity.",
            names.wall,
            names.port,
            if names.anonymous { "" } else { "220-This is a private system - No anonymous login\n" }
        ),
        Say::NeedPassword(user, false) => format!("331 User {user} OK. Password required"),
        Say::LoggedIn(_, folder, false) => format!("230 OK. Current directory is {folder}"),
        Say::Folder(path) => format!("257 \"{path}\" is your current location"),
        Say::Changed(path) | Say::ChangedUp(path) => format!("250 OK. Current directory is {path}"),
        Say::Failed(verb, path, error) => failed(verb, path, *error),
        Say::Mode("S") => "200 S OK".to_owned(),
        Say::Stru("F") => "200 F OK".to_owned(),
        Say::Size(size) => format!("213 {size}"),
        Say::Time(at) => format!("213 {at}"),
        Say::Rest(at) => format!("350 Restarting at {at}"),
        Say::Pasv(numbers) => format!("227 Entering Passive Mode ({numbers})"),
        Say::Epsv(port) => format!("229 Extended Passive mode OK (|||{port}|)"),
        Say::TypeBad(kind) if !kind.is_empty() => {
            let now = if names.ascii { "ASCII" } else { "8-bit binary" };
            format!("504-Unknown TYPE: {kind}\n504 TYPE is now {now}")
        }
        Say::PortRefused(_, address, port) if *port >= 1024 => {
            format!("500 I won't open a connection to {address} (only to {})", names.peer)
        }
        Say::DataFailed(port) => {
            format!("425 Could not open data connection to port {port}: Connection refused")
        }
        Say::ListDone(count) => format!("226-Options: -l \n226 {count} matches total"),
        Say::Transferred(size) => {
            let speed = (*size as f64 / 1024.0 / 0.000_4 * 100.0).round() / 100.0;
            format!(
                "226-File successfully transferred\n226 0.000 seconds (measured here), {speed:.2} Kbytes per second"
            )
        }
        Say::Made(_, argument) => format!("257 \"{argument}\" : The directory was successfully created"),
        Say::Deleted(path) => format!("250 Deleted {path}"),
        Say::Chmod(path) => format!("200 Permissions changed on {path}"),
        Say::SiteUnknown(text) => {
            format!("500 SITE {} is an unknown extension", text.split(' ').next().unwrap_or_default())
        }
        Say::NoArgument("SIZE" | "MDTM" | "RETR" | "STOR" | "APPE") => "501 No file name".to_owned(),
        other => fixed(names, other).to_owned(),
    }
}

fn failed(verb: &str, path: &str, error: TreeError) -> String {
    match verb {
        "CWD" | "CDUP" => format!("550 Can't change directory to {path}: {error}"),
        "SIZE" | "MDTM" => "550 Can't check for file existence".to_owned(),
        "MKD" => format!("550 Can't create directory: {error}"),
        "RMD" => format!("550 Can't remove directory: {error}"),
        "DELE" if error == TreeError::IsDirectory => format!("550 Could not delete {path}: Invalid argument"),
        "DELE" => format!("550 Could not delete {path}: {error}"),
        "RNFR" => "550 Sorry, but that file doesn't exist".to_owned(),
        "RNTO" => format!("451 Rename/move failure: {error}"),
        "STOR" | "APPE" | "STOU" => format!("553 Can't open that file: {error}"),
        "CHMOD" => format!("550 Could not change perms on {path}: {error}"),
        _ => format!("550 Can't open {path}: {error}"),
    }
}

fn fixed(names: &Names, say: &Say<'_>) -> &'static str {
    match say {
        Say::AnyPassword => "230 Any password will work",
        Say::LoggedIn(..) => "230 Anonymous user logged in",
        Say::NoAnonymous => "530 This is a private system - No anonymous login",
        Say::LoginFailed => "530 Login authentication failed",
        Say::NeedUser => "530 Please tell me who you are",
        Say::UserAgain => "530 You're already logged in",
        Say::PassAgain => "530 We can't do that in the current session",
        Say::NotLoggedIn => "530 You aren't logged in",
        Say::Unknown("CCC") if names.inside => "534 CCC not allowed at this point",
        Say::Unknown("ACCT") if names.inside => "202 Please tell me who you are",
        Say::Unknown(_) if !names.inside => "530 You aren't logged in",
        Say::Feat => FEAT,
        Say::Syst => "215 UNIX Type: L8",
        Say::Help(_) | Say::SiteHelp => HELP,
        Say::Stat => "211 https://www.pureftpd.org/",
        Say::Noop => "200 Zzz...",
        Say::Quit => "221-Goodbye. You uploaded 0 and downloaded 0 kbytes.\n221 Logout.",
        Say::Timeout => "421 Timeout - try typing a little faster next time",
        Say::Type("A") => "200 TYPE is now ASCII",
        Say::Type("L") => "200-Missing argument\n200 TYPE is now 8-bit binary",
        Say::Type(_) => "200 TYPE is now 8-bit binary",
        Say::TypeBad(_) => "501-Missing argument\n501-A(scii) I(mage) L(ocal)\n501 TYPE is now ASCII",
        Say::Mode(_) => "504 Please use S(tream) mode",
        Say::Stru(_) => "504 Only F(ile) is supported",
        Say::NoFile(..) => "550 I can only retrieve regular files",
        Say::RestBad => "554-REST needs a numeric parameter\n554 Restart offset reset to 0",
        Say::EpsvAll => "220 Active mode is disabled",
        Say::ProtocolBad => "522 Only IPv4 and IPv6 are supported (1,2)",
        Say::Port(_) => "200 PORT command successful",
        Say::PortBad(_) => "501 Syntax error in IP address",
        Say::PortRefused(..) => "501 Sorry, but I won't connect to ports < 1024",
        Say::NoData => "425 No data connection",
        Say::ListBegins | Say::SendBegins(..) | Say::ReceiveBegins(..) => "150 Accepted data connection",
        Say::Broken => "426 Transfer aborted",
        Say::FolderRemoved => "250 The directory was successfully removed",
        Say::RenameFrom => "350 RNFR accepted - file exists, ready for destination",
        Say::Renamed => "250 File successfully renamed or moved",
        Say::RenameFirst => "503 Need RNFR before RNTO",
        Say::SiteBare => "500 SITE: Missing argument",
        Say::Umask => "500 SITE UMASK is an unknown extension",
        Say::Allo => "200 A L'HUILE",
        Say::Abor => "226 Since you see this ABOR must've succeeded",
        Say::Utf8 | Say::OptsUnknown(_) => "504 Unknown command",
        Say::OptsMlst(_) => "200  MLST OPTS type;size;sizd;modify;UNIX.mode;UNIX.uid;UNIX.gid;unique;",
        Say::TlsGo => "234 AUTH TLS OK.",
        Say::TlsUnknown => "500 This security scheme is not implemented",
        Say::Pbsz => "200 PBSZ=0",
        Say::Prot(true) => "200 Data protection level set to \"private\"",
        Say::Prot(false) => "200 Data protection level set to \"clear\"",
        Say::ProtBad => "534 Fallback to [C]",
        Say::NeedTls("PBSZ") => "503 PBSZ=0",
        Say::NeedTls(_) => "503 PROT must be preceded by a successful PBSZ command",
        _ => "500 Unknown command",
    }
}
