//! Conditions and pages in the query of a request.

use crate::{FieldError, Problem};
use decnet_store::record::{Filter, Page};
use netsvc_wire::{Class, stamp};
use serde::Deserialize;
use utoipa::IntoParams;

/// Rows of a page when the request does not say.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 500;
/// Longest text searched for.
const TEXT_LIMIT: usize = 256;

/// Conditions, all of which must hold, and the page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Name of a decky.
    decky: Option<String>,
    /// Service.
    service: Option<String>,
    /// Kind of event.
    kind: Option<String>,
    /// Address of the peer.
    src_ip: Option<String>,
    /// Session id.
    session: Option<String>,
    /// At or after this time, RFC 3339.
    since: Option<String>,
    /// Before this time, RFC 3339.
    until: Option<String>,
    /// Text inside any field as shown; events only.
    q: Option<String>,
    /// At least this class: noise, scan, interaction, evidence; events only.
    class: Option<String>,
    /// Rows older than this id, newest first.
    before: Option<i64>,
    /// Rows newer than this id, oldest first.
    after: Option<i64>,
    /// Rows of the page: 1 to 500, 50 by default.
    limit: Option<u32>,
}

impl ListQuery {
    /// The filter and page meant, or everything that is wrong.
    pub(crate) fn parse(self) -> Result<(Filter, Page), Problem> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: &str| {
            errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        };
        let src_ip =
            self.src_ip.and_then(|text| text.parse().map_err(|_| wrong("src_ip", "not an address")).ok());
        let mut time = |field: &str, text: Option<String>| {
            text.and_then(|text| {
                let parsed = stamp::parse(&text);
                if parsed.is_none() {
                    wrong(field, "not a time in RFC 3339");
                }
                parsed
            })
        };
        let (since, until) = (time("since", self.since), time("until", self.until));
        let class = self.class.and_then(|name| {
            let found = class_named(&name);
            if found.is_none() {
                wrong("class", "not noise, scan, interaction or evidence");
            }
            found
        });
        if self.q.as_ref().is_some_and(|text| text.len() > TEXT_LIMIT) {
            wrong("q", "longer than 256 bytes");
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            wrong("limit", "not 1 to 500");
        }
        let page = match (self.before, self.after) {
            (None, None) => Page::newest(limit),
            (Some(before), None) => Page::before(before, limit),
            (None, Some(after)) => Page::after(after, limit),
            (Some(_), Some(_)) => {
                wrong("after", "before and after exclude each other");
                Page::newest(limit)
            }
        };
        if !errors.is_empty() {
            return Err(Problem::Invalid(errors));
        }
        let filter = Filter {
            node: self.decky,
            service: self.service,
            kind: self.kind,
            src_ip,
            session: self.session,
            since,
            until,
            text: self.q,
            class,
        };
        Ok((filter, page))
    }
}

fn class_named(name: &str) -> Option<Class> {
    [Class::Noise, Class::Scan, Class::Interaction, Class::Evidence]
        .into_iter()
        .find(|class| crate::shape::class_name(*class) == name)
}

/// Which events are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Name of a decky.
    decky: Option<String>,
    /// Service.
    service: Option<String>,
    /// Kind of event.
    kind: Option<String>,
    /// Events after this id, as the header `Last-Event-ID`, which wins.
    after: Option<i64>,
}

impl StreamQuery {
    pub(crate) fn after(&self) -> Option<i64> {
        self.after
    }

    pub(crate) fn wants(&self, event: &crate::shape::Event) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|text| text == found);
        fits(&self.decky, &event.decky)
            && fits(&self.service, &event.service)
            && fits(&self.kind, &event.kind)
    }
}
