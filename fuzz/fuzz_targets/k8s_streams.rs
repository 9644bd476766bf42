//! Feeds the target `k8s_streams`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("k8s_streams", bytes));
