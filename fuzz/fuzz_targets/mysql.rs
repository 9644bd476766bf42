//! Feeds `fuzz_targets::mysql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::mysql(bytes));
