//! Tests of all services.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should fail")]

mod laws;
mod mail_web_files;
mod redis;
mod transcript;
