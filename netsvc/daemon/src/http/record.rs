//! What is written down of a request.

use super::request::Request;
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use sha2::{Digest, Sha256};

/// Bodies up to this size stand in the event; longer ones are artefacts, which it names.
pub const SMALL: usize = 4096;
/// Most bytes of the head in an event.
pub const HEAD: usize = 4096;

/// Writes the `request`, with its body or the hash of the artefact that the body is. Without a status the
/// peer was gone before there was one.
pub fn record(request: &Request, status: Option<u16>, out: &mut Out) {
    let order = request.order();
    let hash = hex::encode(Sha256::digest(order.as_bytes()));
    let head = request.head.get(..HEAD).unwrap_or(&request.head);
    let mut fields = vec![
        (field::METHOD, request.method.clone().into_bytes()),
        (field::TARGET, request.target.clone().into_bytes()),
        (field::HEADER_ORDER, order.into_bytes()),
        (field::HEADER_HASH, hash.get(..16).unwrap_or_default().as_bytes().to_vec()),
        (field::HEADERS, head.to_vec()),
    ];
    for (name, header) in [(field::HOST, "host"), (field::USER_AGENT, "user-agent")] {
        fields.extend(request.field(header).map(|value| (name, value.as_bytes().to_vec())));
    }
    fields.extend(status.map(|status| (field::STATUS, status.to_string().into_bytes())));
    match request.body.len() {
        0 => {}
        1..=SMALL => fields.push((field::DATA, request.body.clone())),
        size => {
            let hash = hex::encode(Sha256::digest(&request.body));
            fields.push((field::SHA256, hash.into_bytes()));
            fields.push((field::SIZE, size.to_string().into_bytes()));
        }
    }
    out.record(Kind::Request, fields);
}
