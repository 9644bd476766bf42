//! One decky or all go; what was recorded stays.

use crate::{
    Config,
    error::{Error, system},
    intent,
};
use decnet_engine::{
    docker,
    native::{self, NetdClient},
};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    paths::Paths,
};
use decnet_pipeline::runtime::Claim;
use decnet_store::Store;
use netsvc_wire::stamp::Micros;
use std::time::Duration;

/// Time that netd gets to end by itself.
const NETD_LIMIT: Duration = Duration::from_secs(10);
/// Beginnings of the names of what stays in the run folder: the lab's, the workers' messages, and the folder of what
/// operators handed in, which may still be asked for.
const KEPT: [&[u8]; 3] = [b"lab.", b"decnet.log", b"handed-in"];

/// Takes `decky`, or all, out of the fleet that is wanted. Returns how many go.
///
/// # Errors
/// When there is no fleet or no such decky, or the store fails.
pub async fn ask(
    config: &Config,
    store: &Store,
    decky: Option<&DeckyName>,
    now: Micros,
) -> Result<usize, Error> {
    let mut gone = 0;
    let without = |current: Option<&Fleet>| {
        let mut fleet = current.ok_or(Error::NoFleet)?.clone();
        gone = match decky {
            Some(name) if fleet.deckies.get(name).is_some_and(|decky| decky.placed.is_some()) => {
                let why = format!("{name} is of a topology: `decnet topology mutate` takes it away");
                return Err(Error::Topology(why));
            }
            Some(name) if fleet.deckies.remove(name).is_some() => 1,
            Some(name) => return Err(Error::NoDecky(name.clone())),
            None => std::mem::take(&mut fleet.deckies).len(),
        };
        Ok(fleet)
    };
    intent::change(config, store, now, without).await?;
    Ok(gone)
}

/// Removes what a run leaves that was killed: netd with its processes and namespaces, sockets, locks. The
/// lab stays, and so do the messages of the workers. Nothing is removed while anybody works there.
///
/// # Errors
/// When somebody works there, a process does not end or a file cannot be removed.
pub async fn clear(paths: &Paths) -> Result<(), Error> {
    let _whole = Claim::whole(paths)?;
    let client = NetdClient::new(paths.netd_socket());
    let ended = native::teardown(&client, &paths.run(), NETD_LIMIT).await;
    ended.map_err(|error| Error::Netd("end what is left of netd", error))?;
    if docker::left_over(&paths.containers()).is_some() {
        let (socket, site) = (docker::socket(), docker::site_name(paths.root()));
        let ended = docker::remove_all(&socket, &paths.containers(), &site).await;
        ended.map_err(|error| Error::Docker("end what is left of containers", error))?;
    }
    let clear = system("clear the run folder");
    for entry in fs_err::read_dir(paths.run()).map_err(&clear)? {
        let entry = entry.map_err(&clear)?;
        let name = entry.file_name();
        if !KEPT.iter().any(|kept| name.as_encoded_bytes().starts_with(kept)) {
            fs_err::remove_file(entry.path()).map_err(&clear)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn what_was_handed_in_is_not_in_the_way_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs::create_dir_all(paths.handed_in()).unwrap();
        let (capture, note) = (paths.handed_in().join("ab12"), paths.worker_note("fleet"));
        for file in [&capture, &note] {
            fs::write(file, "x").unwrap();
        }
        clear(&paths).await.unwrap();
        assert_eq!((capture.exists(), note.exists()), (true, false));
    }
}
