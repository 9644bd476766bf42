//! Transcripts of ftp, http and smtp.

use crate::transcript::check_all;
use netsvc_proto::services::{ftp, http, smtp};

#[test]
fn ftp_speaks_as_recorded() {
    check_all(&ftp::SERVICE);
}

#[test]
fn http_speaks_as_recorded() {
    check_all(&http::SERVICE);
}

#[test]
fn smtp_speaks_as_recorded() {
    check_all(&smtp::SERVICE);
}
