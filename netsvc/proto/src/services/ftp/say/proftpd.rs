//! The words of ProFTPD. Checked against 1.3.8 of Debian 12.

use super::{Names, Say, mode_word};

const HELP: &str = "214-The following commands are recognized (* =>'s unimplemented):
 CWD     XCWD    CDUP    XCUP    SMNT*   QUIT    PORT    PASV    
 EPRT    EPSV    ALLO    RNFR    RNTO    DELE    MDTM    RMD     
 XRMD    MKD     XMKD    PWD     XPWD    SIZE    SYST    HELP    
 NOOP    FEAT    OPTS    HOST    CLNT    AUTH    CCC     CONF*   
 ENC*    MIC*    PBSZ    PROT    TYPE    STRU    MODE    RETR    
 STOR    STOU    APPE    REST    ABOR    RANG    USER    PASS    
 ACCT*   REIN*   LIST    NLST    STAT    SITE    MLSD    MLST    ";

const FEAT: &str = "211-Features:
 AUTH TLS
 CCC
 CLNT
 CSID
 EPRT
 EPSV
 HOST
 LANG C.UTF-8*
 MDTM
 MFF modify;UNIX.group;UNIX.mode;
 MFMT
 MLST modify*;perm*;size*;type*;unique*;UNIX.group*;UNIX.groupname*;UNIX.mode*;UNIX.owner*;UNIX.ownername*;
 PBSZ
 PROT
 RANG STREAM
 REST STREAM
 SIZE
 SSCN
 TVFS
 UTF8
211 End";

/// `say` without the last line end.
pub(super) fn say(names: &Names, say: &Say<'_>) -> String {
    match say {
        // nmap and people expect the version where the persona's administrator left ServerIdent alone.
        Say::Greeting if names.product.packaging.is_empty() => {
            format!("220 ProFTPD {} Server ({}) [{}]", names.product.version, names.host, names.local)
        }
        Say::Greeting => {
            let platform = names.product.packaging.split(['-', ' ']).next().unwrap_or("Debian");
            // `UseIPv6 on` of the package's settings: IPv4 comes to a socket of IPv6.
            let mapped = if names.local.contains(':') { "" } else { "::ffff:" };
            format!("220 ProFTPD Server ({platform}) [{mapped}{}]", names.local)
        }
        Say::Help("") => format!("{HELP}\n214 Direct comments to root@{}", names.host),
        Say::Help(verb) => {
            let verb = verb.to_ascii_uppercase();
            let argument = match verb.as_str() {
                "USER" => " <sp> username",
                "PASS" => " <sp> password",
                "CWD" | "RETR" | "STOR" | "DELE" | "MKD" | "RMD" | "SIZE" | "MDTM" => " <sp> pathname",
                _ => "",
            };
            format!("214 Syntax: {verb}{argument}")
        }
        Say::Stat => format!(
            "211-Status of 'Debian'\n Connected from {0} ({0})\n Logged in as {1}\n TYPE: {2}, STRUcture: File, Mode: \
             Stream\n No data connection\n211 End of status",
            names.peer,
            names.user,
            mode_word(names.ascii)
        ),
        Say::NeedPassword(user, false) => format!("331 Password required for {user}"),
        Say::LoggedIn(user, _, false) => format!("230 User {user} logged in"),
        Say::Unknown(verb) if !verb.is_empty() => format!("500 {verb} not understood"),
        Say::NotImplemented(verb) => format!("502 {verb} command not implemented"),
        Say::NoArgument("USER") => "500 USER: command requires a parameter".to_owned(),
        Say::NoArgument(verb) => format!("500 '{verb}' not understood"),
        Say::Folder(path) => format!("257 \"{path}\" is the current directory"),
        Say::Failed(_, path, error) => format!("550 {path}: {error}"),
        Say::NoFile(_, path) => format!("550 {path}: not a regular file"),
        Say::Type(kind) => format!("200 Type set to {kind}"),
        Say::TypeBad("") => "500 'TYPE' not understood".to_owned(),
        Say::TypeBad(kind) => format!("504 TYPE not implemented for '{kind}' parameter"),
        Say::Mode("S") => "200 Mode set to S".to_owned(),
        Say::Mode(mode) => format!("504 'MODE {mode}' unsupported transfer mode"),
        Say::Stru("F") => "200 Structure set to F".to_owned(),
        Say::Stru(structure) => format!("504 'STRU {structure}' unsupported structure type"),
        Say::Size(size) => format!("213 {size}"),
        Say::Time(at) => format!("213 {at}"),
        Say::Rest(at) => format!("350 Restarting at {at}. Send STORE or RETRIEVE to initiate transfer"),
        other => transfer(names, other),
    }
}

fn transfer(names: &Names, say: &Say<'_>) -> String {
    match say {
        Say::Pasv(numbers) => format!("227 Entering Passive Mode ({numbers})."),
        Say::Epsv(port) => format!("229 Entering Extended Passive Mode (|||{port}|)"),
        Say::Port(verb) => format!("200 {verb} command successful"),
        Say::PortBad("PORT") => "501 Illegal PORT command".to_owned(),
        Say::PortRefused(verb, ..) => format!("500 Illegal {verb} command"),
        Say::SendBegins(name, size, ascii) => {
            format!("150 Opening {} mode data connection for {name} ({size} bytes)", mode_word(*ascii))
        }
        Say::ReceiveBegins(name, ascii) => {
            format!("150 Opening {} mode data connection for {name}", mode_word(*ascii))
        }
        Say::Made(path, _) => format!("257 \"{path}\" - Directory successfully created"),
        Say::SiteHelp => format!(
            "214-The following SITE commands are recognized (* =>'s unimplemented)\n HELP\n CHGRP\n CHMOD\n214 Direct \
             comments to root@{}",
            names.host
        ),
        Say::SiteUnknown(text) => format!("500 'SITE {text}' not understood"),
        Say::OptsMlst(facts) => format!("200 MLST OPTS {facts}"),
        Say::OptsUnknown(text) => format!("500 OPTS {text} not understood"),
        Say::Prot(private) => format!("200 Protection set to {}", if *private { "Private" } else { "Clear" }),
        Say::NeedTls(verb) => format!("503 {verb} command not allowed, secure control connection required"),
        other => fixed(other).to_owned(),
    }
}

fn fixed(say: &Say<'_>) -> &'static str {
    match say {
        Say::NeedPassword(..) => "331 Anonymous login ok, send your complete email address as your password",
        Say::LoggedIn(..) => "230 Anonymous access granted, restrictions apply",
        Say::NoAnonymous | Say::LoginFailed => "530 Login incorrect.",
        Say::NeedUser => "503 Login with USER first",
        Say::UserAgain => "501 Reauthentication not supported",
        Say::PassAgain => "503 You are already logged in",
        Say::NotLoggedIn => "530 Please login with USER and PASS",
        Say::Feat => FEAT,
        Say::Syst => "215 UNIX Type: L8",
        Say::Noop => "200 NOOP command successful",
        Say::Quit => "221 Goodbye.",
        Say::Timeout => "421 Idle timeout (600 seconds): closing control connection",
        Say::Changed(_) => "250 CWD command successful",
        Say::ChangedUp(_) => "250 CDUP command successful",
        Say::RestBad => "501 REST requires a value greater than or equal to 0",
        Say::EpsvAll => "200 EPSV ALL command successful",
        Say::ProtocolBad | Say::PortBad(_) => "522 Network protocol not supported, use (1)",
        Say::NoData | Say::DataFailed(_) => "425 Unable to build data connection: Connection refused",
        Say::ListBegins => "150 Opening ASCII mode data connection for file list",
        Say::ListDone(_) | Say::Transferred(_) => "226 Transfer complete",
        Say::Broken => "426 Transfer aborted. Data connection closed",
        Say::FolderRemoved => "250 RMD command successful",
        Say::Deleted(_) => "250 DELE command successful",
        Say::RenameFrom => "350 File or directory exists, ready for destination name",
        Say::Renamed => "250 Rename successful",
        Say::RenameFirst => "503 Bad sequence of commands",
        Say::SiteBare => "500 'SITE' requires parameters",
        Say::Chmod(_) => "200 SITE CHMOD command successful",
        Say::Umask => "500 'SITE UMASK' not understood",
        Say::Allo => "200 ALLO command successful",
        Say::Abor => "226 Abort successful",
        Say::Utf8 => "200 UTF8 set to on",
        Say::TlsGo => "234 AUTH TLS successful",
        Say::TlsUnknown => "504 AUTH unsupported mechanism",
        Say::Pbsz => "200 PBSZ 0 successful",
        Say::ProtBad => "504 PROT unsupported value",
        _ => "500 Invalid command: try being more creative",
    }
}
