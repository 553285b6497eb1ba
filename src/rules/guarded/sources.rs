//! Where a text comes from: followed back through names, parameters, attributes and results to the place where it enters
//! the program.

mod entrance;
mod number;
mod step;
mod words;

pub(in crate::rules) use entrance::{Door, Entrance};

use crate::ir::{ExprId, ExprKind, InstKind, Passing, PlaceId, Source};
use crate::project::Symbol;
use crate::rules::Whole;
use crate::rules::is_test;
use crate::summary::ClassRef;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// A text is followed through so many expressions.
const STEPS: usize = 80;

/// More calls of one function, or stores of one attribute, are not asked.
const WAYS: usize = 12;

/// Whose code an expression stands in, and it.
type At = (FunctionRef, ExprId);

/// What a name is bound to.
#[derive(Clone, Copy)]
struct Binding {
    target: ExprId,
    value: ExprId,
}

/// Where texts come from, with what was found out on the way.
pub(in crate::rules) struct Sources<'w, 's> {
    whole: &'w Whole<'s>,
    passes: FxHashMap<(FunctionRef, u16), Vec<At>>,
    stores: FxHashMap<(ClassRef, Symbol), Vec<At>>,
    bindings: RefCell<FxHashMap<FunctionRef, FxHashMap<PlaceId, Vec<Binding>>>>,
}

/// One search.
struct Trail {
    seen: FxHashSet<At>,
    /// A number is looked for that was made of a text; `x or 1` is none that may be zero.
    is_number: bool,
    /// What stood for the number on the way.
    numbers: Vec<At>,
    /// Which part of the tuple that is followed is wanted, the last one first to be met.
    picks: Vec<usize>,
    /// The calls that were entered for what they return: who is called, by whom, and the call.
    entered: Vec<(FunctionRef, FunctionRef, ExprId)>,
}

impl Trail {
    fn of(is_number: bool) -> Self {
        Self {
            seen: FxHashSet::default(),
            is_number,
            numbers: Vec::new(),
            picks: Vec::new(),
            entered: Vec::new(),
        }
    }
}

impl<'w, 's> Sources<'w, 's> {
    /// Knows who passes what, and what is stored where.
    pub(in crate::rules) fn of(whole: &'w Whole<'s>) -> Self {
        let mut passes: FxHashMap<(FunctionRef, u16), Vec<At>> = FxHashMap::default();
        let mut stores: FxHashMap<(ClassRef, Symbol), Vec<At>> = FxHashMap::default();
        for (index, trace) in whole.traces.iter().enumerate() {
            let caller = FunctionRef(index as u32);
            if is_test(whole.program, caller) {
                continue;
            }
            for pass in &trace.passes {
                let spread = || spread_in(whole, caller, pass.call);
                let Some(argument) = pass.argument.or_else(spread) else {
                    continue;
                };
                let known = passes.entry((pass.callee, pass.parameter)).or_default();
                if known.len() < WAYS && !known.contains(&(caller, argument)) {
                    known.push((caller, argument));
                }
            }
            for binding in &trace.attribute_bindings {
                let known = stores
                    .entry((binding.class, binding.attribute))
                    .or_default();
                if known.len() < WAYS && !known.contains(&(caller, binding.target)) {
                    known.push((caller, binding.target));
                }
            }
        }
        Self {
            whole,
            passes,
            stores,
            bindings: RefCell::default(),
        }
    }

    /// Where a value enters the program, if it comes from outside.
    pub(in crate::rules) fn entrance(
        &self,
        function: FunctionRef,
        expr: ExprId,
    ) -> Option<Entrance> {
        self.follow((function, expr), &mut Trail::of(false))
    }

    /// Where a number comes from that was read out of a text from outside, and what stood for it on the way.
    pub(in crate::rules) fn of_number(
        &self,
        function: FunctionRef,
        expr: ExprId,
    ) -> Option<(Entrance, Vec<(FunctionRef, ExprId)>)> {
        let mut trail = Trail::of(true);
        let found = self.follow((function, expr), &mut trail)?;
        Some((found, trail.numbers))
    }

    /// What the text that a call parses is made of: the receiver of a method, or the arguments.
    pub(in crate::rules) fn of_call(
        &self,
        function: FunctionRef,
        call: ExprId,
        name: &str,
    ) -> Option<Entrance> {
        let (module, _) = self.whole.program.code(function);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return None;
        };
        let arguments = module.arguments(arguments);
        let receiver = match module.kind(callee) {
            ExprKind::Attribute { value, .. } if name.starts_with("bytes.") => Some(value),
            ExprKind::Attribute { value, .. } if name.starts_with("str.") => Some(value),
            ExprKind::Attribute { value, .. } if name.starts_with("bytearray.") => Some(value),
            _ => None,
        };
        // `struct.unpack(format, data)`; a date is made of several numbers.
        let skipped = usize::from(name.starts_with("struct.unpack"));
        let count = if is_of_several(name) { 3 } else { 1 };
        let given = arguments.iter().skip(skipped).take(count);
        let mut parts = receiver
            .into_iter()
            .chain(given.map(|argument| argument.value));
        parts.find_map(|part| self.entrance(function, part))
    }

    /// What a variable is bound to in its function.
    fn bindings_of(&self, function: FunctionRef, place: PlaceId) -> Vec<Binding> {
        let mut known = self.bindings.borrow_mut();
        let of_function = known
            .entry(function)
            .or_insert_with(|| self.all_bindings(function));
        of_function.get(&place).cloned().unwrap_or_default()
    }

    fn all_bindings(&self, function: FunctionRef) -> FxHashMap<PlaceId, Vec<Binding>> {
        let (module, code) = self.whole.program.code(function);
        let mut found: FxHashMap<PlaceId, Vec<Binding>> = FxHashMap::default();
        let mut add = |target: ExprId, value: ExprId| {
            module.walk(target, &mut |part| {
                if let ExprKind::Name(place) = module.kind(part) {
                    let known = found.entry(place).or_default();
                    if known.len() < WAYS {
                        known.push(Binding { target, value });
                    }
                }
            });
        };
        for inst in &code.insts {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            let value = match source {
                Source::Value(value) | Source::Augmented { value, .. } => value,
                Source::Element { iterable, .. } => iterable,
                Source::Entered { manager, .. } => manager,
                Source::Captured { subject, .. } => subject,
                _ => continue,
            };
            add(target, value);
        }
        for index in code.exprs.range() {
            match module.exprs[index].kind {
                ExprKind::Comprehension(id) => {
                    for clause in &module.comprehension(id).clauses {
                        add(clause.target, clause.iterable);
                    }
                }
                ExprKind::Walrus { target, value } => add(target, value),
                _ => {}
            }
        }
        found
    }
}

/// What a call spreads over the parameters of a function: `book(*found.groups())`.
fn spread_in(whole: &Whole<'_>, caller: FunctionRef, call: ExprId) -> Option<ExprId> {
    let (module, _) = whole.program.code(caller);
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return None;
    };
    let mut arguments = module.arguments(arguments).iter();
    let spread = arguments.find(|argument| argument.passing == Passing::Star)?;
    Some(spread.value)
}

/// Whether a constructor is given several parts of a text, any of which may be wrong.
fn is_of_several(name: &str) -> bool {
    matches!(
        name,
        "datetime.date" | "datetime.datetime" | "datetime.time" | "calendar.monthrange"
    )
}
