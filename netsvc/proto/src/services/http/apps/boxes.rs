//! Devices: a router and a printer.

use super::{Visit, document, icon};
use crate::services::http::{credentials::Verdict, html::escape, response::Response};

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
    Some(Response::page(200, "text/html", document(&model(visit), &body)))
}

/// What it is called where it asks for a password.
fn model(visit: &Visit<'_>) -> String {
    let product = &visit.host.persona().hardware.product;
    match product.strip_prefix("TL-") {
        Some(number) => format!("TP-LINK Wireless N Router {number}"),
        None => escape(product),
    }
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
