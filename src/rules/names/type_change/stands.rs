//! Whether a use stands a value of a kind, as far as the language decides it.

use super::Change;
use crate::flow::{At, Flow};
use crate::ir::{
    BinaryOperator, Comparison, Dialect, ExprId, ExprKind, InstKind, Passing, PlaceId, Run, Scope,
    Source, Step,
};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::names::vocabulary::{is_data, lacks};
use crate::value::Kinds;

/// Kinds that are indexed by number.
const INDEXED: Kinds = Kinds::LIST
    .with(Kinds::TUPLE)
    .with(Kinds::TEXT)
    .with(Kinds::BYTES);

/// Kinds with elements.
const MANY: Kinds = INDEXED
    .with(Kinds::SET)
    .with(Kinds::DICT)
    .with(Kinds::ITERATOR);

impl Change<'_> {
    /// Whether the use of the name at this read takes a value of one kind; nothing where that can't be told.
    pub(super) fn stands(&self, kinds: Kinds, usage: &Usage<'_>, read: At) -> Option<bool> {
        let name = read.name;
        if let InstKind::Bind {
            target,
            source: Source::Augmented { operator, value },
            ..
        } = self.flow.code.insts[read.inst as usize].kind
            && target == name
        {
            return operated(operator, kinds, self.kinds(value));
        }
        let part = match usage.fate(name) {
            Fate::Iterated => return iterated(kinds),
            Fate::Bound(target) => {
                let module = self.flow.module;
                let is_unpacked =
                    matches!(module.kind(target), ExprKind::Tuple(_) | ExprKind::List(_));
                return is_unpacked.then(|| iterated(kinds)).flatten();
            }
            Fate::Part(part) => part,
            _ => return None,
        };
        self.stands_in(kinds, name, part, usage)
    }

    fn stands_in(
        &self,
        kinds: Kinds,
        name: ExprId,
        part: ExprId,
        usage: &Usage<'_>,
    ) -> Option<bool> {
        let module = self.flow.module;
        match module.kind(part) {
            ExprKind::Attribute {
                value, name: of, ..
            } if value == name => has(kinds, module.name(of)),
            ExprKind::Call { callee, .. } if callee == name => called(kinds),
            ExprKind::Call { callee, arguments } => self.takes(kinds, name, callee, arguments),
            ExprKind::Subscript { value, index, .. } if value == name => {
                subscripted(kinds, module.kind(index))
            }
            ExprKind::Subscript { value, index, .. } if index == name => {
                indexes(kinds, self.kinds(value))
            }
            ExprKind::Slice { lower, upper, step } => {
                let ExprKind::Subscript { value, .. } = module.kind(usage.parent(part)?) else {
                    return None;
                };
                let is_number = |bound: ExprId| matches!(module.kind(bound), ExprKind::Int(_));
                let by_number = [lower, upper, step].into_iter().flatten().any(is_number);
                (by_number || INDEXED.has(self.kinds(value)?))
                    .then(|| numbered(kinds))
                    .flatten()
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => match left == name {
                true => operated(operator, kinds, self.kinds(right)),
                false => operated_by(operator, self.kinds(left), kinds),
            },
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.compared(kinds, name, operator, (left, right)),
            _ => None,
        }
    }

    /// The one kind that an expression has for certain.
    fn kinds(&self, expr: ExprId) -> Option<Kinds> {
        let kinds = self.flow.evaluate.value(expr).kinds;
        // What may be None in some place is not known to be anything else here.
        (kinds.is_single() && is_data(kinds) && !kinds.meets(Kinds::NONE)).then_some(kinds)
    }

    fn compared(
        &self,
        kinds: Kinds,
        name: ExprId,
        operator: Comparison,
        (left, right): (ExprId, ExprId),
    ) -> Option<bool> {
        use Comparison::{Greater, GreaterEqual, In, Less, LessEqual, NotIn};
        match operator {
            In | NotIn if right == name => match kinds {
                Kinds::NUMBER => Some(false),
                Kinds::TEXT => Some(self.kinds(left)? == Kinds::TEXT),
                _ => MANY.has(kinds).then_some(true),
            },
            Less | LessEqual | Greater | GreaterEqual
                if self.flow.module.dialect == Dialect::Three =>
            {
                let other = self.kinds(if left == name { right } else { left })?;
                let numbers = Kinds::NUMBER | Kinds::BOOL;
                let known = is_data(kinds) && !(kinds | other).meets(Kinds::TUPLE);
                known.then(|| kinds == other || numbers.has(kinds | other))
            }
            _ => None,
        }
    }

    /// An argument of a builtin.
    fn takes(&self, kinds: Kinds, name: ExprId, callee: ExprId, arguments: Run) -> Option<bool> {
        let module = self.flow.module;
        let arguments = module.arguments(arguments);
        let at = arguments
            .iter()
            .position(|argument| argument.value == name)?;
        let passing = arguments[at].passing;
        if matches!(passing, Passing::Star) {
            return iterated(kinds);
        }
        if passing != Passing::Positional {
            return None;
        }
        if let ExprKind::Attribute {
            value, name: of, ..
        } = module.kind(callee)
        {
            let joins =
                matches!(module.kind(value), ExprKind::Text(_)) && module.name(of) == "join";
            return joins.then(|| iterated(kinds)).flatten();
        }
        match builtin(self.flow, callee)? {
            "len" => match kinds {
                Kinds::NUMBER => Some(false),
                _ => Kinds::SIZED.has(kinds).then_some(true),
            },
            "sorted" | "list" | "tuple" | "set" | "frozenset" | "iter" | "enumerate" | "any"
            | "all"
                if at == 0 =>
            {
                iterated(kinds)
            }
            "sum" if at == 0 && kinds != Kinds::TEXT => iterated(kinds),
            "max" | "min" if arguments.len() == 1 => iterated(kinds),
            "zip" => iterated(kinds),
            "range" | "xrange" | "chr" | "hex" | "bin" | "oct" | "abs" | "round" => numbered(kinds),
            "int" | "float" if at == 0 => match kinds {
                Kinds::LIST | Kinds::TUPLE | Kinds::SET | Kinds::DICT => Some(false),
                Kinds::NUMBER | Kinds::TEXT => Some(true),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The name of a builtin that the module does not bind itself.
fn builtin<'m>(flow: &Flow<'_, 'm>, callee: ExprId) -> Option<&'m str> {
    let ExprKind::Name(place) = flow.module.kind(callee) else {
        return None;
    };
    let Step::Variable {
        name,
        scope: Scope::Global { .. },
    } = flow.code.place(place).step
    else {
        return None;
    };
    let body = flow.module.body();
    let is_bound = |index: usize| matches!(body.place(PlaceId::new(index)).step, Step::Variable { name: bound, scope: Scope::Local { .. } } if bound == name);
    let is_own = (0..body.places.len()).any(is_bound);
    (!is_own).then(|| flow.module.name(name))
}

fn iterated(kinds: Kinds) -> Option<bool> {
    match kinds {
        Kinds::NUMBER => Some(false),
        _ => (MANY | Kinds::FILE).has(kinds).then_some(true),
    }
}

/// Where only a whole number does.
fn numbered(kinds: Kinds) -> Option<bool> {
    is_data(kinds).then(|| kinds == Kinds::NUMBER)
}

fn has(kinds: Kinds, attribute: &str) -> Option<bool> {
    if kinds == Kinds::FILE {
        return OF_TEXT_ONLY.contains(&attribute).then_some(false);
    }
    match lacks(kinds, attribute) {
        true => Some(false),
        false => is_data(kinds).then_some(true),
    }
}

/// Methods of texts that no file and no socket has.
const OF_TEXT_ONLY: [&str; 16] = [
    "endswith",
    "format",
    "isdigit",
    "join",
    "lower",
    "lstrip",
    "partition",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "upper",
];

fn called(kinds: Kinds) -> Option<bool> {
    match is_data(kinds) {
        true => Some(false),
        false => (Kinds::FUNCTION | Kinds::CLASS).has(kinds).then_some(true),
    }
}

fn subscripted(kinds: Kinds, index: ExprKind) -> Option<bool> {
    match (kinds, index) {
        (Kinds::NUMBER, _) => Some(false),
        (Kinds::DICT, ExprKind::Slice { .. }) => None,
        (Kinds::DICT, _) => Some(true),
        (_, ExprKind::Text(_)) => INDEXED.has(kinds).then_some(false),
        _ => INDEXED.has(kinds).then_some(true),
    }
}

fn indexes(kinds: Kinds, of: Option<Kinds>) -> Option<bool> {
    let of = of?;
    if !is_data(kinds) {
        return None;
    }
    match of {
        Kinds::DICT => Some(!(Kinds::LIST | Kinds::DICT | Kinds::SET).has(kinds)),
        _ if INDEXED.has(of) => Some(kinds == Kinds::NUMBER),
        _ => None,
    }
}

fn operated(operator: BinaryOperator, left: Kinds, right: Option<Kinds>) -> Option<bool> {
    operation(operator, left, right?)
}

fn operated_by(operator: BinaryOperator, left: Option<Kinds>, right: Kinds) -> Option<bool> {
    operation(operator, left?, right)
}

/// Whether an operator takes two kinds. A tuple may be a named one, with operators of its own.
fn operation(operator: BinaryOperator, left: Kinds, right: Kinds) -> Option<bool> {
    use BinaryOperator::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};
    let is_known = |kinds: Kinds| is_data(kinds) && !kinds.meets(Kinds::TUPLE);
    if !is_known(left) || !is_known(right) {
        return None;
    }
    let numbers = (Kinds::NUMBER | Kinds::BOOL).has(left | right);
    let repeats = |many: Kinds, times: Kinds| {
        (Kinds::LIST | Kinds::TEXT | Kinds::BYTES).has(many)
            && (Kinds::NUMBER | Kinds::BOOL).has(times)
    };
    match operator {
        Add => {
            let alike = left == right && !(Kinds::DICT | Kinds::SET).has(left);
            // A `Counter` is added to another.
            let counters = (left | right) == Kinds::DICT;
            (!counters).then_some(numbers || alike)
        }
        Subtract => match left | right {
            Kinds::DICT => None,
            both => Some(numbers || both == Kinds::SET),
        },
        Multiply => Some(numbers || repeats(left, right) || repeats(right, left)),
        Modulo => Some(numbers || (Kinds::TEXT | Kinds::BYTES).has(left)),
        Divide | FloorDivide | Power => Some(numbers),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_do_not_mix() {
        use BinaryOperator::{Add, Modulo, Multiply};
        assert_eq!(operation(Add, Kinds::NUMBER, Kinds::TEXT), Some(false));
        assert_eq!(operation(Add, Kinds::TEXT, Kinds::TEXT), Some(true));
        assert_eq!(operation(Multiply, Kinds::TEXT, Kinds::NUMBER), Some(true));
        assert_eq!(operation(Modulo, Kinds::TEXT, Kinds::DICT), Some(true));
        assert_eq!(operation(Add, Kinds::TUPLE, Kinds::TEXT), None);
    }

    #[test]
    fn what_is_not_known_tells_nothing() {
        assert_eq!(iterated(Kinds::INSTANCE), None);
        assert_eq!(numbered(Kinds::ANY), None);
        assert_eq!(indexes(Kinds::TEXT, None), None);
        assert_eq!(has(Kinds::FILE, "name"), None);
        assert_eq!(has(Kinds::FILE, "strip"), Some(false));
    }
}
