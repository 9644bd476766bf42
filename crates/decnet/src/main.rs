//! `decnet`, the operator's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    decnet::cli::main()
}
