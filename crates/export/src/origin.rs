//! The installation that exports, as others know it.

use crate::uuid::Uuid;
use decnet_store::Store;
use netsvc_wire::stamp::{self, Micros};
use std::str::FromStr;

/// Setting in the store: a UUID, and the time since which there is one.
const SETTING: &str = "export.origin";
/// How it is called where a name is needed.
pub(crate) const NAME: &str = "DECNET";

/// Who exports: made once for each installation, so that ids of two installations never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    namespace: Uuid,
    since: Micros,
}

/// What is stored is no origin.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the setting {SETTING} of the store is {0:?}, which is no id and time")]
pub struct BadOrigin(String);

/// The origin cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// The store fails.
    #[error("give the installation an id for what it exports")]
    Store(#[from] decnet_store::Error),
    /// What is stored cannot be read.
    #[error(transparent)]
    Bad(#[from] BadOrigin),
}

impl Origin {
    /// An origin with this id that there is since then.
    pub fn new(namespace: Uuid, since: Micros) -> Self {
        Origin { namespace, since }
    }

    /// The origin of an installation; it gets one if it has none.
    ///
    /// # Errors
    /// When the store fails, or holds something else in its place.
    pub async fn of(store: &Store) -> Result<Self, OriginError> {
        let text = match store.setting_get(SETTING).await? {
            Some(text) => text,
            None => store.setting_default(SETTING, &format!("{} {}", Uuid::fresh(), stamp::now())).await?,
        };
        Ok(text.parse()?)
    }

    /// The id of something of this installation, whose name says what it is.
    pub fn id(&self, name: &str) -> Uuid {
        Uuid::named(self.namespace, name)
    }

    /// Since when there is this installation.
    pub fn since(&self) -> Micros {
        self.since
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let read = || {
            let (id, since) = text.split_once(' ')?;
            Some(Origin { namespace: id.parse().ok()?, since: since.parse().ok()? })
        };
        read().ok_or_else(|| BadOrigin(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_installation_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("test.db").to_str().unwrap()).await.unwrap();
        let first = Origin::of(&store).await.unwrap();
        assert_eq!(Origin::of(&store).await.unwrap(), first);
        store.setting_put(SETTING, "nonsense").await.unwrap();
        assert!(Origin::of(&store).await.unwrap_err().to_string().contains("nonsense"));
    }
}
