//! Feeds the target `ssh_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("ssh_session", bytes));
