//! The OpenAPI document: what stands at the handlers, and what is true of every route and is said here once.

use crate::{
    access::{Access, RULES},
    problem::{PROBLEM_TYPE, ProblemBody},
};
use axum::http::StatusCode;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        self, ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The document before there are routes in it.
#[derive(OpenApi)]
#[openapi(
    info(title = "DECNET", description = "Fleet, events and what is derived from them."),
    modifiers(&Bearer),
    components(schemas(ProblemBody))
)]
pub(crate) struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Adds to each route the problems that any request can meet, and gives each answer a description and each problem its
/// content type.
pub(crate) fn complete(document: &mut openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                complete_one(method, path, operation);
            }
        }
    }
}

fn complete_one(method: &str, path: &str, operation: &mut Operation) {
    let rule = RULES.iter().find(|rule| rule.method == method && rule.path == path);
    let access = rule.map_or(Access::Open, |rule| rule.access);
    let any: &[(StatusCode, bool)] = &[
        (StatusCode::BAD_REQUEST, operation.parameters.is_some() || operation.request_body.is_some()),
        (StatusCode::UNAUTHORIZED, access != Access::Open),
        // Also of a route of everybody's own: a token may not be for it.
        (StatusCode::FORBIDDEN, access != Access::Open),
        (StatusCode::REQUEST_TIMEOUT, operation.request_body.is_some()),
        (StatusCode::PAYLOAD_TOO_LARGE, true),
        (StatusCode::MISDIRECTED_REQUEST, true),
        (StatusCode::SERVICE_UNAVAILABLE, true),
    ];
    let responses = &mut operation.responses.responses;
    for (status, _) in any.iter().filter(|(_, applies)| *applies) {
        responses.entry(status.as_str().to_owned()).or_insert_with(|| RefOr::T(problem()));
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response {
            told(status, response);
        }
    }
}

fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name())));
    ResponseBuilder::new().content(PROBLEM_TYPE, content.build()).build()
}

/// Says what a response is.
fn told(status: &str, response: &mut Response) {
    let code: Option<StatusCode> = status.parse().ok();
    if response.description.is_empty() {
        let reason = code.and_then(|code| code.canonical_reason()).unwrap_or("Answer");
        reason.clone_into(&mut response.description);
    }
    let is_problem = code.is_some_and(|code| code.is_client_error() || code.is_server_error());
    if is_problem && !response.content.contains_key(PROBLEM_TYPE) {
        response.content = problem().content;
    }
}
