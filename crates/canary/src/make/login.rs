//! Logins: a name that nobody else has, and a password.

use super::{Body, Task};
use decnet_model::{canary::ID_LETTERS, record::CanaryChannel};

/// A login with the host that it is for.
struct Login {
    host: String,
    user: String,
    password: String,
    secrets: Vec<(CanaryChannel, Vec<u8>)>,
}

impl Login {
    /// A name that the operator gave may be anybody's: then only the password tells.
    fn of(task: &mut Task<'_>, host: &str) -> Login {
        let password = task.draw.password();
        let mut secrets = vec![(CanaryChannel::Secret, password.clone().into_bytes())];
        let user = match task.asked.user.clone() {
            Some(user) => user,
            None => {
                let role = task.draw.one(&["svc-backup", "svc-scan", "adm", "svc-deploy", "svc-sql"]);
                let user = format!("{role}-{}", task.draw.letters(ID_LETTERS, 4));
                secrets.push((CanaryChannel::Login, user.clone().into_bytes()));
                user
            }
        };
        let host = task.asked.target.clone().unwrap_or_else(|| host.to_owned());
        Login { host, user, password, secrets }
    }

    fn body(self, content: String) -> Body {
        Body {
            content: content.into_bytes(),
            lead: format!("{} at {}", self.user, self.host),
            secrets: self.secrets,
        }
    }
}

/// A note that somebody wrote down.
pub(super) fn note(task: &mut Task<'_>) -> Body {
    let login = Login::of(task, "backup");
    let text = format!("{}\n  user: {}\n  pass: {}\n", login.host, login.user, login.password);
    login.body(text)
}

/// What curl, ftp and git read.
pub(super) fn netrc(task: &mut Task<'_>) -> Body {
    let login = Login::of(task, "files");
    let text = format!("machine {}\nlogin {}\npassword {}\n", login.host, login.user, login.password);
    login.body(text)
}

/// A script that leaves a login in the store of Windows and a drive that uses it.
pub(super) fn saved(task: &mut Task<'_>) -> Body {
    let login = Login::of(task, "fileserver");
    let Login { host, user, password, .. } = &login;
    let text = format!(
        "@echo off\r\nrem reconnect the team share\r\ncmdkey /add:{host} /user:{user} /pass:{password}\r\n\
         net use T: \\\\{host}\\Team /persistent:yes\r\n"
    );
    login.body(text)
}

/// A shortcut to a desktop.
pub(super) fn desktop(task: &mut Task<'_>) -> Body {
    let login = Login::of(task, "terminal");
    let text = format!(
        "full address:s:{}\r\nusername:s:{}\r\nprompt for credentials:i:0\r\nauthentication level:i:0\r\n\
         screen mode id:i:2\r\nredirectclipboard:i:1\r\n",
        login.host, login.user
    );
    login.body(text)
}
