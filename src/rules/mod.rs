//! The rules: each a name, a page, and the one thing it looks at.

mod boundary;
mod io;
mod rule;
mod scene;

pub use rule::{Check, Family, Rule};
pub use scene::{Scene, Whole, draft, is_test};

macro_rules! rules {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every rule, in the manual's order.
        pub static ALL: &[Rule] = &[$($module::RULE),*];
    };
}

rules! {
    possibly_unbound
    none_argument
    none_result
    none_variable
    none_attribute
    unguarded_network
    unguarded_database
    unguarded_file
    handler_misses_error
    unreachable_handler
    bare_except
    swallowed_exception
    exit_in_finally
    missing_timeout
    empty_sequence
    missing_key
    off_by_one
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name)
}

/// What may stand in a selection: the names of the families and of the rules.
pub fn names() -> Vec<&'static str> {
    let families = Family::ALL.iter().map(|family| family.name());
    families.chain(ALL.iter().map(|rule| rule.name)).collect()
}
