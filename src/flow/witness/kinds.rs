//! Tests of type on a way: `isinstance`, `type(x) is T`, and what follows for the next one.

use super::{Fact, Search, Walker, hash_of};
use crate::flow::Flow;
use crate::ir::{Comparison, ExprId, ExprKind, PlaceId, Run};
use std::rc::Rc;

/// Built-in types of which no object belongs to two; `bool` is an `int`.
const BUILTIN: [(&str, u16); 10] = [
    ("str", 1),
    ("bytes", 1 << 1),
    ("bool", 1 << 2),
    ("int", 1 << 2 | 1 << 3),
    ("float", 1 << 4),
    ("list", 1 << 5),
    ("tuple", 1 << 6),
    ("dict", 1 << 7),
    ("set", 1 << 8),
    ("frozenset", 1 << 9),
];

impl Search<'_, '_, '_> {
    /// `isinstance(x, T)`, `callable(x)` where x is None: it comes out false.
    pub(super) fn asks_none(&mut self, walker: &Walker, callee: ExprId, arguments: Run) -> bool {
        let module = self.flow.module;
        let asks = matches!(
            module.plain_name(self.flow.code, callee),
            Some("isinstance" | "issubclass" | "callable")
        );
        let arguments = module.arguments(arguments);
        let place = arguments
            .first()
            .and_then(|argument| self.flow.place_of(argument.value));
        let (true, Some(place)) = (asks, place) else {
            return false;
        };
        let mut classes = arguments[1..].iter();
        let about_none = classes.any(|argument| self.is_about_none(argument.value));
        let condition = self.noneness_of(place);
        let none = Fact {
            condition,
            holds: true,
        };
        !about_none && walker.facts.contains(&none)
    }

    pub(super) fn is_type_test(&self, callee: ExprId, arguments: Run) -> bool {
        let name = self.flow.module.plain_name(self.flow.code, callee);
        arguments.count == 2 && name == Some("isinstance")
    }

    /// `isinstance(x, (A, B))`: one of `isinstance(x, A)` and `isinstance(x, B)`.
    pub(super) fn suppose_type(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        arguments: Run,
        holds: bool,
    ) -> bool {
        let module = self.flow.module;
        let [subject, class] = module.arguments(arguments) else {
            return self.record(walker, test, holds);
        };
        if holds
            && let Some(place) = self.flow.place_of(subject.value)
            && !self.is_about_none(class.value)
        {
            let condition = self.noneness_of(place);
            if !self.settle(walker, condition, false) {
                return false;
            }
        }
        let subject = self.flow.form(subject.value);
        let of = |class: ExprId| hash_of(&("isinstance", subject, self.flow.form(class)));
        let whole = of(class.value);
        let parts: Vec<u64> = match module.kind(class.value) {
            ExprKind::Tuple(parts) => module.list(parts).iter().map(|&part| of(part)).collect(),
            _ => Vec::new(),
        };
        if let Some(kinds) = self.kinds_of(class.value) {
            self.types.insert(whole, (subject, kinds));
            if holds && self.is_another_type(walker, subject, kinds) {
                return false;
            }
        }
        self.suppose_one_of(walker, test, whole, parts, holds)
    }

    /// Whether a class in a test of type may be that of None.
    fn is_about_none(&self, class: ExprId) -> bool {
        let module = self.flow.module;
        let mut found = false;
        module.walk(class, &mut |part| {
            let name = module.last_name(self.flow.code, part);
            found |= matches!(module.kind(part), ExprKind::None | ExprKind::Call { .. })
                || name.is_some_and(|name| name.ends_with("NoneType"));
        });
        found
    }

    /// `type(x) is T`, `type(x).__name__ == "T"`: what has that type is not None.
    pub(super) fn suppose_type_of(
        &mut self,
        walker: &mut Walker,
        (left, right): (ExprId, ExprId),
        holds: bool,
    ) -> bool {
        let Some(place) = self.asked_for_type(left) else {
            return true;
        };
        let proves = match self.flow.module.kind(right) {
            ExprKind::Text(name) => (self.flow.module.name(name) != "NoneType") == holds,
            _ if self.flow.is_type_of_none(right) => !holds,
            _ => holds && !self.is_about_none(right),
        };
        let condition = self.noneness_of(place);
        !proves || self.settle(walker, condition, false)
    }

    /// The place whose type an expression is, or whose type's name.
    fn asked_for_type(&self, expr: ExprId) -> Option<PlaceId> {
        let module = self.flow.module;
        let expr = match module.kind(expr) {
            ExprKind::Attribute { value, name, .. } if module.name(name) == "__name__" => value,
            _ => expr,
        };
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            return None;
        };
        let [only] = module.arguments(arguments) else {
            return None;
        };
        let is_type = module.plain_name(self.flow.code, callee) == Some("type");
        self.flow.place_of(only.value).filter(|_| is_type)
    }

    /// The built-in types that a class or a tuple of classes names; nothing if there is any other among them.
    fn kinds_of(&self, class: ExprId) -> Option<u16> {
        let module = self.flow.module;
        if let ExprKind::Tuple(parts) = module.kind(class) {
            let mut parts = module.list(parts).iter();
            return parts.try_fold(0, |kinds, &part| Some(kinds | self.kinds_of(part)?));
        }
        let name = module.plain_name(self.flow.code, class)?;
        let known = BUILTIN.iter().find(|(builtin, _)| *builtin == name);
        known.map(|&(_, kinds)| kinds)
    }

    /// Whether the subject was found to be of a type on this way that none of these is.
    fn is_another_type(&self, walker: &Walker, subject: u64, kinds: u16) -> bool {
        let mut held = walker.facts.iter().filter(|fact| fact.holds);
        held.any(|fact| {
            let known = self.types.get(&fact.condition);
            known.is_some_and(|&(of, known)| of == subject && known & kinds == 0)
        })
    }

    /// What annotations say of parameters: `mode: Literal["r", "w"]` is one of these.
    pub(super) fn declare(&mut self, walker: &mut Walker) {
        let flow = self.flow;
        for parameter in &flow.code.parameters {
            let Some(literals) = parameter
                .annotation
                .and_then(|annotation| self.literals_in(annotation))
            else {
                continue;
            };
            let place = parameter.place;
            let subject = Flow::form_of_leaf(ExprKind::Name(place));
            let forms: Vec<u64> = literals.iter().map(|&part| self.literal(part)).collect();
            let equal = Comparison::Equal as u8;
            let parts = forms
                .iter()
                .map(|form| hash_of(&("compare", equal, subject, form)));
            let parts: Vec<u64> = parts.collect();
            let condition = hash_of(&("declared", place));
            for &part in parts.iter().chain([&condition]) {
                self.mention(part, Rc::from([place]));
            }
            self.one_of.insert(condition, parts);
            self.literals.insert(condition, (place, forms));
            walker.facts.push(Fact {
                condition,
                holds: true,
            });
        }
    }

    /// The literals of `Literal["r", "w"]`; nothing for any other annotation, or where there is anything else among them.
    fn literals_in(&self, annotation: ExprId) -> Option<Vec<ExprId>> {
        let module = self.flow.module;
        let ExprKind::Subscript { value, index, .. } = module.kind(annotation) else {
            return None;
        };
        // An annotation is evaluated where the function is defined.
        let code = &module.functions[self.flow.code.parent?.index()];
        let name = module
            .last_name(code, value)
            .or_else(|| module.plain_name(code, value))?;
        if name != "Literal" {
            return None;
        }
        let parts = match module.kind(index) {
            ExprKind::Tuple(parts) => module.list(parts).to_vec(),
            _ => vec![index],
        };
        let is_literal =
            |&part: &ExprId| matches!(module.kind(part), ExprKind::Text(_) | ExprKind::Int(_));
        parts.iter().all(is_literal).then_some(parts)
    }
}
