//! `unsafe-load`: bytes are loaded in a form that can run code.

use crate::finding::{Confidence, Finding, Severity};
use crate::ir::{ExprKind, Passing};
use crate::library::schema::Mark;
use crate::project::Evaluate;
use crate::rules::dynamic::origin::Outside;
use crate::rules::dynamic::running::{Level, Site, findings};
use crate::rules::stores;
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unsafe-load",
    family: Family::Dynamic,
    page: include_str!("../../../rules/unsafe-load.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Mark::UnsafeLoad, &level)
}

/// How a YAML document is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loader {
    /// It is none, or none that is known.
    Other,
    /// Nothing says how: PyYAML 6 raises TypeError, older ones build any object.
    Missing,
    /// One that builds any object.
    Unsafe,
    /// One that builds only plain ones.
    Safe,
}

fn level(site: &Site<'_, '_>, outside: Option<Outside>) -> Level {
    let is_foreign = outside.is_some_and(Outside::is_foreign);
    match loader(site) {
        Loader::Safe => None,
        Loader::Unsafe if is_foreign => Some((Severity::Error, Confidence::High)),
        Loader::Unsafe => Some((Severity::Warning, Confidence::Medium)),
        Loader::Missing if is_foreign => Some((Severity::Error, Confidence::High)),
        Loader::Missing => Some((Severity::Warning, Confidence::High)),
        _ => match outside {
            Some(Outside::Request | Outside::Network) => Some((Severity::Error, Confidence::High)),
            Some(Outside::Database) => Some((Severity::Warning, Confidence::Medium)),
            _ => Some((Severity::Hint, Confidence::Medium)),
        },
    }
}

fn loader(site: &Site<'_, '_>) -> Loader {
    let name = site.known.name.as_str();
    let (module, code) = site.whole.program.code(site.function);
    let call = site.call.call;
    let flag = |name: &str, at: usize| {
        stores::argument(module, call, at, &[name]).map(|flag| module.kind(flag))
    };
    match name {
        // What is only made of numbers is the default of NumPy, and an argument of torch.
        "numpy.load" if flag("allow_pickle", 2) != Some(ExprKind::True) => return Loader::Safe,
        "torch.load" if flag("weights_only", 9) == Some(ExprKind::True) => return Loader::Safe,
        _ if !name.starts_with("yaml.") => return Loader::Other,
        _ => {}
    }
    if name.contains("full_load") {
        return Loader::Safe;
    }
    if name.contains("unsafe_load") {
        return Loader::Unsafe;
    }
    let given = stores::argument(module, call, 1, &["Loader"]);
    let is_spread = stores::arguments(module, call)
        .iter()
        .any(|argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar));
    let Some(given) = given else {
        return if is_spread {
            Loader::Safe
        } else {
            Loader::Missing
        };
    };
    // What a name stands for that is bound to one class or another is for the reader to say.
    let (module_ref, id) = site.whole.program.locate(site.function);
    let resolved = Evaluate::new(site.whole.program, module_ref, id).dotted(given);
    let named = module.dotted(code, given).unwrap_or_default();
    if !resolved.is_some_and(|name| name.starts_with("yaml.")) {
        return Loader::Safe;
    }
    match named.rsplit('.').next().unwrap_or_default() {
        "Loader" | "UnsafeLoader" | "CLoader" | "CUnsafeLoader" => Loader::Unsafe,
        _ => Loader::Safe,
    }
}
