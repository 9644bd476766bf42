//! Searches: begun with their event, and gone on with as answers go out.

use super::{
    super::{
        active::root,
        dn,
        message::{Message, Operation, Search},
        reply::{Outcome, PAGES, shown},
        server::{Changes, Manner, Server},
        technique,
    },
    Session,
};
use netsvc_daemon::ber::{Reader, SEQUENCE};
use netsvc_kit::{Host, Link, Out};
use netsvc_wire::{Kind, field};

/// Entries of one search without pages (`sizelimit` of slapd, MaxPageSize of Active Directory).
const MOST_OPEN: usize = 500;
const MOST_ACTIVE: usize = 1000;
/// Tests of entries that one search may cost.
const WORK: usize = 3_000_000;
/// Attributes of a search that its event names.
const NAMED: usize = 40;

/// A search that is under way.
#[derive(Debug)]
pub(super) struct Running {
    id: i64,
    search: Search,
    base: String,
    /// Where it goes on.
    place: usize,
    /// Entries that may still be sent.
    left: usize,
    /// Entries of this page, where there are pages.
    page: Option<usize>,
    /// Other places that are told at its end.
    references: Vec<String>,
}

impl Running {
    /// Begins the search that `message` asks for; `None` when it is over already.
    pub(super) fn begin(session: &Session, message: Message, out: &mut Out) -> Option<Running> {
        let page = message.control(PAGES).and_then(|control| page(&control.value));
        let domain_only = message.control("1.2.840.113556.1.4.1339").is_some();
        let Operation::Search(search) = message.operation else { return None };
        record(&search, out);
        let (server, id) = (&session.server, message.id);
        let done = |outcome: &Outcome, out: &mut Out| -> Option<Running> {
            out.send(server.scribe.done(id, outcome, None));
            None
        };
        let base = String::from_utf8_lossy(&search.base).into_owned();
        let Some(base) = dn::normal(&base) else { return done(&server.bad_name(&search.base), out) };
        if !(0..=3).contains(&search.scope) {
            return done(&Outcome::new(2, "invalid scope"), out);
        }
        if base.is_empty() && search.scope == 0 {
            let own = server.root(&session.host);
            if search.filter.is_met(&own) {
                let attributes = shown(&own, &search.attributes);
                out.send(server.scribe.entry(id, "", &attributes, search.names_only));
            }
            return done(&Outcome::success(), out);
        }
        if let Manner::Active(release) = server.manner {
            if session.identity.told.is_empty() {
                return done(&release.not_bound(), out);
            }
            if !dn::is_below(&base, &dn::normal(&server.base).unwrap_or_default()) && !base.is_empty() {
                return done(&release.elsewhere(&base), out);
            }
        }
        let changes = Server::changes(&session.host, &session.link);
        let changes = changes.lock();
        let Some(entry) = server.find(&changes, &base) else {
            return done(&server.no_entry(&changes, &base), out);
        };
        let all = server.tree.len() + changes.added();
        if WORK < search.filter.cost().saturating_mul(all) {
            return done(&Outcome::new(11, ""), out);
        }
        let references = match server.manner {
            Manner::Active(_) if search.scope == 2 && !domain_only => {
                root::references(&server.base, &server.organisation.domain, entry.context, &base)
            }
            _ => Vec::new(),
        };
        let most = if matches!(server.manner, Manner::Open) { MOST_OPEN } else { MOST_ACTIVE };
        let (size, place) = page.unwrap_or((usize::MAX, 0));
        let limit = if search.most == 0 { usize::MAX } else { search.most };
        let left = if page.is_some() { limit } else { limit.min(most) };
        let page = page.map(|_| size.min(most));
        Some(Running { id, search, base, place, left, page, references })
    }

    /// Sends what there is, until there is enough to send; `None` when it is over.
    pub(super) fn go_on(
        mut self,
        server: &Server,
        host: &Host,
        link: &Link,
        out: &mut Out,
    ) -> Option<Running> {
        let changes = Server::changes(host, link);
        let changes = changes.lock();
        let all = server.tree.len() + changes.added();
        let mut cookie = self.page.map(|_| Vec::new());
        let mut outcome = Outcome::success();
        while self.place < all {
            if out.full() {
                return Some(self);
            }
            let place = self.place;
            if self.found(server, &changes, place) {
                if self.page == Some(0) {
                    cookie = Some((place as u64).to_le_bytes().to_vec());
                    break;
                }
                if self.left == 0 {
                    outcome = Outcome::new(4, "");
                    break;
                }
                self.send(server, &changes, place, out);
            }
            self.place += 1;
        }
        if outcome.code == 0 && cookie.as_ref().is_none_or(Vec::is_empty) {
            for place in &self.references {
                out.send(server.scribe.reference(self.id, place));
            }
        }
        out.send(server.scribe.done(self.id, &outcome, cookie.as_deref()));
        None
    }

    /// Whether the entry at `place` is searched for.
    fn found(&self, server: &Server, changes: &Changes, place: usize) -> bool {
        let Some(entry) = changes.at(&server.tree, place) else { return false };
        let within = match self.search.scope {
            0 => entry.key == self.base,
            1 => dn::parent(&entry.key) == self.base && entry.key != self.base,
            scope => dn::is_below(&entry.key, &self.base) && (scope == 2 || entry.key != self.base),
        };
        let context = || {
            let base = server.find(changes, &self.base).map(|base| base.context);
            base.is_none_or(|context| context == entry.context)
        };
        within && context() && self.search.filter.is_met(entry)
    }

    fn send(&mut self, server: &Server, changes: &Changes, place: usize, out: &mut Out) {
        let Some(entry) = changes.at(&server.tree, place) else { return };
        let bare = matches!(self.search.attributes.as_slice(), [only] if only == "1.1");
        let attributes = if bare { Vec::new() } else { shown(entry, &self.search.attributes) };
        out.send(server.scribe.entry(self.id, &entry.name, &attributes, self.search.names_only));
        self.left = self.left.saturating_sub(1);
        self.page = self.page.map(|left| left.saturating_sub(1));
    }
}

/// The size of a page and where it begins (RFC 2696).
fn page(value: &[u8]) -> Option<(usize, usize)> {
    let mut inside = Reader::new(value).inside(SEQUENCE).ok()?;
    let size = usize::try_from(inside.integer().ok()?).ok()?;
    let cookie = inside.text().ok()?;
    let place = <[u8; 8]>::try_from(cookie).map_or(0, u64::from_le_bytes);
    Some((size, usize::try_from(place).unwrap_or(usize::MAX)))
}

/// Writes a search down, and the technique that it shows.
fn record(search: &Search, out: &mut Out) {
    let base = String::from_utf8_lossy(&search.base).into_owned();
    let named: Vec<&str> = search.attributes.iter().take(NAMED).map(String::as_str).collect();
    let more = if NAMED < search.attributes.len() { ",…" } else { "" };
    let query = format!("{} {} {}{more}", search.scope_name(), search.filter.text, named.join(","));
    let query = query.trim_end().as_bytes().to_vec();
    if let Some(technique) = technique::of(search) {
        let fields = vec![(field::TECHNIQUE, technique.as_bytes().to_vec()), (field::DATA, query.clone())];
        out.record(Kind::ExploitAttempt, fields);
    }
    out.record(Kind::Query, vec![(field::QUERY, query), (field::DATABASE, base.into_bytes())]);
}
