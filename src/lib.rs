//! pothole: finds the places where Python falls over.

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
pub mod finding;
pub mod config;
pub mod rules;
pub mod analyze;
