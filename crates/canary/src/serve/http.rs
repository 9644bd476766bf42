//! A web server without a single page of its own: what a request is, and what it gets, in the manner of nginx 1.22
//! (order of headers, error pages; ngx_http_special_response.c, ngx_http_empty_gif_module.c). By the address alone it
//! is decided what comes back, known id or not.

use super::{book::Book, noise};
use decnet_model::record::CanaryChannel;
use netsvc_wire::{field, stamp::Micros};

/// Longest head of a request (`large_client_header_buffers`).
pub const HEAD: usize = 16 * 1024;
/// Most headers of a request.
const HEADERS: usize = 100;
/// Longest body that is skipped.
pub const BODY: u64 = 64 * 1024;
/// Bytes of each text that an event keeps (`record::TEXT`): thousands of calls wait in memory to be summed up.
const KEPT: usize = 1024;

/// A request, as far as we look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Target, as it was sent.
    pub target: String,
    /// Whether it came as HTTP/1.1.
    pub modern: bool,
    /// Headers in their order, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// Bytes of its head.
    pub head: usize,
}

/// What is wrong with bytes that are to be a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flawed {
    /// It is not whole yet.
    Partial,
    /// It is none.
    Bad,
    /// It is too long.
    Long,
}

impl Request {
    /// Reads a request from the beginning of `bytes`.
    ///
    /// # Errors
    /// [`Flawed`].
    pub fn read(bytes: &[u8]) -> Result<Request, Flawed> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut read = httparse::Request::new(&mut headers);
        let head = match read.parse(bytes) {
            Ok(httparse::Status::Complete(head)) if head <= HEAD => head,
            Ok(httparse::Status::Partial) if bytes.len() < HEAD => return Err(Flawed::Partial),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(Flawed::Long),
            Err(_) => return Err(Flawed::Bad),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let request = Request {
            method: read.method.unwrap_or_default().to_owned(),
            target: read.path.unwrap_or_default().to_owned(),
            modern: read.version == Some(1),
            headers: read.headers.iter().map(|one| (one.name.to_owned(), text(one.value))).collect(),
            head,
        };
        // RFC 9112 §3.2.
        let hosts = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count();
        if hosts > 1 || (request.modern && hosts == 0) {
            return Err(Flawed::Bad);
        }
        Ok(request)
    }

    /// The first header called `name`; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Bytes of its body; `None` when nobody can say, as when it comes in pieces.
    pub fn body(&self) -> Option<u64> {
        let length = self.header("content-length");
        if !self.header("transfer-encoding").is_empty() {
            return None;
        }
        if length.is_empty() { Some(0) } else { length.trim().parse().ok() }
    }

    /// Whether the client wants the connection kept.
    pub fn stays(&self) -> bool {
        let wish = self.header("connection").to_ascii_lowercase();
        if self.modern { !wish.contains("close") } else { wish.contains("keep-alive") }
    }

    /// The path of its target, without what follows `?`.
    fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }
}

/// The canary that a request is about, with where visitors go on to: its id stands in the address, or the key of its
/// cloud account in the signature.
pub fn subject(request: &Request, book: &Book) -> Option<(String, Option<String>)> {
    let known = [request.target.as_str(), request.header("host")];
    for text in known {
        if let Some((id, entry)) = book.named_in(text) {
            return Some((id, entry.onward.clone()));
        }
    }
    let signed = request.header("authorization");
    let key = signed.split_once("Credential=").and_then(|(_, rest)| rest.split('/').next())?;
    let id = book.of_secret(CanaryChannel::Secret, key.as_bytes())?;
    Some((id.to_owned(), None))
}

/// As much of a text as an event keeps.
pub fn kept(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

/// What an event says of a request.
pub fn fields(request: &Request) -> Vec<(&'static str, Vec<u8>)> {
    let order: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut whole = String::new();
    for (name, value) in &request.headers {
        whole.push_str(&format!("{name}: {value}\n"));
    }
    let cut = |text: &str| text.as_bytes().get(..KEPT).unwrap_or(text.as_bytes()).to_vec();
    vec![
        (field::METHOD, cut(&request.method)),
        (field::TARGET, cut(&request.target)),
        (field::HOST, cut(request.header("host"))),
        (field::USER_AGENT, cut(request.header("user-agent"))),
        (field::HEADER_ORDER, cut(&order.join(","))),
        (field::HEADERS, cut(&whole)),
    ]
}

/// Why a request says little.
pub fn noise_of(request: &Request) -> Option<&'static str> {
    let purposes = ["sec-purpose", "purpose", "x-moz", "x-purpose"];
    let purpose = purposes.iter().map(|name| request.header(name)).find(|value| !value.is_empty());
    noise::of_request(request.header("user-agent"), purpose.unwrap_or_default())
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// One of nginx' own pages.
    pub fn page(status: &'static str) -> Answer {
        let body = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Answer::of(status, "text/html", body)
    }

    fn of(status: &'static str, media: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, headers: vec![("Content-Type", media.to_owned())], body: body.into() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// What goes over the wire.
    pub fn bytes(&self, now: Micros, stays: bool, head_only: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {}\r\nServer: nginx\r\nDate: {}\r\n", self.status, date(now));
        let (first, others): (Vec<_>, Vec<_>) =
            self.headers.iter().partition(|(name, _)| *name == "Content-Type");
        for (name, value) in &first {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        for (name, value) in others.iter().filter(|(name, _)| *name == "Last-Modified") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(if stays { "Connection: keep-alive\r\n" } else { "Connection: close\r\n" });
        for (name, value) in others.iter().filter(|(name, _)| *name != "Last-Modified") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut out = text.into_bytes();
        if !head_only {
            out.extend_from_slice(&self.body);
        }
        out
    }
}

/// A GIF of one transparent pixel (GIF89a).
const PIXEL: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x01\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x01\x00\
                       \x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x4c\x01\x00\x3b";
/// A PNG of one white pixel.
const DOT: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDAT\x78\
                     \x9c\x63\xf8\x0f\0\x01\x01\x01\0\x1b\xb6\xee\x56\0\0\0\0IEND\xae\x42\x60\x82";
/// As nginx dates its pixel.
const PIXEL_DATE: &str = "Mon, 28 Sep 1970 06:00:00 GMT";

/// What a request gets; `onward`: where its canary sends visitors.
pub fn answer(request: &Request, onward: Option<&str>) -> Answer {
    if !["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND", "DELETE", "PATCH"]
        .contains(&request.method.as_str())
    {
        return Answer::page("405 Not Allowed");
    }
    if let Some(place) = onward {
        return Answer::page("302 Found").with("Location", place);
    }
    let path = request.path().to_ascii_lowercase();
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let signed = request.header("authorization").starts_with("AWS4-HMAC-SHA256");
    match (first, ending) {
        _ if signed || first == "s3" => storage(),
        ("k8s", _) => cluster(),
        ("git", _) => Answer::of("401 Unauthorized", "text/plain", "HTTP Basic: Access denied\n")
            .with("WWW-Authenticate", "Basic realm=\"GitLab\""),
        ("api", _) => {
            Answer::of("401 Unauthorized", "application/json", "{\"message\":\"Unauthenticated.\"}")
        }
        (_, "gif") => Answer::of("200 OK", "image/gif", PIXEL).with("Last-Modified", PIXEL_DATE),
        (_, "png") => Answer::of("200 OK", "image/png", DOT).with("Last-Modified", PIXEL_DATE),
        ("portal" | "wiki" | "docs" | "go" | "", _) => Answer::page("403 Forbidden"),
        _ => Answer::page("404 Not Found"),
    }
}

/// What a cluster says to who has no right (apimachinery's Status).
fn cluster() -> Answer {
    let body = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\
                \"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}\n";
    Answer::of("401 Unauthorized", "application/json", body)
}

/// What a store says to a key that it does not know.
fn storage() -> Answer {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidAccessKeyId</Code><Message>The AWS \
                Access Key Id you provided does not exist in our records.</Message></Error>";
    Answer::of("403 Forbidden", "application/xml", body)
}

/// A date as HTTP writes it (RFC 9110 §5.6.7).
fn date(now: Micros) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = netsvc_wire::stamp::format(now);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    // The epoch was a Thursday.
    let day = usize::try_from((now / 86_400_000_000).rem_euclid(7)).unwrap_or(0);
    let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
    format!(
        "{}, {} {} {} {} GMT",
        DAYS.get(day).unwrap_or(&"Thu"),
        part(8, 10),
        MONTHS.get(month).unwrap_or(&"Jan"),
        part(0, 4),
        part(11, 19)
    )
}

#[cfg(test)]
mod tests;
