//! Helper processes of a measurement: they end with us, and say when they are ready.

use anyhow::{Context as _, Result, bail};
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

/// What a helper says once it is ready.
pub(crate) const READY: &str = "ready";

/// A process that is killed when it is dropped. It sees the end of its standard input when we are gone.
pub(crate) struct Helper {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts `command` and waits until it is ready.
    pub(crate) fn start(command: &mut Command) -> Result<Helper> {
        let name = PathBuf::from(command.get_program());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("run {}", name.display()))?;
        let output = child.stdout.take().context("read what a helper prints")?;
        let mut helper = Helper { child, output: BufReader::new(output) };
        let mut line = String::new();
        helper.output.read_line(&mut line).context("read what a helper prints")?;
        if line.trim_end() != READY {
            bail!("a helper process did not start: {line:?}");
        }
        Ok(helper)
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end; returns what it printed.
    pub(crate) fn finish(mut self) -> Result<String> {
        let mut text = String::new();
        self.output.read_to_string(&mut text).context("read what a helper prints")?;
        Ok(text)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a helper: tells that it is ready.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn ready() {
    println!("{READY}");
}

/// In a helper: waits until the parent is gone or closes the pipe.
pub(crate) fn until_parent_ends() {
    let _ = std::io::stdin().read(&mut [0; 1]);
}
