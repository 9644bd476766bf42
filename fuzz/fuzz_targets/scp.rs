//! Feeds `fuzz_targets::scp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::scp(bytes));
