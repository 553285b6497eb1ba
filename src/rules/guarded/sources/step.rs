//! One step back: from an expression to what it is made of.

use super::entrance::{is_chosen_by_client, is_part_of_message};
use super::words::{LISTINGS, MATCHES, NUMBERS, RECEIVES, SEARCHES, is_document, is_form, is_part};
use super::{At, Binding, Door, Entrance, STEPS, Sources, Trail, WAYS};
use crate::ir::{
    Argument, BinaryOperator, ExprId, ExprKind, InstKind, NameId, PlaceId, Run, Scope, Step,
};
use crate::project::{Actual, Evaluate, Target, actuals};
use crate::types::{FunctionRef, Type};
use crate::value::Facts;

impl Sources<'_, '_> {
    /// Where a value comes in, or nothing where it is made here or its way is lost.
    pub(super) fn follow(&self, at: At, trail: &mut Trail) -> Option<Entrance> {
        if trail.seen.len() >= STEPS || !trail.seen.insert(at) {
            return None;
        }
        if trail.is_number {
            trail.numbers.push(at);
        }
        let (function, expr) = at;
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        let here = |door| Entrance::new(function, expr, door);
        if trail.is_number && !matches!(module.kind(expr), ExprKind::Name(_)) {
            return self.follow_number(at, trail);
        }
        match module.kind(expr) {
            ExprKind::Name(place) => self.follow_variable(function, place, trail),
            ExprKind::Attribute { value, name, .. } => {
                let evaluate = Evaluate::new(program, module_ref, id);
                let is_outside = evaluate.value(expr).facts.has(Facts::OUTSIDE)
                    || is_part_of_message(module, code, value, module.name(name));
                if is_outside {
                    return Some(here(Door::of_text(module, code, expr)));
                }
                if NUMBERS.contains(&module.name(name)) {
                    return None;
                }
                self.follow_attribute(function, value, name, trail)
            }
            ExprKind::Subscript { value, index, .. } => {
                if is_chosen_by_client(module, code, value, index) {
                    return Some(here(Door::Network));
                }
                let found = self.follow((function, value), trail)?;
                // What stands under a key of a document that others handed on is as they agreed on.
                let is_field = matches!(module.kind(index), ExprKind::Text(_));
                let found = match is_field
                    && found.is_of_document(&self.whole.program.code(found.function))
                {
                    true => found.in_document(),
                    false => found,
                };
                (!is_field || found.function == function).then_some(found)
            }
            ExprKind::Call { callee, arguments } => {
                self.follow_call(at, callee, module.arguments(arguments), trail)
            }
            ExprKind::Binary {
                operator: BinaryOperator::Add,
                left,
                right,
            } => self
                .follow((function, left), trail)
                .or_else(|| self.follow((function, right), trail)),
            ExprKind::And(parts) | ExprKind::Or(parts) => self.follow_any(function, parts, trail),
            ExprKind::Conditional {
                then, otherwise, ..
            } => self
                .follow((function, then), trail)
                .or_else(|| self.follow((function, otherwise), trail)),
            ExprKind::Await(value) | ExprKind::Starred(value) => {
                self.follow((function, value), trail)
            }
            ExprKind::Walrus { value, .. } => self.follow((function, value), trail),
            ExprKind::Tuple(_) => self.follow_part(at, trail),
            ExprKind::Comprehension(id) => {
                let comprehension = module.comprehension(id);
                let element = comprehension.value.unwrap_or(comprehension.element);
                self.follow((function, element), trail)
            }
            _ => None,
        }
    }

    fn follow_any(&self, function: FunctionRef, parts: Run, trail: &mut Trail) -> Option<Entrance> {
        let (module, _) = self.whole.program.code(function);
        let mut parts = module.list(parts).iter();
        parts.find_map(|&part| self.follow((function, part), trail))
    }

    fn follow_variable(
        &self,
        function: FunctionRef,
        place: PlaceId,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let program = self.whole.program;
        let (_, code) = program.code(function);
        let Step::Variable { scope, .. } = code.place(place).step else {
            return None;
        };
        for binding in self.bindings_of(function, place) {
            let found = self.follow_binding(function, place, binding, trail);
            if found.is_some() {
                return found;
            }
        }
        match scope {
            Scope::Parameter { index, .. } => self.follow_parameter(function, index, trail),
            Scope::Free {
                function: owner,
                place,
                ..
            } => {
                let owner = program.function(program.locate(function).0, owner);
                self.follow_variable(owner, place, trail)
            }
            _ => None,
        }
    }

    /// `a, b = x, y` takes `b` from `y`.
    fn follow_binding(
        &self,
        function: FunctionRef,
        place: PlaceId,
        binding: Binding,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let (module, _) = self.whole.program.code(function);
        let pair = match (module.kind(binding.target), module.kind(binding.value)) {
            (ExprKind::Tuple(targets), ExprKind::Tuple(values))
                if targets.count == values.count =>
            {
                let mut pairs = module.list(targets).iter().zip(module.list(values));
                let is_it = |target: ExprId| module.kind(target) == ExprKind::Name(place);
                pairs.find(|(target, _)| is_it(**target))
            }
            _ => None,
        };
        if let Some((_, &value)) = pair {
            return self.follow((function, value), trail);
        }
        let is_it = |part: &ExprId| module.kind(*part) == ExprKind::Name(place);
        self.follow_unpacked(function, binding.target, &is_it, binding.value, trail)
    }

    /// What a value gives to one part of a target: the third of `a, b, c`.
    fn follow_unpacked(
        &self,
        function: FunctionRef,
        target: ExprId,
        is_wanted: &dyn Fn(&ExprId) -> bool,
        value: ExprId,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let (module, _) = self.whole.program.code(function);
        let pick = match module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                module.list(parts).iter().position(is_wanted)
            }
            _ => None,
        };
        trail.picks.extend(pick);
        let found = self.follow((function, value), trail);
        trail
            .picks
            .truncate(trail.picks.len() - usize::from(pick.is_some()));
        found
    }

    fn follow_parameter(
        &self,
        function: FunctionRef,
        index: u16,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let program = self.whole.program;
        if let Some(&(callee, caller, call)) = trail.entered.last()
            && callee == function
        {
            let given = self.given(callee, caller, call, index)?;
            let left = trail.entered.pop();
            let found = self.follow((caller, given), trail);
            trail.entered.extend(left);
            return found;
        }
        let (module, code) = program.code(function);
        let framework = program.passed_by_framework(function);
        if framework
            .get(usize::from(index))
            .is_some_and(|value| value.facts.has(Facts::OUTSIDE))
        {
            let parameter = code.parameters.get(usize::from(index))?;
            let mut names = code.exprs.range().map(ExprId::new);
            let expr = names.find(|&expr| module.kind(expr) == ExprKind::Name(parameter.place))?;
            return Some(Entrance::new(function, expr, Door::Network));
        }
        let passes = self.passes.get(&(function, index))?;
        let found = passes.iter().find_map(|&at| self.follow(at, trail))?;
        Some(found.by_one_of(passes.len()))
    }

    /// What a call gives for a parameter.
    fn given(
        &self,
        callee: FunctionRef,
        caller: FunctionRef,
        call: ExprId,
        index: u16,
    ) -> Option<ExprId> {
        let (module, _) = self.whole.program.code(caller);
        let ExprKind::Call { arguments, .. } = module.kind(call) else {
            return None;
        };
        let (callee_module, code) = self.whole.program.code(callee);
        let is_bound = self.whole.program.class_of_method(callee).is_some()
            && !self.whole.program.decoration(callee).is_static;
        let arguments = module.arguments(arguments);
        match actuals(module, arguments, callee_module, code, is_bound).get(usize::from(index)) {
            Some(&Actual::Given(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn follow_attribute(
        &self,
        function: FunctionRef,
        value: ExprId,
        name: NameId,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let evaluate = Evaluate::new(program, module_ref, id);
        let symbol = program.symbol(module_ref, name);
        let owner = evaluate.value(value);
        if let Some(getter) = program.property(owner, symbol) {
            return self.follow_returned(getter, trail);
        }
        match program.types.get(owner.class) {
            Type::Instance(class) if program.project_class(class).is_some() => {
                let mut classes = program.linearization(class);
                classes.truncate(WAYS);
                let stores = classes
                    .iter()
                    .filter_map(|&class| self.stores.get(&(class, symbol)))
                    .flatten();
                let targets: Vec<At> = stores.copied().take(WAYS).collect();
                let left = std::mem::take(&mut trail.entered);
                let ways = targets.len();
                let found = targets
                    .into_iter()
                    .find_map(|(by, target)| self.follow_store(by, target, trail));
                trail.entered = left;
                found.map(|found| found.by_one_of(ways))
            }
            // The parts of a URL, of a match, of an answer.
            Type::Instance(_) | Type::Unknown => match program.code(function).0.kind(value) {
                ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                    self.follow((function, value), trail)
                }
                ExprKind::Call { .. } => self.follow((function, value), trail),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a statement puts into an attribute.
    fn follow_store(
        &self,
        function: FunctionRef,
        target: ExprId,
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let (module, code) = self.whole.program.code(function);
        let span = module.span(target);
        let value = code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target: bound,
                source: crate::ir::Source::Value(value),
                ..
            } if module.span(bound).contains(span) => Some((bound, value)),
            _ => None,
        });
        let (bound, value) = value?;
        let value = match (module.kind(bound), module.kind(value)) {
            (ExprKind::Tuple(targets), ExprKind::Tuple(values))
                if targets.count == values.count =>
            {
                let at = module.list(targets).iter().position(|&one| one == target)?;
                *module.list(values).get(at)?
            }
            (ExprKind::Tuple(_), _) => {
                return self.follow_unpacked(function, bound, &|&one| one == target, value, trail);
            }
            _ => value,
        };
        self.follow((function, value), trail)
    }

    pub(super) fn follow_call(
        &self,
        at: At,
        callee: ExprId,
        arguments: &[Argument],
        trail: &mut Trail,
    ) -> Option<Entrance> {
        let (function, expr) = at;
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        let evaluate = Evaluate::new(program, module_ref, id);
        let target = program.target(evaluate.value(callee));
        if let Target::Function {
            function: called, ..
        } = target
        {
            if trail.entered.len() >= 4 {
                return None;
            }
            trail.entered.push((called, function, expr));
            let found = self.follow_returned(called, trail);
            trail.entered.pop();
            return found;
        }
        if let Target::Library(call) = target {
            let known = program.library.get(call);
            if known.outside {
                let door = match Door::of_call(known) {
                    Door::Other => Door::of_text(module, code, expr),
                    door => door,
                };
                let found = Entrance::new(function, expr, door);
                return Some(match is_document(&known.name) {
                    true => found.in_document(),
                    false => found,
                });
            }
            let is_listing = LISTINGS.contains(&known.name.as_str());
            if is_listing || known.name == "open" || known.name == "io.open" {
                return Some(Entrance::new(function, expr, Door::File));
            }
        }
        let dotted = evaluate.dotted(callee).unwrap_or_default();
        let first = arguments.first().map(|argument| argument.value);
        let second = arguments.get(1).map(|argument| argument.value);
        if !MATCHES.contains(&dotted.as_str()) && is_form(dotted.trim_start_matches("builtins.")) {
            let text = if dotted.ends_with("map") || dotted.ends_with("filter") {
                second
            } else {
                first
            };
            let found = self.follow((function, text?), trail)?;
            return Some(match is_document(&dotted) {
                true => found.in_document(),
                false => found,
            });
        }
        if MATCHES.contains(&dotted.as_str()) {
            return self.follow((function, second?), trail);
        }
        let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
            return None;
        };
        let name = module.name(name);
        if RECEIVES.contains(&name) && target == Target::Unknown {
            return Some(Entrance::new(function, expr, Door::Network));
        }
        if name == "get" && first.is_some_and(|key| is_chosen_by_client(module, code, value, key)) {
            return Some(Entrance::new(function, expr, Door::Network));
        }
        if SEARCHES.contains(&name) && first.is_some() {
            let found = self.follow((function, first?), trail);
            if found.is_some() {
                return found;
            }
        }
        if name == "join" {
            return self.follow((function, first?), trail);
        }
        if !is_part(name) {
            return None;
        }
        let found = self.follow((function, value), trail)?;
        let is_field = matches!(name, "get" | "pop")
            && first.is_some_and(|key| matches!(module.kind(key), ExprKind::Text(_)));
        let found = match name {
            "json" => found.in_document(),
            _ => found,
        };
        (!is_field || found.function == function).then_some(found)
    }

    /// What a function returns or yields.
    fn follow_returned(&self, function: FunctionRef, trail: &mut Trail) -> Option<Entrance> {
        let (module, code) = self.whole.program.code(function);
        let mut results: Vec<ExprId> = Vec::new();
        for inst in &code.insts {
            match inst.kind {
                InstKind::Return(Some(value)) => results.push(value),
                InstKind::Eval(root) if code.is_generator => {
                    if let ExprKind::Yield(Some(value)) | ExprKind::YieldFrom(value) =
                        module.kind(root)
                    {
                        results.push(value);
                    }
                }
                _ => {}
            }
        }
        let mut results = results.into_iter().take(WAYS);
        results.find_map(|value| self.follow((function, value), trail))
    }
}
