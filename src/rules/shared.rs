//! What several rules ask of the whole program: found out when the first of them does.

use crate::rules::Whole;
use crate::rules::classes::interfaces::{self, Instance, Open};
use crate::rules::evidence::{self, AllEvidence};
use crate::rules::stores::{self, Guess};
use crate::summary::ClassRef;
use rustc_hash::FxHashMap;
use std::sync::{Arc, OnceLock};

/// Answers that rules have in common. What finds one out must not wait for other threads: they may wait for it.
#[derive(Default)]
pub struct Shared {
    evidence: OnceLock<Arc<AllEvidence>>,
    guesses: OnceLock<Vec<Guess>>,
    open: OnceLock<Vec<Open>>,
    instances: OnceLock<FxHashMap<ClassRef, Vec<Instance>>>,
}

impl Whole<'_> {
    /// Everything that says of a parameter that it may be None.
    pub(in crate::rules) fn evidence(&self) -> Arc<AllEvidence> {
        let known = &self.shared.evidence;
        Arc::clone(known.get_or_init(|| Arc::new(evidence::gather(self))))
    }

    /// Calls that only their words tell to be ones of a store, by function.
    pub(in crate::rules) fn guesses(&self) -> &[Guess] {
        { &self.shared.guesses }.get_or_init(|| stores::guesses(self))
    }

    /// Every class that can be read to the top and leaves a method open.
    pub(in crate::rules) fn open_classes(&self) -> &[Open] {
        { &self.shared.open }.get_or_init(|| interfaces::open_classes(self))
    }

    /// Every call that makes an instance of a class that leaves a method open, by class.
    pub(in crate::rules) fn open_instances(&self) -> &FxHashMap<ClassRef, Vec<Instance>> {
        let wanted = || self.open_classes().iter().map(|open| open.class).collect();
        { &self.shared.instances }.get_or_init(|| interfaces::instances(self, &wanted()))
    }
}
