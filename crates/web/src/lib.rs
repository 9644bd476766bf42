//! The REST interface and the event stream: the only crate that knows HTTP.
//!
//! Every route but `/health`, `/login` and `/openapi.json` wants a bearer token. Bodies are the
//! shapes of `decnet-shape`, which the command line prints too.

mod account;
mod auth;
mod hall;
mod host;
mod limit;
mod patience;
mod problem;
mod query;
mod route;
mod router;
mod serve;
mod site;
mod state;
mod stream;
mod token;

pub use account::{AccountError, ensure_admin, reset_password, signing_secret};
pub use host::Hosts;
pub use problem::{FieldError, Problem};
pub use router::{document, router};
pub use serve::{Limits, serve};
pub use site::has_dashboard;
pub use state::ApiState;
