//! `attackers`: who was here, and what each is like.

use super::wrong;
use super::{
    Context,
    conditions::{self, Conditions},
    sessions,
};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use decnet_analysis::profile::facts;
use decnet_model::record::{AttackerView, Filter, Page};
use decnet_shape::{
    Attacker, Contact, FINGERPRINTS, Fingerprint, KEYSTROKE_SESSIONS, Origin, Pace, Profile, ProfileDetail,
    ProfileQuery, Reputation, SessionKeystrokes,
};
use netsvc_wire::stamp;
use std::net::IpAddr;

/// Show who touched the fleet, last seen first
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Attackers {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show the profile of an address: risk with its terms, behaviour, phases, tools, commands, targets
    Show {
        /// The address
        address: IpAddr,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List profiles: who is to be minded most, or was active last
    Profiles(Profiles),
}

/// Which profiles are shown.
#[derive(Args, Debug)]
struct Profiles {
    /// At least this risk, 0 to 100
    #[arg(long, value_name = "RISK")]
    risk: Option<u64>,
    /// Only those that behave so: scanning, slow-scan, brute-force, spraying, beaconing, scripted, interactive, mixed
    #[arg(long, value_name = "BEHAVIOUR")]
    behaviour: Option<String>,
    /// Only what was seen at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// What comes first: risk, or last
    #[arg(long, default_value = "risk")]
    by: String,
    /// Most profiles shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

/// Which attackers are shown.
#[derive(Args, Debug)]
struct List {
    /// Most attackers shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    filter: Conditions<conditions::Attackers>,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Attackers {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read, a value is wrong, or nobody has that address.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            None => self.list.run(context).await,
            Some(Verb::Show { address, json }) => show(context, address, json).await,
            Some(Verb::Profiles(profiles)) => profiles.run(context).await,
        }
    }
}

impl Profiles {
    async fn run(self, context: &Context) -> Result<()> {
        let query = ProfileQuery {
            risk: self.risk,
            behaviour: self.behaviour,
            since: self.since,
            by: Some(self.by),
            limit: Some(self.limit),
            before: None,
        };
        let (filter, page) = query.filter(context.now()).map_err(wrong)?;
        let store = context.store().await?;
        let rows = store.profile_list(&filter, page).await.context("read profiles")?;
        if self.json {
            output::json(&rows.iter().map(Profile::from).collect::<Vec<_>>());
            return Ok(());
        }
        let header = ["ADDRESS", "RISK", "BEHAVIOUR", "PHASE", "DECKIES", "SERVICES", "EVENTS", "LAST SEEN"];
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                vec![
                    row.src_ip.to_string(),
                    row.risk.to_string(),
                    row.behaviour.name().to_owned(),
                    row.phase.name().to_owned(),
                    row.nodes.to_string(),
                    row.services.to_string(),
                    row.events.to_string(),
                    output::moment(row.last_seen),
                ]
            })
            .collect();
        output::table(&header, &cells, Clone::clone);
        Ok(())
    }
}

async fn show(context: &Context, address: IpAddr, json: bool) -> Result<()> {
    let store = context.store().await?;
    let read = "read the profile";
    let address = address.to_canonical();
    let rows = store.profile_get(&[address]).await.context(read)?;
    let row = rows.first().with_context(|| {
        format!(
            "there is no profile of {address}; `decnet attackers profiles` lists them, and the worker profiler \
             makes them"
        )
    })?;
    let contacts = store.attacker_contacts(address).await.context(read)?;
    let identity = store.identity_of(address).await.context(read)?;
    let known = store.enrichment_get(&[address]).await.context(read)?;
    let answers = store.reputation_get(&[address]).await.context(read)?;
    let fingerprints = store.fingerprint_list(address, FINGERPRINTS).await.context(read)?;
    let probed = store.probed_get(address).await.context(read)?;
    let filter = Filter { src_ip: Some(address), recorded: true, ..Filter::default() };
    let mut typed = Vec::new();
    for session in store.session_list(&filter, Page::newest(KEYSTROKE_SESSIONS)).await.context(read)? {
        let found = sessions::keystrokes(context, session.recording.as_deref())?;
        typed.extend(found.map(|found| SessionKeystrokes::of(&session, found)));
    }
    let detail = ProfileDetail {
        profile: Profile { identity, ..row.into() },
        facts: facts::facts(row)?,
        origin: Origin::of(known.first()),
        reputation: answers.iter().map(Reputation::from).collect(),
        targets: contacts.iter().map(Contact::from).collect(),
        fingerprints: fingerprints.iter().map(Fingerprint::from).collect(),
        keystrokes: typed,
        probed_at: probed.map(|probed| stamp::format(probed.asked_at)),
    };
    if json {
        output::json(&detail);
    } else {
        tell(&detail);
    }
    Ok(())
}

fn tell(detail: &ProfileDetail) {
    let (one, facts) = (&detail.profile, &detail.facts);
    let identity = one.identity.map(|id| format!(" · identity {id}")).unwrap_or_default();
    output::line(&format!("{}  {} · came as far as {}{identity}", one.src_ip, one.behaviour, one.phase));
    output::line(&format!("{} events on {} days: {}", one.events, facts.days, facts.behaviour_reason));
    super::enrich::told(&detail.origin, &detail.reputation);
    output::line("");
    output::line(&format!("risk {}", one.risk));
    facts.risk_terms.iter().for_each(|term| output::line(&format!("  {:>+4}  {}", term.points, term.reason)));
    output::line("");
    for phase in &facts.phases {
        let time = |text: &str| text.get(..19).unwrap_or_default().replace('T', " ");
        let (first, last) = (time(&phase.first_seen), time(&phase.last_seen));
        output::line(&format!("{:<6}  {:>7} events  {first} to {last}", phase.phase, phase.events));
    }
    for (name, pace) in [("events", &facts.pace), ("connections", &facts.calls), ("commands", &facts.typing)]
    {
        told(name, pace);
    }
    let logins = &facts.logins;
    if logins.attempts > 0 {
        output::line(&format!(
            "{} logins with {} names and {} secrets, {} let in, {} pairs on no list",
            logins.attempts, logins.principals, logins.secrets, logins.accepted, logins.unlisted
        ));
    }
    for tool in &facts.tools {
        output::line(&format!("uses {} ({}): {} = {}", tool.name, tool.role, tool.field, tool.value));
    }
    facts.urls.iter().for_each(|url| output::line(&format!("fetches {url}")));
    for said in &facts.commands {
        output::line(&format!("{:>5} x  {}", said.times, said.text));
    }
    detail.keystrokes.iter().for_each(typed);
    output::line("");
    recognised(detail);
    let cells = |row: &Contact| -> Vec<Cell> {
        let numbers = [row.counts.events, row.counts.interactions, row.counts.credentials];
        let mut cells: Vec<Cell> = vec![(&row.decky).into(), (&row.service).into()];
        cells.extend(numbers.map(|number| Cell::from(number.to_string())));
        cells
    };
    let header = ["DECKY", "SERVICE", "EVENTS", "INTERACTIONS", "CREDENTIALS"];
    output::list(&header, detail.targets.iter().map(cells).collect(), false);
}

/// What the keystrokes of one session say.
fn typed(one: &SessionKeystrokes) {
    let said: Vec<String> =
        one.keystrokes.features.iter().map(|said| format!("{} {}", said.name, said.value)).collect();
    output::line(&format!("typed in session {}: {}", one.session, said.join(" · ")));
}

/// What it can be recognised by.
fn recognised(detail: &ProfileDetail) {
    if let Some(at) = &detail.probed_at {
        output::line(&format!("asked by the prober at {at}"));
    }
    if detail.fingerprints.is_empty() {
        return;
    }
    let cells = |one: &Fingerprint| -> Vec<Cell> {
        let times = one.events.to_string();
        vec![one.kind.into(), one.value.as_str().into(), one.detail.as_str().into(), times.into()]
    };
    let rows = detail.fingerprints.iter().map(cells).collect();
    output::list(&["FINGERPRINT", "VALUE", "WHAT IT MEANS", "TIMES"], rows, false);
    output::line("");
}

/// A pace, where there is one.
fn told(name: &str, pace: &Pace) {
    if pace.count >= 2 {
        let (mean, deviation) = (pace.mean / 1000.0, pace.deviation / 1000.0);
        output::line(&format!("{name}: one every {mean:.1} s on average, give or take {deviation:.1} s"));
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(&store, context).await?;
        let rows = store.attacker_list(&filter, Page::newest(self.limit)).await.context("read attackers")?;
        let views = store.attacker_views(rows).await.context("read attackers")?;
        if self.json {
            output::json(&views.iter().map(Attacker::from).collect::<Vec<_>>());
            return Ok(());
        }
        let header = [
            "ADDRESS",
            "COUNTRY",
            "SYSTEM",
            "FIRST SEEN",
            "LAST SEEN",
            "DECKIES",
            "EVENTS",
            "SCANS",
            "INTERACTIONS",
            "CREDENTIALS",
            "HOPS",
        ];
        let cells: Vec<Vec<String>> = views
            .iter()
            .map(|AttackerView { attacker: row, origin, .. }| {
                vec![
                    row.src_ip.to_string(),
                    origin.country.clone().unwrap_or_default(),
                    origin.asn.map(|asn| format!("AS{asn}")).unwrap_or_default(),
                    output::moment(row.first_seen),
                    output::moment(row.last_seen),
                    row.nodes.to_string(),
                    row.counts.events.to_string(),
                    row.counts.scans.to_string(),
                    row.counts.interactions.to_string(),
                    row.counts.credentials.to_string(),
                    row.hops.to_string(),
                ]
            })
            .collect();
        output::table(&header, &cells, Clone::clone);
        Ok(())
    }
}
