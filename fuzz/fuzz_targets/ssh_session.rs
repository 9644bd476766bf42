//! Feeds `fuzz_targets::ssh_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::ssh_session(bytes));
