//! Feeds `fuzz_targets::ini`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::ini(bytes));
