//! Configuration: what a team asks for, as data.

use crate::finding::Confidence;
use crate::ir::Dialect;

/// What a team asks for.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Rules or families that are wanted; empty: all.
    pub select: Vec<String>,
    /// Rules or families that are not.
    pub ignore: Vec<String>,
    /// Also what is only a hint.
    pub pedantic: bool,
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
    /// The dialect of files that do not show it.
    pub python: Option<Dialect>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            pedantic: false,
            min_confidence: Confidence::Medium,
            python: None,
        }
    }
}
