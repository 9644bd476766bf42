//! Feeds the target `intel_routes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("intel_routes", bytes));
