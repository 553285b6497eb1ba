//! The rules: each a name, a page, and the one thing it looks at.

mod around;
mod constants;
mod evidence;
mod habits;
mod rule;
mod scene;
mod sequences;
mod shared;
mod stores;

pub use habits::Habits;
pub use rule::{Check, Family, Rule};
pub(crate) use scene::is_test_path;
pub use scene::{Scene, Whole, draft, is_test};
pub use shared::Shared;

/// Families in the notes' order: what their rules share, and the rules themselves, in the manual's order.
macro_rules! rules {
    ($($family:ident($($shared:ident)*) { $($module:ident)* })*) => {
        $(mod $family {
            $(pub(super) mod $shared;)*
            $(pub(super) mod $module;)*
        })*

        /// Every rule, in the manual's order.
        pub static ALL: &[Rule] = &[$($($family::$module::RULE),*),*];
    };
}

rules! {
    names(vocabulary) {
        type_change
        overwritten_parameter
        overwriting_target
        shadowed_import
        shadowed_builtin
        possibly_unbound
        redefined_function
    }
    none(attributes belief calls module_variable sibling) {
        none_argument
        none_result
        none_variable
        none_attribute
        late_check
        misplaced_guard
        unchecked_argument
    }
    guarded(answered beside elapsed everyday excuses fragile handled harm io looked_at meant mistaken_index read_beside repeats settled siblings sources telling) {
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
    }
    boundary() {
        empty_sequence
        missing_key
        off_by_one
        math_domain
        untested_boundary
    }
    storage(by_statement items queries statements) {
        cache_without_ttl
        query_in_loop
        keyspace_scan
    }
    classes(instantiation interfaces named) {
        undeclared_interface
        abstract_instance
        incomplete_implementation
    }
    dynamic(asked origin running told words) {
        dynamic_code
        unsafe_load
        dynamic_import
    }
    concurrency(answer_ended believed_await cooperative fired_twice method_calls raced usage) {
        forgotten_await
        lost_task
        blocking_call
        unhandled_deferred
        finish_after_disconnect
        late_monkey_patch
    }
    incidents(ambiguity class_growth growth kept observers reached) {
        unbounded_growth
        retained_instance
        leaked_listener
        busy_loop
        catastrophic_regex
        quadratic_work
        unclosed_resource
        racy_singleton
    }
    functional() {
        late_binding
        mutable_default
        early_call
        partial_mismatch
    }
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
