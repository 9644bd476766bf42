//! The REST interface and the event stream: the only crate that knows HTTP.
//!
//! Whom each route answers is the table in [`access`]. Outside of it is the dashboard. Bodies are the
//! shapes of `decnet-shape`, which the command line prints too.

mod access;
mod account;
mod auth;
mod document;
mod front;
mod hall;
mod host;
mod house;
mod limit;
mod oidc;
mod origin;
mod patience;
mod problem;
mod query;
mod readers;
mod route;
mod router;
mod serve;
mod site;
mod sizes;
mod state;
mod stream;
mod taxii;
mod tls;
mod token;
mod unchanged;

pub use access::{Access, RULES, Rule};
pub use account::{
    AccountError, NewApiToken, SIGNING_SECRET, TokenError, create_link, create_token, create_user,
    ensure_admin, reset_password, signing_secret,
};
pub use front::{Front, serve_front};
pub use host::Hosts;
pub use house::{House, Looked, SwarmDoor};
pub use oidc::{BadRoles, Oidc, OidcError, OidcSettings, Roles};
pub use origin::Proxies;
pub use problem::{FieldError, Problem};
pub use router::{document, router};
pub use serve::{Door, Limits, serve};
pub use site::has_dashboard;
pub use state::ApiState;
pub use tls::{Believed, Secure, Source, TlsError, Validity};
