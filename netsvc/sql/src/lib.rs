//! A small SQL engine: it reads statements, keeps tables in memory within bounds, and answers queries. It knows
//! nothing of a wire or of a product's wording: what goes wrong is a [`Fault`], which a service puts into the words
//! and numbers of its server.
//!
//! What is written by strangers is bounded everywhere: length and nesting of a statement, rows that a query visits,
//! rows and bytes that a world keeps.

mod ast;
mod catalogue;
mod evaluate;
mod execute;
mod fault;
mod functions;
mod lexer;
mod number;
mod parse;
mod pattern;
mod schema;
mod select;
mod session;
mod statements;
mod value;
mod world;

pub use fault::Fault;
pub use schema::{Column, Kind, Table};
pub use session::{Answer, Facts, Field, Rows, Session};
pub use statements::split;
pub use value::Value;
pub use world::{Database, World};
