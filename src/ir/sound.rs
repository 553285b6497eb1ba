//! Whether a module that comes from outside is one that lowering could have made: every index points somewhere, nothing
//! contains itself, and nothing is deeper than what passes may recurse into.

use super::{
    BlockId, Class, ClassId, ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind,
    LoopKind, Module, NameId, Next, Pattern, PlaceId, Run, Scope, Source, Step, TryId, TryKind,
};
use crate::text::Span;

/// An expression whose parts are written out wherever they are shared is at most so many times larger than the module.
const SHARING: u64 = 16;

/// A function is the owner of an expression: whose places its names mean.
const NOBODY: u32 = u32::MAX;

impl Module {
    /// Whether passes can rely on this module, for a file of `length` bytes and expressions of at most `depth`.
    pub fn is_sound(&self, length: usize, depth: u32) -> bool {
        let check = Check {
            module: self,
            length,
            owner: self.owners(),
        };
        check.arenas() && check.trees(depth) && check.functions() && check.rest()
    }

    /// Which function each expression belongs to.
    fn owners(&self) -> Vec<u32> {
        let mut owner = vec![NOBODY; self.exprs.len()];
        for (index, function) in self.functions.iter().enumerate() {
            for at in range(function.exprs) {
                if let Some(owner) = owner.get_mut(at) {
                    *owner = index as u32;
                }
            }
        }
        owner
    }
}

/// As `Run::range`, for a run that may reach past everything.
fn range(run: Run) -> std::ops::Range<usize> {
    run.start as usize..(run.start as usize).saturating_add(run.count as usize)
}

struct Check<'m> {
    module: &'m Module,
    length: usize,
    owner: Vec<u32>,
}

impl Check<'_> {
    fn span(&self, span: Span) -> bool {
        span.start <= span.end && span.end as usize <= self.length
    }

    fn name(&self, name: NameId) -> bool {
        name.index() < self.module.names.len()
    }

    /// An expression of a function.
    fn expr(&self, expr: ExprId, owner: usize) -> bool {
        self.owner.get(expr.index()) == Some(&(owner as u32))
    }

    fn exprs(&self, exprs: impl IntoIterator<Item = ExprId>, owner: usize) -> bool {
        exprs.into_iter().all(|expr| self.expr(expr, owner))
    }

    fn function(&self, function: FunctionId) -> bool {
        function.index() < self.module.functions.len()
    }

    fn class(&self, class: ClassId) -> bool {
        class.index() < self.module.classes.len()
    }

    fn list(&self, run: Run) -> bool {
        range(run).end <= self.module.lists.len()
    }

    fn place(&self, place: PlaceId, owner: usize) -> bool {
        let functions = &self.module.functions;
        functions
            .get(owner)
            .is_some_and(|of| place.index() < of.places.len())
    }

    /// Everything that expressions are made of points somewhere.
    fn arenas(&self) -> bool {
        let module = self.module;
        let in_arena = |expr: &ExprId| expr.index() < module.exprs.len();
        let in_patterns = |parts: &[super::PatternId], below: usize| {
            parts.iter().all(|part| part.index() < below)
        };
        module.lists.iter().all(in_arena)
            && module.arguments.iter().all(|one| in_arena(&one.value))
            && module.comprehensions.iter().all(|one| {
                in_arena(&one.element)
                    && one.value.iter().all(in_arena)
                    && one.clauses.iter().all(|clause| {
                        in_arena(&clause.target)
                            && in_arena(&clause.iterable)
                            && clause.conditions.iter().all(in_arena)
                    })
            })
            && module
                .patterns
                .iter()
                .enumerate()
                .all(|(at, pattern)| match pattern {
                    Pattern::Anything | Pattern::Star => true,
                    Pattern::Value(value) => in_arena(value),
                    Pattern::Sequence(parts) | Pattern::Mapping(parts) | Pattern::Or(parts) => {
                        in_patterns(parts, at)
                    }
                    Pattern::Class { class, parts } => in_arena(class) && in_patterns(parts, at),
                    Pattern::As(inner) => inner.index() < at,
                })
            && (0..module.exprs.len()).all(|at| self.kind(at))
    }

    /// The parts of one expression that are no expressions.
    fn kind(&self, at: usize) -> bool {
        let module = self.module;
        let expr = module.exprs[at];
        let owner = self.owner[at] as usize;
        self.span(expr.span)
            && match expr.kind {
                ExprKind::Number(name) | ExprKind::Text(name) | ExprKind::Bytes(name) => {
                    self.name(name)
                }
                ExprKind::Name(place) => self.place(place, owner),
                ExprKind::Attribute { name, place, .. } => {
                    self.name(name) && place.is_none_or(|place| self.place(place, owner))
                }
                ExprKind::Subscript { place, .. } => {
                    place.is_none_or(|place| self.place(place, owner))
                }
                ExprKind::Interpolated(parts)
                | ExprKind::Tuple(parts)
                | ExprKind::List(parts)
                | ExprKind::Set(parts)
                | ExprKind::Dict(parts)
                | ExprKind::And(parts)
                | ExprKind::Or(parts) => self.list(parts),
                ExprKind::Call { arguments, .. } => self.arguments(arguments),
                ExprKind::Lambda(function) => self.function(function),
                ExprKind::Comprehension(id) => id.index() < module.comprehensions.len(),
                ExprKind::Matches { pattern, .. } => pattern.index() < module.patterns.len(),
                _ => true,
            }
    }

    fn arguments(&self, run: Run) -> bool {
        use super::Passing::Keyword;
        let arguments = self.module.arguments.get(range(run));
        arguments.is_some_and(|arguments| {
            arguments.iter().all(|argument| match argument.passing {
                Keyword(name) => self.name(name),
                _ => true,
            })
        })
    }

    /// Parts stand before the whole, in the same function; nothing is too deep or, written out, too large.
    fn trees(&self, depth: u32) -> bool {
        let count = self.module.exprs.len();
        let most = SHARING * (count as u64 + 64);
        let mut sizes: Vec<(u32, u64)> = Vec::with_capacity(count);
        for at in 0..count {
            let (mut deepest, mut size, mut fits) = (0, 1u64, true);
            self.module
                .for_each_part(ExprId::new(at), &mut |part| match sizes.get(part.index()) {
                    Some(&(depth, of)) if self.owner[part.index()] == self.owner[at] => {
                        deepest = deepest.max(depth);
                        size = size.saturating_add(of);
                    }
                    _ => fits = false,
                });
            if !fits || deepest >= depth || size > most {
                return false;
            }
            sizes.push((deepest + 1, size));
        }
        true
    }

    fn functions(&self) -> bool {
        let functions = &self.module.functions;
        functions.first().is_some_and(|body| body.parent.is_none())
            && functions.iter().enumerate().all(|(at, function)| {
                let is_module = function.kind == FunctionKind::Module;
                is_module == (at == 0)
                    && is_module == function.parent.is_none()
                    && function.parent.is_none_or(|parent| parent.index() < at)
                    && (at == 0 || functions[at - 1].parent <= function.parent)
                    && self.head(function)
                    && self.places(at, function)
                    && self.code(at, function)
            })
    }

    fn head(&self, function: &Function) -> bool {
        let outer = function.parent.map_or(0, FunctionId::index);
        let class = function
            .class
            .map(|id| (id, self.module.classes.get(id.index())));
        self.name(function.name)
            && self.span(function.span)
            && self.span(function.name_span)
            && range(function.exprs).end <= self.module.exprs.len()
            && class.is_none_or(|(_, class)| class.is_some())
            && self.list(function.decorators)
            && self.exprs(self.module.list(function.decorators).to_vec(), outer)
            && self.exprs(function.returns, outer)
            && function.parameters.iter().all(|parameter| {
                self.name(parameter.name)
                    && self.span(parameter.span)
                    && parameter.place.index() < function.places.len()
                    && self.exprs(parameter.default, outer)
                    && self.exprs(parameter.annotation, outer)
            })
    }

    fn places(&self, at: usize, function: &Function) -> bool {
        function.places.iter().enumerate().all(|(index, place)| {
            place.parent.is_none_or(|parent| parent.index() < index)
                && match place.step {
                    Step::Variable { name, scope } => {
                        place.parent.is_none() && self.name(name) && self.scope(at, function, scope)
                    }
                    Step::Attribute(name) | Step::Key(name) => {
                        place.parent.is_some() && self.name(name)
                    }
                    Step::Index(_) => place.parent.is_some(),
                }
        })
    }

    fn scope(&self, at: usize, function: &Function, scope: Scope) -> bool {
        match scope {
            Scope::Parameter { index, .. } => usize::from(index) < function.parameters.len(),
            Scope::Free {
                function: owner,
                place,
                ..
            } => {
                let owned = self
                    .module
                    .functions
                    .get(owner.index())
                    .filter(|_| owner.index() < at);
                let place = owned.and_then(|owner| owner.places.get(place.index()));
                place.is_some_and(|place| {
                    matches!(
                        place.step,
                        Step::Variable {
                            scope: Scope::Local { .. }
                                | Scope::Parameter { .. }
                                | Scope::Comprehension,
                            ..
                        }
                    )
                })
            }
            Scope::Local { .. } | Scope::Comprehension | Scope::Global { .. } => true,
        }
    }

    fn code(&self, at: usize, function: &Function) -> bool {
        let block = |id: BlockId| id.index() < function.blocks.len();
        let region = |id: TryId| id.index() < function.tries.len();
        !function.blocks.is_empty()
            && function
                .insts
                .iter()
                .all(|inst| self.span(inst.span) && self.inst(at, function, inst.kind))
            && function.blocks.iter().all(|one| {
                range(one.insts).end <= function.insts.len()
                    && one.guard.is_none_or(region)
                    && match one.next {
                        Next::Goto(to) => block(to),
                        Next::Branch(to, other) => block(to) && block(other),
                        Next::Resume(id) => region(id),
                        Next::Return | Next::Raise | Next::Never => true,
                    }
            })
            && function.tries.iter().enumerate().all(|(index, one)| {
                one.parent.is_none_or(|parent| parent.index() < index)
                    && self.span(one.span)
                    && self.span(one.body)
                    && match &one.kind {
                        TryKind::Catch {
                            handlers,
                            otherwise,
                            ..
                        } => {
                            otherwise.is_none_or(|span| self.span(span))
                                && handlers.iter().all(|handler| {
                                    block(handler.entry)
                                        && self.exprs(handler.types, at)
                                        && self.exprs(handler.target, at)
                                        && [handler.span, handler.header, handler.body]
                                            .into_iter()
                                            .all(|span| self.span(span))
                                })
                        }
                        TryKind::Finally { entry, suite } => block(*entry) && self.span(*suite),
                        TryKind::With { manager, after, .. } => {
                            block(*after) && self.expr(*manager, at)
                        }
                    }
            })
            && function.loops.iter().enumerate().all(|(index, one)| {
                one.parent.is_none_or(|parent| (parent as usize) < index)
                    && block(one.header)
                    && block(one.body)
                    && self.span(one.span)
                    && self.span(one.suite)
                    && match one.kind {
                        LoopKind::For {
                            target, iterable, ..
                        } => self.exprs([target, iterable], at),
                        LoopKind::While { test } => self.expr(test, at),
                    }
            })
    }

    fn inst(&self, at: usize, function: &Function, kind: InstKind) -> bool {
        match kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                self.expr(target, at)
                    && self.exprs(annotation, at)
                    && self.source(at, function, source)
            }
            InstKind::Declare { target, annotation } => self.exprs([target, annotation], at),
            InstKind::Eval(expr) | InstKind::Assume { test: expr, .. } | InstKind::Forget(expr) => {
                self.expr(expr, at)
            }
            InstKind::Return(value) => self.exprs(value, at),
            InstKind::Raise {
                exception, cause, ..
            } => self.exprs(exception, at) && self.exprs(cause, at),
        }
    }

    fn source(&self, at: usize, function: &Function, source: Source) -> bool {
        match source {
            Source::Value(value) | Source::Augmented { value, .. } => self.expr(value, at),
            Source::Element { iterable, .. } => self.expr(iterable, at),
            Source::Entered { manager, .. } => self.expr(manager, at),
            Source::Captured { subject, .. } => self.expr(subject, at),
            Source::Caught { region, handler } => {
                let region = function.tries.get(region.index());
                region.is_some_and(|region| match &region.kind {
                    TryKind::Catch { handlers, .. } => usize::from(handler) < handlers.len(),
                    _ => false,
                })
            }
            Source::Import(import) => import.index() < self.module.imports.len(),
            Source::Function(id) => {
                let of = self.module.functions.get(id.index());
                of.is_some_and(|of| of.parent.map(FunctionId::index) == Some(at))
            }
            Source::Class(id) => {
                let of = self.module.classes.get(id.index());
                of.is_some_and(|of| of.parent.index() == at)
            }
            Source::Opaque => true,
        }
    }

    fn rest(&self) -> bool {
        let module = self.module;
        module.classes.iter().all(|class| self.one_class(class))
            && module
                .functions
                .iter()
                .all(|of| of.class.is_none_or(|class| self.class(class)))
            && module.imports.iter().all(|import| {
                self.name(import.module)
                    && import.name.is_none_or(|name| self.name(name))
                    && import.alias.is_none_or(|name| self.name(name))
                    && self.span(import.span)
            })
            && module.comments.iter().all(|&span| self.span(span))
            && module.suppressions.iter().all(|one| self.span(one.span))
            && module.problems.iter().all(|one| self.span(one.span))
            && module.lines.fit(self.length)
    }

    fn one_class(&self, class: &Class) -> bool {
        let outer = class.parent.index();
        let arguments = self.module.arguments.get(range(class.arguments));
        self.name(class.name)
            && self.span(class.name_span)
            && self.span(class.span)
            && self.function(class.parent)
            && self.function(class.body)
            && self.list(class.decorators)
            && self.exprs(self.module.list(class.decorators).to_vec(), outer)
            && self.arguments(class.arguments)
            && arguments.is_some_and(|arguments| {
                self.exprs(arguments.iter().map(|argument| argument.value), outer)
            })
    }
}
