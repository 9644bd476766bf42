//! From what there is to what is wanted: a pure plan, and a runner that undoes on failure.

use crate::{
    node::{NodeSpec, Nodes, Post},
    stage::StageError,
};
use async_trait::async_trait;

/// One reversible change. A batch, because a backend makes many nodes faster together than one by one.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Make these nodes exist.
    Add(Vec<NodeSpec>),
    /// Make these nodes vanish.
    Remove(Vec<NodeSpec>),
}

impl Step {
    /// The step that takes this one back.
    pub fn reverse(&self) -> Step {
        match self {
            Step::Add(nodes) => Step::Remove(nodes.clone()),
            Step::Remove(nodes) => Step::Add(nodes.clone()),
        }
    }
}

/// The steps from `have` to `want`: what must go first, then what must come. A node that differs in
/// anything goes and comes again.
pub fn plan(want: &Nodes, have: &Nodes) -> Vec<Step> {
    let gone: Vec<_> = have
        .iter()
        .filter(|(name, node)| want.get(*name) != Some(node))
        .map(|(_, node)| node.clone())
        .collect();
    let new: Vec<_> = want
        .iter()
        .filter(|(name, node)| have.get(*name) != Some(node))
        .map(|(_, node)| node.clone())
        .collect();
    let mut steps = Vec::new();
    if !gone.is_empty() {
        steps.push(Step::Remove(gone));
    }
    if !new.is_empty() {
        steps.push(Step::Add(new));
    }
    steps
}

/// Where nodes exist: loopback addresses, a segment behind a gate, containers.
#[async_trait]
pub trait Backend: Send + Sync {
    /// `loopback`, `native`, …: the value of `--runtime`.
    fn name(&self) -> &'static str;

    /// Whether adding a node that is there makes it what was added. Where it does not, whoever changes one removes it
    /// first.
    fn changes_in_place(&self) -> bool {
        false
    }

    /// The nodes that exist.
    ///
    /// # Errors
    /// When the runtime does not answer.
    async fn observe(&self) -> Result<Nodes, Error>;

    /// Makes `step` true, all of it or nothing. Idempotent: a step that is true already is a success.
    ///
    /// # Errors
    /// Why it could not be made true.
    async fn apply(&self, step: &Step) -> Result<(), Error>;

    /// Has the mailboxes of nodes hold `post`, and nothing else: a node that it does not name has none. Those of a node
    /// stay what they are while it goes and comes.
    ///
    /// # Errors
    /// Why they could not be put there.
    async fn post(&self, post: Vec<Post>) -> Result<(), Error>;

    /// Takes `step` back.
    ///
    /// # Errors
    /// Why it could not be taken back.
    async fn undo(&self, step: &Step) -> Result<(), Error> {
        self.apply(&step.reverse()).await
    }
}

/// Why a backend could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The wish itself is wrong; trying again does not help.
    #[error("the {backend} runtime refuses: {reason}")]
    Refused {
        /// Name of the backend.
        backend: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The runtime is not there or broke off.
    #[error("the {backend} runtime does not answer")]
    Unreachable {
        /// Name of the backend.
        backend: &'static str,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// The stage process failed.
    #[error("hand nodes to the stage")]
    Stage(#[source] StageError),
    /// A listener could not be bound.
    #[error("bind {transport} {address} for {node}")]
    Bind {
        /// The node.
        node: String,
        /// `tcp` or `udp`.
        transport: &'static str,
        /// Address and port.
        address: std::net::SocketAddr,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
}

/// Applies `steps` in order; on failure takes back what was done, newest first.
///
/// # Errors
/// The error of the step that failed. A step that could not be taken back is logged: the next
/// observation shows what is left of it.
pub async fn run(backend: &dyn Backend, steps: &[Step]) -> Result<(), Error> {
    let mut done = Vec::new();
    for step in steps {
        let Err(error) = backend.apply(step).await else {
            done.push(step);
            continue;
        };
        for step in done.into_iter().rev() {
            if let Err(error) = backend.undo(step).await {
                tracing::warn!(%error, "a step could not be taken back");
            }
        }
        return Err(error);
    }
    Ok(())
}

/// An error and its causes in one line: `bind tcp 127.0.0.1:80 for web: permission denied`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
