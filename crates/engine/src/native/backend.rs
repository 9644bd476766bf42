//! The native runtime as a backend: every step is one order to `netd`.

use super::client::{ClientError, NetdClient};
use crate::{
    node::{Nodes, Post},
    plan::{Backend, Error, Step, chain},
};
use async_trait::async_trait;
use decnet_model::runtime::Runtime;
use std::io;

/// Name of the runtime.
pub const NAME: &str = Runtime::Native.name();

/// Nodes behind the gate of a running `netd`.
#[derive(Clone, Debug)]
pub struct Native {
    client: NetdClient,
}

impl Native {
    /// The nodes of the `netd` that `client` speaks to.
    pub fn new(client: NetdClient) -> Self {
        Native { client }
    }

    /// The client.
    pub fn client(&self) -> &NetdClient {
        &self.client
    }
}

#[async_trait]
impl Backend for Native {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn observe(&self) -> Result<Nodes, Error> {
        let nodes = self.client.list().await.map_err(failed)?;
        Ok(nodes.into_iter().map(|node| (node.name().to_owned(), node)).collect())
    }

    async fn apply(&self, step: &Step) -> Result<(), Error> {
        let outcome = match step {
            Step::Add(nodes) => self.client.add(nodes.clone()).await,
            Step::Remove(nodes) => {
                self.client.remove(nodes.iter().map(|node| node.name().to_owned()).collect()).await
            }
        };
        outcome.map_err(failed)
    }

    async fn post(&self, post: Vec<Post>) -> Result<(), Error> {
        self.client.post(post).await.map_err(failed)
    }
}

fn failed(error: ClientError) -> Error {
    match error {
        ClientError::Refused(reason) => Error::Refused { backend: NAME, reason },
        ClientError::Unreachable { source, .. } => Error::Unreachable { backend: NAME, source },
        other => Error::Unreachable { backend: NAME, source: io::Error::other(chain(&other)) },
    }
}
