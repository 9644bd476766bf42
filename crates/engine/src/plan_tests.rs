//! Tests of the plan and of the runner that undoes.

use super::*;
use crate::node::sample;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Nodes in memory; fails when a step brings the node of this name.
#[derive(Default)]
struct Memory {
    nodes: Mutex<Nodes>,
    poison: Option<&'static str>,
}

#[async_trait]
impl Backend for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn observe(&self) -> Result<Nodes, Error> {
        Ok(self.nodes.lock().clone())
    }

    async fn apply(&self, step: &Step) -> Result<(), Error> {
        let mut nodes = self.nodes.lock();
        match step {
            Step::Add(new) => {
                if new.iter().any(|node| self.poison == Some(node.name())) {
                    return Err(Error::Refused { backend: "memory", reason: "poison".to_owned() });
                }
                nodes.extend(new.iter().map(|node| (node.name().to_owned(), node.clone())));
            }
            Step::Remove(gone) => nodes.retain(|name, _| !gone.iter().any(|node| node.name() == name)),
        }
        Ok(())
    }

    async fn post(&self, _: Vec<Post>) -> Result<(), Error> {
        Ok(())
    }
}

fn nodes(names: &[(&str, u8)]) -> Nodes {
    names.iter().map(|(name, last)| ((*name).to_owned(), sample(name, [127, 77, 0, *last], &[80]))).collect()
}

#[tokio::test]
async fn every_state_leads_to_every_other() {
    let backend = Memory::default();
    let states: [&[(&str, u8)]; 4] =
        [&[("web", 1), ("db", 2)], &[("web", 3)], &[], &[("web", 3), ("mail", 4)]];
    for state in states {
        let want = nodes(state);
        let have = backend.observe().await.unwrap();
        run(&backend, &plan(&want, &have)).await.unwrap();
        let have = backend.observe().await.unwrap();
        assert_eq!(have, want);
        assert_eq!(plan(&want, &have), vec![]);
    }
}

#[tokio::test]
async fn a_failure_brings_the_old_state_back() {
    let old = nodes(&[("web", 1)]);
    let backend = Memory { nodes: Mutex::new(old.clone()), poison: Some("db") };
    let steps = plan(&nodes(&[("web", 9), ("db", 2)]), &old);
    assert_eq!(steps.len(), 2);
    run(&backend, &steps).await.unwrap_err();
    assert_eq!(backend.observe().await.unwrap(), old);
}

#[test]
fn what_cannot_live_together_is_found_before_anything_is_touched() {
    let one = sample("one", [127, 0, 0, 2], &[80]);
    let check = |other: NodeSpec| {
        crate::node::check([&one].into_iter(), std::slice::from_ref(&other))
            .err()
            .map(|error| error.to_string())
    };
    let cases = BTreeMap::from([
        ("one exists twice", sample("one", [127, 0, 0, 3], &[80])),
        ("one and two both have address 127.0.0.2", sample("two", [127, 0, 0, 2], &[80])),
        ("two uses tcp port 80 twice", sample("two", [127, 0, 0, 3], &[80, 80])),
        ("\"../x\" is not a name for a node", sample("../x", [127, 0, 0, 3], &[80])),
    ]);
    for (message, node) in cases {
        assert_eq!(check(node).as_deref(), Some(message));
    }
    assert_eq!(check(sample("two", [127, 0, 0, 3], &[80])), None);
}
