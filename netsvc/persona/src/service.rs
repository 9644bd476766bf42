//! What a service declares of itself: the catalogue, as `describe` prints it, a JSON list of [`ServiceInfo`].

use crate::{
    exchange::{Bytes, Exchange},
    stage::{PortSpec, Transport},
};
use serde::{Deserialize, Serialize};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// Slug.
    pub slug: String,
    /// What it is, in a few words.
    pub about: String,
    /// Ports that it serves by default.
    pub ports: Vec<PortSpec>,
    /// Settings it takes.
    pub settings: Vec<SettingInfo>,
    /// What it shows on which system; a system that none of them names does not run it. Of one system, releases of
    /// one product stand in the order of their age.
    pub products: Vec<ProductInfo>,
    /// Kinds of events that it writes, besides those of every connection.
    #[serde(default)]
    pub records: Vec<String>,
    /// What the real server does and this one does not.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Whether its logins end at a command line.
    pub command_line: bool,
    /// What shows who the host is, beyond TLS.
    pub look: Look,
    /// Command line of the client that people use, with `{ip}` and `{port}`.
    pub client: String,
    /// The first exchange over each transport of its ports that are plain.
    pub exchanges: Vec<Exchange>,
    /// A login that is refused, with a nonce in its password; none: nobody logs in, or only by a library.
    pub login: Option<Exchange>,
    /// What a visitor who means no good says, piece by piece, whatever is answered.
    pub visit: Vec<Bytes>,
    /// Ports that speak a protocol of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Apart>,
}

/// A port of a service that speaks another protocol than its first one over that transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// Port.
    pub port: u16,
    /// The first exchange there.
    pub exchange: Exchange,
    /// What a visitor who means no good says there.
    pub visit: Vec<Bytes>,
}

/// A setting of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingInfo {
    /// Key.
    pub key: String,
    /// `text`, `bool`, `int`, `enum`, `secret`.
    pub kind: String,
    /// Default; empty: from the persona.
    pub default: String,
    /// `LOW..HIGH` of an int, values of an enum separated by `|`, empty otherwise.
    pub range: String,
    /// What it does.
    pub help: String,
    /// Where it cannot be what it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

/// Where a setting cannot be honoured: all that it names has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Values that are refused; none named: every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Systems on which they are, as products name theirs; none named: every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    /// Another setting of the service, and the values of it beside which they are; an empty value: it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<(String, Vec<String>)>,
    /// Why, as the end of a sentence.
    pub because: String,
    /// What to do instead.
    pub remedy: String,
}

impl Limit {
    /// Whether `value` is refused on `system`, where `of` tells what the other settings of the service are.
    pub fn refuses<'a>(&self, value: &str, system: &str, of: impl Fn(&str) -> &'a str) -> bool {
        let named =
            |list: &[String], is: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|one| is(one));
        let beside = self.beside.as_ref().is_none_or(|(key, values)| values.iter().any(|one| one == of(key)));
        beside && named(&self.values, &|one| one == value) && named(&self.systems, &|one| suits(one, system))
    }
}

/// A product that a service shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductInfo {
    /// Ids of the systems that it is found on; `windows*` stands for all that begin so.
    pub systems: Vec<String>,
    /// How often it is found there, relative to the others; 0: it is known, and drawn no more.
    pub weight: u32,
    /// Name.
    pub name: String,
    /// Upstream version.
    pub version: String,
    /// What the packager added.
    pub packaging: String,
    /// Ports of the service that it has; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Makers of the machines that have it, as hardware names them; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makers: Vec<String>,
}

/// What shows who a host is when a service of it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Nothing that is looked at.
    Nothing,
    /// The version, the algorithms and the host keys of an SSH server.
    Ssh,
    /// The headers of a web server.
    Http,
}

impl ProductInfo {
    /// Whether it is found on `system`.
    pub fn is_on(&self, system: &str) -> bool {
        self.systems.iter().any(|pattern| suits(pattern, system))
    }

    /// Whether machines of `maker` have it.
    pub fn is_of(&self, maker: &str) -> bool {
        self.makers.is_empty() || self.makers.iter().any(|known| known == maker)
    }
}

/// Whether `pattern` stands for `system`: its id, or the beginning of ids and `*`.
pub(crate) fn suits(pattern: &str, system: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => system.starts_with(start),
        None => pattern == system,
    }
}

impl ServiceInfo {
    /// What it shows on `system`.
    pub fn products_on<'a>(&'a self, system: &'a str) -> impl Iterator<Item = &'a ProductInfo> + Clone {
        self.products.iter().filter(move |product| product.is_on(system))
    }

    /// Its ports on `system`: those that its products there have.
    pub fn ports_on<'a>(&'a self, system: &'a str) -> impl Iterator<Item = &'a PortSpec> {
        let has =
            move |product: &ProductInfo, port: u16| product.ports.is_empty() || product.ports.contains(&port);
        // Where it shows nothing, nothing is left out.
        let any = self.products_on(system).next().is_some();
        self.ports
            .iter()
            .filter(move |port| !any || self.products_on(system).any(|product| has(product, port.port)))
    }

    /// The first exchange at `port`.
    pub fn exchange_at(&self, port: &PortSpec) -> Option<&Exchange> {
        match self.apart(port) {
            Some(apart) => Some(&apart.exchange),
            None => self.exchange(port.transport),
        }
    }

    /// What a visitor who means no good says at `port`.
    pub fn visit_at(&self, port: &PortSpec) -> &[Bytes] {
        self.apart(port).map_or(&self.visit, |apart| &apart.visit)
    }

    fn apart(&self, port: &PortSpec) -> Option<&Apart> {
        self.apart.iter().find(|apart| apart.port == port.port && apart.exchange.transport == port.transport)
    }

    /// The first exchange over `transport`, on ports that do not speak another protocol.
    pub fn exchange(&self, transport: Transport) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.transport == transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_on_the_systems_that_its_patterns_name() {
        let systems = ["windows*", "debian12"].map(str::to_owned).to_vec();
        let text = String::new;
        let product = ProductInfo {
            systems,
            weight: 1,
            name: text(),
            version: text(),
            packaging: text(),
            ports: Vec::new(),
            makers: Vec::new(),
        };
        for (system, on) in [("windows7", true), ("debian12", true), ("debian11", false), ("arch", false)] {
            assert_eq!(product.is_on(system), on, "{system}");
        }
    }

    #[test]
    fn a_limit_holds_where_all_that_it_names_does() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let limit = Limit {
            systems: list(&["windows*"]),
            beside: Some(("app".to_owned(), list(&["", "iis"]))),
            ..Limit::default()
        };
        let check = |system, app: &'static str| limit.refuses("x", system, |_| app);
        assert!(check("windows10", "") && check("windows10", "iis"));
        assert!(!check("windows10", "tomcat") && !check("debian12", ""));
        let named = Limit { values: list(&["a"]), ..Limit::default() };
        assert!(named.refuses("a", "arch", |_| "") && !named.refuses("b", "arch", |_| ""));
    }
}
