//! busybox itself.

use super::{Run, find, rest};
use crate::{
    flavour::busybox_version,
    fs::programs::applets,
    interpret::{Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("busybox", busybox)];

fn busybox(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.flavour().busybox() && !shell.fs.exists("/bin/busybox") {
        shell.complain(if arguments.first().is_some_and(|name| name.contains('/')) {
            "/bin/busybox: No such file or directory"
        } else {
            "busybox: command not found"
        })?;
        return Ok(127);
    }
    let words = rest(arguments);
    match words.first().map(String::as_str) {
        None | Some("--help") => {
            let names = applets();
            let mut lines = String::from("\t");
            let mut width = 8;
            for (index, name) in names.iter().enumerate() {
                let text = if index + 1 == names.len() { (*name).to_owned() } else { format!("{name}, ") };
                if width + text.len() > 78 {
                    lines.push_str("\n\t");
                    width = 8;
                }
                width += text.len();
                lines.push_str(&text);
            }
            let version = busybox_version(&shell.live.persona);
            shell.out(&format!("{version} multi-call binary.\nBusyBox is copyrighted by many authors between 1998-2012.\nLicensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n   or: busybox --install [-s] [DIR]\n   or: function [arguments]...\n\n\tBusyBox is a multi-call binary that combines many common Unix\n\tutilities into a single executable.  Most people will create a\n\tlink to busybox for each function they wish to use and BusyBox\n\twill act like whatever it was invoked as.\n\nCurrently defined functions:\n{lines}\n\n"))?;
            Ok(0)
        }
        Some("--list") => {
            let list: String = applets().iter().map(|name| format!("{name}\n")).collect();
            shell.out(&list)?;
            Ok(0)
        }
        Some(name) => {
            let known = applets().contains(&name) || ["sh", "ash"].contains(&name);
            let run = find(shell, name).map(|command| command.run);
            match run {
                Some(run) if known => {
                    // A shell of its own runs the tools of the system.
                    let is_shell = ["sh", "ash"].contains(&name);
                    let outer = std::mem::replace(&mut shell.applet, !is_shell);
                    let status = match super::applet::answer(shell, name, words) {
                        Some(status) if !is_shell => status,
                        _ => shell.nested(|shell| run(shell, words)),
                    };
                    shell.applet = outer;
                    status
                }
                _ if known => Ok(0),
                _ => {
                    shell.err(&format!("{name}: applet not found\n"))?;
                    Ok(127)
                }
            }
        }
    }
}
