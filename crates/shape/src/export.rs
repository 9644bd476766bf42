//! What is asked for when knowledge leaves for other systems: one set of parameters for the command line and the
//! interface.

use crate::{condition::span, profile::since};
use decnet_model::{
    export::{LONGEST_EXPIRY, SHORTEST_EXPIRY, Tlp, Wanted},
    flaw::Flaw,
};
use netsvc_wire::stamp::Micros;
use serde::Deserialize;
use utoipa::IntoParams;

/// What is to leave.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Only what was seen at or after this time: RFC 3339, a date, or a span such as 30m, 12h, 7d.
    pub since: Option<String>,
    /// At least this risk, 0 to 100.
    pub min_risk: Option<u64>,
    /// Who may be told, by the Traffic Light Protocol: `clear`, `green`, `amber` (without it), `amber+strict`, `red`.
    pub tlp: Option<String>,
    /// How long after it was seen last an address is good for blocking: a span such as 12h or 30d (without it).
    pub expires: Option<String>,
    /// Addresses that the internet does not route as well.
    pub private: Option<bool>,
    /// Those who only looked as well: what they sent may come of anybody.
    pub scanners: Option<bool>,
    /// Secrets in the clear.
    pub secrets: Option<bool>,
}

impl ExportQuery {
    /// What is meant, where spans end at `now`.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn wanted(&self, now: Micros) -> Result<Wanted, Vec<Flaw>> {
        let mut flaws = Vec::new();
        let mut wanted = Wanted { since: since(self.since.as_ref(), now, &mut flaws), ..Wanted::default() };
        if let Some(risk) = self.min_risk {
            if risk > 100 {
                flaws.push(("min_risk", "0 to 100".to_owned()));
            }
            wanted.risk = risk;
        }
        if let Some(text) = &self.tlp {
            match text.parse::<Tlp>() {
                Ok(tlp) => wanted.tlp = tlp,
                Err(unknown) => flaws.push(("tlp", unknown.to_string())),
            }
        }
        if let Some(text) = &self.expires {
            match span(text).filter(|span| (SHORTEST_EXPIRY..=LONGEST_EXPIRY).contains(span)) {
                Some(span) => wanted.expires = span,
                None => flaws.push(("expires", "a span between 1m and 366d, such as 12h or 30d".to_owned())),
            }
        }
        wanted.private = self.private.unwrap_or_default();
        wanted.scanners = self.scanners.unwrap_or_default();
        wanted.secrets = self.secrets.unwrap_or_default();
        if flaws.is_empty() { Ok(wanted) } else { Err(flaws) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::stamp::DAY;

    #[test]
    fn everything_that_is_wrong_is_told() {
        let asked = ExportQuery {
            since: Some("yesterday".into()),
            min_risk: Some(101),
            tlp: Some("white".into()),
            expires: Some("1s".into()),
            ..ExportQuery::default()
        };
        let fields: Vec<_> = asked.wanted(0).unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["since", "min_risk", "tlp", "expires"]);
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(ExportQuery::default().wanted(5).unwrap(), Wanted::default());
        let asked = ExportQuery {
            since: Some("1d".into()),
            tlp: Some("amber+strict".into()),
            expires: Some("7d".into()),
            ..ExportQuery::default()
        };
        let wanted = asked.wanted(3 * DAY).unwrap();
        assert_eq!((wanted.since, wanted.tlp, wanted.expires), (Some(2 * DAY), Tlp::AmberStrict, 7 * DAY));
    }
}
