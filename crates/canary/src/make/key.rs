//! Keys: of SSH (the form of OpenSSH, PROTOCOL.key) and of WireGuard.

use super::{Body, Task};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use decnet_model::record::CanaryChannel;
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

const KIND: &[u8] = b"ssh-ed25519";
/// Letters of a line.
const LINE: usize = 70;

/// A private key as `ssh-keygen -t ed25519` writes it.
pub(super) fn key(task: &mut Task<'_>) -> Body {
    let key = SigningKey::from_bytes(&task.draw.bytes());
    let public = key.verifying_key().to_bytes();
    let host =
        task.asked.target.clone().unwrap_or_else(|| task.draw.one(&["build01", "jump", "backup"]).to_owned());
    let comment = format!("{}@{host}", task.user("deploy"));
    let mut blob = Vec::new();
    put(&mut blob, KIND);
    put(&mut blob, &public);
    let mut private = Vec::new();
    let check: [u8; 4] = task.draw.bytes();
    private.extend_from_slice(&check);
    private.extend_from_slice(&check);
    private.extend_from_slice(&blob);
    put(&mut private, &[key.to_bytes(), public].concat());
    put(&mut private, comment.as_bytes());
    for pad in 1_u8.. {
        if private.len().is_multiple_of(8) {
            break;
        }
        private.push(pad);
    }
    let mut whole = b"openssh-key-v1\0".to_vec();
    put(&mut whole, b"none");
    put(&mut whole, b"none");
    put(&mut whole, b"");
    whole.extend_from_slice(&1_u32.to_be_bytes());
    put(&mut whole, &blob);
    put(&mut whole, &private);
    let encoded = STANDARD.encode(whole);
    let mut text = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for line in encoded.as_bytes().chunks(LINE) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    let print = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob)));
    Body {
        content: text.into_bytes(),
        lead: format!("{print} {comment}"),
        secrets: vec![(CanaryChannel::Key, print.into_bytes())],
    }
}

/// A text with its length before it (RFC 4251 §5).
fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(text);
}

/// A tunnel whose other end has a name of ours.
pub(super) fn tunnel(task: &mut Task<'_>) -> Body {
    let name = task.name("vpn").unwrap_or_default();
    let mut private: [u8; 32] = task.draw.bytes();
    // As `wg genkey` makes them (RFC 7748 §5).
    if let Some(first) = private.first_mut() {
        *first &= 248;
    }
    if let Some(last) = private.last_mut() {
        *last = *last & 127 | 64;
    }
    let peer: [u8; 32] = task.draw.bytes();
    let address =
        format!("10.{}.{}.{}", 8 + task.draw.below(90), task.draw.below(250), 2 + task.draw.below(250));
    let text = format!(
        "[Interface]\nPrivateKey = {}\nAddress = {address}/32\nDNS = {}\n\n[Peer]\nPublicKey = {}\nAllowedIPs = \
         10.0.0.0/8\nEndpoint = {name}:51820\nPersistentKeepalive = 25\n",
        STANDARD.encode(private),
        address.rsplit_once('.').map_or_else(String::new, |(net, _)| format!("{net}.1")),
        STANDARD.encode(peer),
    );
    Body { content: text.into_bytes(), lead: name, secrets: Vec::new() }
}
