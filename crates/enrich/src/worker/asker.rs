//! The side of the worker that asks providers, each by itself: one that is slow, limits or fails holds up no other.

use super::{AUTHORITIES, Configured, EnrichError, News, Settings, look::FEODO};
use crate::{
    gauge::Gauge,
    local::feodo,
    provider::{self, Provider, Subject, Unsaid},
    scope,
};
use decnet_model::{
    alert::{Addresses, Target},
    record::{AddressReputation, FileReputation, ProviderState, Reputation},
};
use decnet_outward::{Asked, Method, Place, ask, trust};
use decnet_pipeline::runtime::{Pass, Work, WorkerContext, chain, put};
use decnet_store::{Answered, Error as StoreError, Fence, Store};
use netsvc_wire::stamp::{Micros, now};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinSet;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions of a pass to one provider.
const SERIES: usize = 16;
/// Subjects that are looked at to find those.
const DUE: u32 = 256;
/// Subjects that a provider says nothing about which are remembered.
const REFUSED: usize = DUE as usize / 2;
/// Time between two looks for whom to ask about, where nothing is new.
const CALM: Micros = 60_000_000;
/// Time between two looks at a list.
const LIST_EVERY: Micros = 6 * provider::HOUR;
/// Most bytes of a list.
const LIST: usize = 8 << 20;
/// Most questions for a list in a day, failures and restarts included.
const LIST_PER_DAY: u64 = 12;
/// Name of the list's file in the folder.
const LIST_FILE: &str = "feodo-ipblocklist.json";

/// Asks those who are configured.
pub(super) struct Asker {
    store: Store,
    fence: Fence,
    asking: Vec<Asking>,
    list: Option<List>,
    never: Vec<Addresses>,
    news: News,
}

/// One provider that is asked.
struct Asking {
    provider: &'static dyn Provider,
    key: String,
    place: Place,
    gauge: Gauge,
    /// Subjects that it says nothing about, and until when it is not asked about them.
    refused: BTreeMap<String, Micros>,
    /// What was new when somebody was last looked for, and when that was; `None`: there were more.
    looked: Option<(u64, Micros)>,
}

/// The list of Feodo Tracker.
struct List {
    place: Place,
    gauge: Gauge,
    file: PathBuf,
}

impl Asker {
    /// Those who are configured; `None`: nobody is.
    pub(super) async fn open(
        store: Store,
        fence: Fence,
        settings: Settings,
        folder: &Path,
        news: News,
    ) -> Result<Option<Asker>, EnrichError> {
        let mut stored: BTreeMap<String, ProviderState> =
            store.provider_list().await?.into_iter().map(|state| (state.name.clone(), state)).collect();
        let mut asking = Vec::new();
        for configured in settings.providers {
            let stored = stored.remove(configured.name);
            asking.push(Asking::new(configured, stored, folder)?);
        }
        let list = match settings.feodo {
            None => None,
            Some(from) => Some(List {
                place: place(from.base.as_deref().unwrap_or("https://feodotracker.abuse.ch"), folder)?,
                gauge: Gauge::new(stored.remove(FEODO), FEODO, LIST_PER_DAY, 2),
                file: folder.join(LIST_FILE),
            }),
        };
        let here =
            asking.iter().map(|one| one.gauge.state()).chain(list.iter().map(|list| list.gauge.state()));
        for state in here {
            store.provider_put(&fence, state, None).await?;
        }
        for state in stored.into_values().filter(|state| state.per_day > 0) {
            store.provider_put(&fence, &ProviderState { per_day: 0, ..state }, None).await?;
        }
        let none = asking.is_empty() && list.is_none();
        Ok((!none).then_some(Asker { store, fence, asking, list, never: settings.never, news }))
    }

    /// Addresses that are ours.
    async fn own(&self) -> Result<BTreeSet<IpAddr>, StoreError> {
        let deckies = self.store.decky_list().await?;
        Ok(deckies.into_iter().filter_map(|decky| Some(decky.ip?.to_canonical())).collect())
    }

    /// Asks each provider what it may be asked, all at the same time.
    async fn ask(&mut self, context: &WorkerContext) -> Result<(), EnrichError> {
        if !self.asking.iter().any(|one| one.is_time(&self.news, now())) {
            return Ok(());
        }
        let may = Permitted { own: self.own().await?, never: self.never.clone() };
        let mut series = JoinSet::new();
        for mut asking in std::mem::take(&mut self.asking) {
            let subjects = asking.due(&self.store, &self.news, &may, now()).await?;
            let (store, fence, context) = (self.store.clone(), self.fence, context.clone());
            series.spawn(async move {
                let outcome = asking.series(&store, &fence, subjects, &context).await;
                (asking, outcome)
            });
        }
        while let Some(done) = series.join_next().await {
            let (asking, outcome) = done.map_err(|error| EnrichError::Provider(error.to_string()))?;
            outcome?;
            self.asking.push(asking);
        }
        Ok(())
    }
}

impl Pass for Asker {
    type Error = EnrichError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, EnrichError> {
        if context.is_stopping() {
            return Ok(Work::Done);
        }
        if let Some(list) = &mut self.list {
            list.fetch(&self.store, &self.fence).await?;
        }
        self.ask(context).await?;
        let states = self.asking.iter().map(|one| one.gauge.state());
        let trouble = states
            .chain(self.list.iter().map(|list| list.gauge.state()))
            .find(|state| !state.problem.is_empty())
            .map(|state| format!("{}: {}", state.name, state.problem));
        self.news.set_trouble(trouble);
        Ok(Work::Done)
    }
}

/// Whom outsiders may be asked about.
struct Permitted {
    own: BTreeSet<IpAddr>,
    never: Vec<Addresses>,
}

impl Permitted {
    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        scope::global(address)
            && !self.own.contains(&address)
            && !self.never.iter().any(|never| never.has(address))
    }
}

impl Asking {
    fn new(
        configured: Configured,
        stored: Option<ProviderState>,
        folder: &Path,
    ) -> Result<Self, EnrichError> {
        let unknown = || EnrichError::Provider(configured.name.to_owned());
        let provider = provider::named(configured.name).ok_or_else(unknown)?;
        let spec = provider.spec();
        let place = place(configured.base.as_deref().unwrap_or(spec.base), folder)?;
        let gauge = Gauge::new(stored, spec.name, configured.per_day, spec.per_minute);
        Ok(Asking { provider, key: configured.key, place, gauge, refused: BTreeMap::new(), looked: None })
    }

    /// Whether it is time to look for whom to ask about.
    fn is_time(&self, news: &News, now: Micros) -> bool {
        let calm = self.looked.is_some_and(|(count, at)| count == news.count() && now < at + CALM);
        !calm && self.gauge.may(now)
    }

    /// Whom to ask about now.
    async fn due(
        &mut self,
        store: &Store,
        news: &News,
        may: &Permitted,
        now: Micros,
    ) -> Result<Vec<String>, StoreError> {
        self.refused.retain(|_, until| now < *until);
        if !self.is_time(news, now) {
            return Ok(Vec::new());
        }
        let count = news.count();
        let name = self.provider.spec().name;
        let found: Vec<String> = match self.provider.spec().subject {
            Subject::Files => store.file_reputation_due(name, now, DUE).await?,
            Subject::Addresses => {
                let addresses = store.reputation_due(name, scope::GLOBAL, now, DUE).await?;
                let permitted = addresses.into_iter().filter(|address| may.has(*address));
                permitted.map(|address| address.to_canonical().to_string()).collect()
            }
        };
        let mut subjects: Vec<String> =
            found.into_iter().filter(|subject| !self.refused.contains_key(subject)).collect();
        self.looked = (subjects.len() <= SERIES).then_some((count, now));
        subjects.truncate(SERIES);
        Ok(subjects)
    }

    /// Asks one after another until the budget is used up or something goes wrong.
    async fn series(
        &mut self,
        store: &Store,
        fence: &Fence,
        subjects: Vec<String>,
        context: &WorkerContext,
    ) -> Result<(), StoreError> {
        for subject in subjects {
            if context.is_stopping() || !self.gauge.may(now()) {
                // Who was not asked about is due still.
                self.looked = None;
                return Ok(());
            }
            self.gauge.asked(now());
            store.provider_put(fence, self.gauge.state(), None).await?;
            let asked = self.provider.asked(&subject, &self.key);
            let spec = self.provider.spec();
            let mut stopping = context.clone();
            let (answer, wish) = tokio::select! {
                () = stopping.stopped() => return Ok(()),
                said = question(&self.place, &asked, spec.answer) => said,
            };
            let meant =
                answer.and_then(|(status, body)| provider::meaning(self.provider, &subject, status, &body));
            let (at, mut row) = (now(), None);
            match meant {
                Ok(said) => {
                    self.gauge.answered();
                    row = answered(spec, &subject, said, at);
                }
                Err(why) => {
                    self.gauge.unsaid(&why, wish, at);
                    tracing::debug!(provider = spec.name, ?why, "a provider says nothing");
                    if matches!(why, Unsaid::Subject(_)) && self.refused.len() < REFUSED {
                        self.refused.insert(subject, at.saturating_add(spec.fresh));
                    }
                }
            }
            store.provider_put(fence, self.gauge.state(), row.as_ref()).await?;
        }
        Ok(())
    }
}

/// An answer as it is stored.
fn answered(spec: &provider::Spec, subject: &str, said: provider::Said, at: Micros) -> Option<Answered> {
    let knows = said.verdict != decnet_model::record::Verdict::Unknown;
    let expires_at = at.saturating_add(if knows { spec.fresh } else { spec.unknown });
    let provider::Said { verdict, score, reason } = said;
    let reputation = Reputation { verdict, score, reason, at, expires_at };
    let provider = spec.name.to_owned();
    Some(match spec.subject {
        Subject::Files => Answered::File(FileReputation { sha256: subject.to_owned(), provider, reputation }),
        Subject::Addresses => {
            Answered::Address(AddressReputation { src_ip: subject.parse().ok()?, provider, reputation })
        }
    })
}

/// Asks, and says status and body of the answer, and for how many seconds not to ask again.
async fn question(
    place: &Place,
    asked: &Asked,
    most: usize,
) -> (Result<(u16, Vec<u8>), Unsaid>, Option<u64>) {
    match ask(place, asked, most, PATIENCE).await {
        Ok(answer) => (Ok((answer.status, answer.body)), answer.retry_after),
        Err(error) => (Err(Unsaid::Failed(chain(&error))), None),
    }
}

/// A place such as `https://host` or `http://host:port`.
fn place(base: &str, folder: &Path) -> Result<Place, EnrichError> {
    let bad = || EnrichError::Provider(base.to_owned());
    let Ok(Target::Web { tls, host, port, path }) = base.parse() else { return Err(bad()) };
    if path != "/" {
        return Err(bad());
    }
    let trusted = || trust::config(&folder.join(AUTHORITIES)).map_err(EnrichError::Trust);
    Ok(Place { tls: tls.then(trusted).transpose()?, host, port })
}

impl List {
    /// Fetches the list when it is time, and puts it into the folder when it is another one.
    async fn fetch(&mut self, store: &Store, fence: &Fence) -> Result<(), EnrichError> {
        let now = now();
        let state = self.gauge.state();
        let fresh = state.problem.is_empty() && state.answers > 0 && now < state.asked_at + LIST_EVERY;
        if (fresh && self.file.exists()) || !self.gauge.may(now) {
            return Ok(());
        }
        self.gauge.asked(now);
        store.provider_put(fence, self.gauge.state(), None).await?;
        let path = "/downloads/ipblocklist.json".to_owned();
        let asked = Asked { method: Method::Get, path, headers: Vec::new(), body: Vec::new() };
        let (answer, wish) = question(&self.place, &asked, LIST).await;
        let kept = match answer {
            Ok((200, body)) => self.keep(&body),
            Ok((429, _)) => Err(Unsaid::Limited),
            Ok((status, _)) => Err(Unsaid::Failed(format!("HTTP {status}"))),
            Err(why) => Err(why),
        };
        match kept {
            Ok(()) => self.gauge.answered(),
            Err(why) => self.gauge.unsaid(&why, wish, netsvc_wire::stamp::now()),
        }
        store.provider_put(fence, self.gauge.state(), None).await?;
        Ok(())
    }

    fn keep(&self, body: &[u8]) -> Result<(), Unsaid> {
        let tally = feodo::read(body, &mut feodo::Listed::new());
        if !tally.problem.is_empty() {
            return Err(Unsaid::Failed(format!("the list is not as expected: {}", tally.problem)));
        }
        if fs_err::read(&self.file).is_ok_and(|kept| kept == body) {
            return Ok(());
        }
        put(&self.file, body).map_err(|error| Unsaid::Failed(format!("it cannot be written down: {error}")))
    }
}
