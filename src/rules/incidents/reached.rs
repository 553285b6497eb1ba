//! Which functions run where: in a thread, a request, a greenlet, any number of calls away.

use crate::escape::Entry;
use crate::ir::FunctionKind;
use crate::library::schema::Runs;
use crate::rules::dynamic::told::{is_callback, takes_request};
use crate::rules::{Whole, is_test};
use crate::types::FunctionRef;

/// For each function, one of the wanted places that it runs in.
pub(in crate::rules) fn reached(whole: &Whole<'_>, wanted: &[Runs]) -> Vec<Option<Runs>> {
    let program = whole.program;
    let mut found = vec![None; program.function_count()];
    let mut open = Vec::new();
    for index in 0..program.function_count() as u32 {
        if let Some(Entry::Registered { runs, .. }) = whole.escapes.entry(FunctionRef(index))
            && wanted.contains(&runs)
        {
            found[index as usize] = Some(runs);
            open.push(FunctionRef(index));
        } else if let Some(runs) = answers(whole, FunctionRef(index))
            && wanted.contains(&runs)
        {
            found[index as usize] = Some(runs);
            open.push(FunctionRef(index));
        }
    }
    while let Some(function) = open.pop() {
        for site in whole.graph.calls_in(function) {
            let callee = site.callee.0 as usize;
            if found[callee].is_none() {
                found[callee] = found[function.0 as usize];
                open.push(site.callee);
            }
        }
    }
    found
}

/// Where a function runs that says by what it takes, or by its name, that it answers others: nobody in the project calls
/// it.
fn answers(whole: &Whole<'_>, function: FunctionRef) -> Option<Runs> {
    let (module, code) = whole.program.code(function);
    let runs = if code.kind != FunctionKind::Def {
        return None;
    } else if takes_request(module, code) {
        Runs::Request
    } else if is_callback(module, code) {
        Runs::Loop
    } else {
        return None;
    };
    let is_called = whole.graph.calls_of(function).next().is_some();
    (!is_called && !is_test(whole.program, function)).then_some(runs)
}
