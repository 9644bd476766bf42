//! Images by BuildKit. It takes a folder over a protocol of its own, which the daemon's command speaks (`docker` with
//! its plugin `buildx`); where that is not installed, the daemon's older builder does it over its ordinary interface.

use super::client::{Client, DockerError, LONG};
use crate::command::{Cmd, CmdError};
use std::path::Path;

/// Makes the image `name` of a folder; `false`: the command is not there, or has no place for its own settings, as in a
/// unit that sees no home.
///
/// # Errors
/// When the image cannot be made.
pub(super) async fn build(
    client: &Client,
    name: &str,
    folder: &str,
    no_cache: bool,
) -> Result<bool, DockerError> {
    let attempt = format!("build {name} from {folder}");
    let (there, command) = (docker(client.socket()), command(client.socket(), name, folder, no_cache));
    let run = move || {
        there.arg("buildx").arg("version").run().ok()?;
        Some(command.run())
    };
    let done = tokio::task::spawn_blocking(run).await;
    match done.map_err(|error| DockerError::host(attempt.clone(), &error))? {
        None => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(CmdError::Failed { message, .. })) if is_homeless(&message) => Ok(false),
        // As a report of the older builder that ends in an error.
        Some(Err(CmdError::Failed { message, .. })) => {
            Err(DockerError::Failed { attempt, status: 200, message })
        }
        Some(Err(CmdError::Late { limit, .. })) => Err(DockerError::Slow { attempt, after: limit }),
        Some(Err(error @ CmdError::Start { .. })) => Err(DockerError::host(attempt, &error)),
    }
}

/// Whether a command failed because it keeps its settings in a home that it cannot write to (`~/.docker/buildx`).
fn is_homeless(message: &str) -> bool {
    let why = ["read-only file system", "permission denied", "no such file or directory"];
    message.contains("/.docker") && why.iter().any(|why| message.contains(why))
}

/// The daemon's command, for the daemon that is asked otherwise, too.
fn docker(socket: &Path) -> Cmd {
    let daemon = format!("DOCKER_HOST=unix://{}", socket.display());
    Cmd::new("env").arg(daemon).arg("DOCKER_BUILDKIT=1").arg("docker")
}

fn command(socket: &Path, name: &str, folder: &str, no_cache: bool) -> Cmd {
    let build = docker(socket).limit(LONG).arg("build").arg("--quiet").arg("--tag").arg(name);
    let build = if no_cache { build.arg("--no-cache") } else { build };
    // A folder is no option, whatever it is called.
    build.arg("--").arg(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_has_no_home_is_told_from_a_build_that_failed() {
        for (message, homeless) in [
            ("ERROR: mkdir /root/.docker: read-only file system", true),
            ("ERROR: open /root/.docker/buildx/current: permission denied", true),
            ("ERROR: failed to solve: process \"/bin/sh -c mkdir /x\" did not complete successfully", false),
            ("ERROR: open /srv/shop/Dockerfile: no such file or directory", false),
        ] {
            assert_eq!(is_homeless(message), homeless, "{message}");
        }
    }

    #[test]
    fn the_command_says_which_daemon_which_builder_and_what_of_the_cache() {
        for no_cache in [false, true] {
            let shown = format!("{:?}", command(Path::new("/run/d.sock"), "shop:1", "/srv/shop", no_cache));
            let words = ["DOCKER_HOST=unix:///run/d.sock", "DOCKER_BUILDKIT=1", "shop:1", "/srv/shop"];
            assert!(words.iter().all(|word| shown.contains(word)), "{shown}");
            assert_eq!(shown.contains("--no-cache"), no_cache, "{shown}");
        }
    }
}
