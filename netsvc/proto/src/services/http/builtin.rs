//! What servers answer themselves, whatever is behind them.

use super::{
    apps::{Visit, welcome},
    product::Family,
    response::{Content, Response},
};

/// The answer of the server itself; `None` when it is for application `app`.
pub fn by_server(visit: &Visit<'_>, app: &str) -> Option<Response> {
    let request = visit.request;
    let static_site = matches!(app, "default" | "iis");
    let unmeasured =
        request.field("content-length").is_none() && request.field("transfer-encoding").is_none();
    Some(match (request.method.as_str(), visit.server.family) {
        (_, Family::Apache) => return apache(visit, static_site),
        ("OPTIONS", Family::Lighttpd) => Response::empty(200).with("Allow", "OPTIONS, GET, HEAD, POST"),
        ("OPTIONS", Family::Iis) => Response::empty(200)
            .with("Allow", "OPTIONS, TRACE, GET, HEAD, POST")
            .with("Public", "OPTIONS, TRACE, GET, HEAD, POST"),
        ("TRACE", _) => Response::standard(501),
        ("OPTIONS" | "PUT" | "DELETE", Family::Device) => welcome::refusal(visit),
        ("CONNECT", _) => Response::standard(400).closing(),
        ("POST" | "PUT", Family::Iis | Family::Lighttpd) if unmeasured => Response::standard(411).closing(),
        _ => return None,
    })
}

/// What httpd answers before any handler, with the methods that its configuration allows.
fn apache(visit: &Visit<'_>, static_site: bool) -> Option<Response> {
    let request = visit.request;
    let allow = visit.server.allow();
    let path = request.target.split('?').next().unwrap_or_default().to_ascii_lowercase();
    Some(match request.method.as_str() {
        "OPTIONS" if request.path == "*" => Response::empty(200),
        "TRACE" if visit.server.is_debian() => Response::standard(405).with("Allow", ""),
        "TRACE" => Response { content: Content::Echo(request.head.clone()), ..Response::standard(200) },
        "CONNECT" => welcome::refusal(visit),
        // AllowEncodedSlashes is off.
        _ if path.contains("%2f") => Response::standard(404),
        // The file system has no such names.
        "GET" | "HEAD" | "POST" if request.path.split('/').any(|name| name.len() > 255) => {
            Response::standard(403)
        }
        "OPTIONS" if static_site => Response::empty(200).with("Allow", allow),
        _ => return None,
    })
}
