//! `curl` where a way of the node leads: the real request, and the real answer as curl shows it.

use super::{
    options::Options,
    url::Url,
    web::{self, Failure, Page, progress, store},
};
use crate::{
    interpret::{Descriptor, Flow, Shell, Status},
    live::strftime,
    reach::NoWay,
    text,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::time::Duration;

/// Redirections that are followed (`--max-redirs`).
const REDIRECTIONS: usize = 50;
/// Longest body of a request.
const BODY: usize = 1 << 20;
/// Bytes from which on `-w` writes no more.
const WRITTEN: usize = 1 << 20;

/// What curl says of a certificate that it does not know the issuer of.
const UNKNOWN: &str = "SSL certificate problem: self-signed certificate\n\
    More details here: https://curl.se/docs/sslcerts.html\n\n\
    curl failed to verify the legitimacy of the server and therefore could not\n\
    establish a secure connection to it. To learn more about this situation and\n\
    how to fix it, please visit the web page mentioned above.";

/// Whether `url` is a file of the node itself.
pub(super) fn is_of_disk(url: &Url) -> bool {
    url.scheme.eq_ignore_ascii_case("file")
}

/// What curl fetches by `file://`: a file of the node itself.
fn of_disk(shell: &mut Shell, url: &Url, options: &Options) -> Status {
    let path = url.path().to_owned();
    let Ok(content) = shell.fs.read_file(&path) else {
        if !options.has('s') || options.has('S') {
            shell.err(&format!("curl: (37) Couldn't open file {path}\n"))?;
        }
        return Ok(37);
    };
    let content = content.to_vec();
    let target = if options.has('O') {
        Some(url.file_name().to_owned())
    } else {
        options.value('o').map(String::from)
    };
    match target {
        Some(target) => {
            if !options.has('s') {
                progress(shell, content.len())?;
            }
            if store(shell, &target, &content).is_err() {
                return shell.err("curl: (23) Failure writing output to destination\n").map(|()| 23);
            }
            Ok(0)
        }
        None => shell.write(1, &content).map(|()| 0),
    }
}

/// The head of an answer, for `curl -I`.
pub(super) fn answer_head(shell: &mut Shell, length: usize) -> Status {
    let date = strftime(
        "%a, %d %b %Y %H:%M:%S GMT",
        shell.live.now(),
        &netsvc_persona::Zone { name: String::new(), abbreviation: String::new(), offset_minutes: 0 },
    );
    shell.out(&format!(
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: {date}\r\nContent-Type: text/html\r\n\
         Content-Length: {length}\r\nConnection: keep-alive\r\n\r\n"
    ))?;
    Ok(0)
}

/// What is asked for.
struct Request {
    method: String,
    path: String,
    /// Lines of the head, names first.
    lines: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Fetches `url`, and what it leads on to.
pub(super) fn fetch(shell: &mut Shell, mut url: Url, options: &Options) -> Status {
    if is_of_disk(&url) {
        return of_disk(shell, &url, options);
    }
    for left in (0..=REDIRECTIONS).rev() {
        let request = Request::of(shell, &url, options)?;
        let page = match exchange(shell, &url, &request, options)? {
            Ok(page) => page,
            Err(status) => return Ok(status),
        };
        let next = page.location.as_deref().filter(|_| options.has('L') && (300..400).contains(&page.status));
        let next = next.map(|next| Url::seen_by(shell, &url.leads_to(next)));
        match next.filter(|next| web::reaches(next) && 0 < left) {
            Some(next) => {
                // What it is led on by is shown too, where heads are.
                if options.has('i') || options.has('I') {
                    shell.write(1, &page.head)?;
                }
                url = next;
            }
            None => return deliver(shell, &url, &page, options),
        }
    }
    Ok(47)
}

impl Request {
    fn of(shell: &mut Shell, url: &Url, options: &Options) -> Result<Request, Flow> {
        let mut body = Vec::new();
        for (number, data) in options.values('d').map(str::to_owned).collect::<Vec<_>>().iter().enumerate() {
            let part = match data.strip_prefix('@') {
                // What there is no room for is not read, however often it is named.
                _ if BODY <= body.len() => break,
                Some("-") => shell.read_all()?,
                Some(path) => shell.fs.read_file(path).map(|bytes| bytes.to_vec()).unwrap_or_default(),
                None => text::encode(data),
            };
            if 0 < number {
                body.push(b'&');
            }
            body.extend(part);
        }
        body.truncate(BODY);
        let mut path = url.path().to_owned();
        let upload = options.value('T').map(str::to_owned);
        if let Some(file) = &upload {
            body = shell.fs.read_file(file).map(|bytes| bytes.to_vec()).unwrap_or_default();
            body.truncate(BODY);
        }
        let usual = if options.has('I') {
            "HEAD"
        } else if upload.is_some() {
            "PUT"
        } else if options.has('d') && !options.has('G') {
            "POST"
        } else {
            "GET"
        };
        if options.has('G') && !body.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&text::decode(&std::mem::take(&mut body)));
        }
        let method = options.value('X').unwrap_or(usual).to_owned();
        let lines = lines(shell, url, options, &body, usual);
        Ok(Request { method, path, lines, body })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.lines {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str("\r\n");
        let mut bytes = text::encode(&out);
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The lines of a request's head.
fn lines(shell: &Shell, url: &Url, options: &Options, body: &[u8], usual: &str) -> Vec<(String, String)> {
    let mut lines = vec![("Host".to_owned(), url.authority())];
    let mut add = |name: &str, value: String| lines.push((name.to_owned(), value));
    if let Some(user) = options.value('u') {
        add("Authorization", format!("Basic {}", STANDARD.encode(text::encode(user))));
    }
    let agent = format!("curl/{}", shell.live.versions().curl);
    add("User-Agent", options.value('A').map_or(agent, str::to_owned));
    add("Accept", "*/*".to_owned());
    if let Some(range) = options.value('r') {
        add("Range", format!("bytes={range}"));
    }
    if let Some(referer) = options.value('e') {
        add("Referer", referer.to_owned());
    }
    if let Some(cookie) = options.value('b').filter(|cookie| cookie.contains('=')) {
        add("Cookie", cookie.to_owned());
    }
    for given in options.values('H') {
        let Some((name, value)) = given.split_once(':') else { continue };
        let value = value.trim();
        let same = |known: &(String, String)| known.0.eq_ignore_ascii_case(name);
        match lines.iter().position(same) {
            Some(at) if value.is_empty() => {
                lines.remove(at);
            }
            Some(at) => {
                if let Some(known) = lines.get_mut(at) {
                    *known = (name.to_owned(), value.to_owned());
                }
            }
            None if value.is_empty() => {}
            None => lines.push((name.to_owned(), value.to_owned())),
        }
    }
    let sends = usual == "POST" || usual == "PUT";
    for (name, value, wanted) in [
        ("Content-Length", body.len().to_string(), sends),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned(), usual == "POST"),
    ] {
        if wanted && !lines.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            lines.push((name.to_owned(), value));
        }
    }
    lines
}

/// Asks, and says what curl says of it; the status where there is no answer.
fn exchange(
    shell: &mut Shell,
    url: &Url,
    request: &Request,
    options: &Options,
) -> Result<Result<Page, i32>, Flow> {
    let verbose = options.has('v');
    let (host, port, address) = (&url.host, &url.port, url.address(shell));
    if verbose {
        shell.err(&format!("*   Trying {address}:{port}...\n"))?;
    }
    let patience = options.number('m').map(Duration::from_secs).filter(|wait| !wait.is_zero());
    let bare = request.method == "HEAD";
    let started = shell.elapsed;
    let page = match web::ask(shell, url, &request.bytes(), bare, options.has('k'), patience)? {
        Ok(page) => page,
        Err(failure) => {
            let took = shell.elapsed.saturating_sub(started);
            let (status, reason) = failed(shell, url, failure, took, patience);
            if verbose {
                shell.err("* Closing connection 0\n")?;
            }
            if !options.has('s') || options.has('S') {
                shell.err(&format!("curl: ({status}) {reason}\n"))?;
            }
            return Ok(Err(status));
        }
    };
    if verbose {
        let number = if is_before_8(shell) { " (#0)" } else { "" };
        let mut told = format!("* Connected to {host} ({address}) port {port}{number}\n");
        let head = format!("{} {} HTTP/1.1", request.method, request.path);
        let lines = request.lines.iter().map(|(name, value)| format!("> {name}: {value}\n"));
        told.push_str(&format!("> {head}\n{}> \n", lines.collect::<String>()));
        told.extend(text::decode(&page.head).lines().map(|line| format!("< {line}\n")));
        shell.err(&told)?;
    }
    Ok(Ok(page))
}

fn is_before_8(shell: &Shell) -> bool {
    shell.live.versions().curl.starts_with('7')
}

/// Status and words of curl for what gave no answer.
fn failed(
    shell: &Shell,
    url: &Url,
    failure: Failure,
    took: Duration,
    patience: Option<Duration>,
) -> (i32, String) {
    let (host, port, milliseconds) = (&url.host, &url.port, took.as_millis().saturating_sub(1));
    let version = shell.live.versions().curl;
    // Times are told since 7.76, and since 7.86 one reason for all.
    let minor: u32 = version.split('.').nth(1).and_then(|part| part.parse().ok()).unwrap_or(88);
    let new = !version.starts_with('7');
    let after = if new || 76 <= minor { format!(" after {milliseconds} ms") } else { String::new() };
    match failure {
        Failure::NoWay(NoWay::Silence) if patience.is_some() => {
            (28, format!("Connection timed out after {} milliseconds", took.as_millis()))
        }
        Failure::NoWay(why) => {
            let reason = if new || 86 <= minor { "Couldn't connect to server" } else { why.text() };
            let status = if why == NoWay::Silence { 28 } else { 7 };
            (status, format!("Failed to connect to {host} port {port}{after}: {reason}"))
        }
        Failure::Empty => (52, "Empty reply from server".to_owned()),
        Failure::Strange => (1, "Received HTTP/0.9 when not allowed".to_owned()),
        Failure::Clear => (35, "error:0A00010B:SSL routines::wrong version number".to_owned()),
        Failure::Unknown => (60, UNKNOWN.to_owned()),
    }
}

/// Gives the answer to whom it is for: a file, or the output.
fn deliver(shell: &mut Shell, url: &Url, page: &Page, options: &Options) -> Status {
    if options.has('f') && 400 <= page.status {
        if !options.has('s') || options.has('S') {
            shell.err(&format!("curl: (22) The requested URL returned error: {}\n", page.status))?;
        }
        return written_out(shell, url, page, options).map(|()| 22);
    }
    let target = if options.has('O') {
        Some(url.file_name().to_owned())
    } else {
        options.value('o').map(String::from)
    };
    let mut content = Vec::new();
    if options.has('i') || options.has('I') {
        content.extend_from_slice(&page.head);
    }
    content.extend_from_slice(&page.body);
    let redirected = target.is_some() || !matches!(shell.descriptors.get(&1), Some(Descriptor::Stream(_)));
    if redirected && !options.has('s') {
        progress(shell, page.body.len())?;
    }
    match target.filter(|target| target != "-") {
        None => shell.write(1, &content)?,
        Some(path) if store(shell, &path, &content).is_err() => {
            shell.err("curl: (23) Failure writing output to destination\n")?;
            return Ok(23);
        }
        Some(_) => {}
    }
    if options.has('v') {
        shell.err(&format!("* Connection #0 to host {} left intact\n", url.host))?;
    }
    written_out(shell, url, page, options).map(|()| 0)
}

/// What `-w` asks for.
fn written_out(shell: &mut Shell, url: &Url, page: &Page, options: &Options) -> Result<(), Flow> {
    let Some(format) = options.value('w') else { return Ok(()) };
    let code = format!("{:03}", page.status);
    let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let values = [
        ("http_code", code.clone()),
        ("response_code", code),
        ("size_download", page.body.len().to_string()),
        ("content_type", page.kind.clone().unwrap_or_default()),
        ("url_effective", url.whole.clone()),
        ("remote_ip", url.address(shell).to_string()),
        ("remote_port", url.port.clone()),
        ("redirect_url", page.location.clone().unwrap_or_default()),
        ("time_total", "0.003021".to_owned()),
    ];
    let mut out = String::new();
    let mut pieces = format.split("%{");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let known = piece.split_once('}');
        let value = known.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (known, value) {
            // A long address that is asked for again and again would fill the memory.
            _ if WRITTEN <= out.len() => break,
            (Some((_, rest)), Some((_, value))) => out.extend([value.as_str(), rest]),
            _ => out.extend(["%{", piece]),
        }
    }
    shell.out(&out)
}
