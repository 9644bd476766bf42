//! Feeds the target `intel_database`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("intel_database", bytes));
