//! `incidents` and `incident`: what analysts work on.

use super::{
    Context,
    conditions::{self, Conditions},
    events,
    user::{actor, audit},
};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::{
    access::is_user_name,
    record::{IncidentChange, IncidentDetail, IncidentState, IncidentView, LONGEST_NOTE, Page},
};
use decnet_shape as shape;

/// Show incidents, those active last first
///
/// What an address does without a pause of an hour is one incident; addresses that use the same uncommon login
/// name, public key or payload are one campaign and one incident.
#[derive(Args, Debug)]
pub struct Incidents {
    /// Most incidents shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    filter: Conditions<conditions::Incidents>,
    /// Show every value whole, however wide
    #[arg(long)]
    wide: bool,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Incidents {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(&store, context).await?;
        let rows = store.incident_list(&filter, Page::newest(self.limit)).await.context("read incidents")?;
        if self.json {
            output::json(&rows.iter().map(shape::Incident::from).collect::<Vec<_>>());
            return Ok(());
        }
        let header = ["ID", "SEVERITY", "STATE", "LAST SEEN", "EVENTS", "ASSIGNEE", "WHAT"];
        output::list(&header, rows.iter().map(cells).collect(), self.wide);
        Ok(())
    }
}

fn cells(view: &IncidentView) -> Vec<Cell> {
    let row = &view.incident;
    let assignee = view.work.as_ref().and_then(|work| work.assignee.clone());
    vec![
        row.id.to_string().into(),
        row.severity.name().into(),
        state(view).into(),
        output::moment(row.last_seen).into(),
        row.counts.events.to_string().into(),
        assignee.unwrap_or_default().into(),
        Cell::captured(&row.title()),
    ]
}

fn state(view: &IncidentView) -> &'static str {
    if view.is_reopened() { "reopened" } else { view.state().name() }
}

/// Look at an incident and work on it
#[derive(Args, Debug)]
pub struct Incident {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show an incident with its addresses, what they touched, its log and its latest events
    Show {
        /// Its number
        id: i64,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody works on it
    Ack {
        /// Its number
        id: i64,
        #[command(flatten)]
        more: More,
    },
    /// Say that it is done; what happens later opens it again
    Close {
        /// Its number
        id: i64,
        #[command(flatten)]
        more: More,
    },
    /// Say that it is not done
    Reopen {
        /// Its number
        id: i64,
        #[command(flatten)]
        more: More,
    },
    /// Give it to somebody
    Assign {
        /// Its number
        id: i64,
        /// A user of the interface; nobody without it
        user: Option<String>,
    },
    /// Write a note into its log
    Note {
        /// Its number
        id: i64,
        /// The note
        text: String,
    },
}

/// What can be said with a change of state.
#[derive(Args, Debug)]
struct More {
    /// Give it to this user
    #[arg(long, value_name = "USER")]
    assignee: Option<String>,
    /// A note for its log
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl More {
    fn with(self, state: IncidentState) -> IncidentChange {
        IncidentChange { state: Some(state), assignee: self.assignee, note: self.note }
    }
}

impl Incident {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such incident, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (id, change) = match self.verb {
            Verb::Show { id, json } => return show(context, id, json).await,
            Verb::Ack { id, more } => (id, more.with(IncidentState::Acknowledged)),
            Verb::Close { id, more } => (id, more.with(IncidentState::Closed)),
            Verb::Reopen { id, more } => (id, more.with(IncidentState::New)),
            Verb::Assign { id, user } => {
                (id, IncidentChange { assignee: Some(user.unwrap_or_default()), ..IncidentChange::default() })
            }
            Verb::Note { id, text } => (id, IncidentChange { note: Some(text), ..IncidentChange::default() }),
        };
        apply(context, id, &change).await
    }
}

async fn apply(context: &Context, id: i64, change: &IncidentChange) -> Result<()> {
    let store = context.store().await?;
    if change.has_bad_note() {
        bail!("a note has 1 to {LONGEST_NOTE} characters");
    }
    if let Some(name) = change.assignee.as_deref().filter(|name| !name.is_empty())
        && (!is_user_name(name) || store.user_get(name).await.context("read users")?.is_none())
    {
        bail!("no user is called {name:?}");
    }
    let view =
        store.incident_change(id, change, &actor(), context.now()).await.context("change the incident")?;
    let Some(view) = view else { return Err(missing(id)) };
    audit(context, &store, "incident.update", &view.incident.id.to_string()).await?;
    let assignee = view.work.as_ref().and_then(|work| work.assignee.clone());
    let whose = assignee.map_or(String::new(), |name| format!(", given to {name}"));
    output::note(&format!("incident {} is {}{whose}", view.incident.id, state(&view)));
    Ok(())
}

fn missing(id: i64) -> anyhow::Error {
    anyhow::anyhow!("no incident {id}; `decnet incidents` shows them")
}

async fn show(context: &Context, id: i64, json: bool) -> Result<()> {
    let store = context.store().await?;
    let Some(detail) = store.incident_detail(id).await.context("read the incident")? else {
        return Err(missing(id));
    };
    if json {
        output::json(&shape::IncidentDetail::from(&detail));
        return Ok(());
    }
    head(&detail);
    let cells = detail.sources.iter().map(|row| {
        let times = [row.first_seen, row.last_seen].map(|at| Cell::from(output::moment(at)));
        let [first, last] = times;
        vec![row.src_ip.to_string().into(), first, last, row.events.to_string().into()]
    });
    output::list(&["ADDRESS", "FIRST SEEN", "LAST SEEN", "EVENTS"], cells.collect(), false);
    output::line("");
    let cells = detail.contacts.iter().map(|row| {
        let counts = [row.counts.events, row.counts.interactions, row.counts.credentials];
        let mut cells: Vec<Cell> =
            vec![(&row.node).into(), (&row.service).into(), output::moment(row.first_seen).into()];
        cells.extend(counts.map(|count| Cell::from(count.to_string())));
        cells
    });
    let header = ["DECKY", "SERVICE", "FIRST SEEN", "EVENTS", "INTERACTIONS", "CREDENTIALS"];
    output::list(&header, cells.collect(), false);
    if !detail.notes.is_empty() {
        output::line("");
        for note in &detail.notes {
            let shown = |text: &str| output::captured(text.as_bytes(), LONGEST_NOTE);
            let at = output::moment(note.at);
            output::line(&format!("{at}  {}  {}: {}", shown(&note.actor), note.deed, shown(&note.text)));
        }
    }
    output::line("");
    for row in &detail.timeline {
        output::line(&events::line(row, false));
    }
    Ok(())
}

fn head(detail: &IncidentDetail) {
    let row = &detail.view.incident;
    output::line(&format!("{}  {}", row.id, output::captured(&row.title(), usize::MAX)));
    let mut facts =
        vec![row.severity.name().to_owned(), row.stage.name().to_owned(), state(&detail.view).to_owned()];
    if let Some(work) = &detail.view.work {
        facts.extend(work.assignee.as_ref().map(|name| format!("given to {name}")));
        facts.push(format!("by {} {}", work.changed_by, output::moment(work.changed_at)));
    }
    output::line(&facts.join(" · "));
    for tie in &detail.ties {
        let value = output::captured(&tie.value, 80);
        output::line(&format!("with what was incident {}: the same {} {value}", tie.id, tie.kind));
    }
    output::line("");
}
