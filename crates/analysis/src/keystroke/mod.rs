//! How what was typed in a recorded session came: typed, pasted or sent by a program; how fast, with how many slips,
//! by whom. Of the recording the times and kinds of keys are looked at, and nothing of what was said is told again.

mod features;
mod key;
mod pauses;
#[cfg(test)]
mod tests;
mod typing;

pub use features::keystrokes;
