//! The shell and file system that a node shows after a login: ssh, telnet, and, through the file system, sftp,
//! scp, ftp and redis.
//!
//! Everything is computed: no process is started, no file of the host is read, no packet is sent. The crate does
//! no IO but that of [`fs::OverlayStore`] and what a [`reach::Reach`] does for it, takes the time from a [`Clock`] and
//! gives output as timed pieces, so a caller can be synchronous or not.
//!
//! ```text
//! let host = ShellHost::new(persona, overlays, clock).with_services(services);
//! let mut shell = host.login("root", peer_ip, facts);
//! let outcome = shell.exec("uname -a; id", Some(b""));     // ssh host command
//! let mut terminal = Terminal::new(shell);                 // a terminal: ssh with PTY, telnet
//! let output = terminal.start(now);
//! let output = terminal.input(b"ls\r", now);               // send output.bytes; call poll at output.wake_at
//! ```

mod commands;
mod dialect;
mod event;
mod flavour;
pub mod fs;
mod host;
mod interpret;
mod live;
pub mod pace;
mod parse;
pub mod reach;
mod terminal;
pub mod text;
mod tty;

pub use event::{Emit, Origin, Outcome, ShellEvent, Stream, Waits};
pub use flavour::Flavour;
pub use host::ShellHost;
pub use interpret::Shell;
pub use live::{Arrival, Clock, Service, SessionFacts};
pub use terminal::{Terminal, TerminalOutput};
