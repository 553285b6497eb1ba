//! pothole: finds the places where Python falls over.

pub mod analyze;
pub mod config;
pub mod finding;
pub mod ir;
pub mod library;
pub mod rules;
pub mod summary;
pub mod text;
pub mod types;
pub mod value;
