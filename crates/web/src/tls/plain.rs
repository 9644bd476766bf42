//! Who speaks without TLS where TLS is spoken.
//!
//! People who typed an address are sent to the right one. A program is told what it did wrong, and not led on: its
//! token has crossed the network in the clear, and somebody should see that it does not do so for ever.

use crate::{
    Hosts, Problem,
    host::is_for_us,
    router::{is_interface, with_headers},
};
use axum::{
    Router,
    extract::Request,
    http::{Method, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
};

/// The answers to those who speak to us by one of `hosts`.
pub(crate) fn answers(hosts: Hosts) -> Router {
    Router::new()
        .fallback(|request: Request| async move { answer(&request) })
        .layer(middleware::from_fn_with_state(hosts, is_for_us))
        .layer(middleware::from_fn(with_headers))
}

fn answer(request: &Request) -> Response {
    let path = request.uri().path();
    let page = matches!(*request.method(), Method::GET | Method::HEAD)
        && path.starts_with('/')
        && !is_interface(path);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match host.filter(|_| page) {
        Some(host) => {
            let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
            // Not for ever: TLS may be switched off again.
            Redirect::temporary(&format!("https://{host}{rest}")).into_response()
        }
        None => Problem::Plain.into_response(),
    }
}
