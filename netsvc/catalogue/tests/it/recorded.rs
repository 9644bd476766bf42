//! Transcripts of ftp, http, smtp and telnet.

use crate::transcript::check_all;
use netsvc_proto::services::{ftp, http, smtp, telnet};

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

#[test]
fn telnet_speaks_as_recorded() {
    check_all(&telnet::SERVICE);
}
