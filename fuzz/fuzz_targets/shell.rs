//! Feeds `fuzz_targets::shell`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::shell(bytes));
