//! A program's end of a session channel, and the bounded buffers between it and the connection.

use crate::terms::{Exit, WindowSize};
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};
use thiserror::Error;
use tokio::sync::Notify;

/// Bytes that a program may have written and the peer not yet taken.
const OUTPUT_MAX: usize = 128 * 1024;
/// Signals kept for a program.
const SIGNALS_MAX: usize = 16;

/// The channel is gone.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("write to a channel that is closed")]
pub struct Gone;

/// What a program reads from its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes of the client.
    Data(Vec<u8>),
    /// The terminal has a new size.
    Resize(WindowSize),
    /// A signal, named without `SIG`; `INT` also stands for a break.
    Signal(String),
    /// The client will send no more bytes.
    End,
    /// The channel was closed, or the connection is gone. Nothing follows.
    Closed,
}

/// A program's end of a channel.
#[derive(Debug)]
pub struct ChannelIo {
    shared: Arc<Shared>,
}

/// What both ends share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    program: Notify,
    connection: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    input: VecDeque<u8>,
    input_end: bool,
    end_told: bool,
    consumed: usize,
    resize: Option<WindowSize>,
    signals: VecDeque<String>,
    output: VecDeque<(bool, Vec<u8>)>,
    output_size: usize,
    exit: Option<Exit>,
    abandoned: bool,
    closed: bool,
}

/// What the connection may send next for a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Bytes; true: of standard error.
    Data(bool, Vec<u8>),
    /// The program ended, and all it wrote was taken.
    Exit(Exit),
    /// The peer closed the channel, and the program did not end in time.
    Abandoned,
    /// Nothing yet.
    Nothing,
}

impl ChannelIo {
    /// The two ends of a channel. `connection` is notified whenever the program did something.
    pub(crate) fn pair(connection: &Arc<Notify>) -> (ChannelIo, Arc<Shared>) {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            program: Notify::new(),
            connection: Arc::clone(connection),
        });
        (ChannelIo { shared: Arc::clone(&shared) }, shared)
    }

    /// The next thing that happened on the channel. May be dropped and called again. After [`Event::End`]
    /// it waits for the channel to close.
    pub async fn next(&mut self) -> Event {
        self.next_up_to(64 * 1024).await
    }

    /// As [`ChannelIo::next`], with at most `limit` bytes of data.
    pub async fn next_up_to(&mut self, limit: usize) -> Event {
        loop {
            let woken = self.shared.program.notified();
            if let Some(event) = self.shared.event(limit) {
                return event;
            }
            woken.await;
        }
    }

    /// Waits for a signal or the end of the channel alone; what else happens waits for [`ChannelIo::next`]. May be
    /// dropped and called again.
    pub async fn interrupted(&mut self) -> Event {
        loop {
            let woken = self.shared.program.notified();
            if let Some(event) = self.shared.interruption() {
                return event;
            }
            woken.await;
        }
    }

    /// The size that the terminal has become, if it is news; then [`ChannelIo::next`] does not tell it.
    pub fn resized(&mut self) -> Option<WindowSize> {
        self.shared.state.lock().resize.take()
    }

    /// The next thing that happened, if anything did.
    pub fn try_next(&mut self) -> Option<Event> {
        self.shared.event(64 * 1024)
    }

    /// Writes to standard output and waits while the peer does not read.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), Gone> {
        self.shared.write(false, bytes).await
    }

    /// Writes to standard error.
    pub async fn write_error(&self, bytes: &[u8]) -> Result<(), Gone> {
        self.shared.write(true, bytes).await
    }

    /// A second handle that only writes.
    pub fn writer(&self) -> ChannelWriter {
        ChannelWriter { shared: Arc::clone(&self.shared) }
    }

    /// Whether the channel is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().closed
    }
}

/// A handle that writes to a program's channel.
#[derive(Clone, Debug)]
pub struct ChannelWriter {
    shared: Arc<Shared>,
}

impl ChannelWriter {
    /// Writes to standard output and waits while the peer does not read.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), Gone> {
        self.shared.write(false, bytes).await
    }

    /// Writes to standard error.
    pub async fn write_error(&self, bytes: &[u8]) -> Result<(), Gone> {
        self.shared.write(true, bytes).await
    }
}

impl Shared {
    fn interruption(&self) -> Option<Event> {
        let mut state = self.state.lock();
        match state.signals.pop_front() {
            Some(signal) => Some(Event::Signal(signal)),
            None => state.closed.then_some(Event::Closed),
        }
    }

    fn event(&self, limit: usize) -> Option<Event> {
        let mut state = self.state.lock();
        if let Some(size) = state.resize.take() {
            return Some(Event::Resize(size));
        }
        if let Some(signal) = state.signals.pop_front() {
            return Some(Event::Signal(signal));
        }
        if !state.input.is_empty() {
            let count = state.input.len().min(limit);
            let bytes: Vec<u8> = state.input.drain(..count).collect();
            if state.input.is_empty() && 64 * 1024 < state.input.capacity() {
                state.input = VecDeque::new();
            }
            state.consumed += count;
            drop(state);
            self.connection.notify_one();
            return Some(Event::Data(bytes));
        }
        if state.closed {
            return Some(Event::Closed);
        }
        if state.input_end && !state.end_told {
            state.end_told = true;
            return Some(Event::End);
        }
        None
    }

    async fn write(&self, error: bool, bytes: &[u8]) -> Result<(), Gone> {
        for piece in bytes.chunks(32 * 1024) {
            loop {
                let woken = self.program.notified();
                {
                    let mut state = self.state.lock();
                    if state.closed {
                        return Err(Gone);
                    }
                    if state.output_size < OUTPUT_MAX {
                        state.append(error, piece);
                        break;
                    }
                }
                woken.await;
            }
            self.connection.notify_one();
        }
        Ok(())
    }

    /// Gives the program bytes of the client. The window bounds how many can be waiting.
    pub(crate) fn feed(&self, bytes: &[u8]) {
        self.state.lock().input.extend(bytes);
        self.wake();
    }

    /// The client will send no more.
    pub(crate) fn end(&self) {
        self.state.lock().input_end = true;
        self.wake();
    }

    /// The channel is gone.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.output.clear();
        drop(state);
        self.wake();
    }

    /// The terminal has a new size; only the last one counts.
    pub(crate) fn resize(&self, size: WindowSize) {
        self.state.lock().resize = Some(size);
        self.wake();
    }

    /// Passes a signal on; too many at once are dropped as pending signals are.
    pub(crate) fn signal(&self, name: String) {
        let mut state = self.state.lock();
        if state.signals.len() < SIGNALS_MAX {
            state.signals.push_back(name);
        }
        drop(state);
        self.wake();
    }

    /// The program ended.
    pub(crate) fn exit(&self, exit: Exit) {
        self.state.lock().exit.get_or_insert(exit);
        self.connection.notify_one();
    }

    /// The program had its time after the peer closed the channel.
    pub(crate) fn abandon(&self) {
        self.state.lock().abandoned = true;
        self.connection.notify_one();
    }

    /// Bytes that the program took since the last call.
    pub(crate) fn consumed(&self) -> usize {
        std::mem::take(&mut self.state.lock().consumed)
    }

    /// Bytes that wait for the program.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().input.len()
    }

    /// Takes up to `limit` bytes of what the program wrote, or its end.
    pub(crate) fn take(&self, limit: usize) -> Output {
        let mut state = self.state.lock();
        let Some((error, mut bytes)) = state.output.pop_front() else {
            let abandoned = if state.abandoned { Output::Abandoned } else { Output::Nothing };
            return state.exit.take().map_or(abandoned, Output::Exit);
        };
        if limit == 0 {
            state.output.push_front((error, bytes));
            return Output::Nothing;
        }
        if limit < bytes.len() {
            let rest = bytes.split_off(limit);
            state.output.push_front((error, rest));
        }
        state.output_size = state.output_size.saturating_sub(bytes.len());
        drop(state);
        self.wake();
        Output::Data(error, bytes)
    }

    /// Wakes whoever waits at the program's end: it may be reading and writing at once.
    fn wake(&self) {
        self.program.notify_waiters();
        self.program.notify_one();
    }
}

impl State {
    /// Bytes written one after the other leave in one packet, as through a pipe.
    fn append(&mut self, error: bool, bytes: &[u8]) {
        self.output_size += bytes.len();
        match self.output.back_mut() {
            Some((kind, last)) if *kind == error && last.len() + bytes.len() <= 32 * 1024 => {
                last.extend_from_slice(bytes);
            }
            _ => self.output.push_back((error, bytes.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_sees_bytes_then_the_end_then_the_close() {
        let (mut io, shared) = ChannelIo::pair(&Arc::new(Notify::new()));
        shared.feed(b"ab");
        shared.end();
        assert_eq!(io.next().await, Event::Data(b"ab".to_vec()));
        assert_eq!(io.next().await, Event::End);
        assert_eq!(io.try_next(), None);
        shared.close();
        assert_eq!(io.next().await, Event::Closed);
        assert_eq!(io.write(b"x").await, Err(Gone));
        assert_eq!(shared.consumed(), 2);
    }

    #[tokio::test]
    async fn a_signal_is_told_before_the_input_that_waits() {
        let (mut io, shared) = ChannelIo::pair(&Arc::new(Notify::new()));
        shared.feed(b"ab");
        shared.signal("TERM".to_owned());
        assert_eq!(io.interrupted().await, Event::Signal("TERM".to_owned()));
        assert_eq!(io.next().await, Event::Data(b"ab".to_vec()));
        shared.close();
        assert_eq!(io.interrupted().await, Event::Closed);
    }

    #[tokio::test]
    async fn a_size_is_told_once_and_only_the_last_one() {
        let (mut io, shared) = ChannelIo::pair(&Arc::new(Notify::new()));
        let size = |columns| WindowSize { columns, rows: 24, ..WindowSize::default() };
        shared.resize(size(80));
        shared.resize(size(120));
        shared.feed(b"ab");
        assert_eq!(io.resized(), Some(size(120)));
        assert_eq!((io.resized(), io.next().await), (None, Event::Data(b"ab".to_vec())));
    }

    #[tokio::test]
    async fn output_is_taken_in_order_and_the_exit_comes_last() {
        let (io, shared) = ChannelIo::pair(&Arc::new(Notify::new()));
        io.write(b"one").await.unwrap();
        io.write(b"two").await.unwrap();
        io.write_error(b"bad").await.unwrap();
        shared.exit(Exit::Status(0));
        assert_eq!(shared.take(4), Output::Data(false, b"onet".to_vec()));
        assert_eq!(shared.take(0), Output::Nothing);
        assert_eq!(shared.take(9), Output::Data(false, b"wo".to_vec()));
        assert_eq!(shared.take(9), Output::Data(true, b"bad".to_vec()));
        assert_eq!(shared.take(9), Output::Exit(Exit::Status(0)));
        assert_eq!(shared.take(9), Output::Nothing);
    }
}
