//! A job: what came of it, who sent it, and how it is kept.

use super::model::Printer;
use netsvc_kit::{Gathered, Host, Link, Out};
use netsvc_wire::{Kind, field};

/// Bytes of a job that are kept.
const KEPT: usize = 8 << 20;

/// A job that comes in.
#[derive(Debug)]
pub(super) struct Job {
    kept: Gathered,
    /// Bytes that came, kept or not.
    size: usize,
    pub(super) title: String,
    pub(super) user: String,
}

impl Job {
    pub(super) fn new() -> Job {
        Job { kept: Gathered::new(KEPT), size: 0, title: String::new(), user: String::new() }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len());
        // What is beyond is counted only.
        let _ = self.kept.push(bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// It is whole: it is kept, and stands in the list of jobs of its sender. Its number.
    pub(super) fn finish(&mut self, host: &Host, link: &Link, printer: &Printer, out: &mut Out) -> u32 {
        let size = std::mem::take(&mut self.size);
        let content = self.kept.take_all();
        let panel = printer.kept.of(link.source(), Default::default);
        let at = seconds(host, printer);
        let number = panel.lock().print(&self.title, &self.user, size, at);
        let path = if self.title.is_empty() { format!("job {number}") } else { self.title.clone() };
        let mut fields = vec![
            (field::PATH, path.into_bytes()),
            (field::ORIGIN, b"upload".to_vec()),
            (field::FORMAT, format(&content).as_bytes().to_vec()),
        ];
        if !self.user.is_empty() {
            fields.push((field::PRINCIPAL, self.user.clone().into_bytes()));
        }
        out.capture(Kind::FileCaptured, fields, content);
        number
    }
}

/// Seconds since the printer was switched on.
pub(super) fn seconds(host: &Host, printer: &Printer) -> u32 {
    u32::try_from((host.clock() - printer.model.booted).max(0) / 1_000_000).unwrap_or(u32::MAX)
}

/// What a job is written in.
fn format(content: &[u8]) -> &'static str {
    let start = content.trim_ascii_start();
    for (begin, name) in [
        (&b"%!"[..], "postscript"),
        (b"\x1bE", "pcl"),
        (b"\x1b&", "pcl"),
        (b"\x1b*", "pcl"),
        (b") HP-PCL XL", "pclxl"),
        (b"%PDF", "pdf"),
        (b"RaS2", "pwg-raster"),
        (b"\xff\xd8\xff", "jpeg"),
    ] {
        if start.starts_with(begin) {
            return name;
        }
    }
    "text"
}
