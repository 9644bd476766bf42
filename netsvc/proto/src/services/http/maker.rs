//! Servers of devices by maker: what they say in which order.
//!
//! Sources: the answers that nmap's database of services has recorded of Hikvision's App-webs and DNVRS-Webs, of
//! Dahua's and GeoVision's cameras and of TP-Link's routers; a 401 in Hikvision's ISAPI guide; public scans of Dahua's.

use super::{html::escape, request::Request, response::Response};

/// The product of a persona that has Dahua's server, which does not say what it is.
pub const DAHUA: &str = "Dahua HTTP";

/// A maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Hikvision's cameras and recorders, whose server comes of Appweb.
    Hikvision,
    /// Dahua's.
    Dahua,
    /// GeoVision's.
    GeoVision,
    /// Routers of TP-Link.
    TpLink,
    /// Whoever took Boa.
    Boa,
    /// Any other, and what is no device.
    Other,
}

impl Make {
    /// Who made the device that calls its server `name`.
    pub fn of(name: &str) -> Make {
        match name {
            "App-webs" | "App-webs/" | "DNVRS-Webs" => Make::Hikvision,
            DAHUA => Make::Dahua,
            "GeoHttpServer" => Make::GeoVision,
            "Router Webserver" => Make::TpLink,
            name if name.starts_with("Boa") => Make::Boa,
            _ => Make::Other,
        }
    }

    /// What the server says of its version to a request with `version`.
    pub fn version(self, version: (u8, u8)) -> &'static str {
        match self {
            // They never say more than that.
            Make::Boa | Make::GeoVision => "HTTP/1.0",
            Make::Hikvision if version < (1, 1) => "HTTP/1.0",
            _ => "HTTP/1.1",
        }
    }

    /// What it calls `status`, where it has a word of its own.
    pub fn reason(self, status: u16) -> Option<&'static str> {
        match (self, status) {
            (Make::TpLink, 401 | 404) => Some("N/A"),
            _ => None,
        }
    }

    /// What it calls the field `name`.
    pub fn field(self, name: &'static str) -> &'static str {
        match (self, name) {
            (Make::Dahua, "Connection") => "CONNECTION",
            (Make::Dahua, "Content-Length") => "CONTENT-LENGTH",
            (Make::Dahua, "Content-Type") => "CONTENT-TYPE",
            (Make::Dahua, "ETag") => "Etag",
            _ => name,
        }
    }

    /// Whether it ends each connection.
    pub fn closes(self) -> bool {
        matches!(self, Make::Dahua | Make::GeoVision | Make::TpLink)
    }

    /// The tag of a file of `length` bytes that was changed `seconds` after the epoch; `None`: it has none.
    pub fn tag(self, length: usize, seconds: i64) -> Option<String> {
        match self {
            Make::Hikvision => Some(format!("\"{:x}-{length:x}-{seconds:x}\"", seconds % 0x1000)),
            Make::Dahua => Some(format!("\"{seconds}:{length:x}\"")),
            _ => None,
        }
    }

    /// Its page for a status; `None`: that of devices.
    pub fn page(self, request: &Request, status: u16, reason: &str) -> Option<String> {
        match self {
            Make::Hikvision => {
                let more = match status {
                    401 => "Authentication Error".to_owned(),
                    404 => format!("Can't open document: {}", escape(&request.path)),
                    _ => "Bad request".to_owned(),
                };
                Some(format!(
                    "<!DOCTYPE html>\r\n<html><head><title>Document Error: {reason}</title></head>\r\n<body><h2>Access \
                     Error: {status} -- {reason}</h2>\r\n<p>{more}</p>\r\n</body>\r\n</html>\r\n"
                ))
            }
            Make::Dahua => Some(String::new()),
            Make::TpLink => Some(format!(
                "Web Server Error Report:<HR>\n<H1>Server Error: {status} {reason}</H1>\r\nOperating System Error \
                 Nr:3997698: {} <P><HR>\n",
                escape(&request.path)
            )),
            _ => None,
        }
    }
}

/// What every file of a device's pages comes with.
pub fn dressed(make: Make, response: Response) -> Response {
    match make {
        Make::Dahua => response.with("P3P", "CP=CAO PSA OUR"),
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_as_long_as_recorded() {
        let page = Make::Hikvision.page(&Request::default(), 401, "Unauthorized").unwrap_or_default();
        // ISAPI guide, 2018: Content-Length of the 401 to /ISAPI/Event/notification/alertStream.
        assert_eq!(page.len(), 178);
    }

    #[test]
    fn tags_are_made_as_recorded() {
        // A public scan of 2020: Last-Modified Thu, 22 Nov 2018 16:32:26 GMT, 21785 bytes.
        assert_eq!(Make::Dahua.tag(21_785, 1_542_904_346).as_deref(), Some("\"1542904346:5519\""));
    }
}
