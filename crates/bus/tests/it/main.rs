//! The bus as its users see it, on a real socket and in-process.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod plain;
mod socket;

use decnet_bus::{Bus, Rights, Server, ServerCounters};
use std::{path::PathBuf, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

/// A server in a folder of its own.
struct Running {
    folder: tempfile::TempDir,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    counters: Box<dyn Fn() -> ServerCounters + Send + Sync>,
}

impl Running {
    fn start() -> Running {
        Running::with(tempfile::tempdir().unwrap(), Rights::own())
    }

    fn with(folder: tempfile::TempDir, rights: Rights) -> Running {
        let server = Server::bind(&folder.path().join("bus.sock"), rights).unwrap();
        let counters = Box::new(server.counters());
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(server.run(stop.subscribe()));
        Running { folder, stop, task, counters }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bus.sock")
    }

    fn client(&self, name: &str) -> Bus {
        Bus::unix(self.path(), name)
    }

    async fn stop(self) -> tempfile::TempDir {
        self.stop.send_replace(true);
        self.task.await.unwrap();
        self.folder
    }
}

/// Waits until `condition` holds; fails after ten seconds.
async fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

/// A future that has to finish within ten seconds.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("took longer than ten seconds")
}
