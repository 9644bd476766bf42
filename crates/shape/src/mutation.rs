//! How changes of deckies look as JSON.

use crate::shown;
use decnet_model::record;
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A change of a decky that runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mutation {
    /// Its number.
    pub id: i64,
    /// The decky.
    pub decky: String,
    /// When.
    pub at: String,
    /// `service_added`, `service_removed`, `service_set`, `updated`.
    pub kind: &'static str,
    /// The service that it is about.
    pub service: String,
    /// What was before: services, a release, or settings without their secrets.
    pub before: String,
    /// What is now.
    pub after: String,
    /// `interval`: it was time; `asked`: somebody asked for any change; `edited`: for this one.
    pub cause: &'static str,
    /// Who asked; empty where it was time.
    pub by: String,
}

impl From<&record::Mutation> for Mutation {
    fn from(row: &record::Mutation) -> Self {
        Mutation {
            id: row.id,
            decky: shown(&row.node),
            at: stamp::format(row.at),
            kind: row.kind.name(),
            service: shown(&row.service),
            before: shown(&row.before),
            after: shown(&row.after),
            cause: row.cause.name(),
            by: shown(&row.by),
        }
    }
}
