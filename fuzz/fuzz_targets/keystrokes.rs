//! Feeds the target `keystrokes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("keystrokes", bytes));
