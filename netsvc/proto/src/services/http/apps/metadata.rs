//! What a device says of itself to those who found it by WS-Discovery: the metadata of the Devices Profile for
//! Web Services (2006/02, 5.1), and the refusal of a camera's ONVIF service to who has not logged in.

use super::Visit;
use crate::services::http::{html::escape, response::Response};
use netsvc_persona::tables::discovery;

const SOAP: &str = "application/soap+xml; charset=utf-8";
/// Longest identifier that is given back.
const LONGEST: usize = 128;

/// The answer, where the node's system can be found and the request is for its service.
pub fn answer(visit: &Visit<'_>) -> Option<Response> {
    let persona = visit.host.persona();
    let (_, path) = discovery::of(&persona.os)?.place?;
    if path == "/" || visit.request.path != path {
        return None;
    }
    if !visit.is_post() {
        return Some(Response::standard(405).with("Allow", "POST"));
    }
    let body = String::from_utf8_lossy(&visit.request.body);
    if path.starts_with("/onvif") {
        return Some(Response::page(400, SOAP, refusal()));
    }
    if !body.contains("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get") {
        return Some(Response::standard(400));
    }
    Some(Response::page(200, SOAP, metadata(visit, &identifier(&body))))
}

/// The identifier of a message, if it is one that can be given back.
fn identifier(body: &str) -> String {
    let element = body.split_once("MessageID").and_then(|(_, rest)| rest.split_once('>'));
    let text = element.and_then(|(_, rest)| rest.split_once('<')).map(|(text, _)| text.trim());
    let plain = |text: &&str| {
        text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_".contains(&byte))
    };
    text.filter(plain).unwrap_or_default().to_owned()
}

fn metadata(visit: &Visit<'_>, asked: &str) -> String {
    let persona = visit.host.persona();
    let hardware = &persona.hardware;
    let name = format!("{} {} [{}]", hardware.vendor, hardware.product, persona.hostname);
    let uuid = discovery::uuid(persona);
    // One identifier for each question, the same for the same.
    let own = visit.token(asked);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:wsx=\"http://schemas.xmlsoap.org/ws/2004/09/mex\" \
         xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\"><soap:Header><wsa:To>\
         http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To><wsa:Action>\
         http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</wsa:Action><wsa:MessageID>urn:uuid:{}-{}-{}-{}-{}\
         </wsa:MessageID><wsa:RelatesTo>{asked}</wsa:RelatesTo></soap:Header><soap:Body><wsx:Metadata>\
         <wsx:MetadataSection Dialect=\"http://schemas.xmlsoap.org/ws/2006/02/devprof/ThisDevice\"><wsdp:ThisDevice>\
         <wsdp:FriendlyName>{}</wsdp:FriendlyName><wsdp:FirmwareVersion>{}</wsdp:FirmwareVersion><wsdp:SerialNumber>{}\
         </wsdp:SerialNumber></wsdp:ThisDevice></wsx:MetadataSection>\
         <wsx:MetadataSection Dialect=\"http://schemas.xmlsoap.org/ws/2006/02/devprof/ThisModel\"><wsdp:ThisModel>\
         <wsdp:Manufacturer>{}</wsdp:Manufacturer><wsdp:ModelName>{}</wsdp:ModelName><wsdp:PresentationUrl>http://{}/\
         </wsdp:PresentationUrl></wsdp:ThisModel></wsx:MetadataSection>\
         <wsx:MetadataSection Dialect=\"http://schemas.xmlsoap.org/ws/2006/02/devprof/Relationship\"><wsdp:Relationship \
         Type=\"http://schemas.xmlsoap.org/ws/2006/02/devprof/host\"><wsdp:Host><wsa:EndpointReference><wsa:Address>\
         urn:uuid:{uuid}</wsa:Address></wsa:EndpointReference></wsdp:Host></wsdp:Relationship></wsx:MetadataSection>\
         </wsx:Metadata></soap:Body></soap:Envelope>",
        part(&own, 0, 8),
        part(&own, 8, 12),
        part(&own, 12, 16),
        part(&own, 16, 20),
        part(&own, 20, 32),
        escape(&name),
        escape(&persona.os.version),
        escape(&hardware.serial),
        escape(&hardware.vendor),
        escape(&hardware.product),
        persona.ip,
    )
}

fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// ONVIF core, 5.11.2.1: the fault for who has not said who he is.
fn refusal() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
     xmlns:ter=\"http://www.onvif.org/ver10/error\"><env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value>\
     <env:Subcode><env:Value>ter:NotAuthorized</env:Value></env:Subcode></env:Code><env:Reason>\
     <env:Text xml:lang=\"en\">The action requested requires authorization and the sender is not authorized</env:Text>\
     </env:Reason></env:Fault></env:Body></env:Envelope>"
        .to_owned()
}
