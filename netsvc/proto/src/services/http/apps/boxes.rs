//! Devices: a router, a printer and a camera.

use super::{Visit, document, icon};
use crate::{
    digest::challenge,
    services::http::{credentials::Verdict, html::escape, product::Family, response::Response},
};

/// A router that wants Basic credentials.
pub fn router(visit: &Visit<'_>) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    if path == "/favicon.ico" {
        return Some(Response::file("image/x-icon", icon(visit.token("icon").as_bytes()), at));
    }
    let Verdict::Accepted(_) = visit.verdict else {
        return Some(
            Response::standard(401).with("WWW-Authenticate", format!("Basic realm=\"{}\"", model(visit))),
        );
    };
    let body = match path {
        "/" | "/index.html" | "/index.htm" | "/home.htm" | "/status.htm" => format!(
            "<h2>Device Info</h2><table><tr><td>Model</td><td>{}</td></tr><tr><td>Firmware</td><td>V{}.0.{}</td></tr>\
             <tr><td>LAN IP</td><td>{}</td></tr><tr><td>MAC</td><td>{}</td></tr></table>",
            model(visit),
            visit.installed() % 4 + 1,
            visit.installed() / 7 % 30,
            visit.host.persona().ip,
            visit.host.persona().mac.to_uppercase()
        ),
        _ if path.starts_with("/goform/")
            || path.starts_with("/boaform/")
            || path.starts_with("/cgi-bin/") =>
        {
            "<p>Please wait, the device is applying settings ...</p>".to_owned()
        }
        _ => return None,
    };
    Some(Response::page(200, "text/html", document(model(visit), &body)))
}

fn model(visit: &Visit<'_>) -> &'static str {
    if visit.server.name.starts_with("GoAhead") {
        return "Default: admin/1234";
    }
    let models = ["Wireless N Router", "TD-W8961N", "DSL-2640B", "NETGEAR DGN2200", "GPON Home Gateway"];
    let draw = visit.installed().unsigned_abs() / 1_000_000 % models.len() as u64;
    usize::try_from(draw).ok().and_then(|index| models.get(index)).copied().unwrap_or("Router")
}

/// A printer with its status page.
pub fn printer(visit: &Visit<'_>) -> Option<Response> {
    let persona = visit.host.persona();
    let at = visit.installed();
    let path = visit.request.path.as_str();
    let product = &persona.hardware.product;
    let name = if product.contains("LaserJet") || product.contains("HP") {
        product.as_str()
    } else {
        "HP LaserJet Pro M402dn"
    };
    let address = persona.ip;
    let body = match path {
        "/" | "/index.htm" | "/hp/device/DeviceStatus/Index" | "/info_deviceStatus.html" => format!(
            "<h1>{name}&nbsp;&nbsp;&nbsp;{address}</h1>\n<h2>Device Status</h2>\n<p>Ready</p>\n<h3>Supplies</h3><p>Black \
             Cartridge {}%</p>\n<p><a href=\"/info_config.html\">Device Configuration</a> <a \
             href=\"/set_config_networkIPv4.html\">Networking</a></p>",
            at.unsigned_abs() / 1_000_000 % 70 + 20
        ),
        "/info_config.html" | "/hp/device/InternalPages/Index" => format!(
            "<h1>Device Configuration</h1><table><tr><td>Product Name:</td><td>{name}</td></tr><tr><td>Printer Serial \
             Number:</td><td>{}</td></tr><tr><td>Host Name:</td><td>{}</td></tr><tr><td>Hardware Address:</td><td>{}</td>\
             </tr></table>",
            escape(&persona.hardware.serial),
            escape(&persona.hostname),
            persona.mac.replace(':', "").to_uppercase()
        ),
        "/favicon.ico" => return Some(Response::file("image/x-icon", icon(b"\xd6\x96\x00"), at)),
        _ if path.starts_with("/set_") || path.starts_with("/hp/device/") => {
            let Verdict::Accepted(_) = visit.verdict else {
                return Some(Response::standard(401).with("WWW-Authenticate", "Basic realm=\"HP\""));
            };
            "<h1>Networking</h1><p>The settings are locked by the administrator.</p>".to_owned()
        }
        _ => return None,
    };
    let title = format!("{name}&nbsp;&nbsp;&nbsp;{address}");
    Some(Response::page(200, "text/html", document(&title, &body)))
}

/// A network camera that wants Digest credentials.
pub fn camera(visit: &Visit<'_>) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    match path {
        "/" | "/index.html" => {
            let page = "<!doctype html>\n<html>\n<head>\n\t<title>index</title>\n\t<meta http-equiv=\"Pragma\" \
                        content=\"no-cache\" />\n</head>\n<body>\n</body>\n<script>\n\twindow.location.href = \
                        \"/doc/page/login.asp?_\" + (new Date()).getTime();\n</script>\n</html>\n";
            return Some(Response::file("text/html", page, at));
        }
        "/doc/page/login.asp" => {
            let body = "<div id=\"login\"><form><input id=\"username\" type=\"text\" placeholder=\"User Name\"><input \
                        id=\"password\" type=\"password\" placeholder=\"Password\"><button type=\"button\">Login</button>\
                        </form></div>";
            return Some(Response::file("text/html", document("Login", body), at));
        }
        "/favicon.ico" => {
            return Some(Response::file("image/x-icon", icon(visit.token("icon").as_bytes()), at));
        }
        _ => {}
    }
    let guarded = ["/ISAPI/", "/onvif", "/System/", "/Streaming/", "/PSIA/", "/cgi-bin/", "/SDK/", "/video"];
    if !guarded.iter().any(|prefix| path.starts_with(prefix)) {
        return None;
    }
    if let Verdict::Accepted(_) = visit.verdict {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeviceInfo version=\"2.0\">\n<deviceName>IP CAMERA</deviceName>\n\
             <macAddress>{}</macAddress>\n<serialNumber>{}</serialNumber>\n</DeviceInfo>\n",
            visit.host.persona().mac,
            escape(&visit.host.persona().hardware.serial)
        );
        return Some(Response::page(200, "application/xml; charset=\"UTF-8\"", text));
    }
    let realm = visit.token("realm");
    let challenge = challenge(&format!("IP Camera({})", realm.get(..5).unwrap_or("C1234").to_uppercase()));
    let refusal = Response::standard(401).with("WWW-Authenticate", challenge);
    Some(if visit.server.family == Family::Device { refusal.closing() } else { refusal })
}
