//! Plain data of the house: no file, no clock, no random, no runtime.

pub mod paths;
pub mod record;
pub mod worker;
