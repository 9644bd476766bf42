//! caching_sha2_password: a scramble is enough for an account that the server remembers, otherwise the password
//! itself is asked for, in clear over TLS and encrypted with the server's public key without.
//!
//! Source: MySQL "Caching SHA-2 Pluggable Authentication" and the plugin's exchange in its protocol documentation.

use super::{
    Connection, State, auth,
    flavour::{CACHING, NATIVE},
};
use netsvc_kit::{Accounts, Credential, Host, Out};
use parking_lot::Mutex;
use rsa::{Oaep, RsaPrivateKey, pkcs8::EncodePublicKey, pkcs8::LineEnding, traits::PublicKeyParts};
use sha1::Sha1;
use std::{
    collections::BTreeSet,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Bits of the key pair that the server makes at its first start.
const BITS: u32 = 2048;
/// Most accounts that a server remembers.
const REMEMBERED: usize = 4096;
/// What the server says behind a first byte of 1.
const SCRAMBLE_IS_ENOUGH: u8 = 3;
const PASSWORD_WANTED: u8 = 4;
/// How a client asks for the public key.
const KEY_WANTED: &[u8] = &[2];

/// Accounts that gave their password since the server started, by where they came from.
#[derive(Debug, Default)]
struct Remembered(Mutex<BTreeSet<(IpAddr, Vec<u8>)>>);

type Making = Pin<Box<dyn Future<Output = io::Result<Arc<RsaPrivateKey>>> + Send>>;

/// The server's key pair, as far as a connection needed it.
#[derive(Default)]
pub(super) enum Key {
    #[default]
    Unasked,
    Making(Making),
    Made(io::Result<Arc<RsaPrivateKey>>),
}

impl Key {
    fn ask(&mut self, host: &Arc<Host>) {
        if matches!(self, Key::Unasked) {
            let node = host.node.clone();
            let making = async move { node.stage.rsa().get(&node.persona, "mysql", BITS).await };
            *self = Key::Making(Box::pin(making));
        }
    }

    /// Ready when the key that was asked for is there.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Key::Making(making) = self else { return Poll::Pending };
        making.as_mut().poll(context).map(|made| *self = Key::Made(made))
    }

    fn made(&self) -> Option<&Arc<RsaPrivateKey>> {
        match self {
            Key::Made(Ok(key)) => Some(key),
            _ => None,
        }
    }
}

impl Connection {
    /// The client answered with a scramble of this plugin.
    pub(super) fn caching_answered(&mut self, out: &mut Out) {
        // A client without a password says so with a NUL.
        if matches!(self.response.answer.as_slice(), [] | [0]) {
            return self.password_given(b"", out);
        }
        let answer = self.response.answer.clone();
        let fits = |password: &[u8]| auth::caching_matches(&self.salt, &answer, password);
        let known = self.host.password_of(&self.link, Accounts::Database, &self.response.user, fits);
        let account = (self.link.source(), self.response.user.clone());
        let remembered = self.host.node.shared(Remembered::default).0.lock().contains(&account);
        if let Some(password) = known.filter(|_| remembered)
            && self.host.login(&self.link, Accounts::Database, &self.response.user, &password)
        {
            out.credential(Credential::plaintext(&self.response.user, &password, CACHING, true));
            self.send(out, &[1, SCRAMBLE_IS_ENOUGH]);
            return self.decided(true, true, out);
        }
        self.send(out, &[1, PASSWORD_WANTED]);
        self.state = State::Full;
    }

    /// The client was asked for the password: over TLS here it is, without it asks for the key.
    pub(super) fn full(&mut self, payload: &[u8], out: &mut Out) {
        if self.secure {
            let password = payload.strip_suffix(&[0]).unwrap_or(payload).to_vec();
            return self.password_given(&password, out);
        }
        if payload != KEY_WANTED {
            // Without TLS nothing else is taken; the wrong length of an encrypted password is a wrong password.
            self.scramble_only(out);
            return self.decided(false, true, out);
        }
        self.key.ask(&self.host);
        self.state = State::Key;
        if matches!(self.key, Key::Made(_)) {
            self.key_made(out);
        }
    }

    /// Gives the public key to a client that waits for it.
    pub(super) fn key_made(&mut self, out: &mut Out) {
        if self.state != State::Key {
            return;
        }
        let text = self.key.made().and_then(|key| key.to_public_key().to_public_key_pem(LineEnding::LF).ok());
        let Some(text) = text else {
            self.scramble_only(out);
            return self.decided(false, true, out);
        };
        self.send(out, &[&[1], text.as_bytes()].concat());
        self.state = State::Sealed;
    }

    /// The password, masked with the salt and encrypted with the public key.
    pub(super) fn sealed(&mut self, payload: &[u8], out: &mut Out) {
        let opened = self
            .key
            .made()
            .filter(|key| key.size() == payload.len())
            .and_then(|key| key.decrypt(Oaep::new::<Sha1>(), payload).ok());
        let Some(masked) = opened else {
            self.scramble_only(out);
            return self.decided(false, true, out);
        };
        let plain: Vec<u8> =
            masked.iter().zip(self.salt.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        let password = plain.strip_suffix(&[0]).unwrap_or(&plain).to_vec();
        self.password_given(&password, out);
    }

    fn password_given(&mut self, password: &[u8], out: &mut Out) {
        let accepted = self.host.login(&self.link, Accounts::Database, &self.response.user, password);
        out.credential(Credential::plaintext(&self.response.user, password, CACHING, accepted));
        if accepted {
            let remembered = self.host.node.shared(Remembered::default);
            let mut remembered = remembered.0.lock();
            if REMEMBERED <= remembered.len() {
                remembered.pop_first();
            }
            remembered.insert((self.link.source(), self.response.user.clone()));
        }
        self.decided(accepted, !password.is_empty(), out);
    }

    /// A client that does not give the password has still shown its scramble.
    pub(super) fn scramble_only(&mut self, out: &mut Out) {
        let answer = self.response.answer.clone();
        let native = self.response.plugin == NATIVE.as_bytes();
        out.credential(Credential {
            principal: self.response.user.clone(),
            kind: "mysql_caching_sha2",
            secret: answer,
            challenge: Some(self.salt.to_vec()),
            crack_line: native.then(|| auth::native_crack_line(&self.salt, &self.response.first)).flatten(),
            method: CACHING,
            accepted: false,
        });
    }
}
