//! The words of the FTP service of IIS, and of HP's print servers, which differ in few.

use super::{Family, Names, Say, mode_word};
use crate::services::ftp::tree::TreeError;

const HELP: &str = "214-The following commands are recognized (* ==>'s unimplemented).
 ABOR 
 ACCT 
 ADAT *
 ALLO 
 APPE 
 AUTH 
 CCC 
 CDUP 
 CWD 
 DELE 
 ENC *
 EPRT 
 EPSV 
 FEAT 
 HELP 
 HOST 
 LANG 
 LIST 
 MDTM 
 MIC *
 MKD 
 MODE 
 NLST 
 NOOP 
 OPTS 
 PASS 
 PASV 
 PBSZ 
 PORT 
 PROT 
 PWD 
 QUIT 
 REIN 
 REST 
 RETR 
 RMD 
 RNFR 
 RNTO 
 SITE 
 SIZE 
 SMNT 
 STAT 
 STOR 
 STOU 
 STRU 
 SYST 
 TYPE 
 USER 
 XCUP 
 XCWD 
 XMKD 
 XPWD 
 XRMD 
214 HELP command successful.";

const FEAT: &str = "211-Extended features supported:
 LANG EN*
 UTF8
 AUTH TLS;TLS-C;SSL;TLS-P;
 PBSZ
 PROT C;P;
 CCC
 HOST
 SIZE
 MDTM
 REST STREAM
211 END";

/// `say` without the last line end.
pub(super) fn say(names: &Names, say: &Say<'_>) -> String {
    if names.family == Family::JetDirect
        && let Some(text) = print_server(names, say)
    {
        return text;
    }
    match say {
        Say::Stat => format!(
            "211-Microsoft FTP Service status:\n     Connected to {} from {}\n     Logged in as {}\n     TYPE: {}, \
             FORM: Nonprint; STRUcture: File; transfer MODE: STREAM\n     No data connection\n211 End of status.",
            names.host,
            names.peer,
            names.user,
            mode_word(names.ascii)
        ),
        Say::Folder(path) => format!("257 \"{path}\" is current directory."),
        Say::Failed(_, _, error) => format!("550 {} ", complaint(*error)),
        Say::Type(kind) => format!("200 Type set to {kind}."),
        Say::Mode("S") => "200 Mode S ok.".to_owned(),
        Say::Stru("F") => "200 STRU F ok.".to_owned(),
        Say::Size(size) => format!("213 {size}"),
        Say::Time(at) => format!("213 {at}"),
        Say::Rest(at) => format!("350 Restarting at {at}."),
        Say::Pasv(numbers) => format!("227 Entering Passive Mode ({numbers})."),
        Say::Epsv(port) => format!("229 Entering Extended Passive Mode (|||{port}|)"),
        Say::Port(verb) => format!("200 {verb} command successful."),
        Say::SendBegins(_, _, ascii) | Say::ReceiveBegins(_, ascii) => {
            format!("150 Opening {} mode data connection.", mode_word(*ascii))
        }
        Say::Made(_, argument) => format!("257 \"{argument}\" directory created."),
        Say::Prot(_) => "200 PROT command successful.".to_owned(),
        other => fixed(other).to_owned(),
    }
}

fn complaint(error: TreeError) -> &'static str {
    match error {
        TreeError::NotFound => "The system cannot find the file specified.",
        TreeError::NotDirectory => "The directory name is invalid.",
        TreeError::Exists => "Cannot create a file when that file already exists.",
        TreeError::NotEmpty => "The directory is not empty.",
        TreeError::NoSpace => "There is not enough space on the disk.",
        TreeError::Denied | TreeError::IsDirectory => "Access is denied.",
    }
}

fn fixed(say: &Say<'_>) -> &'static str {
    match say {
        Say::Greeting => "220 Microsoft FTP Service",
        Say::NeedPassword(_, true) => {
            "331 Anonymous access allowed, send identity (e-mail name) as password."
        }
        Say::NeedPassword(..) => "331 Password required",
        Say::NoAnonymous | Say::LoginFailed => "530 User cannot log in.",
        Say::NeedUser | Say::UserAgain | Say::PassAgain | Say::RenameFirst => "503 Bad sequence of commands.",
        Say::LoggedIn(..) => "230 User logged in.",
        Say::NotLoggedIn => "530 Please login with USER and PASS.",
        Say::NotImplemented(_) | Say::Umask => "502 Command not implemented.",
        Say::Feat => FEAT,
        Say::Syst => "215 Windows_NT",
        Say::Help(_) => HELP,
        Say::Noop => "200 noop command successful.",
        Say::Quit => "221 Goodbye.",
        Say::Timeout => "421 Service not available, closing control connection.",
        Say::Changed(_) => "250 CWD command successful.",
        Say::ChangedUp(_) => "250 CDUP command successful.",
        Say::TypeBad(_) | Say::Mode(_) | Say::Stru(_) | Say::ProtBad => {
            "504 Command not implemented for that parameter."
        }
        Say::NoFile(..) => "550 The system cannot find the file specified. ",
        Say::NoArgument(_) | Say::RestBad | Say::PortBad(_) | Say::OptsUnknown(_) | Say::OptsMlst(_) => {
            "501 Parameter is incorrect."
        }
        Say::EpsvAll => "200 EPSV ALL command successful.",
        Say::ProtocolBad => "522 Network protocol not supported, use (1,2)",
        Say::PortRefused(..) => "501 Server cannot accept argument.",
        Say::NoData => "150 Opening ASCII mode data connection.\n425 Cannot open data connection.",
        Say::DataFailed(_) => "425 Cannot open data connection.",
        Say::ListBegins => "125 Data connection already open; Transfer starting.",
        Say::ListDone(_) | Say::Transferred(_) => "226 Transfer complete.",
        Say::Broken => "426 Connection closed; transfer aborted.",
        Say::FolderRemoved => "250 RMD command successful.",
        Say::Deleted(_) => "250 DELE command successful.",
        Say::RenameFrom => "350 Requested file action pending further information.",
        Say::Renamed => "250 RNTO command successful.",
        Say::SiteBare | Say::SiteUnknown(_) | Say::Chmod(_) => "501 Server cannot accept argument.",
        Say::SiteHelp => {
            "214-The following SITE commands are recognized.\n DIRSTYLE\n214 HELP command successful."
        }
        Say::Allo => "200 ALLO command successful.",
        Say::Abor => "226 ABOR command successful.",
        Say::Utf8 => "200 OPTS UTF8 command successful - UTF8 encoding now ON.",
        Say::TlsGo => "234 AUTH command ok. Expecting TLS Negotiation.",
        Say::TlsUnknown => "504 Security mechanism not implemented.",
        Say::Pbsz => "200 PBSZ command successful.",
        Say::NeedTls(_) => "503 Bad sequence of commands.",
        _ => "500 Command not understood.",
    }
}

/// Where the print server speaks otherwise.
fn print_server(names: &Names, say: &Say<'_>) -> Option<String> {
    Some(match say {
        Say::Greeting => "220 JD FTP Server Ready".to_owned(),
        Say::NeedPassword(..) => "331 Username Ok, send identity (e-mail name) as password.".to_owned(),
        Say::LoggedIn(..) => format!(
            "230- Hewlett-Packard FTP Print Server Version {}\n      Directory:   Description:\n      PORT1        Print \
             to port 1 HP LaserJet\n \n To print a file, use the command: put <filename> [portx]\n or cd to a desired \
             port and use: put <filename>.\n\n Ready to print to PORT1\n230 User logged in.",
            if names.product.version.is_empty() { "2.0" } else { &names.product.version }
        ),
        Say::LoginFailed => "530 Login incorrect.".to_owned(),
        Say::Syst => "215 UNIX Type: L8 Version: HP ARPA FTP Server".to_owned(),
        Say::Feat | Say::TlsGo | Say::TlsUnknown | Say::Unknown(_) => {
            "500 Syntax error, command unrecognized.".to_owned()
        }
        Say::ListBegins => "150 Opening data connection for file list.".to_owned(),
        _ => return None,
    })
}
