//! pothole: finds the places where Python falls over.

pub mod ir;
pub mod lower;
pub mod syntax;
pub mod text;
