//! `handler-misses-error`: there is a try, but it does not cover what the call raises.

mod breached;
mod by_callers;
mod of_nothing;
mod second_class;

use crate::escape::clauses::{Fate, fate, insts_in};
use crate::escape::{ANSWERS, Entry, Escape, Site};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    ExprId, Function, Handler, Inst, InstKind, LoopKind, Module, PlaceId, Source, TryId, TryKind,
};
use crate::project::Catches;
use crate::rules::guarded::fragile::{is_fragile, reads_own_files};
use crate::rules::guarded::io::{Told, Touches, level, level_of, touches};
use crate::rules::guarded::meant::{CLOSE, missed};
use crate::rules::guarded::siblings::beside;
use crate::rules::guarded::sources::Sources;
use crate::rules::guarded::swallowed_exception::types_text;
use crate::rules::guarded::telling::{errors, finding};
use crate::rules::{Check, Family, Rule, Whole};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::FunctionRef;
use std::cell::LazyCell;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "handler-misses-error",
    family: Family::Guarded,
    page: include_str!("../../../rules/handler-misses-error.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut told = Told::default();
    let sources = LazyCell::new(|| Sources::of(whole));
    for site in &whole.escapes.sites {
        if site.left.classes != 0
            && !of_nothing::is_known(whole, site, &sources)
            && let Some(region) = missed(whole, site)
            && (site.rare_for.is_none() || is_close(whole, site, region))
            && let Some(finding) = missing(rule, whole, site, region)
        {
            told.tell(whole, site, finding);
        }
    }
    let mut findings = told.findings;
    findings.extend(by_callers::check(rule, whole));
    findings.extend(breached::findings(whole));
    findings.extend(second_class::findings(whole));
    findings
}

/// Whether a `try` is about little else than this call.
fn is_close(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (_, code) = whole.program.code(site.function);
    code.region(region).statements <= CLOSE
}

fn missing(rule: &'static Rule, whole: &Whole<'_>, site: &Site, region: TryId) -> Option<Finding> {
    let is_partial = site.left.partial.is_some();
    let escape = site.escape.as_ref();
    if escape.is_none() && site.is_spared && !is_own_affair(whole, site, region) {
        return None;
    }
    if escape.is_none() && is_namesake(whole, site) {
        return None;
    }
    let key = match (escape, is_partial) {
        (None, _) => "unclear",
        (_, true) => "partial",
        (_, false) => "missed",
    };
    let mut finding = finding(rule, whole, site, escape, key);
    finding
        .related
        .insert(0, handlers(whole, site.function, region));
    let (severity, confidence) = match escape {
        // What stands for a text that cannot be read is told by the handler that is there; a page for errors tells less.
        Some(escape) if touches(site) == Touches::Text => {
            (Severity::Warning, level(whole, site, escape).1)
        }
        Some(escape)
            if site.rare_for.is_some()
                || is_another_matter(whole, site)
                || fills_the_disk(whole, site) =>
        {
            level_of(whole, site, escape, true)
        }
        Some(escape) => level(whole, site, escape),
        None => (Severity::Warning, Confidence::Medium),
    };
    // A narrow handler of files or rows is a choice; so is any where nobody knows who calls.
    let is_chosen = match touches(site) {
        Touches::File => {
            (is_partial && !is_another_matter(whole, site) && !fills_the_disk(whole, site))
                || (escape.is_none()
                    && site.rare_for.is_none()
                    && !is_another_matter(whole, site)
                    && !is_fragile(whole, site))
        }
        Touches::Database => is_partial && escape.is_none(),
        Touches::Network | Touches::Text => {
            (is_partial && names_several(whole, site, region))
                || (is_partial && escape.is_none() && names_answer(whole, site, region))
        }
    };
    // Who guards the next one in full did not choose to guard this one in part.
    let is_known = beside(whole, site, &whole.escapes.sites).is_some();
    let is_chosen = is_chosen && !is_known;
    let is_chosen = is_chosen
        || (escape.is_none() && site.rare_for.is_none() && passes_on(whole, site, region));
    let severity = if is_chosen {
        Severity::Hint
    } else {
        severity.min(Severity::Warning)
    };
    let confidence = match (is_known, is_partial) {
        (true, _) => Confidence::Medium,
        (false, true) => confidence.min(Confidence::Medium),
        (false, false) => confidence,
    };
    // What a module does at its own top fails when it is imported, if it ever does.
    let is_at_top = escape.is_some_and(|escape| {
        escape.entry == Entry::Top && escape.path.is_empty() && touches(site) == Touches::Text
    });
    let confidence = if is_at_top
        || reads_own_files(whole, site)
        || (site.rare_for.is_some() && !is_everyday(whole, site, region))
    {
        Confidence::Low
    } else {
        confidence
    };
    let classes = escape.map_or(site.left.classes, |escape| escape.classes);
    let confidence = match escape {
        Some(escape)
            if (site.rare_for.is_none() || of_nothing::is_only_that(whole, site))
                && ends_here(whole, site, region, escape) =>
        {
            confidence.max(Confidence::Medium)
        }
        _ => confidence,
    };
    let help = Message::new("widen").with("errors", errors(whole, site, classes));
    Some(finding.severity(severity).confidence(confidence).help(help))
}

/// Whether what a call seldom raises is an everyday thing. A file with bytes that are no text is one where the handlers have
/// malformed documents in mind, where they pass over one file of many, or where the lines before it have been dealt with.
fn is_everyday(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let is_only = |wanted: &str| {
        let mut left = site.named(site.left.classes);
        left.all(|class| whole.program.class_name(class) == wanted)
    };
    if !is_only("UnicodeDecodeError") {
        return true;
    }
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let mut kinds = handlers
        .iter()
        .map(|handler| types_text(module, code, handler));
    let span = code.region(region).span;
    let is_one_of_many = code
        .loops
        .iter()
        .any(|of| matches!(of.kind, LoopKind::For { .. }) && of.suite.contains(span));
    // The line that is none may come after many that were dealt with.
    let goes_by_line = code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => {
            span.contains(of.span)
                && module
                    .kind(iterable)
                    .place()
                    .is_some_and(|place| Some(place) == opened(module, code, site.call.call))
        }
        LoopKind::While { .. } => false,
    });
    goes_by_line
        || kinds.any(|kind| kind.contains("DecodeError"))
        || (is_one_of_many
            && handlers
                .iter()
                .all(|handler| fate(module, code, handler) == Fate::Handled))
}

/// The variable that holds the file that a call opens.
fn opened(module: &Module, code: &Function, call: ExprId) -> Option<PlaceId> {
    code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value) | Source::Entered { manager: value, .. },
            ..
        } if value == call => module.kind(target).place(),
        _ => None,
    })
}

/// Whoever is more calls away than that may answer for what nobody answers for in between.
const NEAR: usize = 2;

/// Whether a `try` that is about little else than reading a text ends the matter in a function that others call: it answers
/// for what cannot be read, and forgets a way in which it cannot.
fn ends_here(whole: &Whole<'_>, site: &Site, region: TryId, escape: &Escape) -> bool {
    let (_, code) = whole.program.code(site.function);
    touches(site) == Touches::Text
        && escape.entry == Entry::Public
        && escape.path.len() <= NEAR
        && code.region(region).statements <= 2
        && !passes_on(whole, site, region)
        && !reads_own_files(whole, site)
}

/// Whether a function hands on to its namesake in a library: what that raises is its own answer too.
fn is_namesake(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let known = &whole.program.library.get(site.call.callee).name;
    known.rsplit('.').next() == Some(module.name(code.name))
}

/// Whether a handler raises again what it is not there for: the function is meant to fail.
fn passes_on(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    handlers.iter().any(|handler| {
        let mut insts = insts_in(code, handler.body);
        let raises = |inst: &Inst| {
            matches!(
                inst.kind,
                InstKind::Raise {
                    assertion: false,
                    ..
                }
            )
        };
        fate(module, code, handler) == Fate::Handled && insts.any(raises)
    })
}

/// Whether what is missed says something else than what is caught: not that the file is away but that it is broken, not
/// that a command failed but that there is none.
fn is_another_matter(whole: &Whole<'_>, site: &Site) -> bool {
    let program = whole.program;
    let dialect = program.dialect(site.function);
    let os_error = program.library.class("OSError", dialect);
    let is_of_system = |class| {
        os_error.is_some_and(|base| program.is_subclass(class, base, dialect) == Some(true))
    };
    let name = &program.library.get(site.call.callee).name;
    let mut left = site.named(site.left.classes);
    let mut caught = site.named(!site.left.classes);
    if name.starts_with("subprocess.") {
        // Who names what the system says of a command that is not there has thought of the rest of it.
        let is_chosen = |class| site.left.partial.is_some() && is_of_system(class);
        left.any(|class| !is_chosen(class)) && !runs_itself(whole, site)
    } else {
        // What is of the wrong type is a mistake.
        left.any(|class| !is_of_system(class) && program.class_name(class) != "TypeError")
            && (caught.any(is_of_system)
                || site.left.partial.is_some()
                // A process that is gone, and one that belongs to somebody else.
                || (name.starts_with("psutil.") && site.left.nearest.is_some()))
    }
}

/// Whether a call writes: who names what is wrong with a path forgets the disk that is full.
fn fills_the_disk(whole: &Whole<'_>, site: &Site) -> bool {
    const WRITES: [&str; 8] = [
        "os.fsync",
        "os.ftruncate",
        "os.write",
        "shutil.copy",
        "shutil.copy2",
        "shutil.copyfile",
        "shutil.copyfileobj",
        "shutil.copytree",
    ];
    let name = &whole.program.library.get(site.call.callee).name;
    let (module, code) = whole.program.code(site.function);
    let names_same = |region: TryId| match &code.region(region).kind {
        TryKind::Catch { handlers, .. } => handlers
            .iter()
            .any(|handler| types_text(module, code, handler).contains("SameFile")),
        TryKind::With { .. } | TryKind::Finally { .. } => false,
    };
    WRITES.contains(&name.as_str())
        && site
            .missed_by(code)
            .is_some_and(|region| !names_same(region))
}

/// Whether the command is this very interpreter, which is there.
fn runs_itself(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let mut found = false;
    module.walk(site.call.call, &mut |part| {
        found |= module
            .dotted(code, part)
            .is_some_and(|name| name == "sys.executable");
    });
    found
}

/// Whether the handlers were meant to end the matter here: all callers that catch the rest catch everything.
fn is_own_affair(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let region = code.region(region);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return false;
    };
    let ends = |handler: &Handler| fate(module, code, handler) == Fate::Handled;
    let is_told = matches!(touches(site), Touches::Network | Touches::Text);
    is_told
        && !site.is_spared_by_name
        && site.left.partial.is_none()
        && region.statements <= CLOSE
        && handlers.iter().all(ends)
}

/// Whether a handler waits for an answer that the program knows what to do with: the rest is left to callers on purpose.
fn names_answer(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    handlers.iter().any(|handler| {
        let text = types_text(module, code, handler);
        ANSWERS.iter().any(|part| text.contains(part))
    })
}

/// Whether the handlers name more than one kind of what is raised: somebody chose them.
fn names_several(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(site.function);
    let (module, code) = program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let mut narrower = 0;
    for handler in handlers {
        if let Catches::Classes { classes, .. } = program.catches(module_ref, id, handler.types) {
            let below = |class: &ClassRef| {
                site.named(site.left.classes)
                    .any(|root| program.is_subclass(*class, root, module.dialect) == Some(true))
            };
            narrower += classes.iter().filter(|class| below(class)).count();
        }
    }
    narrower > 1
}

/// The handlers that are there.
fn handlers(whole: &Whole<'_>, function: FunctionRef, region: TryId) -> Related {
    let (module, code) = whole.program.code(function);
    let region = code.region(region);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return Related {
            location: Location {
                file: whole.program.file(function),
                span: region.span,
            },
            message: Message::new("handlers"),
        };
    };
    let types: Vec<String> = handlers
        .iter()
        .map(|handler| types_text(module, code, handler))
        .collect();
    let span = handlers
        .first()
        .map_or(region.span, |handler| handler.header);
    let location = Location {
        file: whole.program.file(function),
        span,
    };
    Related {
        location,
        message: Message::new("handlers").with("types", types.join(", ")),
    }
}
