//! Frames that steer the connection: settings, windows, priorities, resets.

use super::{
    super::{
        frame::{self, Code, Head, flag, frame, kind},
        program::Program,
    },
    Connection, Failure,
};
use netsvc_kit::Out;

/// A window may not be larger (RFC 9113 §6.9.1).
const WINDOW: i64 = 0x7fff_ffff;

impl<P: Program> Connection<P> {
    pub(super) fn depend(&mut self, stream: u32, priority: &[u8]) -> Result<(), Failure> {
        let on = frame::number(priority).unwrap_or_default();
        if on & 0x7fff_ffff == stream {
            return Err(Failure(Code::Protocol, "request HEADERS: depend on itself"));
        }
        self.seen.priority(stream, on, priority.last().copied().unwrap_or_default());
        Ok(())
    }

    pub(super) fn priority(&mut self, head: Head, payload: &[u8]) -> Result<(), Failure> {
        if payload.len() != 5 {
            return Err(Failure(Code::FrameSize, ""));
        }
        if head.stream == 0 {
            return Err(Failure(Code::Protocol, "PRIORITY: stream_id == 0"));
        }
        self.depend(head.stream, payload)
    }

    pub(super) fn reset(&mut self, head: Head, payload: &[u8], out: &mut Out) -> Result<(), Failure> {
        if payload.len() != 4 {
            return Err(Failure(Code::FrameSize, ""));
        }
        if head.stream == 0 {
            return Err(Failure(Code::Protocol, "RST_STREAM: stream_id == 0"));
        }
        if !self.dialect.nginx && self.last < head.stream {
            return Err(Failure(Code::Protocol, "RST_STREAM: stream in idle"));
        }
        if let Some(mut stream) = self.streams.remove(&head.stream) {
            self.abandon(head.stream, &mut stream, out);
        }
        Ok(())
    }

    pub(super) fn settings(&mut self, head: Head, payload: &[u8], out: &mut Out) -> Result<(), Failure> {
        if head.stream != 0 {
            return Err(Failure(Code::Protocol, "SETTINGS: stream_id != 0"));
        }
        if !payload.len().is_multiple_of(6) || head.has(flag::ACK) && !payload.is_empty() {
            return Err(Failure(Code::FrameSize, ""));
        }
        if head.has(flag::ACK) {
            return Ok(());
        }
        self.set = true;
        for pair in payload.chunks_exact(6) {
            let (number, value) = pair.split_at_checked(2).unwrap_or_default();
            let number = number.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes));
            let value = frame::number(value).unwrap_or_default();
            self.seen.setting(number, value);
            self.apply(number, value)?;
        }
        out.send(frame(kind::SETTINGS, flag::ACK, 0, &[]));
        Ok(())
    }

    pub(super) fn apply(&mut self, number: u16, value: u32) -> Result<(), Failure> {
        match number {
            1 => self.encoder.resize(usize::try_from(value).unwrap_or(usize::MAX)),
            2 if 1 < value => {
                return Err(Failure(Code::Protocol, "SETTINGS: invalid SETTINGS_ENBLE_PUSH"));
            }
            4 if WINDOW < i64::from(value) => {
                let words = "SETTINGS: too large SETTINGS_INITIAL_WINDOW_SIZE";
                return Err(Failure(Code::FlowControl, words));
            }
            4 => {
                let more = i64::from(value) - self.initial;
                self.initial = i64::from(value);
                for stream in self.streams.values_mut() {
                    stream.window += more;
                    if WINDOW < stream.window {
                        return Err(Failure(Code::FlowControl, ""));
                    }
                }
            }
            5 if !(16_384..=16_777_215).contains(&value) => {
                return Err(Failure(Code::Protocol, "SETTINGS: invalid SETTINGS_MAX_FRAME_SIZE"));
            }
            5 => self.most = usize::try_from(value).unwrap_or(16_384),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn open_window(&mut self, head: Head, payload: &[u8], out: &mut Out) -> Result<(), Failure> {
        if payload.len() != 4 {
            return Err(Failure(Code::FrameSize, ""));
        }
        let more = frame::number(payload).unwrap_or_default() & 0x7fff_ffff;
        let nothing = "WINDOW_UPDATE: window_size_increment == 0";
        if more == 0 && (head.stream == 0 || !self.dialect.nginx) {
            return Err(Failure(Code::Protocol, nothing));
        }
        if head.stream == 0 {
            self.seen.window(more);
            self.window += i64::from(more);
            return if WINDOW < self.window { Err(Failure(Code::FlowControl, "")) } else { Ok(()) };
        }
        if !self.dialect.nginx && self.last < head.stream {
            return Err(Failure(Code::Protocol, "WINDOW_UPDATE to idle stream"));
        }
        let Some(stream) = self.streams.get_mut(&head.stream) else { return Ok(()) };
        stream.window += i64::from(more);
        let code = match (more, WINDOW < stream.window) {
            (0, _) => Code::Protocol,
            (_, true) => Code::FlowControl,
            _ => return Ok(()),
        };
        out.send(frame(kind::RST_STREAM, 0, head.stream, &(code as u32).to_be_bytes()));
        if let Some(mut stream) = self.streams.remove(&head.stream) {
            self.abandon(head.stream, &mut stream, out);
        }
        Ok(())
    }
}
