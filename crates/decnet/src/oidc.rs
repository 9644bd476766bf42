//! Logging in by an OpenID provider, by the settings.

use crate::settings::{Name, Settings};
use decnet_web::{Oidc, OidcError, OidcSettings};

/// The provider of the settings; `None`: people log in by password.
///
/// # Errors
/// What is missing or wrong.
pub fn provider(settings: &Settings) -> Result<Option<Oidc>, OidcError> {
    let Some(issuer) = settings.given(Name::OidcIssuer) else { return Ok(None) };
    let text = |name| settings.text(name).to_owned();
    Oidc::new(OidcSettings {
        issuer: issuer.to_owned(),
        client_id: text(Name::OidcClientId),
        client_secret: text(Name::OidcClientSecret),
        scopes: text(Name::OidcScopes),
        name_claim: text(Name::OidcNameClaim),
        role_claim: text(Name::OidcRoleClaim),
        // What is no list of roles was refused when the settings were read.
        roles: settings.text(Name::OidcRoles).parse().unwrap_or_default(),
        dashboard: text(Name::DashboardUrl),
        authorities: settings.given(Name::OidcCa).map(Into::into),
    })
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layer, Origin};

    #[test]
    fn a_provider_needs_what_it_needs_and_says_so_in_the_words_of_the_settings() {
        let mut given = vec![];
        for (name, text, error) in [
            ("DECNET_LOG_LEVEL", "info", None),
            ("DECNET_OIDC_ISSUER", "https://login.example", Some("oidc.client-id is missing")),
            ("DECNET_OIDC_CLIENT_ID", "decnet", Some("alerts.dashboard is missing")),
            ("DECNET_ALERT_DASHBOARD", "https://decnet.lan:8080/", Some("oidc.roles is missing")),
            ("DECNET_OIDC_ROLES", "viewer=*", None),
            ("DECNET_OIDC_CA", "/no/such.pem", Some("oidc.ca: /no/such.pem: there is no such file")),
        ] {
            given.push((name.to_owned(), text.to_owned(), Origin::Flag("test")));
            let layer: Layer = given.clone();
            let found = provider(&Settings::resolve(&[layer]).unwrap());
            let told = found.as_ref().err().map(ToString::to_string);
            assert!(
                told.as_deref().zip(error).is_some_and(|(told, error)| told.starts_with(error))
                    || told.is_none() && error.is_none(),
                "{name}: {told:?}"
            );
        }
    }

    #[test]
    fn roles_are_read_with_the_settings() {
        let layer = vec![("DECNET_OIDC_ROLES".to_owned(), "root=x".to_owned(), Origin::Flag("test"))];
        let bad = Settings::resolve(&[layer]).err().unwrap();
        assert!(bad[0].message.contains("ROLE=VALUE"), "{bad:?}");
    }
}
