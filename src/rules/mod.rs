//! The rules: each a name, a page, and the one thing it looks at.

mod ambiguity;
mod answer_ended;
mod around;
mod attributes;
mod belief;
mod boundary;
mod calls;
mod class_growth;
mod constants;
mod cooperative;
mod evidence;
mod fired_twice;
mod fragile;
mod growth;
mod habits;
mod instantiation;
mod interfaces;
mod io;
mod items;
mod meant;
mod method_calls;
mod observers;
mod origin;
mod reached;
mod rule;
mod running;
mod scene;
mod statements;
mod stores;
mod usage;
mod vocabulary;

pub use habits::Habits;
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
    type_change
    overwritten_parameter
    overwriting_target
    shadowed_import
    shadowed_builtin
    possibly_unbound
    redefined_function
    none_argument
    none_result
    none_variable
    none_attribute
    late_check
    misplaced_guard
    unchecked_argument
    unguarded_network
    unguarded_database
    unguarded_file
    handler_misses_error
    unreachable_handler
    unguarded_division
    unguarded_parse
    bare_except
    swallowed_exception
    broad_try
    exit_in_finally
    missing_timeout
    empty_sequence
    missing_key
    off_by_one
    math_domain
    untested_boundary
    late_binding
    mutable_default
    early_call
    partial_mismatch
    unbounded_growth
    retained_instance
    leaked_listener
    busy_loop
    catastrophic_regex
    quadratic_work
    unclosed_resource
    racy_singleton
    cache_without_ttl
    query_in_loop
    keyspace_scan
    forgotten_await
    lost_task
    blocking_call
    unhandled_deferred
    finish_after_disconnect
    late_monkey_patch
    undeclared_interface
    abstract_instance
    incomplete_implementation
    dynamic_code
    unsafe_load
    dynamic_import
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
