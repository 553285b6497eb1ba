//! From tables that people write to the compiled form; `build.rs` includes this module as it is.

pub mod words;
pub mod names;
pub mod schema;
pub mod call;
pub mod compiled;
pub mod kinds;
pub mod typetext;
pub mod compiler;
pub mod typed;
pub mod members;
pub mod guards;
pub mod stubs;
pub mod compile;
