//! Appliances: the first pages of routers, printers, controllers, network storage and hypervisors.

use super::{Visit, document};
use crate::services::http::{credentials::Verdict, html::escape, response::Response};

/// Names of the applications.
pub const NAMES: &[&str] = &["cisco", "jweb", "brother", "qts", "dsm", "esxi", "simatic", "dvr"];

/// The application that comes with a system; `None`: any may run there.
pub fn of(system: &str, server: &str) -> Option<&'static str> {
    Some(match system {
        "cisco_ios" => "cisco",
        "junos" => "jweb",
        "brother_printer" => "brother",
        "qnap" => "qts",
        "synology" => "dsm",
        "esxi" => "esxi",
        "siemens_plc" => "simatic",
        "vxworks" => "router",
        "ip_camera" if server.ends_with("-Webs") || server.ends_with("-webs") => "camera",
        "ip_camera" => "dvr",
        _ => return None,
    })
}

/// The answer of application `app`; `None` when it has no such path.
pub fn answer(app: &str, visit: &Visit<'_>) -> Option<Response> {
    let root = matches!(visit.request.path.as_str(), "/" | "/index.html" | "/index.htm");
    match app {
        "cisco" => Some(cisco(visit)),
        "brother" => brother(visit, root),
        "esxi" => Some(moved(301, format!("https://{}{}", visit.host.persona().ip, visit.request.path))),
        "simatic" if root => Some(moved(302, "/Portal0000.htm".to_owned())),
        "simatic" => simatic(visit),
        "qts" if root => Some(elsewhere("8080/cgi-bin/", visit)),
        "dsm" if root => Some(elsewhere("5000/", visit)),
        "jweb" if root || visit.request.path == "/login" => {
            Some(login(visit, "Log In - Juniper Networks Web Management"))
        }
        "dvr" if root => Some(login(visit, "WEB SERVICE")),
        _ => None,
    }
}

fn moved(status: u16, place: String) -> Response {
    Response::standard(status).with("Location", place).closing()
}

/// Everything wants the password of the highest privilege.
fn cisco(visit: &Visit<'_>) -> Response {
    if let Verdict::Accepted(_) = visit.verdict {
        let name = escape(&visit.host.persona().hostname);
        return Response::page(200, "text/html", document(&name, &format!("<h1>{name} Home Page</h1>")));
    }
    let realm = "Basic realm=\"level_15 or view_access\"".to_owned();
    Response::standard(401).with("WWW-Authenticate", realm).closing()
}

fn brother(visit: &Visit<'_>, root: bool) -> Option<Response> {
    let persona = visit.host.persona();
    let model = escape(&persona.hardware.product);
    let body = match visit.request.path.as_str() {
        _ if root => return Some(moved(301, "/general/status.html".to_owned())),
        "/general/status.html" => "<h3>Device Status</h3><p>Sleep</p><h3>Toner Level</h3>".to_owned(),
        "/general/information.html" => format!(
            "<h3>Maintenance Information</h3><dl><dt>Model Name</dt><dd>{model}</dd><dt>Serial no.</dt><dd>{}</dd>\
             <dt>Node Name</dt><dd>{}</dd></dl>",
            escape(&persona.hardware.serial),
            escape(&persona.hostname)
        ),
        _ => return None,
    };
    Some(Response::page(200, "text/html", document(&format!("Brother {model}"), &body)))
}

fn simatic(visit: &Visit<'_>) -> Option<Response> {
    let persona = visit.host.persona();
    let body = match visit.request.path.as_str() {
        "/Portal0000.htm" => "<p>Start page</p><p>Operating mode: RUN</p><p>Status: OK</p>".to_owned(),
        "/Portal1000.htm" => format!(
            "<table><tr><td>Order number</td><td>{}</td></tr><tr><td>Serial number</td><td>S C-{}</td></tr>\
             <tr><td>Firmware</td><td>{}</td></tr></table>",
            escape(&persona.hardware.product),
            escape(&persona.hardware.serial),
            escape(&persona.os.kernel)
        ),
        _ => return None,
    };
    Some(Response::page(200, "text/html", document("SIMATIC 300", &body)))
}

/// A page that leads to the port of the interface.
fn elsewhere(place: &str, visit: &Visit<'_>) -> Response {
    let script = format!("<script>location.href='http://'+location.hostname+':{place}';</script>");
    Response::file("text/html", format!("<html><head>{script}</head></html>\n"), visit.installed())
}

fn login(visit: &Visit<'_>, title: &str) -> Response {
    let body = "<form method=\"post\" action=\"/login\"><input name=\"username\"><input name=\"password\" \
                type=\"password\"><input type=\"submit\" value=\"Log In\"></form>";
    Response::file("text/html", document(title, body), visit.installed())
}
