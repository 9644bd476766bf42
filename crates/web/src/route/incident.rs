//! Incidents.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Given, Incidents, Of, Paged, Paging, read},
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use decnet_model::{access::is_user_name, flaw::Flaw};
use decnet_shape::{Event, Incident, IncidentDetail, Listing};
use decnet_store::record::{IncidentChange, IncidentState};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to be changed of an incident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentUpdate {
    /// `new`, `acknowledged` or `closed`.
    #[serde(default)]
    state: Option<String>,
    /// Who works on it from now on; empty: nobody.
    #[serde(default)]
    assignee: Option<String>,
    /// A note for its log, up to 4000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl IncidentUpdate {
    fn checked(self) -> Result<IncidentChange, Problem> {
        let nothing = self.state.is_none() && self.assignee.is_none() && self.note.is_none();
        let mut wrong: Vec<Flaw> = Vec::new();
        let mut tell = |field, message: &str| wrong.push((field, message.to_owned()));
        let state = self.state.map(|state| state.parse::<IncidentState>());
        if matches!(state, Some(Err(_))) {
            tell("state", "new, acknowledged or closed");
        }
        if self.assignee.as_deref().is_some_and(|name| !name.is_empty() && !is_user_name(name)) {
            tell("assignee", "letters, digits and . _ - @, 64 of them at most");
        }
        let state = state.and_then(Result::ok);
        let change = IncidentChange { state, assignee: self.assignee, note: self.note };
        if change.has_bad_note() {
            tell("note", "1 to 4000 characters");
        }
        if nothing {
            tell("", "nothing to change: give a state, an assignee or a note");
        }
        if wrong.is_empty() { Ok(change) } else { Err(Problem::flaws(wrong)) }
    }
}

/// Incidents, those active last first.
#[utoipa::path(
    get, path = "/incidents", tag = "incidents", params(Of<Incidents>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Incident>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn incidents(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Incident>>, Problem> {
    let (filter, page) = read::<Incidents>(query, &state).await?;
    let rows = state.store().incident_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |view| view.incident.last_event)))
}

/// One incident and what it is made of. The number of a part leads to the whole.
#[utoipa::path(
    get, path = "/incidents/{id}", tag = "incidents", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = OK, body = IncidentDetail),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn incident(
    State(state): State<ApiState>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Json<IncidentDetail>, Problem> {
    let detail = state.store().incident_detail(id?.0).await?.ok_or(Problem::NotFound)?;
    Ok(Json((&detail).into()))
}

/// Acknowledge, close or open an incident, give it to somebody, or note something.
#[utoipa::path(
    patch, path = "/incidents/{id}", operation_id = "update_incident",
    tag = "incidents", security(("bearer" = [])), request_body = IncidentUpdate,
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = OK, body = Incident),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn update(
    State(state): State<ApiState>,
    viewer: Viewer,
    id: Result<Path<i64>, PathRejection>,
    body: Result<Json<IncidentUpdate>, JsonRejection>,
) -> Result<Json<Incident>, Problem> {
    let (Path(id), Json(update)) = (id?, body?);
    let change = update.checked()?;
    if let Some(name) = change.assignee.as_deref().filter(|name| !name.is_empty())
        && state.store().user_get(name).await?.is_none()
    {
        return Err(Problem::field("assignee", format!("no user is called {name}")));
    }
    let view = state.store().incident_change(id, &change, &viewer.user.name, now()).await?;
    state.ring();
    Ok(Json((&view.ok_or(Problem::NotFound)?).into()))
}

/// Events of an incident.
#[utoipa::path(
    get, path = "/incidents/{id}/events", tag = "incidents", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Its number"), Paging),
    responses(
        (status = OK, body = Listing<Event>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn incident_events(
    State(state): State<ApiState>,
    id: Result<Path<i64>, PathRejection>,
    query: Paged,
) -> Result<Json<Listing<Event>>, Problem> {
    let (Path(id), page) = (id?, Paging::read(query)?);
    state.store().incident_get(id).await?.ok_or(Problem::NotFound)?;
    let rows = state.store().incident_events(id, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}
