//! Errors of the interface: RFC 9457 "Problem Details for HTTP APIs".

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use decnet_model::flaw::Flaw;
use serde::Serialize;
use std::time::Duration;
use tracing::error;
use utoipa::ToSchema;

/// What errors are sent as (RFC 9457).
pub(crate) const PROBLEM_TYPE: &str = "application/problem+json";

/// Why a request was not answered.
#[derive(Debug)]
pub enum Problem {
    /// There is no such thing.
    NotFound,
    /// The request cannot be understood.
    Invalid(Vec<FieldError>),
    /// No valid token came with it.
    Unauthorized,
    /// A login with a name or a password that is wrong; which of them is not told.
    WrongLogin,
    /// The request did not come in time.
    Slow,
    /// Spoken to by a name that is not ours.
    Misdirected,
    /// Spoken to without TLS where TLS is spoken.
    Plain,
    /// Whoever asks may not do this.
    Forbidden,
    /// The password has to be changed first.
    PasswordChange,
    /// It contradicts what is there; the text says how.
    Conflict(String),
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// Body too large.
    TooLarge,
    /// Too many tries.
    TooMany {
        /// When another try makes sense.
        after: Duration,
    },
    /// Whoever asks can read nothing that is sent.
    NotAcceptable,
    /// Too many at once.
    Busy,
    /// The interface that a request was to be handed on to cannot be reached.
    Away,
    /// The store failed; logged, not shown.
    Store(decnet_store::Error),
    /// Something of ours failed; logged, not shown.
    Internal(&'static str),
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the field; empty for the whole body.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

/// Body of an error (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// `urn:decnet:problem:…`, for programs.
    #[serde(rename = "type")]
    kind: &'static str,
    /// For people.
    title: &'static str,
    /// Status code.
    status: u16,
    /// Fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl Problem {
    /// One wrong field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Problem::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// Wrong fields.
    pub(crate) fn flaws(flaws: Vec<Flaw>) -> Self {
        let error = |(field, message): Flaw| FieldError { field: field.to_owned(), message };
        Problem::Invalid(flaws.into_iter().map(error).collect())
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Problem::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "urn:decnet:problem:not-acceptable",
                "this is only sent as application/taxii+json;version=2.1",
            ),
            Problem::NotFound => (StatusCode::NOT_FOUND, "urn:decnet:problem:not-found", "not found"),
            Problem::Invalid(_) => {
                (StatusCode::BAD_REQUEST, "urn:decnet:problem:invalid", "request not understood")
            }
            Problem::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "urn:decnet:problem:unauthorized", "log in first")
            }
            Problem::WrongLogin => {
                (StatusCode::UNAUTHORIZED, "urn:decnet:problem:login", "wrong user name or password")
            }
            Problem::Slow => {
                (StatusCode::REQUEST_TIMEOUT, "urn:decnet:problem:slow", "request came too slowly")
            }
            Problem::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "urn:decnet:problem:host",
                "not spoken to by a name of ours",
            ),
            Problem::Plain => (
                StatusCode::BAD_REQUEST,
                "urn:decnet:problem:plain",
                "this port speaks TLS: write https:// in the place of http://",
            ),
            Problem::Forbidden => (StatusCode::FORBIDDEN, "urn:decnet:problem:forbidden", "not allowed"),
            Problem::PasswordChange => (
                StatusCode::FORBIDDEN,
                "urn:decnet:problem:password_change_required",
                "change the password first",
            ),
            Problem::Conflict(_) => {
                (StatusCode::CONFLICT, "urn:decnet:problem:conflict", "contradicts what is there")
            }
            Problem::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "urn:decnet:problem:method", "method not allowed")
            }
            Problem::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "urn:decnet:problem:large", "body too large")
            }
            Problem::TooMany { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "urn:decnet:problem:too-many", "too many tries")
            }
            Problem::Busy => (StatusCode::SERVICE_UNAVAILABLE, "urn:decnet:problem:busy", "too many at once"),
            Problem::Away => {
                (StatusCode::BAD_GATEWAY, "urn:decnet:problem:away", "the API cannot be reached")
            }
            Problem::Store(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "urn:decnet:problem:store", "store not available")
            }
            Problem::Internal(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "urn:decnet:problem:internal", "internal error")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.parts();
        let mut after = None;
        let errors = match self {
            Problem::Invalid(errors) => errors,
            Problem::Conflict(message) => vec![FieldError { field: String::new(), message }],
            Problem::TooMany { after: wait } => {
                after = Some(HeaderValue::from(wait.as_secs().max(1)));
                Vec::new()
            }
            Problem::Store(error) => {
                error!(error = %chain(&error), "request failed");
                Vec::new()
            }
            Problem::Internal(what) => {
                error!(what, "request failed");
                Vec::new()
            }
            _ => Vec::new(),
        };
        let body = ProblemBody { kind, title, status: status.as_u16(), errors };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = after {
            headers.insert(header::RETRY_AFTER, after);
        }
        response
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

impl From<decnet_store::Error> for Problem {
    fn from(error: decnet_store::Error) -> Self {
        Problem::Store(error)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::TooLarge;
        }
        Problem::field("", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::field("", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::field("", rejection.body_text())
    }
}
