//! The command line: every verb, and one more per worker, from the worker list.

use crate::{
    commands::{
        Context,
        agent::{Agent, Join, Leave, Swarmctl},
        alerts::Alerts,
        artifacts::Artifacts,
        attackers::Attackers,
        audit::Audit,
        backup::{Backup, Restore},
        bad_input::BadInput,
        breadcrumbs::Breadcrumbs,
        canary::Canaries,
        capture::Packets,
        clusters::Clusters,
        conditions::BadConditions,
        config::Config,
        correlate::Correlate,
        creds::Creds,
        db,
        decky::Deckies,
        demo::Demo,
        deploy::Deploy,
        docs::Docs,
        doctor::Doctor,
        drill::Firedrill,
        enrich::Enrich,
        events::Events,
        export::Export,
        image::Images,
        incidents::{Incident, Incidents},
        init::{Deinit, Init},
        inventory,
        lab::Lab,
        learn::Learn,
        log::Log,
        mutate::{Mutate, Mutations},
        numbers::{Timeline, Top},
        operations::Operations,
        orchestrator::Orchestrator,
        persona::Personas,
        personas::{Letters, People},
        probe::Probe,
        reconcile::{Reconcile, Redeploy},
        release::Releases,
        reuse::Reuse,
        run, serve,
        sessions::Sessions,
        sniffer::Sniffer,
        status::{Status, Unwell},
        support::SupportBundle,
        swarm::Swarm,
        teardown::Teardown,
        techniques::Techniques,
        token::Tokens,
        topology::Topologies,
        user::{self, Users},
        version::{Completions, Manual, Version},
        worker::Workers,
    },
    examples::{self, USAGE},
    former, hidden, house, mode, output,
    settings::{Layer, Origin, Settings},
    updater,
};
use anyhow::Result;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use decnet_model::{record::Level, worker::Worker};
use decnet_web::{OidcError, TlsError};
use std::{path::PathBuf, process::ExitCode};

/// A deception network: a fleet of machines that do not exist, and everything that touches them
#[derive(Parser, Debug)]
#[command(name = "decnet", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args, Debug)]
struct Global {
    /// Folder of the installation
    #[arg(long, global = true, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// How much the program says about itself: error, warn, info, debug, trace; parts=LEVEL behind commas
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Say where longer work stands in lines of its own, for a program that reads them
    #[arg(long, global = true, hide = true)]
    progress_lines: bool,
    /// Who asked the program that has started this one
    #[arg(long, global = true, hide = true, value_name = "USER")]
    asked_by: Option<String>,
}

// What a verb is for stands at its type, all of it; only those without a type of their own say it here.
#[derive(Subcommand, Debug)]
enum Verb {
    Demo(Demo),
    Deploy(Box<Deploy>),
    /// Show what deploy would do; needs no rights
    Plan(Box<Deploy>),
    Status(Status),
    Teardown(Teardown),
    Reconcile(Reconcile),
    Redeploy(Redeploy),
    Services(inventory::Services),
    /// List the distributions that a decky can run
    Distros(inventory::Listing),
    /// List the kinds of machine that a decky can be
    Archetypes(inventory::Listing),
    Events(Events),
    Sessions(Sessions),
    Creds(Creds),
    Artifacts(Artifacts),
    Attackers(Attackers),
    /// Show who is behind addresses: identities, each an actor with some addresses, and why they are joined
    ///
    /// Addresses are joined by what they have in common and few others have: keys, logins, clients, payloads,
    /// servers, commands. No one sort of these is enough but a key. What you say here is remembered and counts more.
    Identities(Clusters),
    /// Show who works together: campaigns of identities that share servers, payloads or what they found
    Campaigns(Clusters),
    Reuse(Reuse),
    Timeline(Timeline),
    Top(Top),
    Incidents(Incidents),
    Incident(Incident),
    #[command(alias = "alert")]
    Alerts(Alerts),
    #[command(alias = "geoip")]
    Enrich(Enrich),
    Breadcrumbs(Breadcrumbs),
    Canary(Canaries),
    Sniffer(Sniffer),
    Capture(Packets),
    Probe(Probe),
    #[command(alias = "ttp")]
    Techniques(Techniques),
    Export(Export),
    Correlate(Correlate),
    Firedrill(Firedrill),
    Audit(Audit),
    Image(Images),
    Lab(Lab),
    Persona(Personas),
    Personas(People),
    Learn(Learn),
    Letters(Letters),
    Decky(Deckies),
    Mutate(Mutate),
    Mutations(Mutations),
    #[command(alias = "orchestrate")]
    Orchestrator(Orchestrator),
    Topology(Topologies),
    #[command(flatten)]
    House(House),
}

// The house itself: its settings, operators, database, workers and place in a swarm. No `///`: it would stand in the
// place of what the program is.
#[derive(Subcommand, Debug)]
enum House {
    Config(Config),
    User(Users),
    Token(Tokens),
    Operations(Operations),
    Db(db::Database),
    #[command(hide = true)]
    DbReset(db::Reset),
    Doctor(Doctor),
    Docs(Docs),
    Run(run::Run),
    Swarm(Swarm),
    Swarmctl(Swarmctl),
    Join(Join),
    Agent(Agent),
    Leave(Leave),
    Release(Releases),
    Worker(Workers),
    Log(Log),
    Init(Init),
    Deinit(Deinit),
    Backup(Backup),
    Restore(Restore),
    SupportBundle(SupportBundle),
    Version(Version),
    Man(Manual),
    Completions(Completions),
}

/// Runs the program.
pub fn main() -> ExitCode {
    // What is recorded is nobody else's: files 0640 and folders 0750, unless said otherwise.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o027));
    if let Some(code) = hidden::main() {
        return code;
    }
    // Before the command line is read, so that its help shows what there is on this host.
    let gated = Settings::load(Layer::new()).is_ok_and(|settings| mode::is_gated(&settings));
    let command = if gated { mode::without_masters(command()) } else { command() };
    let matches = match command.try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    let flags = flags(&matches);
    let settings = match Settings::load(flags.clone()) {
        Ok(settings) => settings,
        Err(bad) => {
            bad.iter().for_each(|bad| output::note(&format!("error: {bad}")));
            return ExitCode::from(USAGE);
        }
    };
    updater::enter(&settings, matches.subcommand_name());
    if let Some(verb) = matches.subcommand_name().filter(|verb| mode::is_masters(verb))
        && mode::is_gated(&settings)
    {
        output::note(&mode::refusal(verb, &settings));
        return ExitCode::FAILURE;
    }
    if let Err(error) = give_up(&matches, &settings) {
        return fail(&error);
    }
    // The demo's screen is for what is attacked.
    let quiet = matches.subcommand_name() == Some("demo") && crate::logs::is_usual(&settings);
    crate::logs::start(&settings, quiet);
    settings.strange().iter().for_each(|strange| output::note(&format!("warning: {strange}")));
    if let Some(code) = lab(&matches, &settings) {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(&matches, flags, settings)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Shows a help that was asked for, or what is wrong with the command line.
fn refuse(error: &clap::Error) -> ExitCode {
    // There is nobody to tell when that fails.
    let _ = error.print();
    if let Some(instead) = former::instead(error, &former::words()) {
        output::note(&instead);
    }
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Says why a command failed, mistakes of the operator one a line.
fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(bad) = error.downcast_ref::<BadInput>() {
        output::note(&bad.to_string());
        return ExitCode::from(USAGE);
    }
    if let Some(bad) = error.downcast_ref::<BadConditions>() {
        output::note(&bad.to_string());
        return ExitCode::from(USAGE);
    }
    // A worker that is started again finds the same.
    let of_settings =
        error.downcast_ref::<TlsError>().is_some() || error.downcast_ref::<OidcError>().is_some();
    if of_settings {
        output::note(&format!("error: {error:#}"));
        return ExitCode::from(USAGE);
    }
    // What there is to say was the result.
    if error.downcast_ref::<Unwell>().is_none() {
        output::note(&format!("error: {}", output::why(error)));
    }
    ExitCode::FAILURE
}

/// Gives up what a worker that runs alone in the foreground has no use for.
fn give_up(matches: &ArgMatches, settings: &Settings) -> Result<()> {
    let Some((name, inner)) = matches.subcommand() else { return Ok(()) };
    // `enrich` is a verb with verbs of its own, and the worker without one.
    let name = if name == "enrich" && inner.subcommand_name().is_none() { "enricher" } else { name };
    let Some(worker) = Worker::ALL.iter().find(|worker| worker.name() == name) else { return Ok(()) };
    // Who reads a file is no worker, and the file may be anywhere.
    let reads = inner.try_get_one::<PathBuf>("pcap").is_ok_and(|file| file.is_some());
    if reads || *worker == Worker::Orchestrator && inner.subcommand_name().is_some() {
        return Ok(());
    }
    if inner.try_get_one::<bool>("daemon").ok().flatten().copied().unwrap_or_default() {
        return Ok(());
    }
    house::give_up(&Context::new(settings.clone()), *worker)
}

/// Runs the verb `lab` if it is the one: before there are threads, because what it starts enters namespaces.
fn lab(matches: &ArgMatches, settings: &Settings) -> Option<ExitCode> {
    let (_, inner) = matches.subcommand().filter(|(name, _)| *name == "lab")?;
    let outcome = Lab::from_arg_matches(inner)
        .map_err(Into::into)
        .and_then(|lab| lab.run(&Context::new(settings.clone())));
    Some(outcome.unwrap_or_else(|error| {
        output::note(&format!("error: {}", output::why(&error)));
        ExitCode::FAILURE
    }))
}

/// The command line with a verb for each worker that has none of its own.
pub(crate) fn command() -> clap::Command {
    let mut command = Cli::command();
    for &worker in Worker::ALL {
        if command.find_subcommand(worker.name()).is_some() {
            continue;
        }
        // What the options say of themselves would stand in the place of what the worker does.
        let verb = run::Single::augment_args(clap::Command::new(worker.name()));
        // Of the worker `bus`, `--group` is that of its socket.
        let verb = if worker == Worker::Bus { verb } else { run::GroupOption::augment_args(verb) };
        let mut verb =
            serve::with_options(worker, verb).about(format!("{} (worker)", worker.about())).long_about(None);
        if let Some(alias) = worker.spec().alias {
            verb = verb.alias(alias);
        }
        command = command.subcommand(verb);
    }
    examples::explain(command)
}

/// Settings that the command line gives.
fn flags(matches: &ArgMatches) -> Layer {
    let mut layer = Layer::new();
    if let Ok(global) = Global::from_arg_matches(deepest(matches)) {
        if let Some(folder) = global.state_dir {
            layer.push((
                "DECNET_STATE_DIR".to_owned(),
                folder.display().to_string(),
                Origin::Flag("state-dir"),
            ));
        }
        if global.progress_lines {
            output::progress_as_lines();
        }
        if let Some(user) = global.asked_by {
            user::asked_by(user);
        }
        if let Some(level) = global.log_level {
            layer.push(("DECNET_LOG_LEVEL".to_owned(), level, Origin::Flag("log-level")));
        }
    }
    if let Some((name, inner)) = matches.subcommand()
        && (matches!(name, "run" | "agent") || name.parse::<Worker>().is_ok())
        && let Ok(Some(user)) = inner.try_get_one::<String>("user")
    {
        layer.push(("DECNET_USER".to_owned(), user.clone(), Origin::Flag("user")));
    }
    if let Some((name, inner)) = matches.subcommand()
        && name != Worker::Bus.name()
        && (name == "run" || name.parse::<Worker>().is_ok())
        && let Ok(Some(group)) = inner.try_get_one::<String>("group")
    {
        layer.push(("DECNET_GROUP".to_owned(), group.clone(), Origin::Flag("group")));
    }
    if let Some((name, inner)) = matches.subcommand()
        && let Ok(worker) = name.parse()
    {
        layer.extend(serve::settings(worker, inner));
    }
    layer
}

/// Global arguments are propagated to the innermost verb.
fn deepest(matches: &ArgMatches) -> &ArgMatches {
    let mut deepest = matches;
    while let Some((_, inner)) = deepest.subcommand() {
        deepest = inner;
    }
    deepest
}

async fn dispatch(matches: &ArgMatches, flags: Layer, settings: Settings) -> Result<()> {
    let context = Context::new(settings);
    if let Some((name, inner)) = matches.subcommand()
        && Cli::command().find_subcommand(name).is_none()
        && let Ok(worker) = name.parse::<Worker>()
    {
        return run::single(worker, run::Single::from_arg_matches(inner)?, &context).await;
    }
    match Cli::from_arg_matches(matches)?.verb {
        Verb::Demo(demo) => demo.run(flags).await,
        Verb::Deploy(deploy) => deploy.run(&context).await,
        Verb::Plan(deploy) => Deploy { dry_run: true, ..*deploy }.run(&context).await,
        Verb::Status(status) => status.run(&context).await,
        Verb::Teardown(teardown) => teardown.run(&context).await,
        Verb::Image(images) => images.run(&context).await,
        Verb::Reconcile(reconcile) => reconcile.run(&context).await,
        Verb::Redeploy(redeploy) => redeploy.run(&context).await,
        Verb::Services(services) => services.run(),
        Verb::Distros(listing) => inventory::distros(&listing),
        Verb::Archetypes(listing) => inventory::archetypes(&listing),
        Verb::Events(events) => events.run(&context).await,
        Verb::Sessions(sessions) => sessions.run(&context).await,
        Verb::Creds(creds) => creds.run(&context).await,
        Verb::Artifacts(artifacts) => artifacts.run(&context).await,
        Verb::Attackers(attackers) => attackers.run(&context).await,
        Verb::Identities(clusters) => clusters.run(Level::Identity, &context).await,
        Verb::Campaigns(clusters) => clusters.run(Level::Campaign, &context).await,
        Verb::Reuse(reuse) => reuse.run(&context).await,
        Verb::Timeline(timeline) => timeline.run(&context).await,
        Verb::Top(top) => top.run(&context).await,
        Verb::Incidents(incidents) => incidents.run(&context).await,
        Verb::Alerts(alerts) => alerts.run(&context).await,
        Verb::Enrich(enrich) => enrich.run(&context).await,
        Verb::Breadcrumbs(breadcrumbs) => breadcrumbs.run(&context).await,
        Verb::Canary(canary) => canary.run(&context).await,
        Verb::Sniffer(sniffer) => sniffer.run(&context).await,
        Verb::Capture(packets) => packets.run(&context).await,
        Verb::Probe(probe) => probe.run(&context).await,
        Verb::Techniques(techniques) => techniques.run(&context).await,
        Verb::Export(export) => export.run(&context).await,
        Verb::Incident(incident) => incident.run(&context).await,
        Verb::Correlate(correlate) => correlated(correlate, &context).await,
        Verb::Firedrill(drill) => drill.run(&context).await,
        Verb::Audit(audit) => audit.run(&context).await,
        // Done before there were threads.
        Verb::Lab(_) => Ok(()),
        Verb::Persona(persona) => persona.run(&context).await,
        Verb::Personas(people) => people.run(&context).await,
        Verb::Learn(learn) => learn.run(&context),
        Verb::Letters(letters) => letters.run(&context).await,
        Verb::Decky(decky) => decky.run(&context).await,
        Verb::Mutate(mutate) => mutate.run(&context).await,
        Verb::Mutations(mutations) => mutations.run(&context).await,
        Verb::Orchestrator(orchestrator) => orchestrator.run(&context).await,
        Verb::Topology(topology) => topology.run(&context).await,
        Verb::House(house) => dispatch_house(house, flags, &context).await,
    }
}

/// Runs a verb about the house itself.
async fn dispatch_house(verb: House, flags: Layer, context: &Context) -> Result<()> {
    match verb {
        House::Config(config) => config.run(context.settings()),
        House::User(user) => user.run(context).await,
        House::Token(token) => token.run(context).await,
        House::Operations(operations) => operations.run(context).await,
        House::Db(database) => database.run(context).await,
        House::DbReset(reset) => reset.run(context).await,
        House::Docs(docs) => docs.run(),
        House::Doctor(doctor) => doctor.run(context),
        House::Run(run) => run.run(context).await,
        House::Swarm(swarm) => swarm.run(context).await,
        House::Swarmctl(swarmctl) => swarmctl.run(context).await,
        House::Join(join) => join.run(context).await,
        House::Agent(agent) => agent.run(context).await,
        House::Leave(leave) => leave.run(context).await,
        House::Release(release) => release.run(context).await,
        House::Worker(worker) => worker.run(context).await,
        House::Log(log) => log.run(context),
        House::Init(init) => init.run(flags, context.settings()).await,
        House::Deinit(deinit) => deinit.run(context.settings()),
        House::Backup(backup) => backup.run(context).await,
        House::Restore(restore) => restore.run(context).await,
        House::SupportBundle(bundle) => bundle.run(context).await,
        House::Version(version) => {
            version.run();
            Ok(())
        }
        House::Man(manual) => manual.run(command()),
        House::Completions(completions) => completions.run(command()),
    }
}

/// Correlates a file, or runs the worker that correlates what is recorded.
async fn correlated(correlate: Correlate, context: &Context) -> Result<()> {
    match correlate.file.clone() {
        Some(file) => correlate.run(file),
        None => {
            let options = run::Single { daemon: correlate.daemon, user: None };
            run::single(Worker::Correlator, options, context).await
        }
    }
}

#[cfg(test)]
mod tests;
