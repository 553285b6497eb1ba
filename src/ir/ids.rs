//! Indices into the arenas of one module. All are local to their module: none means anything outside it.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id of the element at `index`. An arena never holds more than `u32::MAX - 1` elements,
            /// as files over 4 GiB are refused.
            pub const fn new(index: usize) -> Self {
                match NonZeroU32::new(index as u32 + 1) {
                    Some(raw) => Self(raw),
                    None => Self(NonZeroU32::MAX),
                }
            }

            /// The place in the arena.
            pub const fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )*};
}

ids! {
    /// A string of the module: an identifier or the content of a literal.
    NameId
    /// An expression.
    ExprId
    /// A pattern of a `case`.
    PatternId
    /// A comprehension or generator expression.
    ComprehensionId
    /// One imported name.
    ImportId
    /// A function, lambda, class body or the module's own body.
    FunctionId
    /// A class.
    ClassId
    /// A place of one function: only meaningful together with that function.
    PlaceId
    /// A basic block of one function.
    BlockId
    /// A try, finally or with region of one function.
    TryId
}

/// A run of elements in one of the module's pools (`Module::lists`, `Module::arguments`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Run {
    /// Index of the first element.
    pub start: u32,
    /// How many.
    pub count: u32,
}

impl Run {
    /// The indices it covers.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.count) as usize
    }

    /// Whether it covers nothing.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }
}
