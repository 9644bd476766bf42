//! The head of a request: request line and fields, and what is wrong with them.

/// Longest request line.
pub const LINE: usize = 8190;
/// Most fields.
const FIELDS: usize = 400;

/// What is wrong with a request. What is answered depends on the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request line is none.
    Line,
    /// A major version that is not 1.
    Version,
    /// A method with characters that it cannot have.
    Method,
    /// A target that is no path.
    Target,
    /// A path that leads out of the root.
    Outside,
    /// A zero byte in the path.
    Zero,
    /// A `%` without two digits.
    Percent,
    /// HTTP/1.1 without Host, two of them, or one that is no host.
    Host,
    /// A field without a colon.
    Colon,
    /// A field with a bad name.
    Field,
    /// The request line is too long.
    LongLine,
    /// A field is too long.
    LongField,
    /// The head is too long.
    LongHead,
    /// There are too many fields.
    ManyFields,
    /// Content-Length is no number.
    Length,
    /// The body is too large.
    Large,
    /// Transfer-Encoding is not `chunked`.
    Coding,
    /// A chunk is broken.
    Chunk,
    /// An expectation other than 100-continue.
    Expectation,
    /// HTTP/0.9 with another method than GET.
    Simple,
    /// A method that the server never takes.
    Banned,
    /// A field that may stand once stands twice.
    Twice,
    /// It came in clear where TLS is spoken.
    Unsecured,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Method as sent.
    pub method: String,
    /// Target as sent.
    pub target: String,
    /// Host of an absolute target, with its port.
    pub authority: Option<String>,
    /// Path of the target, decoded, without dot segments.
    pub path: String,
    /// What stands after `?`.
    pub query: String,
    /// Version; (0, 9) when there is none.
    pub version: (u8, u8),
    /// Fields in order, names as sent.
    pub fields: Vec<(String, String)>,
    /// Head as sent.
    pub head: Vec<u8>,
    /// Body, cut.
    pub body: Vec<u8>,
    /// Faults, the first found first.
    pub faults: Vec<Fault>,
    /// Names of the fields as they came in the frames of HTTP/2.
    pub names: Option<String>,
}

impl Request {
    /// Reads a complete head.
    pub fn read(head: &[u8]) -> Request {
        let text = String::from_utf8_lossy(head).into_owned();
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let mut request = Request { head: head.to_vec(), ..Request::default() };
        request.read_line(lines.next().unwrap_or_default());
        for line in lines.take_while(|line| !line.is_empty()) {
            request.read_field(line);
        }
        if request.faults.is_empty() {
            request.check_host();
        }
        request
    }

    /// A request whose parts came apart, as HTTP/2 has them.
    pub fn of_parts(method: &str, target: &str, fields: Vec<(String, String)>) -> Request {
        let method = method.to_owned();
        let target = target.to_owned();
        let mut request = Request { method, target, version: (2, 0), fields, ..Request::default() };
        request.read_target();
        request
    }

    fn read_line(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let (method, target, version) = match words.as_slice() {
            [method, target] if *method == "GET" || target.starts_with('/') => (*method, *target, "HTTP/0.9"),
            [method, target, version] => (*method, *target, *version),
            _ => {
                self.method = words.first().copied().unwrap_or_default().chars().take(64).collect();
                self.faults.push(Fault::Line);
                return;
            }
        };
        self.method = method.to_owned();
        self.target = target.to_owned();
        if !method.bytes().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(&byte)) {
            self.faults.push(Fault::Method);
        }
        self.read_version(version);
        self.read_target();
    }

    fn read_version(&mut self, text: &str) {
        let digits = text.strip_prefix("HTTP/").and_then(|rest| rest.split_once('.'));
        match digits.map(|(major, minor)| (major.parse::<u8>(), minor.parse::<u8>())) {
            Some((Ok(major), Ok(minor))) => {
                self.version = (major, minor);
                if major > 1 {
                    self.faults.push(Fault::Version);
                }
            }
            _ => self.faults.push(Fault::Line),
        }
    }

    fn read_target(&mut self) {
        let target = std::mem::take(&mut self.target);
        let rest = self.without_authority(&target);
        self.read_path(rest);
        self.target = target;
    }

    /// What follows scheme and host of an absolute target.
    fn without_authority<'a>(&mut self, target: &'a str) -> &'a str {
        let Some((_, rest)) = target.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return target;
        };
        let (host, path) =
            rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len())).unwrap_or((rest, ""));
        self.authority = Some(host.to_owned());
        if path.is_empty() { "/" } else { path }
    }

    fn read_path(&mut self, rest: &str) {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        self.query = query.to_owned();
        if self.method == "CONNECT" || path == "*" && self.method == "OPTIONS" {
            self.path = path.to_owned();
            return;
        }
        let path = if path.is_empty() { "/" } else { path };
        if !path.starts_with('/') || rest.starts_with('?') && self.authority.is_none() {
            self.faults.push(Fault::Target);
        }
        let path = path.split('#').next().unwrap_or(path);
        match decode(path) {
            None => self.faults.push(Fault::Percent),
            Some(decoded) if decoded.contains('\0') => {
                self.path = decoded;
                self.faults.push(Fault::Zero);
            }
            Some(decoded) => match normal(&decoded) {
                Some(path) => self.path = path,
                None => self.faults.push(Fault::Outside),
            },
        }
    }

    fn read_field(&mut self, line: &str) {
        if let Some((_, last)) = self.fields.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            last.push(' ');
            last.push_str(line.trim());
            return;
        }
        if line.len() > LINE {
            self.faults.push(Fault::LongField);
        }
        let Some((name, value)) = line.split_once(':') else {
            self.faults.push(Fault::Colon);
            return;
        };
        if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()) {
            self.faults.push(Fault::Field);
            return;
        }
        if self.fields.len() < FIELDS {
            self.fields.push((name.to_owned(), value.trim_matches(' ').to_owned()));
        } else if !self.faults.contains(&Fault::ManyFields) {
            self.faults.push(Fault::ManyFields);
        }
    }

    fn check_host(&mut self) {
        let mut hosts = self.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        let bad = match hosts.next() {
            None => self.version >= (1, 1),
            Some((_, value)) => {
                hosts.next().is_some() || value.contains(['/', ' ', '\\', '@', '<']) || value.contains("..")
            }
        };
        if bad {
            self.faults.push(Fault::Host);
        }
    }

    /// Value of a field, the first of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether it came in the frames of HTTP/2, rather than as text.
    pub fn is_framed(&self) -> bool {
        self.names.is_some()
    }

    /// Names of the fields as they came, with commas between.
    pub fn order(&self) -> String {
        if let Some(names) = &self.names {
            return names.clone();
        }
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        names.join(",")
    }

    /// Host without port; `None` when there is none.
    pub fn host(&self) -> Option<&str> {
        let value =
            self.authority.as_deref().or_else(|| self.field("host")).filter(|value| !value.is_empty())?;
        let port = value.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        Some(port.map_or(value, |(host, _)| host))
    }

    /// Whether the peer wants the connection kept.
    pub fn keeps_alive(&self) -> bool {
        let wish = self.field("connection").unwrap_or_default().to_ascii_lowercase();
        match self.version {
            (1, 1..) | (2.., _) => !wish.contains("close"),
            (1, 0) => wish.contains("keep-alive") && !wish.contains("close"),
            _ => false,
        }
    }

    /// Value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.field("cookie")?.split(';').find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
    }
}

/// `text` without percent encoding; `None` when a `%` is broken.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            bytes.extend(hex::decode(rest.get(..2)?).ok()?);
            rest = rest.get(2..).unwrap_or_default();
        } else {
            bytes.push(byte);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `path` without dot segments and double slashes; `None` when it leads out.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    let ends = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let tail = if ends && !parts.is_empty() { "/" } else { "" };
    Some(format!("/{}{tail}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(head: &str) -> Vec<Fault> {
        Request::read(head.as_bytes()).faults
    }

    #[test]
    fn broken_heads_are_told_apart() {
        let check = |head: &str, fault: Fault| assert_eq!(faults(head).first(), Some(&fault), "{head}");
        check("hello\r\n\r\n", Fault::Line);
        check("GET / HTTP/2.0\r\nHost: x\r\n\r\n", Fault::Version);
        check("GET / HTTP/1.1\r\n\r\n", Fault::Host);
        check("GET /../x HTTP/1.1\r\nHost: x\r\n\r\n", Fault::Outside);
        check("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", Fault::Percent);
        check("GET / HTTP/1.1\r\nHost : x\r\n\r\n", Fault::Field);
    }

    #[test]
    fn a_path_is_decoded_and_flattened() {
        let request = Request::read(b"GET /a/%2e/b//c/../d?x=1 HTTP/1.1\r\nHost: h:8080\r\n\r\n");
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/a/b/d", "x=1"));
        assert_eq!(request.host(), Some("h"));
        assert!(request.keeps_alive() && request.faults.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            Request::read(&bytes);
            Request::read(&[b"GET /", bytes.as_slice(), b"\r\n\r\n"].concat());
        }
    }
}
