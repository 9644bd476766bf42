//! What a request of the API server comes to.

use super::{logs::Log, reply::Reply, target::Target, watch::Watch};
use serde_json::Value;

/// See the module.
pub(super) enum Deed {
    Reply(Reply),
    /// A command in a pod.
    Exec(Target),
    /// A command in a pod, whose whole output is the answer.
    Run(Target),
    /// Ports of a pod.
    Forward(Target),
    /// What a container has written.
    Log(Log),
    /// What there is, line by line, and then what changes.
    Watch(Box<Watch>, Vec<Value>),
}
