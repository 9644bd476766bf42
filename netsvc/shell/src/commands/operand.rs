//! What programs read: the contents of their operands, and what each says of one that it cannot read.

use crate::{
    fs::Errno,
    interpret::{Flow, Shell},
};

/// Reads the operands' contents, or standard input when there are none or for `-`: name and bytes each.
/// A file that cannot be read is complained about and left out; the flag says so.
pub(super) fn inputs(
    shell: &mut Shell,
    name: &str,
    files: &[String],
) -> Result<(Vec<(String, Vec<u8>)>, bool), Flow> {
    let applet = shell.flavour().busybox();
    if files.is_empty() {
        if name == "cat" && !shell.descriptors.contains_key(&0) {
            shell.err(if applet {
                "cat: read error: Bad file descriptor\n"
            } else {
                "cat: -: Bad file descriptor\ncat: closing standard input: Bad file descriptor\n"
            })?;
            return Ok((Vec::new(), false));
        }
        return Ok((vec![("-".into(), shell.read_all()?)], true));
    }
    let mut contents = Vec::new();
    let mut good = true;
    for file in files {
        if file == "-" || file == "/dev/stdin" {
            contents.push((file.clone(), shell.read_all()?));
            continue;
        }
        match shell.fs.read_file(file) {
            Ok(bytes) => {
                shell.spend(1 + bytes.len() as u64 / 4096)?;
                if shell.is_endless(file) {
                    shell.meet_endless()?;
                }
                contents.push((file.clone(), bytes.to_vec()));
            }
            Err(error) => {
                // These applets take a directory for an empty file.
                let empty = ["grep", "sed", "cut", "strings"].contains(&name);
                if applet && empty && error == Errno::IsDirectory {
                    continue;
                }
                good = false;
                let text =
                    if applet { applet_words(name, file, error) } else { gnu_words(name, file, error) };
                shell.err(&format!("{name}: {text}\n"))?;
            }
        }
    }
    if name == "tail" && contents.is_empty() && applet {
        shell.err("tail: no files\n")?;
    }
    Ok((contents, good))
}

/// What an applet says after its name.
fn applet_words(name: &str, file: &str, error: Errno) -> String {
    let directory = error == Errno::IsDirectory;
    match name {
        "cat" | "tail" if directory => format!("read error: {error}"),
        "head" if directory => format!("{file}: Input/output error"),
        "uniq" if directory => format!("{file}: I/O error"),
        "md5sum" | "sha1sum" | "sha256sum" | "sha512sum" if directory => {
            format!("can't read '{file}': {error}")
        }
        "cat" | "tail" | "uniq" | "more" | "md5sum" | "sha1sum" | "sha256sum" | "sha512sum" => {
            format!("can't open '{file}': {error}")
        }
        _ => format!("{file}: {error}"),
    }
}

/// What another program says after its name.
fn gnu_words(name: &str, file: &str, error: Errno) -> String {
    match name {
        "head" | "tail" if error == Errno::IsDirectory => format!("error reading '{file}': {error}"),
        "head" | "tail" => format!("cannot open '{file}' for reading: {error}"),
        "tac" if error != Errno::IsDirectory => format!("failed to open '{file}' for reading: {error}"),
        "sort" => format!("cannot read: {file}: {error}"),
        "rev" | "more" => format!("cannot open {file}: {error}"),
        "strings" if error == Errno::NotFound => format!("'{file}': No such file"),
        "hexdump" | "hd" => format!("{file}: {error}\n{name}: all input file arguments failed"),
        "sed" if error == Errno::IsDirectory => format!("read error on {file}: {error}"),
        "sed" => format!("can't read {file}: {error}"),
        _ => format!("{file}: {error}"),
    }
}
