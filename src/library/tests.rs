//! Checks that the tables agree with each other.
