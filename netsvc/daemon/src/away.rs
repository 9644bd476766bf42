//! Shell work off the threads that serve connections.

use netsvc_kit::{Host, Link};
use std::io;

/// Runs `work` on `on` among the workers, in turns with those of other peers, and gives both back. A peer who is gone
/// ends it.
///
/// # Errors
/// When the work failed inside; `on` is gone then.
pub async fn away<T: Send + 'static, R: Send + 'static>(
    host: &Host,
    link: &Link,
    mut on: T,
    work: impl FnOnce(&mut T) -> R + Send + 'static,
) -> io::Result<(T, R)> {
    let job = host.node.stage.workers().run(link.source(), move |turn| {
        let turn = turn.clone();
        let done = netsvc_shell::pace::paced(move || turn.go_on(), || work(&mut on));
        (on, done)
    });
    job.await.map_err(io::Error::other)
}
