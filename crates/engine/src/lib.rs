//! Makes deckies exist: starts stage processes, binds their listeners, hands both over, and keeps
//! them alive.
//!
//! A runtime implements [`Runtime`]; the fleet worker, `status` and `teardown` know only that.

pub mod loopback;
mod process;
mod runtime;

pub use process::{ProcessError, StageProcess};
pub use runtime::{Member, NodeSpec, Runtime, RuntimeError, Standing};
