//! The rules: each a name, a page, and the one thing it looks at.

mod rule;

pub use rule::{Family, Rule};

macro_rules! rules {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every rule, in the manual's order.
        pub static ALL: &[Rule] = &[$($module::RULE),*];
    };
}

rules! {
    type_change
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name)
}
