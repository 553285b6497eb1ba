//! pothole: finds the places where Python falls over.
//!
//! The order of the modules is the architecture: each uses only those before it.

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
