//! Feeds `fuzz_targets::ftp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::ftp(bytes));
