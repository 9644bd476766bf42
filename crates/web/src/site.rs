//! The dashboard: files that were put into the program when it was built.
//!
//! A path without a file is one of the dashboard's own pages, for which there is `index.html`. Files that the
//! builder named by their content (`/assets/`) are kept by browsers for ever, the others are asked for again.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, io::Read, sync::LazyLock};

/// What the dashboard may do: load what is served here, and nothing else. Replays run WebAssembly.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What the page of the interface's document may do: the same, and pictures that are written down in its style sheet.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                           connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Where that page is, and what belongs to it.
const DOCS: &str = "/docs";
/// What a page without a dashboard may do.
const PLAIN_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Where the builder puts files that are named by their content.
const NAMED_BY_CONTENT: &str = "/assets/";
/// What is shown where there is no dashboard.
const WITHOUT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>DECNET</title>\n\
    <h1>The dashboard is not in this program</h1>\n\
    <p>It was built without Node. Install Node.js 20.19 or newer with npm (Debian 13: <code>apt-get install \
    nodejs npm</code>; that of Debian 12 is too old), run <code>make build</code> again, and start the program \
    anew.</p>\n\
    <p>The REST interface works: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a> describes it.</p>\n\
    </html>\n";

/// A file as it stands in the program.
struct Packed {
    path: &'static str,
    gzip: &'static [u8],
}

const PACKED: &[Packed] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// A file ready to be sent.
struct File {
    gzip: &'static [u8],
    kind: &'static str,
    etag: String,
}

static FILES: LazyLock<BTreeMap<&'static str, File>> = LazyLock::new(|| {
    let file = |packed: &Packed| File {
        gzip: packed.gzip,
        kind: kind(packed.path),
        etag: format!("\"{}\"", hex::encode(Sha256::digest(packed.gzip).get(..12).unwrap_or_default())),
    };
    PACKED.iter().map(|packed| (packed.path, file(packed))).collect()
});

/// Whether the dashboard is in this program.
pub fn has_dashboard() -> bool {
    FILES.contains_key("/index.html")
}

/// Answers a request outside of the interface.
pub(crate) fn answer(request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !has_dashboard() {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, PLAIN_POLICY),
        ];
        return (headers, WITHOUT).into_response();
    }
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(DOCS).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        return docs(request, rest);
    }
    let named = path.starts_with(NAMED_BY_CONTENT);
    match (FILES.get(path), FILES.get("/index.html")) {
        (Some(file), _) => send(request, file, named),
        // A missing part of the dashboard is missing: a page in its place would only confuse.
        (None, _) if named => StatusCode::NOT_FOUND.into_response(),
        (None, Some(index)) => send(request, index, false),
        (None, None) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Answers with the page of the interface's document, or a file that it needs.
fn docs(request: &Request, rest: &str) -> Response {
    let name = if matches!(rest, "" | "/") { "/index.html" } else { rest };
    let Some(file) = FILES.get(format!("{DOCS}{name}").as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = send(request, file, false);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
    response
}

fn send(request: &Request, file: &'static File, for_ever: bool) -> Response {
    let given = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let keep = if for_ever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = if given(header::IF_NONE_MATCH).split(',').any(|tag| tag.trim() == file.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if takes_gzip(given(header::ACCEPT_ENCODING)) {
        let mut response = Body::from(Bytes::from_static(file.gzip)).into_response();
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut plain = Vec::new();
        if GzDecoder::new(file.gzip).read_to_end(&mut plain).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Body::from(plain).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(etag) = HeaderValue::from_str(&file.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// Whether `accepted` (RFC 9110 §12.5.3) has gzip, and not with the weight of nothing.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        let refused = |part: &str| {
            part.strip_prefix("q=")
                .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        named && !parts.any(refused)
    })
}

/// Content types by the end of a name; what is not listed is only bytes.
fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAGE: LazyLock<File> = LazyLock::new(|| {
        // "<p>" as gzip of Python's gzip module writes it.
        const GZIP: &[u8] =
            &[31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 179, 41, 176, 3, 0, 187, 161, 110, 60, 3, 0, 0, 0];
        File { gzip: GZIP, kind: kind("/x.html"), etag: "\"abc\"".to_owned() }
    });

    fn asked(name: header::HeaderName, value: &str) -> Response {
        let request = Request::get("/").header(name, value).body(Body::empty()).unwrap();
        send(&request, &PAGE, false)
    }

    #[test]
    fn a_file_is_sent_as_it_is_accepted_and_not_again() {
        let packed = asked(header::ACCEPT_ENCODING, "br, gzip");
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        assert_eq!(packed.headers()["cache-control"], "no-cache");
        let plain = asked(header::ACCEPT_ENCODING, "gzip;q=0, br");
        assert!(!plain.headers().contains_key("content-encoding"));
        assert_eq!(asked(header::IF_NONE_MATCH, "\"x\", \"abc\"").status(), StatusCode::NOT_MODIFIED);
        let policy = plain.headers()["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe-inline") && policy.contains("default-src 'none'"));
    }

    #[test]
    fn what_a_name_ends_with_says_what_it_is() {
        assert_eq!(kind("/assets/a.b.js"), "text/javascript; charset=utf-8");
        assert_eq!(kind("/LICENSE"), "application/octet-stream");
    }
}
