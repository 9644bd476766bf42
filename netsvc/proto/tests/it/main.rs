//! Tests of all services.

mod laws;
mod mail_web_files;
mod transcript;
