//! Feeds `fuzz_targets::redis`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::redis(bytes));
