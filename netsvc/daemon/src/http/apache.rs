//! What Apache httpd takes for a request and what it refuses, as 2.4 does with `HttpProtocolOptions Strict`.

use super::request::{Fault, LINE, Request};

/// Most fields (`LimitRequestFields`).
const FIELDS: usize = 100;

/// Whether `line`, with its end, is a request without a version, which has no fields.
///
/// # Errors
/// What is wrong with it.
pub fn line(line: &[u8]) -> Result<bool, Fault> {
    let plain = line.strip_suffix(b"\n").unwrap_or(line);
    if plain.len() > LINE + 1 {
        return Err(Fault::LongLine);
    }
    let plain = plain.strip_suffix(b"\r").ok_or(Fault::Line)?;
    if plain.iter().any(|&byte| byte < 0x20 || byte == 0x7f) {
        return Err(Fault::Line);
    }
    let words: Vec<&[u8]> = plain.split(|&byte| byte == b' ').collect();
    let (method, target, version) = match words.as_slice() {
        [method, target] => (*method, *target, None),
        [method, target, version] => (*method, *target, Some(*version)),
        _ => return Err(Fault::Line),
    };
    let known = match version {
        None => method == b"GET",
        Some([b'H', b'T', b'T', b'P', b'/', b'1'..=b'9', b'.', b'0'..=b'9']) => true,
        Some(_) => false,
    };
    if !known || !is_token(method) || !is_target(method, target) {
        return Err(Fault::Line);
    }
    Ok(version.is_none())
}

fn is_token(bytes: &[u8]) -> bool {
    let mark = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(mark)
}

fn is_target(method: &[u8], target: &[u8]) -> bool {
    if method == b"CONNECT" {
        let colon = target.iter().rposition(|&byte| byte == b':');
        let port = colon.and_then(|at| target.get(at + 1..)).unwrap_or_default();
        return !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    }
    let lower = target.to_ascii_lowercase();
    if target.contains(&b'#') {
        return false;
    }
    if let Some(scheme) = lower.windows(3).position(|three| three == b"://").filter(|at| *at > 0) {
        let rest = target.get(scheme + 3..).unwrap_or_default();
        let end = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
        return lower.get(..scheme).is_some_and(|name| name.iter().all(u8::is_ascii_alphanumeric))
            && rest.get(..end).is_some_and(is_host);
    }
    matches!(target.first(), Some(b'/' | b'?')) || target == b"*" && method == b"OPTIONS"
}

/// Whether httpd takes `value` for a host with or without a port.
fn is_host(value: &[u8]) -> bool {
    if let Some(literal) = value.strip_prefix(b"[") {
        let Some(end) = literal.iter().position(|&byte| byte == b']') else { return false };
        let (address, rest) = literal.split_at_checked(end).unwrap_or((literal, &[]));
        let hex = |byte: &u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
        return address.iter().all(hex)
            && address.contains(&b':')
            && is_port(rest.get(1..).unwrap_or_default());
    }
    let end = value.iter().position(|&byte| byte == b':').unwrap_or(value.len());
    let (name, port) = value.split_at_checked(end).unwrap_or((value, &[]));
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    !matches!(name, b"" | b".")
        && name.iter().all(letter)
        && !name.windows(2).any(|pair| pair == b"..")
        && is_port(port)
}

fn is_port(text: &[u8]) -> bool {
    let Some(digits) = text.strip_prefix(b":") else { return text.is_empty() };
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u16>().ok());
    digits.iter().all(u8::is_ascii_digit) && number.is_some_and(|number| number > 0)
}

/// The fields of a head so far.
#[derive(Debug, Default)]
pub struct Fields {
    count: usize,
    /// Names with the length of all their values, for httpd joins them.
    lengths: Vec<(Vec<u8>, usize)>,
}

impl Fields {
    /// Takes a line with its end; whether it is the last one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, line: &[u8]) -> Result<bool, Fault> {
        let plain = line.strip_suffix(b"\n").unwrap_or(line);
        if plain.len() > LINE + 1 {
            return Err(Fault::LongField);
        }
        let plain = plain.strip_suffix(b"\r").ok_or(Fault::Field)?;
        if plain.is_empty() {
            return Ok(true);
        }
        if plain.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return Err(Fault::Field);
        }
        if plain.starts_with(b" ") || plain.starts_with(b"\t") {
            return self.join(None, plain.len()).map(|()| false);
        }
        self.count += 1;
        if self.count > FIELDS {
            return Err(Fault::ManyFields);
        }
        let colon = plain.iter().position(|&byte| byte == b':').ok_or(Fault::Colon)?;
        let name = plain.get(..colon).filter(|name| is_token(name)).ok_or(Fault::Field)?;
        self.join(Some(name.to_ascii_lowercase()), plain.len()).map(|()| false)
    }

    fn join(&mut self, name: Option<Vec<u8>>, length: usize) -> Result<(), Fault> {
        let place = match &name {
            Some(name) => self.lengths.iter().position(|(known, _)| known == name),
            None => Some(self.lengths.len().checked_sub(1).ok_or(Fault::Field)?),
        };
        if let Some((_, all)) = place.and_then(|place| self.lengths.get_mut(place)) {
            *all += length;
            return if *all > LINE { Err(Fault::LongField) } else { Ok(()) };
        }
        self.lengths.extend(name.map(|name| (name, length)));
        Ok(())
    }
}

/// What is wrong with the fields of `request` together.
pub fn check(request: &Request) -> Option<Fault> {
    let all = |wanted: &str| -> Vec<&str> {
        let of = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(wanted);
        request.fields.iter().filter(of).map(|(_, value)| value.as_str()).collect()
    };
    let hosts = all("host");
    let good = match hosts.as_slice() {
        [] => request.version < (1, 1),
        [host] => is_host(host.as_bytes()),
        _ => false,
    };
    if !good {
        return Some(Fault::Host);
    }
    let codings = all("transfer-encoding");
    if let Some(last) = codings.last() {
        let last = last.rsplit(',').next().unwrap_or_default().trim();
        return (!last.eq_ignore_ascii_case("chunked")).then_some(Fault::Coding);
    }
    let lower = request.target.to_ascii_lowercase();
    let other =
        request.authority.is_some() && !lower.starts_with("http://") && !lower.starts_with("https://");
    match all("content-length").as_slice() {
        [] => other.then_some(Fault::Target),
        [length] if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse::<i64>().is_err().then_some(Fault::Length)
        }
        _ => Some(Fault::Length),
    }
}
