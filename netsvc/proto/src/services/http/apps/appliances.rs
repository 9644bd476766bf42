//! Appliances: the first pages of routers, printers, controllers, network storage and hypervisors.

use super::{Visit, cameras, document};
use crate::services::http::{credentials::Verdict, html::escape, maker::Make, response::Response};

/// Names of the applications.
pub const NAMES: &[&str] =
    &["cisco", "jweb", "brother", "qts", "dsm", "esxi", "simatic", "dahua", "geovision", "controller"];

/// The application that comes with a system; `None`: any may run there.
pub fn of(system: &str, server: &str) -> Option<&'static str> {
    Some(match system {
        _ if Make::of(server) == Make::Hikvision => "camera",
        _ if Make::of(server) == Make::Dahua => "dahua",
        _ if Make::of(server) == Make::GeoVision => "geovision",
        "hp_printer" => "printer",
        "cisco_ios" => "cisco",
        "junos" => "jweb",
        "brother_printer" => "brother",
        "qnap" => "qts",
        "synology" => "dsm",
        "esxi" => "esxi",
        "siemens_plc" => "simatic",
        "vxworks" | "modicon_plc" => "controller",
        "busybox_mips" => "router",
        // Of no maker that shows.
        "ip_camera" | "busybox_arm" => "camera",
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
        "dahua" => cameras::dahua(visit, root),
        "geovision" => cameras::geovision(visit, root),
        "controller" => controller(visit, root),
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

/// The Ethernet module of a controller. GoAhead leads to its first page, as Rockwell's modules do.
fn controller(visit: &Visit<'_>, root: bool) -> Option<Response> {
    let hardware = &visit.host.persona().hardware;
    let (maker, model) = (escape(&hardware.vendor), escape(&hardware.product));
    if root && visit.request.path == "/" && visit.server.name.starts_with("GoAhead") {
        let place = format!("{}/index.html", visit.base());
        let body = format!(
            "<html><head></head><body>\r\n\t\tThis document has moved to a new <a href=\"{place}\">location</a>.\r\n\
             \t\tPlease update your documents to reflect the new location.\r\n\t\t</body></html>\r\n\r\n"
        );
        return Some(
            Response::page(302, "text/html", body)
                .with("Pragma", "no-cache")
                .with("Cache-Control", "no-cache")
                .with("Location", place)
                .closing(),
        );
    }
    let body = format!(
        "<h1>{model}</h1><table><tr><td>Device Name</td><td>{model}</td></tr><tr><td>Manufacturer</td><td>{maker}</td>\
         </tr><tr><td>Ethernet Address (MAC)</td><td>{}</td></tr><tr><td>IP Address</td><td>{}</td></tr></table>",
        visit.host.persona().mac.to_uppercase(),
        visit.host.persona().ip
    );
    root.then(|| Response::file("text/html", document(&format!("{maker} {model}"), &body), visit.installed()))
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
