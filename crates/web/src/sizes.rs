//! Sizes of topologies: their documents are long, and lists are asked for every few seconds.

use decnet_model::record::TopologyRow;
use decnet_shape::{Topology, TopologySize};
use decnet_store::{Error, Store};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// What is known of topologies, by name.
#[derive(Debug, Default)]
pub(crate) struct Sizes(Mutex<BTreeMap<String, (Edition, TopologySize)>>);

/// Another document has another one: when the topology was made, and its version.
type Edition = (i64, i64);

impl Sizes {
    /// The topologies of `store`; only documents that were not seen before are read.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub(crate) async fn topologies(&self, store: &Store) -> Result<Vec<Topology>, Error> {
        let mut heads = store.topology_heads().await?;
        let mut known = BTreeMap::new();
        for head in &mut heads {
            let size = match self.of(head) {
                Some(size) => size,
                None => match store.topology_get(&head.name).await? {
                    Some(whole) => {
                        let size = TopologySize::of(&whole.document);
                        *head = TopologyRow { document: String::new(), ..whole };
                        size
                    }
                    // It has gone since.
                    None => continue,
                },
            };
            known.insert(head.name.clone(), (edition(head), size));
        }
        let shown = heads.iter().filter_map(|head| Some(Topology::new(head, known.get(&head.name)?.1)));
        let shown = shown.collect();
        *self.0.lock() = known;
        Ok(shown)
    }

    fn of(&self, head: &TopologyRow) -> Option<TopologySize> {
        let known = self.0.lock();
        known.get(&head.name).filter(|(of, _)| *of == edition(head)).map(|(_, size)| *size)
    }
}

fn edition(row: &TopologyRow) -> Edition {
    (row.created_at, row.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::record::TopologyState;

    #[tokio::test]
    async fn a_size_is_that_of_the_document_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("s.db").to_str().unwrap()).await.unwrap();
        let row = TopologyRow {
            name: "corp".to_owned(),
            state: TopologyState::Pending,
            state_at: 1,
            reason: String::new(),
            version: 1,
            document: r#"{"lans":[1],"deckies":[1,2]}"#.to_owned(),
            created_at: 1,
            updated_at: 1,
        };
        store.topology_create(&row).await.unwrap();
        let sizes = Sizes::default();
        for _ in 0..2 {
            let all = sizes.topologies(&store).await.unwrap();
            assert_eq!(all.iter().map(|one| (one.lans, one.deckies)).collect::<Vec<_>>(), [(1, 2)]);
        }
        store.topology_change("corp", 1, r#"{"lans":[1,2]}"#, 2).await.unwrap();
        let all = sizes.topologies(&store).await.unwrap();
        assert_eq!(all.iter().map(|one| (one.lans, one.version)).collect::<Vec<_>>(), [(2, 2)]);
        // One of the same name and version that was made later.
        store.topology_delete("corp").await.unwrap();
        assert!(sizes.topologies(&store).await.unwrap().is_empty() && sizes.0.lock().is_empty());
        store.topology_create(&TopologyRow { version: 2, created_at: 3, ..row }).await.unwrap();
        let all = sizes.topologies(&store).await.unwrap();
        assert_eq!(all.iter().map(|one| (one.lans, one.deckies)).collect::<Vec<_>>(), [(1, 2)]);
    }
}
