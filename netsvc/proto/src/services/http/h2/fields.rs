//! A request out of the fields of a head, as the servers judge it (RFC 9113 §8.2, §8.3).

use super::table::Entry;
use crate::services::http::{
    apache, nginx,
    product::Family,
    request::{Fault, Request},
};

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Good,
    /// It is answered as a broken request is.
    Bad(Fault),
    /// Its stream is reset.
    Reset,
}

/// Longest value of a field that nginx takes (`large_client_header_buffers`).
const LONGEST: usize = 8192;
/// Fields that belong to a connection, which there are none of.
const OF_CONNECTION: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// The parts of a head.
#[derive(Default)]
struct Parts {
    method: Option<String>,
    scheme: Option<String>,
    target: Option<String>,
    authority: Option<String>,
    fields: Vec<(String, String)>,
    cookies: Vec<String>,
}

/// The request that a head's fields are, and what `family` minds of it. `long`: more fields came than are kept.
pub(super) fn read(family: Family, head: &[Entry], long: bool) -> (Request, Verdict) {
    let mut parts = Parts::default();
    let mut verdict = Verdict::Good;
    for (name, value) in head {
        let found = parts.take(family, name, value);
        if verdict == Verdict::Good {
            verdict = found;
        }
    }
    let mut request = parts.request(family);
    request.head = text(&request, head);
    request.names = Some(names(head));
    if verdict == Verdict::Good {
        verdict = parts.whole(family);
    }
    if verdict == Verdict::Good {
        verdict = judge(family, &mut request, long);
    }
    (request, verdict)
}

impl Parts {
    fn take(&mut self, family: Family, name: &[u8], value: &[u8]) -> Verdict {
        let missing = if family == Family::Nginx { Verdict::Bad(Fault::Line) } else { Verdict::Reset };
        let value = String::from_utf8_lossy(value).into_owned();
        if let Some(own) = name.strip_prefix(b":") {
            let place = match own {
                b"method" => &mut self.method,
                b"scheme" => &mut self.scheme,
                b"path" => &mut self.target,
                b"authority" => &mut self.authority,
                _ => return missing,
            };
            let late = !self.fields.is_empty() || !self.cookies.is_empty();
            if late || place.is_some() {
                return missing;
            }
            *place = Some(value);
            return Verdict::Good;
        }
        let token = |byte: &u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(byte)
        };
        if name.is_empty() || !name.iter().all(token) || value.contains(['\r', '\n', '\0']) {
            return Verdict::Reset;
        }
        let name = String::from_utf8_lossy(name).into_owned();
        if family != Family::Nginx
            && (OF_CONNECTION.contains(&name.as_str()) || name == "te" && value != "trailers")
        {
            return Verdict::Reset;
        }
        if name == "cookie" {
            self.cookies.push(value);
        } else if !OF_CONNECTION.contains(&name.as_str()) {
            self.fields.push((name, value));
        }
        Verdict::Good
    }

    /// Whether nothing is missing.
    fn whole(&self, family: Family) -> Verdict {
        let tunnel = self.method.as_deref() == Some("CONNECT") && family != Family::Nginx;
        let named = self.authority.is_some() || self.fields.iter().any(|(name, _)| name == "host");
        let whole = self.method.is_some() && (tunnel || self.scheme.is_some() && self.target.is_some());
        match (whole && named, family) {
            (true, _) => Verdict::Good,
            (false, Family::Nginx) if whole => Verdict::Bad(Fault::Host),
            (false, Family::Nginx) => Verdict::Bad(Fault::Line),
            (false, _) => Verdict::Reset,
        }
    }

    fn request(&self, family: Family) -> Request {
        let mut fields = self.fields.clone();
        if let Some(authority) = &self.authority {
            if family != Family::Nginx {
                fields.retain(|(name, _)| name != "host");
            }
            fields.insert(0, ("host".to_owned(), authority.clone()));
        }
        if !self.cookies.is_empty() {
            fields.push(("cookie".to_owned(), self.cookies.join("; ")));
        }
        let target = self.target.as_deref().or(self.authority.as_deref()).unwrap_or_default();
        Request::of_parts(self.method.as_deref().unwrap_or_default(), target, fields)
    }
}

/// What the server minds of a whole request.
fn judge(family: Family, request: &mut Request, long: bool) -> Verdict {
    let letters = request.method.bytes().all(|byte| byte.is_ascii_uppercase() || b"_-".contains(&byte));
    let found = match family {
        _ if long => Some(Fault::LongHead),
        Family::Nginx if request.fields.iter().any(|(_, value)| LONGEST < value.len()) => {
            Some(Fault::LongField)
        }
        Family::Nginx if LONGEST < request.target.len() => Some(Fault::LongLine),
        Family::Nginx if request.method.is_empty() || !letters => Some(Fault::Line),
        Family::Nginx => nginx::check(request),
        Family::Apache => apache::check(request),
        _ if !letters => Some(Fault::Method),
        _ => None,
    };
    let own = request.faults.first().copied();
    if let Some(fault) = found {
        request.faults.insert(0, fault);
    }
    found.or(own).map_or(Verdict::Good, Verdict::Bad)
}

/// The head as text.
fn text(request: &Request, head: &[Entry]) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/2.0\r\n", request.method, request.target).into_bytes();
    for (name, value) in head {
        text.extend([&name[..], b": ", value, b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    text
}

fn names(head: &[Entry]) -> String {
    let names: Vec<_> = head.iter().map(|(name, _)| String::from_utf8_lossy(name)).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(family: Family, head: &[(&str, &str)]) -> Verdict {
        let head: Vec<Entry> = head.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        read(family, &head, false).1
    }

    /// As nginx 1.22.1 and httpd 2.4 answered.
    #[test]
    fn heads_are_judged_as_the_servers_do() {
        const WHOLE: [(&str, &str); 4] =
            [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "x")];
        let (bad, host) = (Verdict::Bad(Fault::Line), Verdict::Bad(Fault::Host));
        let without = |left: &str| WHOLE.into_iter().filter(|(name, _)| *name != left).collect::<Vec<_>>();
        let with = |more: (&'static str, &'static str)| [&WHOLE[..], &[more]].concat();
        for (head, nginx, httpd) in [
            (WHOLE.to_vec(), Verdict::Good, Verdict::Good),
            (without(":path"), bad, Verdict::Reset),
            (without(":method"), bad, Verdict::Reset),
            (without(":authority"), host, Verdict::Reset),
            (with((":foo", "b")), bad, Verdict::Reset),
            (with(("Foo", "a")), Verdict::Reset, Verdict::Reset),
            (with(("connection", "close")), Verdict::Good, Verdict::Reset),
            (with(("host", "y")), host, Verdict::Good),
        ] {
            assert_eq!(verdict(Family::Nginx, &head), nginx, "{head:?}");
            assert_eq!(verdict(Family::Apache, &head), httpd, "{head:?}");
        }
    }

    #[test]
    fn the_head_is_kept_as_it_came() {
        let head: Vec<Entry> = [
            (":method", "GET"),
            (":path", "/a?b=c"),
            (":scheme", "https"),
            (":authority", "x:8443"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("user-agent", "u"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        let (request, verdict) = read(Family::Nginx, &head, false);
        assert_eq!(verdict, Verdict::Good);
        assert_eq!((request.path.as_str(), request.query.as_str(), request.host()), ("/a", "b=c", Some("x")));
        assert_eq!(request.cookie("b"), Some("2"));
        assert_eq!(request.order(), ":method,:path,:scheme,:authority,cookie,cookie,user-agent");
        assert!(request.head.starts_with(b"GET /a?b=c HTTP/2.0\r\n:method: GET\r\n"));
    }
}
