//! Which request is answered by what.

use super::{call::Call, database, reply::Reply, server};

/// Answers a request.
pub(super) fn answer(call: &mut Call<'_>) -> Reply {
    let path = call.request.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => match call.method() {
            "GET" | "HEAD" => server::welcome(call),
            _ => Reply::only("GET,HEAD"),
        },
        [first, ..]
            if first.starts_with('_') && !["_users", "_replicator", "_global_changes"].contains(first) =>
        {
            server::answer(call, &parts)
        }
        [name, rest @ ..] => database::answer(call, name, rest),
    }
}
