//! pothole: finds the places where Python falls over.
//!
//! The order of the modules is the architecture: each uses only those before it.

pub mod text;

pub mod ir;

pub mod lower;

pub mod value;

pub mod types;

pub mod finding;

pub mod summary;

pub mod nearest;

pub mod config;

pub mod rules;

pub mod suppress;

pub mod analyze;

pub mod page;

pub mod report;

pub mod host;

pub mod cli;
