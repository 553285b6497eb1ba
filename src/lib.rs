//! pothole: finds the places where Python falls over.

pub mod text;
pub mod ir;
