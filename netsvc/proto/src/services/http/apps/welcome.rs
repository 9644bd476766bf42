//! A server with nothing but its first page.

use super::{Visit, default_page, document};
use crate::services::http::{credentials::Verdict, html::escape, product::Family, response::Response};

const NGINX: &str = include_str!("nginx-welcome.html");

/// First page and what else a fresh nginx, Apache or lighttpd has.
pub fn plain(visit: &Visit<'_>) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    if let Some(own) = own(visit) {
        return Some(own);
    }
    let response = match (path, visit.server.family) {
        (_, Family::Apache) => return apache(visit),
        ("/" | "/index.nginx-debian.html", Family::Nginx) if visit.server.compresses => {
            Response::file("text/html", NGINX, at)
        }
        ("/" | "/index.html", Family::Nginx) if !visit.server.compresses => {
            Response::file("text/html", NGINX, at)
        }
        ("/" | "/index.html", Family::Lighttpd | Family::Iis | Family::Device) => {
            let title = escape(&visit.title());
            Response::file("text/html", document(&title, &format!("<h1>{title}</h1>")), at)
        }
        _ => return None,
    };
    Some(methods(visit, response))
}

/// The first page of a site that has a title of its own: the same by each of its names.
fn own(visit: &Visit<'_>) -> Option<Response> {
    let title = escape(&visit.own_title()?);
    let first = matches!(visit.request.path.as_str(), "/" | "/index.html");
    let page = || document(&title, &format!("<h1>{title}</h1>"));
    first.then(|| methods(visit, Response::file("text/html", page(), visit.installed())))
}

/// httpd: the packager's page, the icons of listings, and what its configuration denies.
fn apache(visit: &Visit<'_>) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    let debian = visit.server.is_debian();
    let denied = path.starts_with("/.ht") || debian && path == "/server-status";
    let response = match path {
        // Names of directories alone: listings of them are off.
        "/icons/" | "/icons/small/" if debian => match visit.request.method.as_str() {
            "OPTIONS" => return None,
            _ => Response::standard(403),
        },
        "/icons/blank.gif" => Response::file("image/gif", default_page::BLANK, at),
        "/" | "/index.html" if debian => Response::file("text/html", default_page::of(visit), at),
        "/" | "/index.html" => {
            Response::file("text/html", "<html><body><h1>It works!</h1></body></html>\n", at)
        }
        _ if denied => Response::standard(403),
        _ => return None,
    };
    Some(methods(visit, response))
}

/// Methods as the server's static handler takes them.
pub fn methods(visit: &Visit<'_>, response: Response) -> Response {
    let allowed = visit.is_read()
        || visit.is_post() && matches!(visit.server.family, Family::Apache | Family::Lighttpd);
    let denied = !allowed && visit.server.family == Family::Apache;
    if allowed || !denied && !matches!(response.status, 200) { response } else { refusal(visit) }
}

/// What the server says to a method that it does not take for files.
pub fn refusal(visit: &Visit<'_>) -> Response {
    let known = matches!(
        visit.request.method.as_str(),
        "GET"
            | "HEAD"
            | "POST"
            | "PUT"
            | "DELETE"
            | "CONNECT"
            | "OPTIONS"
            | "TRACE"
            | "PATCH"
            | "PROPFIND"
            | "PROPPATCH"
            | "MKCOL"
            | "COPY"
            | "MOVE"
            | "LOCK"
            | "UNLOCK"
            | "REPORT"
            | "MERGE"
            | "VERSION-CONTROL"
            | "CHECKOUT"
            | "CHECKIN"
            | "UNCHECKOUT"
            | "UPDATE"
            | "LABEL"
            | "MKWORKSPACE"
            | "MKACTIVITY"
            | "BASELINE-CONTROL"
    );
    match visit.server.family {
        Family::Nginx => Response::standard(405),
        Family::Apache => {
            let response =
                Response::standard(if known { 405 } else { 501 }).with("Allow", visit.server.allow());
            // The body of what it does not know is not read, so the connection cannot go on.
            if known { response } else { response.closing() }
        }
        Family::Iis => Response::standard(405).with("Allow", "GET, HEAD, OPTIONS, TRACE"),
        Family::Lighttpd if matches!(visit.request.method.as_str(), "PUT" | "DELETE") => {
            Response::standard(404)
        }
        Family::Lighttpd | Family::Device => Response::standard(501),
    }
}

/// First page of IIS, and places that want Windows credentials.
pub fn iis(visit: &Visit<'_>) -> Option<Response> {
    let path = visit.request.path.to_ascii_lowercase();
    let at = visit.installed();
    let old = visit.server.name.ends_with("8.5") || visit.server.name.ends_with("8.0");
    let first = path.split('/').nth(1).unwrap_or_default();
    if matches!(first, "intranet" | "certsrv" | "reports" | "ews" | "rpc" | "autodiscover") {
        return Some(guard(visit));
    }
    if let Some(own) = own(visit) {
        return Some(own);
    }
    let response = match path.as_str() {
        "/" | "/iisstart.htm" => {
            let page = WELCOME.replace("{colour}", "#0072C6").trim_end().replace('\n', "\r\n");
            Response::file("text/html", page, at)
        }
        "/iisstart.png" | "/iis-85.png" if old == path.contains("85") => Response::file("image/png", PNG, at),
        "/aspnet_client/" => Response::standard(403),
        _ => return None,
    };
    Some(methods(visit, response))
}

fn guard(visit: &Visit<'_>) -> Response {
    match visit.verdict {
        Verdict::Accepted(user) => {
            let body =
                format!("<h1>{0}</h1><p>Welcome, {1}. No items.</p>", escape(&visit.title()), escape(user));
            Response::page(200, "text/html; charset=utf-8", document("Intranet", &body))
        }
        Verdict::Challenge(challenge) => {
            Response::standard(401).with("WWW-Authenticate", format!("NTLM {challenge}"))
        }
        _ => Response::standard(401)
            .with("WWW-Authenticate", "Negotiate")
            .with("WWW-Authenticate", "NTLM")
            .with("WWW-Authenticate", format!("Basic realm=\"{}\"", visit.server.host)),
    }
}

/// One white pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9bU\0\0\0\nIDATx\x9cc\xf8\x0f\0\x01\x01\x01\0\x1b\xb6\xeeV\0\0\0\0IEND\xaeB`\x82";

const WELCOME: &str = r##"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1" />
<title>IIS Windows Server</title>
<style type="text/css">
<!--
body {
	color:#000000;
	background-color:{colour};
	margin:0;
}

#container {
	margin-left:auto;
	margin-right:auto;
	text-align:center;
	}

a img {
	border:none;
}

-->
</style>
</head>
<body>
<div id="container">
<a href="http://go.microsoft.com/fwlink/?linkid=66138&amp;clcid=0x409"><img src="iisstart.png" alt="IIS" width="960" height="600" /></a>
</div>
</body>
</html>
"##;
