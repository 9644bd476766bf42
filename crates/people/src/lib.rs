//! What the people of a fleet write to each other: threads in their languages, at their hours, about each other, their
//! machines and what they work on. Everything but [`run`] is a function of the world and the day.

mod clock;
mod grammar;
mod model;
mod render;
mod thread;
mod words;
mod worker;
mod world;

pub use model::{BadModel, Model, Spoken, judged};
pub use worker::{Counters, Settings, WorkerError, run};
pub use world::{Login, Machine, World};

#[cfg(test)]
mod tests;
