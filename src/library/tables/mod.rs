//! From tables that people write to the compiled form; `build.rs` includes this module as it is.

pub mod call;
pub mod compile;
pub mod compiled;
pub mod names;
pub mod schema;
pub mod stubs;
pub mod typed;
pub mod typetext;
pub mod words;
