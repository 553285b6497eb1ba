//! pothole: finds the places where Python falls over.
//!
//! The order of the modules is the architecture: each uses only those before it.
//!
//! What a finding passes: `host::check` finds the files and reads their bytes; `syntax` parses them, `lower` makes a module of
//! each, and `host::cache` keeps it. `analyze` puts the modules together: `project` links them, `infer` sums up each function
//! with what `flow` knows inside of it, `escape` follows exceptions, and each rule of `rules` makes a [`finding::Finding`]:
//! places as bytes, messages as keys with arguments. `suppress` takes away what a comment silences. For what is left `fix`
//! makes a change. `report::items` puts it into words, from the rule's `page`, and into rows and columns; `report::Format`
//! writes it. On a pull request `delta` keeps what the change causes, `review::plan` decides what to say and where, and
//! `host::review` writes the comments.

pub mod text;

pub mod value;

pub mod syntax;

pub mod ir;

pub mod lower;

pub mod summary;

pub mod types;

pub mod library;

pub mod project;

pub mod flow;

pub mod infer;

pub mod escape;

pub mod finding;

pub mod nearest;

pub mod config;

pub mod rules;

pub mod suppress;

pub mod analyze;

pub mod describe;

pub mod page;

pub mod fix;

pub mod report;

pub mod diff;

pub mod delta;

pub mod review;
pub mod baseline;

pub mod host;

pub mod cli;
