//! Network cameras by maker. What a maker's server says around the pages is in [`crate::services::http::maker`].

use super::{Visit, document, icon};
use crate::{
    digest::nonce,
    services::http::{
        credentials::Verdict,
        html::escape,
        maker::{Make, dressed},
        response::Response,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_persona::{subkey, tables::camera};
use serde_json::Value;

/// Prefixes of what Hikvision's asks for a password.
const GUARDED: &[&str] =
    &["/ISAPI/", "/onvif", "/System/", "/Streaming/", "/PSIA/", "/cgi-bin/", "/SDK/", "/video"];

/// Hikvision's.
pub fn hikvision(visit: &Visit<'_>) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    match path {
        "/" | "/index.html" => {
            let page = "<!doctype html>\n<html>\n<head>\n\t<title>index</title>\n\t<meta http-equiv=\"Content-Type\" \
                        content=\"text/html; charset=utf-8\" />\n\t<meta http-equiv=\"Pragma\" content=\"no-cache\" \
                        />\n</head>\n<body>\n</body>\n<script>\n\twindow.location.href = \
                        \"/doc/page/login.asp?_\" + (new Date()).getTime();\n</script>\n</html>\n";
            return Some(Response::file("text/html", page, at));
        }
        "/doc/page/login.asp" => {
            let body = "<div id=\"login\"><form><input id=\"username\" type=\"text\" placeholder=\"User Name\"><input \
                        id=\"password\" type=\"password\" placeholder=\"Password\"><button \
                        type=\"button\">Login</button></form></div>";
            return Some(Response::file("text/html", document("Login", body), at));
        }
        "/favicon.ico" => {
            return Some(Response::file("image/x-icon", icon(visit.token("icon").as_bytes()), at));
        }
        _ => {}
    }
    if !GUARDED.iter().any(|prefix| path.starts_with(prefix)) {
        return None;
    }
    let persona = visit.host.persona();
    if let Verdict::Accepted(_) = visit.verdict {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeviceInfo version=\"2.0\" \
             xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">\n<deviceName>IP CAMERA</deviceName>\n\
             <model>{}</model>\n<serialNumber>{}</serialNumber>\n<macAddress>{}</macAddress>\n</DeviceInfo>\n",
            escape(&persona.hardware.product),
            escape(&persona.hardware.serial),
            persona.mac,
        );
        return Some(Response::page(200, "application/xml; charset=\"UTF-8\"", text));
    }
    // Two numbers in hexadecimal, the time and what was drawn, in base64, in hexadecimal.
    let drawn = nonce();
    let pair = format!("{:x}:{}", visit.host.clock() / 1_000_000, drawn.get(..8).unwrap_or_default());
    let challenge = format!(
        "Digest qop=\"auth\", realm=\"{}\", nonce=\"{}\", stale=\"FALSE\"",
        camera::realm(persona),
        hex::encode(STANDARD.encode(pair))
    );
    Some(Response::standard(401).with("WWW-Authenticate", challenge))
}

/// Dahua's: pages for browsers of their time, CGI with Digest, and the calls by which the page logs in.
pub fn dahua(visit: &Visit<'_>, root: bool) -> Option<Response> {
    let path = visit.request.path.as_str();
    if root {
        let page = "\u{feff}<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \
                    \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n<html>\r\n<head>\r\n\
                    <title>WEB SERVICE</title>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; \
                    charset=UTF-8\" />\r\n<script type=\"text/javascript\" src=\"jsBase/lib/jquery.js\"></script>\r\n\
                    </head>\r\n<body>\r\n<div id=\"login\" class=\"ui-dialog-content\">\r\n<input type=\"text\" \
                    id=\"login_user\" />\r\n<input type=\"password\" id=\"login_psw\" />\r\n<a \
                    id=\"b_login\">Login</a>\r\n</div>\r\n</body>\r\n</html>\r\n";
        return Some(dressed(Make::Dahua, Response::file("text/html", page, visit.installed())));
    }
    match path {
        "/RPC2_Login" if visit.is_post() => Some(rpc(visit)),
        "/RPC2" => Some(Response::page(
            200,
            "application/json",
            "{ \"error\" : { \"code\" : 287637505, \"message\" : \"Invalid session in request data!\" }, \"id\" : 1, \
             \"result\" : false, \"session\" : 0 }\n",
        )),
        _ if path.starts_with("/cgi-bin/") || path.starts_with("/onvif") => Some(cgi(visit)),
        _ => None,
    }
}

/// Each realm of a camera of Dahua's is the same.
fn cgi(visit: &Visit<'_>) -> Response {
    let hardware = &visit.host.persona().hardware;
    if let Verdict::Accepted(_) = visit.verdict {
        let text = format!(
            "deviceType={}\r\nserialNumber={}\r\nhardwareVersion=1.00\r\n",
            hardware.product, hardware.serial
        );
        return Response::page(200, "text/plain;charset=utf-8", text);
    }
    let challenge = format!(
        "Digest realm=\"{}\", qop=\"auth\", nonce=\"{}\", opaque=\"{}\"",
        camera::realm(visit.host.persona()),
        u32::from_str_radix(nonce().get(..8).unwrap_or_default(), 16).unwrap_or_default(),
        visit.token("opaque")
    );
    Response::empty(401).with("WWW-Authenticate", challenge)
}

/// The first of two calls of a login gives what the password is to be mixed with, the second is refused.
fn rpc(visit: &Visit<'_>) -> Response {
    let asked: Value = serde_json::from_slice(&visit.request.body).unwrap_or_default();
    let first = asked.pointer("/params/password").and_then(Value::as_str).is_none_or(str::is_empty);
    let key = visit.host.persona().subkey.hex_bytes().unwrap_or_default();
    let source = visit.link.peer.ip().to_string();
    let drawn = subkey::bytes(&key, &["http rpc", &source]);
    let session: u32 = drawn.iter().take(3).fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    let text = if first {
        format!(
            "{{ \"error\" : {{ \"code\" : 268632079, \"message\" : \"Component error: login \
             challenge!\" }}, \"id\" : 1, \
             \"params\" : {{ \"encryption\" : \"Default\", \"random\" : \"{session}\", \"realm\" : \"{}\" }}, \
             \"result\" : false, \"session\" : {session} }}\n",
            camera::realm(visit.host.persona())
        )
    } else {
        format!(
            "{{ \"error\" : {{ \"code\" : 268632085, \"message\" : \"Component error: User or password not \
             valid!\" }}, \"id\" : 2, \"result\" : false, \"session\" : {session} }}\n"
        )
    };
    Response::page(200, "application/json", text)
}

/// GeoVision's: a login page behind its server-side includes.
pub fn geovision(visit: &Visit<'_>, root: bool) -> Option<Response> {
    let at = visit.installed();
    match visit.request.path.as_str() {
        _ if root => {
            let page = "<html>\r\n<head>\r\n<meta http-equiv=\"refresh\" content=\"0; \
                        url=/ssi.cgi/Login.htm\">\r\n</head>\r\n<body>\r\n</body>\r\n</html>\r\n";
            Some(Response::file("text/html", page, at))
        }
        "/ssi.cgi/Login.htm" => {
            let body = "<form method=\"post\" action=\"/LoginPC.cgi\"><input \
                        name=\"username\"><input name=\"password\" \
                        type=\"password\"><input type=\"submit\" value=\"Login\"></form>";
            let title = escape(&visit.host.persona().hardware.product);
            Some(Response::page(200, "text/html", document(&title, body)))
        }
        "/LoginPC.cgi" => Some(Response::standard(403)),
        _ => None,
    }
}
