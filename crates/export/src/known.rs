//! What is told of one address and of one payload, and what follows of it for whoever is told.

use crate::standing::Standing;
use decnet_model::{
    export::Wanted,
    record::{AddressSeen, Artefact, Cluster, IncidentView, Phase, Showed, Tried},
};
use decnet_shape::TechniqueRule;
use netsvc_wire::stamp::Micros;
use std::{collections::BTreeMap, net::IpAddr};

/// An address and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// When it was seen, and what it is like.
    pub seen: AddressSeen,
    /// What it is to us: anybody's, or not routed; nothing is told of others.
    pub standing: Standing,
    /// The identity behind it, where that has several addresses.
    pub identity: Option<Cluster>,
    /// The campaign behind it, where that has several identities.
    pub campaign: Option<Cluster>,
    /// Techniques that it showed, by id.
    pub showed: Vec<Showed>,
    /// Login names that it offered, those most often offered first; with secrets where they were asked for.
    pub tried: Vec<Tried>,
}

/// How sure it is that somebody at an address attacked, 0 to 100. What a scan consists of can be sent in anybody's
/// name; a login, a request or a command needs answers, which reach only who has the address.
const CONFIDENCE: &[(Phase, u8)] =
    &[(Phase::Recon, 30), (Phase::Access, 75), (Phase::Action, 90), (Phase::Exfil, 95)];

impl Known {
    /// How sure it is that somebody at this address attacked, 0 to 100.
    pub fn confidence(&self) -> u8 {
        CONFIDENCE.iter().find(|(phase, _)| *phase == self.seen.phase).map_or(0, |(_, sure)| *sure)
    }

    /// Whether the address is good for blocking: routed, and of somebody who did more than look, unless more is
    /// wanted.
    pub fn is_for_blocking(&self, wanted: &Wanted) -> bool {
        let place = match self.standing {
            Standing::Public => true,
            Standing::Private => wanted.private,
            Standing::Muted | Standing::Own => false,
        };
        place && (wanted.scanners || self.seen.phase > Phase::Recon)
    }

    /// When it is no longer good for blocking.
    pub fn expires(&self, wanted: &Wanted) -> Micros {
        self.seen.last_seen.saturating_add(wanted.expires)
    }
}

/// A payload and who left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The payload.
    pub artefact: Artefact,
    /// Who left it, some of them, in order.
    pub sources: Vec<IpAddr>,
}

/// An incident and who took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIncident {
    /// What happened, and what analysts have made of it.
    pub view: IncidentView,
    /// Those who took part and are told of, those seen first first; of very many some.
    pub sources: Vec<Known>,
}

/// A technique of ATT&CK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its id.
    pub id: String,
    /// Its name, with that of the technique that it is part of before `: `.
    pub name: String,
    /// Its tactic, as the Navigator calls it.
    pub tactic: String,
    /// `enterprise-attack` or `ics-attack`.
    pub matrix: String,
}

impl Technique {
    /// Its page at MITRE.
    pub fn url(&self) -> String {
        format!("https://attack.mitre.org/techniques/{}/", self.id.replace('.', "/"))
    }

    /// Its name without that of the technique that it is part of.
    pub fn short(&self) -> &str {
        self.name.rsplit_once(": ").map_or(self.name.as_str(), |(_, name)| name)
    }
}

/// Techniques by id.
#[derive(Clone, Debug, Default)]
pub struct Techniques(BTreeMap<String, Technique>);

impl Techniques {
    /// The techniques that rules are about.
    pub fn of(rules: &[TechniqueRule]) -> Self {
        let one = |rule: &TechniqueRule| {
            let technique = Technique {
                id: rule.technique.clone(),
                name: rule.name.clone(),
                tactic: rule.tactic.clone(),
                matrix: rule.matrix.clone(),
            };
            (rule.technique.clone(), technique)
        };
        Techniques(rules.iter().map(one).collect())
    }

    /// The technique with this id.
    pub fn get(&self, id: &str) -> Option<&Technique> {
        self.0.get(id)
    }
}
