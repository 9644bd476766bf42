//! Whom TLS shows: the node's certificate, or one that a service makes for itself.

use netsvc_persona::{Certificate, Persona};

/// Extensions of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Basic constraints and names, as web servers have it.
    Web,
    /// Server authentication, encipherment of keys and data, as remote desktops of Windows make it.
    Desktop,
    /// None.
    Plain,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What the certificate says.
    pub certificate: Certificate,
    /// What the RSA key is for; keys for different purposes differ.
    pub key: &'static str,
    /// Extensions.
    pub form: Form,
    /// Whether it is signed with SHA-1, as old systems do.
    pub sha1: bool,
}

impl Identity {
    /// That of the node itself.
    pub fn of(persona: &Persona) -> Identity {
        Identity { certificate: persona.certificate.clone(), key: "tls", form: Form::Web, sha1: false }
    }
}
