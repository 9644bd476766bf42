//! Feeds `fuzz_targets::sftp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::sftp(bytes));
