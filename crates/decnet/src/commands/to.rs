//! Where what an operator asks for is written.

use crate::output::{self, NewFile};
use anyhow::{Context as _, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where it goes.
#[derive(Args, Debug)]
pub struct To {
    /// Where to [default: the standard output]
    #[arg(long, short = 'o', value_name = "FILE", alias = "output")]
    to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    force: bool,
}

/// What is being written there.
#[derive(Debug)]
pub struct Sink(Option<NewFile>);

impl To {
    /// The file, if it is not the standard output.
    pub fn file(&self) -> Option<&Path> {
        self.to.as_deref()
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When there is a file that may not be replaced, or its folder is closed to us.
    pub fn begin(&self) -> Result<Sink> {
        let begun = self.to.as_deref().map(|path| NewFile::begin(path, self.force));
        Ok(Sink(begun.transpose()?))
    }
}

impl Sink {
    /// Writes more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.0 {
            Some(file) => file.write(bytes),
            None => output::raw(bytes).context("write to the standard output"),
        }
    }

    /// Puts a file in its place.
    ///
    /// # Errors
    /// When it cannot be written, or somebody else's came there meanwhile.
    pub fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), NewFile::end)
    }
}
