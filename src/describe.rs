//! The analysis' own view of a project as text, for tests and for the curious: who calls whom, what each function does.

use crate::analyze::{Analysis, Cancelled, Monitor, Source, Wanted};
use crate::ir::FunctionKind;
use crate::library::Library;
use crate::project::Program;
use crate::summary::{Parameters, Summary};
use crate::text::Location;
use crate::types::FunctionRef;
use std::collections::{BTreeMap, BTreeSet};

/// Who calls whom: each function's qualified name with those of the functions of the project that it calls.
///
/// # Errors
/// Only if `monitor` cancels.
pub fn calls(
    sources: &[Source],
    monitor: &dyn Monitor,
) -> Result<BTreeMap<String, BTreeSet<String>>, Cancelled> {
    let analysis = Analysis::of(
        sources,
        Library::builtin(),
        &vec![Wanted::Nothing; sources.len()],
        monitor,
    )?;
    let program = &analysis.program;
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in functions(program) {
        let callees = calls.entry(name(program, function)).or_default();
        for site in analysis.graph.calls_in(function) {
            callees.insert(name(program, site.callee));
        }
    }
    Ok(calls)
}

/// What each function does, a line each.
///
/// # Errors
/// Only if `monitor` cancels.
pub fn summaries(sources: &[Source], monitor: &dyn Monitor) -> Result<Vec<String>, Cancelled> {
    let analysis = Analysis::of(
        sources,
        Library::builtin(),
        &vec![Wanted::Nothing; sources.len()],
        monitor,
    )?;
    let program = &analysis.program;
    let lines = functions(program).map(|function| {
        let summary = &analysis.summaries[function.0 as usize];
        format!(
            "{}: {}",
            name(program, function),
            describe(program, summary)
        )
    });
    Ok(lines.collect())
}

fn functions(program: &Program<'_>) -> impl Iterator<Item = FunctionRef> + use<> {
    let is_code: Vec<FunctionRef> = (0..program.function_count() as u32)
        .map(FunctionRef)
        .filter(|&function| program.code(function).1.kind != FunctionKind::Class)
        .collect();
    is_code.into_iter()
}

fn name(program: &Program<'_>, function: FunctionRef) -> String {
    let module = program.module_name(program.locate(function).0);
    match program.qualified_name(function) {
        inside if inside.is_empty() => module.to_owned(),
        inside => format!("{module}.{inside}"),
    }
}

fn describe(program: &Program<'_>, summary: &Summary) -> String {
    let mut parts = vec![format!("returns {}", summary.returns)];
    if summary.never_returns {
        parts.push("never returns".to_owned());
    }
    for (what, parameters) in [
        ("none if none", summary.none_if_none),
        ("requires", summary.requires),
        ("stops if", summary.stops_if),
        ("stops unless", summary.stops_unless),
        ("true means", summary.true_means),
        ("false means", summary.false_means),
    ] {
        if !parameters.is_empty() && parameters != Parameters::ALL {
            parts.push(format!("{what} {parameters}"));
        }
    }
    for demand in &summary.demands {
        let at = place(program, demand.location);
        parts.push(format!("demands {} at {at}", demand.parameter));
    }
    for raise in &summary.raises {
        let from = raise.path.first().map(|&at| place(program, at));
        let class = program.class_name(raise.class);
        parts.push(format!("raises {class} from {}", from.unwrap_or_default()));
    }
    parts.join("; ")
}

fn place(program: &Program<'_>, location: Location) -> String {
    let source = &program.sources[location.file.0 as usize];
    let row = source.module.lines.row(location.span.start) + 1;
    format!("{}:{row}", source.path)
}
