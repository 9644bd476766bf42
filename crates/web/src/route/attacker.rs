//! Attackers.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Attackers, Given, Of, Traversals, read},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use decnet_shape::{Attacker, AttackerDetail, Contact, Listing, Traversal};
use std::net::IpAddr;

/// Attackers, those active last first.
#[utoipa::path(
    get, path = "/attackers", tag = "attackers", params(Of<Attackers>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Attacker>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn attackers(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Attacker>>, Problem> {
    let (filter, page) = read::<Attackers>(query, &state).await?;
    let rows = state.store().attacker_list(&filter, page).await?;
    let views = state.store().attacker_views(rows).await?;
    Ok(Json(Listing::of(&views, |view| view.attacker.last_event)))
}

/// One attacker and what it touched.
#[utoipa::path(
    get, path = "/attackers/{ip}", tag = "attackers", security(("bearer" = [])),
    params(("ip" = String, Path, description = "Address, IPv4 or IPv6", pattern = "^[0-9A-Fa-f.:]+$")),
    responses(
        (status = OK, body = AttackerDetail),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn attacker(
    State(state): State<ApiState>,
    _: Viewer,
    ip: Result<Path<String>, PathRejection>,
) -> Result<Json<AttackerDetail>, Problem> {
    let ip: IpAddr = ip?.0.parse().map_err(|_| Problem::field("ip", "not an address"))?;
    let row = state.store().attacker_get(ip).await?.ok_or(Problem::NotFound)?;
    let contacts = state.store().attacker_contacts(ip).await?;
    let views = state.store().attacker_views(vec![row]).await?;
    Ok(Json(AttackerDetail {
        attacker: views.first().ok_or(Problem::NotFound)?.into(),
        contacts: contacts.iter().map(Contact::from).collect(),
    }))
}

/// Attackers that touched two deckies or more, those active last first.
#[utoipa::path(
    get, path = "/traversals", tag = "attackers", params(Of<Traversals>), security(("bearer" = [])),
    responses((status = OK, body = Vec<Traversal>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn traversals(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Vec<Traversal>>, Problem> {
    let (_, page) = read::<Traversals>(query, &state).await?;
    let rows = state.store().traversal_list(2, None, page).await?;
    Ok(Json(rows.iter().map(Traversal::from).collect()))
}
