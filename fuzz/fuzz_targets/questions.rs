//! Feeds `fuzz_targets::questions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::questions(bytes));
