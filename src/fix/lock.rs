//! A lock around the making of a shared object.

use super::bench::{Bench, argument};
use super::judged;
use super::statements::Statements;
use crate::finding::{Finding, Fix, Message};
use crate::ir::Module;

/// `with _name_lock:` around the test and what it guards, and the lock itself.
pub(super) fn around(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let statements = Statements::of(bench)?;
    let made = finding.location.span;
    let tested = finding
        .related
        .iter()
        .find(|related| related.message.key == "tested")?;
    let test = statements.conditional(made)?;
    if !test.span.contains(tested.location.span) {
        return None;
    }
    let name = argument(&finding.message, "name")?;
    // One lock does for all items of a dict.
    let name = name.rsplit('.').next()?.trim_start_matches('_');
    let name = name.trim_end_matches("[…]");
    let lock = format!("_{name}_lock");
    if bench
        .module
        .names
        .iter()
        .any(|known| known == lock.as_str())
    {
        return None;
    }
    let top = statements.outermost(made)?;
    let mut edits = statements.under(test, &format!("with {lock}:"))?;
    let maker = maker(bench.module);
    if maker == Maker::Unknown {
        let import = statements.first_import()?;
        if import.first >= top.first {
            return None;
        }
        edits.push(statements.before(import, &["import threading".to_owned()]));
    }
    let class = if maker == Maker::Class {
        "Lock"
    } else {
        "threading.Lock"
    };
    let rows = [format!("{lock} = {class}()"), String::new(), String::new()];
    edits.push(statements.before(top, &rows));
    judged(Message::new("lock").with("lock", lock), edits)
}

/// How a file reaches the class of locks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// `threading.Lock`.
    Module,
    /// `Lock`.
    Class,
    /// Not at all.
    Unknown,
}

fn maker(module: &Module) -> Maker {
    let mut found = Maker::Unknown;
    for import in &module.imports {
        if module.name(import.module) != "threading" || import.alias.is_some() {
            continue;
        }
        match import.name {
            None => return Maker::Module,
            Some(name) if module.name(name) == "Lock" => found = Maker::Class,
            Some(_) => {}
        }
    }
    found
}
