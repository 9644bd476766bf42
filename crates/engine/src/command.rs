//! The one way to run an outside program: arguments as a list, a time limit, captured output.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Most bytes kept of each output stream.
const OUTPUT_MAX: u64 = 4 << 20;

/// A program with its arguments. `Debug` shows them as a dry run would.
#[derive(Clone, Debug)]
pub struct Cmd {
    program: OsString,
    arguments: Vec<OsString>,
    limit: Duration,
}

/// What a program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: Vec<u8>,
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CmdError {
    /// It could not be started or waited for.
    #[error("run {program}")]
    Start {
        /// The program.
        program: String,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It did not end in time and was killed.
    #[error("{program} did not end within {limit:?}")]
    Late {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// It ended with a failure.
    #[error("{program} failed with {status}: {message}")]
    Failed {
        /// The program.
        program: String,
        /// Exit status.
        status: std::process::ExitStatus,
        /// First line of its standard error.
        message: String,
    },
}

impl Cmd {
    /// `program` without arguments, with a limit of 30 s.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref().to_owned();
        Cmd { program, arguments: Vec::new(), limit: Duration::from_secs(30) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Sets the time limit.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the program to its end. Blocks.
    ///
    /// # Errors
    /// [`CmdError`]; a non-zero exit status is one.
    pub fn run(&self) -> Result<Output, CmdError> {
        let program = self.program.to_string_lossy().into_owned();
        let start = |source| CmdError::Start { program: program.clone(), source };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let out = read_aside(child.stdout.take());
        let err = read_aside(child.stderr.take());
        // A program that closes its output and lingers is late all the same: `wait` is bounded by the pipes' end.
        let (Ok(out), Ok(err)) = (out.recv_timeout(self.limit), err.recv_timeout(self.limit)) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(CmdError::Late { program, limit: self.limit });
        };
        let status = child.wait().map_err(start)?;
        if !status.success() {
            let message = String::from_utf8_lossy(&err).lines().next().unwrap_or_default().to_owned();
            return Err(CmdError::Failed { program, status, message });
        }
        Ok(Output { out, err })
    }
}

/// Reads a stream on a thread of its own, so that neither pipe can fill up and block the program.
fn read_aside(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = (&mut stream).take(OUTPUT_MAX).read_to_end(&mut bytes);
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        let _ = sender.send(bytes);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_back_and_failure_is_named() {
        let output = Cmd::new("printf").arg("%s").arg("a b").run().unwrap();
        assert_eq!(output.out, b"a b");
        let error = Cmd::new("sh").arg("-c").arg("echo no >&2; exit 3").run().unwrap_err();
        assert!(matches!(error, CmdError::Failed { message, .. } if message == "no"));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let error = Cmd::new("sleep").arg("60").limit(Duration::from_millis(50)).run().unwrap_err();
        assert!(matches!(error, CmdError::Late { .. }));
    }
}
