//! Tests of all services.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should fail")]

mod apart;
mod compare;
mod dns;
mod exchange;
mod full;
mod http_logins;
mod laws;
mod mysql;
mod mysql_logins;
mod postgres;
mod recorded;
mod redis;
mod snmp;
mod transcript;
mod transfers;
mod vnc;
