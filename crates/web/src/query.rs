//! Conditions and pages in the query of a request: a list takes what its row of the table of conditions says,
//! and refuses the rest.

use crate::{ApiState, FieldError, Problem};
use axum::extract::{Query, rejection::QueryRejection};
use decnet_model::nearest;
use decnet_shape::{
    Event, EventForm,
    condition::{self, Condition, Noun},
};
use decnet_store::record::{Filter, Page};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use std::marker::PhantomData;
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// Rows of a page when the request does not say.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 500;

/// The query of a request as it came.
pub(crate) type Given = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// How a list is read: its conditions, and whether it has pages.
pub(crate) trait Listed {
    /// The list.
    const NOUN: Noun;
    /// Parameters beside the conditions: name, whether it is a number, meaning.
    const MORE: &'static [(&'static str, &'static str)] = PAGE;
    /// Parameters that are texts.
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
}

const PAGE: &[(&str, &str)] = &[
    ("before", "Rows older than this id, newest first."),
    ("after", "Rows newer than this id, oldest first."),
    (LIMIT, "Rows of the page: 1 to 500, 50 by default."),
];

/// The parameter that says how many rows a page has.
const LIMIT: &str = "limit";
/// The parameter that says how an export looks.
const FORMAT: &str = "format";
/// The parameter that says what a stream tells of.
const TOPICS: &str = "topics";

macro_rules! listed {
    ($($name:ident $($more:expr)? $(, $texts:expr)?;)+) => {
        $(
            #[derive(Debug)]
            pub(crate) struct $name;

            impl Listed for $name {
                const NOUN: Noun = Noun::$name;
                $(const MORE: &'static [(&'static str, &'static str)] = $more;)?
                $(const TEXTS: &'static [(&'static str, &'static str)] = $texts;)?
            }
        )+
    };
}

listed! {
    Events;
    Sessions;
    Credentials;
    Artifacts;
    Sightings;
    Attackers;
    Traversals;
    Incidents;
    Mutations;
    Export &[("after", "Events after this id.")],
        &[(FORMAT, "How lines look: json, csv or ecs (Elastic Common Schema). Without it, json.")];
    Stream &[("after", "Events after this id, as the header `Last-Event-ID`, which wins.")],
        &[(TOPICS, "What is told, comma-separated: events, incidents. Without it, events.")];
}

/// The parameters of a list, for the document.
pub(crate) struct Of<N>(PhantomData<N>);

impl<N: Listed> IntoParams for Of<N> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let conditions = N::NOUN.conditions().iter().map(|condition| {
            let spec = condition.spec();
            let kind = if spec.value.is_some() { Type::String } else { Type::Boolean };
            let schema = ObjectBuilder::new().schema_type(kind).enum_values(condition.words());
            parameter(spec.parameter, &format!("{}.", spec.about), schema)
        });
        let numbers = N::MORE.iter().map(|(name, about)| {
            let schema = ObjectBuilder::new().schema_type(Type::Integer);
            let limit = *name == LIMIT;
            let schema = if limit { schema.minimum(Some(1)).maximum(Some(MAX_LIMIT)) } else { schema };
            parameter(name, about, schema)
        });
        let texts = N::TEXTS
            .iter()
            .map(|(name, about)| parameter(name, about, ObjectBuilder::new().schema_type(Type::String)));
        conditions.chain(numbers).chain(texts).collect()
    }
}

fn parameter(name: &str, about: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

/// A query taken apart.
struct Parts {
    conditions: Vec<(Condition, String)>,
    numbers: Vec<(&'static str, i64)>,
    texts: Vec<(&'static str, String)>,
    errors: Vec<FieldError>,
}

impl Parts {
    fn of<N: Listed>(given: Given) -> Result<Parts, Problem> {
        let Query(pairs) = given?;
        let mut parts =
            Parts { conditions: Vec::new(), numbers: Vec::new(), texts: Vec::new(), errors: Vec::new() };
        for (name, value) in pairs {
            parts.take::<N>(&name, value);
        }
        Ok(parts)
    }

    fn take<N: Listed>(&mut self, name: &str, value: String) {
        let conditions = N::NOUN.conditions();
        let condition = conditions.iter().find(|condition| condition.spec().parameter == name);
        let more = N::MORE.iter().find(|(known, _)| *known == name);
        if let Some((name, _)) = N::TEXTS.iter().find(|(known, _)| *known == name) {
            return self.texts.push((*name, value));
        }
        let known = self.conditions.iter().any(|(known, _)| Some(known) == condition)
            || self.numbers.iter().any(|(known, _)| *known == name);
        match (condition, more) {
            _ if known => self.wrong(name, "given twice".to_owned()),
            (Some(condition), _) => self.conditions.push((*condition, value)),
            (None, Some((name, _))) => match value.parse() {
                Ok(number) => self.numbers.push((*name, number)),
                Err(_) => self.wrong(name, "not a number".to_owned()),
            },
            (None, None) => {
                let names = conditions.iter().map(|condition| condition.spec().parameter);
                let names = names.chain(N::MORE.iter().chain(N::TEXTS).map(|(name, _)| *name));
                self.wrong(name, format!("not a parameter of this list{}", nearest::hint(name, names)));
            }
        }
    }

    fn wrong(&mut self, field: &str, message: String) {
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }

    /// The filter meant; asks the store which names there are.
    async fn filter(&mut self, state: &ApiState) -> Result<Filter, Problem> {
        let session = self.conditions.iter().find(|(condition, _)| *condition == Condition::Session);
        let known = state.store().known(session.map(|(_, id)| id.as_str())).await?;
        match condition::filter(&self.conditions, &known, now()) {
            Ok(filter) => Ok(filter),
            Err(wrong) => {
                for wrong in wrong {
                    self.wrong(wrong.condition.spec().parameter, wrong.message);
                }
                Ok(Filter::default())
            }
        }
    }

    fn page(&mut self) -> Page {
        let limit = match self.number(LIMIT) {
            None => DEFAULT_LIMIT,
            Some(limit) => u32::try_from(limit).unwrap_or(0),
        };
        if !(1..=MAX_LIMIT).contains(&limit) {
            self.wrong(LIMIT, format!("not 1 to {MAX_LIMIT}"));
        }
        match (self.number("before"), self.number("after")) {
            (None, None) => Page::newest(limit),
            (Some(before), None) => Page::before(before, limit),
            (None, Some(after)) => Page::after(after, limit),
            (Some(_), Some(_)) => {
                self.wrong("after", "before and after exclude each other".to_owned());
                Page::newest(limit)
            }
        }
    }

    fn checked<T>(self, value: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(value) } else { Err(Problem::Invalid(self.errors)) }
    }
}

/// The filter and page of a list that were meant, or everything that is wrong.
pub(crate) async fn read<N: Listed>(given: Given, state: &ApiState) -> Result<(Filter, Page), Problem> {
    let mut parts = Parts::of::<N>(given)?;
    let filter = parts.filter(state).await?;
    let page = parts.page();
    parts.checked((filter, page))
}

/// The filter of an export, the id after which it begins, and how it looks; or everything that is wrong.
pub(crate) async fn read_from(given: Given, state: &ApiState) -> Result<(Filter, i64, EventForm), Problem> {
    let mut parts = Parts::of::<Export>(given)?;
    let filter = parts.filter(state).await?;
    let after = parts.number("after").unwrap_or(0);
    let mut form = EventForm::Json;
    for (_, name) in std::mem::take(&mut parts.texts) {
        match EventForm::named(&name) {
            Some(named) => form = named,
            None => parts.wrong(FORMAT, format!("no form is called {name:?}; there are: json, csv, ecs")),
        }
    }
    parts.checked((filter, after, form))
}

/// Which events of a stream are wanted.
#[derive(Debug)]
pub(crate) struct StreamQuery {
    filter: Filter,
    after: Option<i64>,
    events: bool,
    incidents: bool,
}

impl StreamQuery {
    /// What was meant, or everything that is wrong.
    pub(crate) async fn read(given: Given, state: &ApiState) -> Result<Self, Problem> {
        let mut parts = Parts::of::<Stream>(given)?;
        let filter = parts.filter(state).await?;
        let after = parts.number("after");
        let (mut events, mut incidents) = (parts.texts.is_empty(), false);
        for (_, topics) in std::mem::take(&mut parts.texts) {
            for topic in topics.split(',') {
                match topic.trim() {
                    "events" => events = true,
                    "incidents" => incidents = true,
                    other => parts
                        .wrong(TOPICS, format!("no topic is called {other:?}; there are: events, incidents")),
                }
            }
        }
        parts.checked(StreamQuery { filter, after, events, incidents })
    }

    pub(crate) fn wants_incidents(&self) -> bool {
        self.incidents
    }

    pub(crate) fn after(&self) -> Option<i64> {
        self.after
    }

    pub(crate) fn wants(&self, event: &Event) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|text| text == found);
        self.events
            && fits(&self.filter.node, &event.decky)
            && fits(&self.filter.service, &event.service)
            && fits(&self.filter.kind, &event.kind)
            && !(self.filter.without_probes && event.probe)
    }
}

/// The query of a list that has pages and no conditions, as it came.
pub(crate) type Paged = Result<Query<Paging>, QueryRejection>;

/// A page of a list without conditions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Rows older than this id, newest first.
    before: Option<i64>,
    /// Rows newer than this id, oldest first.
    after: Option<i64>,
    /// Rows of the page: 1 to 500, 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Paging {
    /// The page that was meant.
    pub(crate) fn read(query: Paged) -> Result<Page, Problem> {
        let Query(Paging { before, after, limit }) = query?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::field("limit", format!("not 1 to {MAX_LIMIT}")));
        }
        match (before, after) {
            (None, None) => Ok(Page::newest(limit)),
            (Some(before), None) => Ok(Page::before(before, limit)),
            (None, Some(after)) => Ok(Page::after(after, limit)),
            (Some(_), Some(_)) => Err(Problem::field("after", "before and after exclude each other")),
        }
    }
}
