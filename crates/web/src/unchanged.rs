//! Answers that a client has already: `ETag` and `If-None-Match` (RFC 9110 §8.8.3, §13.1.2). What is polled is often
//! the same as before, and then not sent again.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// Largest answer that is tagged; larger ones are taken away, not polled.
const LARGEST: usize = 4 * 1024 * 1024;

/// Tags JSON that answers a GET, and says so where the client has it.
pub(crate) async fn tagged(request: Request, next: Next) -> Response {
    let asks = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    // What is taken away is a stream that may be of any length.
    let taken = response.headers().contains_key(header::CONTENT_DISPOSITION);
    if !asks || taken || response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Handlers make such bodies whole, so that reading one takes no time.
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return crate::Problem::Internal("tag an answer").into_response();
    };
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes).get(..16).unwrap_or_default()));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if known.as_ref().and_then(|known| known.to_str().ok()).is_some_and(|known| matches(known, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes() == b"application/json")
}

/// Whether a list of tags has `tag`; a weak one is as good here.
fn matches(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list() {
        for (known, found) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(matches(known, "\"a\""), found, "{known}");
        }
    }
}
