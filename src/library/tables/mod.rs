//! From tables that people write to the compiled form; `build.rs` includes this module as it is.

pub mod schema;
pub mod names;
pub mod call;
pub mod compiled;
pub mod typetext;
pub mod typed;
pub mod compile;
pub mod stubs;
