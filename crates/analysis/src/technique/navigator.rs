//! Layers of the ATT&CK Navigator (layer format 4.5): what a fleet would notice, and what it has.

use super::{attack::Matrix, coverage::Covered};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A layer: techniques that would be noticed have score 1, those that were seen the number of addresses that showed
/// them, and one.
pub fn layer(matrix: Matrix, covered: &[Covered], seen: &BTreeMap<String, u64>) -> Value {
    let own = covered.iter().filter(|one| one.technique.matrix == matrix);
    let techniques: Vec<Value> = own
        .filter_map(|one| {
            let addresses = seen.get(one.technique.id).copied().unwrap_or_default();
            if one.services.is_empty() && addresses == 0 {
                return None;
            }
            let services: Vec<&str> = one.services.iter().map(String::as_str).collect();
            let comment = format!("{} addresses; noticed by {}", addresses, services.join(", "));
            Some(json!({
                "techniqueID": one.technique.id,
                "tactic": one.technique.tactic,
                "score": addresses + 1,
                "comment": comment,
                "enabled": true,
                "metadata": [{ "name": "rules", "value": one.rules.join(", ") }],
            }))
        })
        .collect();
    let most = seen.values().max().copied().unwrap_or_default() + 1;
    json!({
        "name": "DECNET",
        "versions": { "attack": "17", "navigator": "5.1.0", "layer": "4.5" },
        "domain": matrix.domain(),
        "description": "Techniques that the fleet would notice (score 1) and those that it has noticed (more).",
        "sorting": 3,
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": { "colors": ["#d7e8f7", "#f2a65a", "#c1121f"], "minValue": 1, "maxValue": most.max(2) },
        "legendItems": [],
        "showTacticRowBackground": false,
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
    })
}
