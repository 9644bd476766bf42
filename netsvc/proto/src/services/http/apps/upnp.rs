//! The description of a device that announces itself (UPnP Device Architecture 1.1, 2.3).

use super::Visit;
use crate::services::http::{html::escape, response::Response};
use netsvc_persona::tables::upnp;

/// The description, where the node's system announces one and the request is for it.
pub fn answer(visit: &Visit<'_>) -> Option<Response> {
    let persona = visit.host.persona();
    let device = upnp::of(&persona.os.id).filter(|device| device.path == visit.request.path)?;
    let hardware = &persona.hardware;
    let rows: String = [
        ("deviceType", device.kind.to_owned()),
        ("friendlyName", upnp::name(persona)),
        ("manufacturer", hardware.vendor.clone()),
        ("modelDescription", device.about.to_owned()),
        ("modelName", hardware.product.clone()),
        ("modelNumber", hardware.product.clone()),
        ("serialNumber", hardware.serial.clone()),
        ("UDN", format!("uuid:{}", upnp::uuid(persona))),
        ("presentationURL", format!("http://{}/", persona.ip)),
    ]
    .into_iter()
    .map(|(name, value)| format!("<{name}>{}</{name}>\n", escape(&value)))
    .collect();
    let text = format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n<specVersion>\n<major>1</major>\n\
         <minor>0</minor>\n</specVersion>\n<device>\n{rows}</device>\n</root>\n"
    );
    visit.is_read().then(|| Response::page(200, "text/xml; charset=\"utf-8\"", text))
}
