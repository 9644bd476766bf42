//! Feeds the target `sensor_frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run("sensor_frames", bytes));
