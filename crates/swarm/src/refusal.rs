//! Why a peer is turned away: each cause has a name of its own.

use rustls::{AlertDescription, CertificateError, PeerIncompatible};
use std::{fmt, io};

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal;)+) => {
        /// Why a peer is turned away.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal { $($(#[doc = $doc])+ $variant,)+ }

        impl Refusal {
            /// Every cause.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$variant),+];

            /// In words.
            pub fn text(self) -> &'static str {
                match self { $(Refusal::$variant => $text,)+ }
            }
        }
    };
}

refusals! {
    /// It shows no certificate where one is needed.
    NoCertificate = "no certificate";
    /// Another authority signed its certificate.
    OtherAuthority = "certificate of another authority";
    /// Its certificate has expired.
    Expired = "expired certificate";
    /// Its certificate is not valid yet: a clock is wrong.
    Early = "certificate that is not valid yet: look at the clocks of both hosts";
    /// Its certificate is revoked.
    Revoked = "revoked certificate";
    /// The authority does not remember its certificate.
    Unknown = "certificate that this master has not given out";
    /// Its certificate is for another role.
    Role = "certificate of another role";
    /// It speaks in the name of another host.
    OtherHost = "certificate of another host";
    /// It speaks no TLS 1.3.
    Version = "no TLS 1.3";
    /// Its certificate is damaged.
    Damaged = "damaged certificate";
    /// What it says is no TLS.
    NotTls = "no TLS";
    /// Its token is none.
    NoToken = "token that is none, or has expired";
    /// Its token was used.
    TokenUsed = "token that was used already";
    /// Its name is taken.
    NameTaken = "name that another host has";
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Refusal {
    /// Why TLS turned somebody away, if it did.
    pub fn of(error: &io::Error) -> Option<Refusal> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Refusal::of_tls(error)
    }

    /// As [`Refusal::of`]; an alert is what the other side says of us.
    pub fn of_tls(error: &rustls::Error) -> Option<Refusal> {
        use rustls::Error as Tls;
        Some(match error {
            Tls::NoCertificatesPresented | Tls::AlertReceived(AlertDescription::CertificateRequired) => {
                Refusal::NoCertificate
            }
            Tls::InvalidCertificate(error) => Refusal::of_certificate(error),
            Tls::AlertReceived(AlertDescription::UnknownCA | AlertDescription::DecryptError) => {
                Refusal::OtherAuthority
            }
            Tls::AlertReceived(AlertDescription::CertificateExpired) => Refusal::Expired,
            Tls::AlertReceived(AlertDescription::CertificateRevoked) => Refusal::Revoked,
            Tls::AlertReceived(AlertDescription::AccessDenied) => Refusal::Role,
            Tls::AlertReceived(AlertDescription::BadCertificate) => Refusal::Damaged,
            Tls::AlertReceived(AlertDescription::ProtocolVersion) => Refusal::Version,
            Tls::PeerIncompatible(
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::Tls12NotOffered,
            ) => Refusal::Version,
            Tls::InvalidMessage(_) => Refusal::NotTls,
            _ => return None,
        })
    }

    fn of_certificate(error: &CertificateError) -> Refusal {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Refusal::Early,
            CertificateError::Revoked => Refusal::Revoked,
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Refusal::OtherAuthority,
            CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }
            | CertificateError::ApplicationVerificationFailure
            | CertificateError::InvalidPurpose
            | CertificateError::InvalidPurposeContext { .. } => Refusal::Role,
            _ => Refusal::Damaged,
        }
    }
}
