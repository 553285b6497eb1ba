//! Calls that can fail for a reason outside the program: the network, a database, a file, another process, a text.

use super::guards::Left;
use super::search::{Escape, Search};
use crate::infer::{LibraryCall, Trace};
use crate::ir::{Dialect, ExprId, ExprKind, Function, LoopKind, Module, Passing, TryKind};
use crate::library::Call;
use crate::library::schema::{Mark, When};
use crate::project::Evaluate;
use crate::summary::{ClassRef, Delivery, Effects};
use crate::types::{FunctionRef, Type};
use rayon::prelude::*;

/// Exceptions that say that the call is written wrong, not that something outside failed.
const MISTAKES: [&str; 10] = [
    "ValueError",
    "TypeError",
    "KeyError",
    "AttributeError",
    "IndexError",
    "RuntimeError",
    "NotImplementedError",
    "AssertionError",
    "UnicodeError",
    "UnicodeDecodeError",
];

/// What can fail besides parsing.
const IO: Effects = Effects::NETWORK
    .with(Effects::DATABASE)
    .with(Effects::FILE)
    .with(Effects::PROCESS);

/// A call that can fail for a reason outside the program.
#[derive(Clone, Debug)]
pub struct Site {
    /// Whose code it is in.
    pub function: FunctionRef,
    /// The call.
    pub call: LibraryCall,
    /// What it touches.
    pub effects: Effects,
    /// What it raises, as the library tells.
    pub classes: Vec<ClassRef>,
    /// What of it leaves the function, and past which handlers.
    pub left: Left,
    /// How far it gets.
    pub escape: Option<Escape>,
    /// Some caller catches what leaves.
    pub is_spared: bool,
    /// Such a caller names the classes, or a decorator does it.
    pub is_spared_by_name: bool,
    /// It stands in a loop with no end.
    pub in_endless_loop: bool,
}

/// Every site outside of tests and the like.
pub(super) fn find(search: &Search<'_, '_, '_>, traces: &[Trace]) -> Vec<Site> {
    let parts: Vec<Vec<Site>> = traces
        .par_iter()
        .enumerate()
        .map(|(index, trace)| {
            let function = FunctionRef(index as u32);
            let is_silent = search
                .entries
                .is_out_of_scope(search.program.locate(function).0);
            let calls = if is_silent {
                &[]
            } else {
                trace.library.as_slice()
            };
            calls
                .iter()
                .filter_map(|call| site(search, function, *call))
                .collect()
        })
        .collect();
    parts.into_iter().flatten().collect()
}

fn site(search: &Search<'_, '_, '_>, function: FunctionRef, call: LibraryCall) -> Option<Site> {
    let program = search.program;
    let known = program.library.get(call.callee);
    let effects = known.summary.effects;
    if !effects.meets(IO.with(Effects::PARSE)) {
        return None;
    }
    let (module, code) = program.code(function);
    let is_late = known.lazy || known.summary.delivery != Delivery::Now;
    if is_late && !search.guards.is_consumed(function, call.call) {
        return None;
    }
    if effects.meets(Effects::FILE) && is_in_memory(search, function, call.call) {
        return None;
    }
    if is_queued(search, function, known, call.call) {
        return None;
    }
    let classes = classes(search, module, known, call.call);
    if classes.is_empty() {
        return None;
    }
    let guard = code.block(call.block).guard;
    let all = (1_u32 << classes.len()) - 1;
    let left = search.guards.leave(function, guard, &classes, all);
    let ways = (left.classes != 0).then(|| search.from(function, left, &classes));
    let (escape, is_spared, is_spared_by_name) = ways.map_or((None, false, false), |ways| {
        (ways.escape, ways.is_spared, ways.is_named)
    });
    let in_endless_loop = in_endless_loop(module, code, call.call);
    Some(Site {
        function,
        call,
        effects,
        classes,
        left,
        escape,
        is_spared,
        is_spared_by_name,
        in_endless_loop,
    })
}

/// Whether a command only waits in a pipeline for its `execute`.
fn is_queued(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    known: &Call,
    call: ExprId,
) -> bool {
    let program = search.program;
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let receiver = Evaluate::new(program, module_ref, id).value(value);
    match program.types.get(receiver.class) {
        Type::Instance(class) => {
            program.class_name(class).ends_with("Pipeline") && !known.name.ends_with(".execute")
        }
        _ => false,
    }
}

/// Whether the file that a call is given is no file but a buffer.
fn is_in_memory(search: &Search<'_, '_, '_>, function: FunctionRef, call: ExprId) -> bool {
    let program = search.program;
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let evaluate = Evaluate::new(program, module_ref, id);
    module.arguments(arguments).iter().any(|argument| {
        match program.types.get(evaluate.value(argument.value).class) {
            Type::Instance(class) => {
                matches!(program.class_name(class), "io.BytesIO" | "io.StringIO")
            }
            _ => false,
        }
    })
}

/// What a call raises with these arguments when something outside goes wrong.
fn classes(
    search: &Search<'_, '_, '_>,
    module: &Module,
    known: &Call,
    call: ExprId,
) -> Vec<ClassRef> {
    let program = search.program;
    let has = |wanted: &str| {
        let ExprKind::Call { arguments, .. } = module.kind(call) else {
            return false;
        };
        module
            .arguments(arguments)
            .iter()
            .any(|argument| match argument.passing {
                Passing::Keyword(name) => {
                    let is_off = matches!(
                        module.kind(argument.value),
                        ExprKind::False | ExprKind::None
                    );
                    module.name(name) == wanted && !is_off
                }
                Passing::DoubleStar => true,
                _ => false,
            })
    };
    let mut all: Vec<ClassRef> = known
        .raises(module.dialect == Dialect::Two)
        .iter()
        .map(|raise| raise.class)
        .collect();
    for also in &known.raises_if {
        let applies = match (also.when, &also.keyword) {
            (When::With, Some(keyword)) => has(keyword),
            _ => false,
        };
        if applies {
            all.extend(&also.raises);
        }
    }
    let name = |class: &ClassRef| program.class_name(*class);
    let is_limited = has("timeout") || has("block") || known.name.ends_with("_nowait");
    all.retain(|class| {
        let needs_limit = matches!(
            name(class),
            "subprocess.TimeoutExpired" | "queue.Empty" | "queue.Full"
        );
        is_limited || !needs_limit
    });
    // A conversion by a builtin: what is of the wrong type there is a mistake, not bad input.
    if !known.name.contains('.') {
        all.retain(|class| name(class) != "TypeError");
    }
    if known.summary.effects.meets(IO) && !known.marks.contains(&Mark::Fragile) {
        all.retain(|class| !MISTAKES.contains(&name(class)));
    } else {
        all = exactly(search, module, known, call, all);
    }
    all.truncate(16);
    all
}

/// Whether a call turns bytes into text.
pub fn is_decoding(name: &str) -> bool {
    matches!(name, "bytes.decode" | "bytearray.decode" | "str.decode")
}

/// A text is encoded without trouble but for `idna`; bytes are decoded, or replaced where the call says so.
fn exactly(
    search: &Search<'_, '_, '_>,
    module: &Module,
    known: &Call,
    call: ExprId,
    all: Vec<ClassRef>,
) -> Vec<ClassRef> {
    if known.name == "codecs.decode" {
        return by_codec(search, module, call).map_or(all, |class| vec![class]);
    }
    let encodes = known.name == "str.encode";
    if !encodes && !is_decoding(&known.name) {
        return all;
    }
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return all;
    };
    let arguments = module.arguments(arguments);
    let is_idna = arguments.first().is_some_and(
        |codec| matches!(module.kind(codec.value), ExprKind::Text(name) if module.name(name) == "idna"),
    );
    if arguments.len() > 1 || (encodes && !is_idna) {
        return Vec::new();
    }
    let name = match (encodes, is_idna) {
        (_, true) => "UnicodeError",
        (true, false) => "UnicodeEncodeError",
        (false, false) => "UnicodeDecodeError",
    };
    let library = search.program.library;
    library.class(name, module.dialect).into_iter().collect()
}

/// What `codecs.decode` raises with a codec that is written out.
fn by_codec(search: &Search<'_, '_, '_>, module: &Module, call: ExprId) -> Option<ClassRef> {
    const TO_BYTES: [&str; 6] = [
        "base64",
        "base64_codec",
        "hex",
        "hex_codec",
        "uu",
        "uu_codec",
    ];
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return None;
    };
    let name = match module
        .arguments(arguments)
        .get(1)
        .map(|codec| module.kind(codec.value))
    {
        None => "UnicodeDecodeError",
        Some(ExprKind::Text(codec)) if TO_BYTES.contains(&module.name(codec)) => "binascii.Error",
        Some(ExprKind::Text(_)) => "UnicodeDecodeError",
        Some(_) => return None,
    };
    search.program.library.class(name, module.dialect)
}

/// Whether an expression stands in a `while True` that nothing in it ends on purpose.
fn in_endless_loop(module: &Module, code: &Function, expr: ExprId) -> bool {
    let span = module.span(expr);
    code.loops.iter().any(|of| match of.kind {
        LoopKind::While { test } => {
            of.suite.contains(span)
                && matches!(module.kind(test), ExprKind::True | ExprKind::Int(1))
        }
        LoopKind::For { .. } => false,
    })
}

impl Site {
    /// Those classes of a mask, in the order of the table.
    pub fn named(&self, mask: u32) -> impl Iterator<Item = ClassRef> {
        self.classes
            .iter()
            .enumerate()
            .filter(move |(index, _)| mask >> index & 1 == 1)
            .map(|(_, &class)| class)
    }

    /// The innermost handlers around the call that let something through, if there are any in its function.
    pub fn missed_by(&self, code: &Function) -> Option<crate::ir::TryId> {
        let region = self.left.partial.or(self.left.nearest)?;
        matches!(code.region(region).kind, TryKind::Catch { .. }).then_some(region)
    }
}
