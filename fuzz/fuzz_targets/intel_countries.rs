//! Feeds the target `intel_countries`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("intel_countries", bytes));
