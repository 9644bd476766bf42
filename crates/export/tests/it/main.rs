//! What is exported, as it is agreed on, as other programs read it, and of what the store has.

mod reading;
mod rendered;
mod sample;
mod validated;
