//! wget, curl, tftp, ftpget: what was to be fetched is reported; a plausible result is played back.

use super::{
    Run,
    network::attempt,
    options::{Options, options},
    own, rest,
    url::Url,
    web::{self, Page, progress, store},
};
use crate::{
    fs::{join, name},
    interpret::{Flow, Shell, Status},
    live::strftime,
    text::hash,
};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("wget", wget),
    ("curl", curl),
    ("tftp", tftp),
    ("ftpget", ftpget),
    ("fetch", wget),
    ("lwp-download", wget),
];

fn latency(shell: &mut Shell, url: &Url, bytes: usize) -> Result<(), Flow> {
    let milliseconds = 140 + hash(&[&url.host]) % 260 + bytes as u64 / 900;
    shell.wait(Duration::from_millis(milliseconds))
}

/// Long options of wget.
const WGET: [(&str, char); 14] = [
    ("quiet", 'q'),
    ("output-document", 'O'),
    ("no-check-certificate", '_'),
    ("tries", 't'),
    ("timeout", 'T'),
    ("directory-prefix", 'P'),
    ("continue", 'c'),
    ("user-agent", 'U'),
    ("background", 'b'),
    ("no-verbose", 'v'),
    ("header", 'h'),
    ("post-data", 'h'),
    ("no-cache", '_'),
    ("spider", '_'),
];

fn wget(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "qO:cP:t:T:U:bNrvS46h:i:o:Y:", &WGET)? else {
        return Ok(2);
    };
    let busybox = shell.flavour().busybox();
    if options.operands.is_empty() && busybox {
        return super::help::usage(shell, own(arguments)).map(|()| 1);
    }
    if options.operands.is_empty() {
        shell.err(
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
        )?;
        return Ok(1);
    }
    let quiet = options.has('q');
    let mut status = 0;
    for text in &options.operands {
        let mut url = Url::seen_by(shell, text);
        attempt(shell, url.whole.clone(), arguments.join(" "));
        let name = url.file_name().to_owned();
        let (content, kind) = match fetched(shell, &mut url, &options)? {
            Ok(fetched) => fetched,
            Err(code) => {
                status = code;
                continue;
            }
        };
        let target = match options.value('O') {
            Some(path) => path.to_owned(),
            None => options.value('P').map_or_else(|| name.clone(), |folder| join(folder, &name)),
        };
        if !quiet {
            begin_wget(shell, &url, content.len(), &target, kind.as_deref())?;
        }
        if url.found.is_none() {
            latency(shell, &url, content.len())?;
        }
        if target == "-" {
            shell.write(1, &content)?;
            continue;
        }
        if let Err(error) = store(shell, &target, &content) {
            let text = if busybox {
                format!("wget: can't open '{target}': {error}\n")
            } else {
                format!("{target}: {error}\n\nCannot write to ‘{target}’ (Success).\n")
            };
            shell.err(&crate::text::decode(text.as_bytes()))?;
            return Ok(3);
        }
        if !quiet {
            end_wget(shell, &url, content.len(), &target, busybox)?;
        }
    }
    Ok(status)
}

/// Pages that lead on, of one address (`--max-redirect`).
const REDIRECTIONS: usize = 20;

/// The content of a page and its kind where a way leads to it, or wget's status. Pages that lead on are followed: `url`
/// is the last one then.
fn fetched(
    shell: &mut Shell,
    url: &mut Url,
    options: &Options,
) -> Result<Result<(Vec<u8>, Option<String>), i32>, Flow> {
    for _ in 0..=REDIRECTIONS {
        if !web::reaches(url) {
            let failed = failed(shell, url, options)?;
            return Ok(failed.map_or_else(|| Ok((url.content(shell), None)), Err));
        }
        let page = match page(shell, url, options)? {
            Ok(page) => page,
            Err(status) => return Ok(Err(status)),
        };
        let leads = (300..400).contains(&page.status);
        let Some(next) = page.location.filter(|_| leads) else { return Ok(Ok((page.body, page.kind))) };
        if !shell.flavour().busybox() && !options.has('q') {
            preface(shell, url, options)?;
            shell.err(&format!("{}\nLocation: {next} [following]\n", page.reason))?;
        }
        *url = Url::seen_by(shell, &url.leads_to(&next));
    }
    let told = if options.has('q') { "" } else { "20 redirections exceeded.\n" };
    shell.err(told).map(|()| Err(8))
}

/// A page, or wget's status when it is not given.
fn page(shell: &mut Shell, url: &Url, options: &Options) -> Result<Result<Page, i32>, Flow> {
    let page = match web::page(shell, url, options)? {
        Ok(page) => page,
        Err(web::Failure::NoWay(why)) => return refused(shell, url, options, why.text()).map(Err),
        Err(_) if shell.flavour().busybox() => {
            return shell.err("wget: error getting response\n").map(|()| Err(1));
        }
        Err(web::Failure::Unknown) => {
            let host = &url.host;
            if !options.has('q') {
                let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
                let (resolving, peer) = url.resolved(shell);
                let shown = &url.shown;
                shell
                    .err(&format!("--{stamp}--  {shown}\n{resolving}Connecting to {peer}... connected.\n"))?;
            }
            shell.err(&format!(
                "ERROR: cannot verify {host}'s certificate:\n  Self-signed certificate encountered.\n\
                 To connect to {host} insecurely, use `--no-check-certificate'.\n"
            ))?;
            return Ok(Err(5));
        }
        Err(_) => {
            preface(shell, url, options)?;
            shell.err("No data received.\nGiving up.\n\n")?;
            return Ok(Err(4));
        }
    };
    if page.status < 400 {
        return Ok(Ok(page));
    }
    let reason = page.reason.as_str();
    if shell.flavour().busybox() {
        return shell.err(&format!("wget: server returned error: HTTP/1.1 {reason}\n")).map(|()| Err(1));
    }
    if !options.has('q') {
        preface(shell, url, options)?;
        let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
        let (code, words) = reason.split_once(' ').unwrap_or((reason, ""));
        shell.err(&format!("{reason}\n{stamp} ERROR {code}: {words}.\n\n"))?;
    }
    Ok(Err(8))
}

/// What wget says up to the answer.
fn preface(shell: &mut Shell, url: &Url, options: &Options) -> Result<(), Flow> {
    if options.has('q') {
        return Ok(());
    }
    let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
    let (resolving, peer) = url.resolved(shell);
    shell.err(&format!(
        "--{stamp}--  {}\n{resolving}Connecting to {peer}... connected.\nHTTP request sent, awaiting response... ",
        url.shown
    ))
}

/// What wget says of what it cannot reach, and its status then.
fn failed(shell: &mut Shell, url: &Url, options: &Options) -> Result<Option<i32>, Flow> {
    let quiet = options.has('q');
    if url.is_ipv6() {
        return unreachable(shell, url, quiet).map(|()| Some(4));
    }
    if url.is_refused(shell) {
        return refused(shell, url, options, "Connection refused").map(Some);
    }
    if url.is_nowhere() {
        return nowhere(shell, url, quiet).map(Some);
    }
    Ok(None)
}

/// What wget says of a name that is none.
fn nowhere(shell: &mut Shell, url: &Url, quiet: bool) -> Status {
    let host = &url.host;
    if shell.flavour().busybox() {
        shell.err(&format!("wget: bad address '{host}'\n"))?;
        return Ok(1);
    }
    if host.is_empty() {
        shell.err(&format!("{}: Invalid host name.\n", url.whole.trim_end_matches('/').to_owned() + "//"))?;
        return Ok(1);
    }
    if !quiet {
        let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
        shell.err(&format!("--{stamp}--  {}\nResolving {host} ({host})... ", url.shown))?;
    }
    shell.wait(Duration::from_millis(10))?;
    let quoted = super::wording::quoted(host);
    let failed = if quiet { "" } else { "failed: Name or service not known.\n" };
    shell.err(&format!("{failed}wget: unable to resolve host address {quoted}\n"))?;
    Ok(4)
}

/// What wget says where nothing listens, or nobody is.
fn refused(shell: &mut Shell, url: &Url, options: &Options, reason: &str) -> Status {
    let quiet = options.has('q');
    let (host, port, address) = (&url.host, &url.port, url.address(shell));
    if shell.flavour().busybox() {
        let head =
            if quiet { String::new() } else { format!("Connecting to {host}:{port} ({address}:{port})\n") };
        let text = format!("{head}wget: can't connect to remote host ({address}): {reason}\n");
        return shell.err(&text).map(|()| 1);
    }
    if let Some(path) = options.value('O').filter(|path| *path != "-") {
        // It is opened before anything is asked for.
        let handle = shell.fs.open(path, crate::fs::OpenOptions::write_new(), 0o666);
        let _ = handle.map(|handle| shell.fs.close(handle));
    }
    if quiet {
        return Ok(4);
    }
    let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
    let (resolving, peer) = url.resolved(shell);
    let shown = &url.shown;
    let text = format!("--{stamp}--  {shown}\n{resolving}Connecting to {peer}... failed: {reason}.\n");
    shell.err(&text).map(|()| 4)
}

/// What wget says of an IPv6 address on a node without IPv6.
fn unreachable(shell: &mut Shell, url: &Url, quiet: bool) -> Result<(), Flow> {
    if shell.flavour().busybox() {
        let head = if quiet {
            String::new()
        } else {
            format!("Connecting to [{0}]:{1} ([{0}]:{1})\n", url.host, url.port)
        };
        return shell.err(&format!("{head}wget: can't connect to remote host: Network is unreachable\n"));
    }
    if quiet {
        return Ok(());
    }
    let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
    shell.err(&format!(
        "--{stamp}--  {}\nConnecting to [{}]:{}... failed: Network is unreachable.\n",
        url.shown, url.host, url.port
    ))
}

fn begin_wget(
    shell: &mut Shell,
    url: &Url,
    length: usize,
    target: &str,
    kind: Option<&str>,
) -> Result<(), Flow> {
    let address = url.address(shell);
    if shell.flavour().busybox() {
        return shell.err(&format!("Connecting to {} ({address}:{})\n", url.host, url.port));
    }
    let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
    let (resolving, peer) = url.resolved(shell);
    let kind = if let Some(kind) = kind {
        kind
    } else if url.file_name().ends_with(".html") {
        "text/html"
    } else if url.file_name().ends_with(".sh") {
        "text/x-sh"
    } else {
        "application/octet-stream"
    };
    let size = if length >= 1024 { format!("{length} ({}K)", length / 1024) } else { length.to_string() };
    let text = if url.scheme == "ftp" {
        let (folder, _) = url.path().rsplit_once('/').unwrap_or(("", ""));
        let change = if folder.is_empty() {
            "==> CWD not needed.".to_owned()
        } else {
            format!("==> CWD (1) {folder} ... done.")
        };
        let file = url.file_name();
        format!(
            "--{stamp}--  {}\n           => ‘{target}’\n{resolving}Connecting to {peer}... connected.\n\
             Logging in as anonymous ... Logged in!\n==> SYST ... done.    ==> PWD ... done.\n\
             ==> TYPE I ... done.  {change}\n==> SIZE {file} ... {length}\n\
             ==> PASV ... done.    ==> RETR {file} ... done.\nLength: {size} (unauthoritative)\n\n",
            url.shown
        )
    } else {
        format!(
            "--{stamp}--  {}\n{resolving}Connecting to {peer}... connected.\n\
             HTTP request sent, awaiting response... 200 OK\nLength: {size} [{kind}]\nSaving to: ‘{target}’\n\n",
            url.shown
        )
    };
    shell.err(&crate::text::decode(text.as_bytes()))
}

fn end_wget(shell: &mut Shell, url: &Url, length: usize, target: &str, busybox: bool) -> Result<(), Flow> {
    if busybox {
        return shell.err(&format!(
            "{:<20} 100% |{}| {length:>5}  0:00:00 ETA\n",
            crate::text::head(name(target), 20),
            "*".repeat(31)
        ));
    }
    let stamp = strftime("%F %T", shell.live.now(), &shell.live.persona.zone);
    let rate = 180 + hash(&[&url.whole]) % 2_000;
    let size = if length >= 1024 { format!("{:.2}K", length as f64 / 1024.0) } else { length.to_string() };
    let text = format!(
        "{:<20}100%[===================>] {size:>7}  --.-KB/s    in 0.{:02}s   \n\n{stamp} ({rate} KB/s) - ‘{target}’ saved [{length}/{length}]\n\n",
        crate::text::head(name(target), 19),
        4 + length / 90_000
    );
    shell.err(&crate::text::decode(text.as_bytes()))
}

/// Long options of curl.
const CURL: [(&str, char); 26] = [
    ("output", 'o'),
    ("remote-name", 'O'),
    ("silent", 's'),
    ("insecure", 'k'),
    ("location", 'L'),
    ("fail", 'f'),
    ("user-agent", 'A'),
    ("header", 'H'),
    ("data", 'd'),
    ("request", 'X'),
    ("connect-timeout", 'm'),
    ("max-time", 'm'),
    ("head", 'I'),
    ("user", 'u'),
    ("proxy", 'x'),
    ("show-error", 'S'),
    ("verbose", 'v'),
    ("version", 'V'),
    ("retry", 'm'),
    ("include", 'i'),
    ("data-raw", 'd'),
    ("data-binary", 'd'),
    ("cookie", 'b'),
    ("referer", 'e'),
    ("write-out", 'w'),
    ("get", 'G'),
];

fn curl(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "o:OskLfA:H:d:X:m:Iu:x:Svb:c:e:F:T:V46NiGr:w:", &CURL)?
    else {
        return Ok(2);
    };
    if options.has('V') {
        let machine = super::shells::machine(shell);
        let (curl, openssl) = (shell.live.versions().curl, shell.live.versions().openssl_number());
        shell.out(&format!("curl {curl} ({machine}) libcurl/{curl} OpenSSL/{openssl} zlib/1.2.13\nRelease-Date: 2023-02-20\nProtocols: dict file ftp ftps gopher gophers http https imap imaps pop3 pop3s smtp smtps telnet tftp\n"))?;
        return Ok(0);
    }
    if options.operands.is_empty() {
        shell.err("curl: try 'curl --help' or 'curl --manual' for more information\n")?;
        return Ok(2);
    }
    for text in &options.operands {
        let url = Url::seen_by(shell, text);
        let of_disk = super::curl::is_of_disk(&url);
        if !of_disk {
            attempt(shell, url.whole.clone(), arguments.join(" "));
        }
        if of_disk || web::reaches(&url) {
            let status = super::curl::fetch(shell, url, &options)?;
            if status != 0 {
                return Ok(status);
            }
            continue;
        }
        if url.is_ipv6() || url.is_refused(shell) {
            shell.wait(Duration::from_millis(2))?;
            if !options.has('s') || options.has('S') {
                let (host, port) = (&url.host, &url.port);
                shell.err(&format!(
                    "curl: (7) Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server\n"
                ))?;
            }
            return Ok(7);
        }
        let status = transfer(shell, &url, &options)?;
        if status != 0 {
            return Ok(status);
        }
    }
    Ok(0)
}

/// Plays back one answer to curl: to a file, or to the output.
fn transfer(shell: &mut Shell, url: &Url, options: &Options) -> Status {
    let content = url.content(shell);
    let target = if options.has('O') {
        Some(url.file_name().to_owned())
    } else {
        options.value('o').map(String::from)
    };
    latency(shell, url, content.len())?;
    if options.has('I') {
        return super::curl::answer_head(shell, content.len());
    }
    let redirected = target.is_some()
        || !shell.out_is_terminal()
            && !matches!(shell.descriptors.get(&1), Some(crate::interpret::Descriptor::Stream(_)));
    if redirected && !options.has('s') {
        progress(shell, content.len())?;
    }
    let Some(path) = target.filter(|target| target != "-") else {
        return shell.write(1, &content).map(|()| 0);
    };
    if store(shell, &path, &content).is_err() {
        shell.err("curl: (23) Failure writing output to destination\n")?;
        return Ok(23);
    }
    Ok(0)
}

fn tftp(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "gpl:r:b:m:c:v", &[])? else { return Ok(1) };
    let host = options.operands.first().cloned().unwrap_or_default();
    let remote = options
        .value('r')
        .map(String::from)
        .or_else(|| options.operands.iter().skip_while(|word| *word != "get").nth(1).cloned())
        .unwrap_or_default();
    if host.is_empty() {
        return super::help::usage(shell, own(arguments)).map(|()| 1);
    }
    fetch(shell, "tftp", &host, &remote, options.value('l'), arguments)
}

fn ftpget(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(shell, arguments, "cvu:p:P:", &[])? else { return Ok(1) };
    let [host, local, more @ ..] = options.operands.as_slice() else {
        return super::help::usage(shell, own(arguments)).map(|()| 1);
    };
    let remote = more.first().unwrap_or(local);
    fetch(shell, "ftp", host, remote, Some(local.as_str()), arguments)
}

fn fetch(
    shell: &mut Shell,
    scheme: &str,
    host: &str,
    remote: &str,
    local: Option<&str>,
    arguments: &[String],
) -> Status {
    let url = Url::parse(&format!("{scheme}://{host}/{}", remote.trim_start_matches('/')));
    attempt(shell, url.whole.clone(), arguments.join(" "));
    let content = url.content(shell);
    latency(shell, &url, content.len())?;
    let target = local.unwrap_or(url.file_name()).to_owned();
    debug_assert!(!url.scheme.is_empty() && !rest(arguments).is_empty());
    if let Err(error) = store(shell, &target, &content) {
        shell.err(&format!("{}: can't open '{target}': {error}\n", own(arguments)))?;
        return Ok(1);
    }
    Ok(0)
}
