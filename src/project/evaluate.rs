//! The value of an expression, flow aside: every variable has the join of all it is ever bound to.

use super::{Program, Read, lookup::Target, note};
use crate::ir::{
    BinaryOperator, ComprehensionKind, Dialect, ExprId, ExprKind, Function, FunctionId, Module,
    NameId, Passing, PlaceId, Run, Scope, Step, UnaryOperator,
};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef, Type};
use crate::value::{Facts, Kinds, TypeId, Value};

/// Evaluates expressions of one function.
#[derive(Clone, Copy)]
pub struct Evaluate<'p, 'a> {
    program: &'p Program<'a>,
    module_ref: ModuleRef,
    module: &'a Module,
    code: &'a Function,
    function: FunctionRef,
}

/// Deeper expressions are unknown: no name or receiver that matters is nested so deep.
const DEPTH: u32 = 60;

impl<'p, 'a> Evaluate<'p, 'a> {
    /// For the expressions of a function.
    pub fn new(program: &'p Program<'a>, module_ref: ModuleRef, function: FunctionId) -> Self {
        let module = program.module(module_ref);
        let code = module.function(function);
        Self {
            program,
            module_ref,
            module,
            code,
            function: program.function(module_ref, function),
        }
    }

    /// An expression's value.
    pub fn value(&self, expr: ExprId) -> Value {
        self.at(expr, DEPTH)
    }

    fn at(&self, expr: ExprId, depth: u32) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::UNKNOWN;
        };
        let module = self.module;
        match module.kind(expr) {
            ExprKind::Name(place) => self.name(place),
            ExprKind::Attribute { value, name, .. } => self.attribute(self.at(value, depth), name),
            ExprKind::Subscript { value, index, .. } => {
                let sliced = matches!(module.kind(index), ExprKind::Slice { .. });
                let of = self.at(value, depth);
                // `Redis[bytes]` is `Redis`; a class of the project may have items of its own.
                match self.program.types.get(of.class) {
                    Type::Class(class) if self.program.project_class(class).is_none() => of,
                    _ => self.program.subscript(of, sliced),
                }
            }
            ExprKind::Call { callee, arguments } => self.call(callee, arguments, depth),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => binary(operator, self.at(left, depth), self.at(right, depth)),
            ExprKind::And(operands) | ExprKind::Or(operands) => {
                let values = module
                    .list(operands)
                    .iter()
                    .map(|&operand| self.at(operand, depth));
                values.fold(Value::NEVER, Value::join)
            }
            ExprKind::Conditional {
                then, otherwise, ..
            } => self.at(then, depth).join(self.at(otherwise, depth)),
            ExprKind::Walrus { value, .. } => self.at(value, depth),
            ExprKind::List(elements) => self.container(Kinds::LIST, elements, depth),
            ExprKind::Tuple(elements) => self.container(Kinds::TUPLE, elements, depth),
            ExprKind::Set(elements) => self.container(Kinds::SET, elements, depth),
            ExprKind::Dict(pairs) => self.dict(pairs, depth),
            ExprKind::Comprehension(id) => self.comprehension(id, depth),
            ExprKind::Lambda(id) => self
                .program
                .function_value(self.program.function(self.module_ref, id)),
            ExprKind::Await(value) => self.awaited(value, depth),
            other => literal(other),
        }
    }

    fn name(&self, place: PlaceId) -> Value {
        let Step::Variable { name, scope } = self.code.place(place).step else {
            return Value::UNKNOWN;
        };
        match scope {
            Scope::Local { .. } | Scope::Parameter { .. } | Scope::Comprehension => {
                self.program.variable(self.function, place)
            }
            Scope::Free {
                function, place, ..
            } => self
                .program
                .variable(self.program.function(self.module_ref, function), place),
            Scope::Global { .. } => self.program.global(self.module_ref, name),
        }
    }

    fn attribute(&self, value: Value, name: NameId) -> Value {
        if value.is_never() {
            return Value::NEVER;
        }
        let name_text = self.module.name(name);
        if let Type::External(external) = self.program.types.get(value.class) {
            let dialect = self.module.dialect;
            return self
                .program
                .external_attribute(external, name_text, dialect);
        }
        let symbol = self.program.symbol(self.module_ref, name);
        self.program.attribute(value, symbol, name_text)
    }

    fn call(&self, callee: ExprId, arguments: Run, depth: u32) -> Value {
        if let Some(value) = self.super_call(callee, arguments) {
            return value;
        }
        let callee = self.at(callee, depth);
        if callee.is_never() {
            return Value::NEVER;
        }
        let arguments = self.module.arguments(arguments);
        let given = arguments
            .iter()
            .filter(|argument| argument.passing == Passing::Positional)
            .count();
        let named = |wanted: &str| {
            arguments.iter().any(|argument| matches!(argument.passing, Passing::Keyword(name) if self.module.name(name) == wanted))
        };
        self.program.call_result(callee, given, &named)
    }

    /// Whether an expression is `super()` inside a method.
    pub(super) fn is_super_call(&self, expr: ExprId) -> bool {
        match self.module.kind(expr) {
            ExprKind::Call { callee, arguments } => self.super_call(callee, arguments).is_some(),
            _ => false,
        }
    }

    /// `super()` and `super(C, self)` inside a method: an instance of the first base that is known.
    fn super_call(&self, callee: ExprId, _arguments: Run) -> Option<Value> {
        let ExprKind::Name(place) = self.module.kind(callee) else {
            return None;
        };
        let Step::Variable {
            name,
            scope: Scope::Global { .. },
        } = self.code.place(place).step
        else {
            return None;
        };
        if self.module.name(name) != "super" {
            return None;
        }
        let class = self.enclosing_class()?;
        let info = self.program.project_class(class)?;
        let parent = info.linearization.get(1)?;
        Some(Value::typed(
            Kinds::INSTANCE,
            self.program.instance_type(*parent),
        ))
    }

    /// The class whose method this code stands in.
    pub fn enclosing_class(&self) -> Option<ClassRef> {
        let mut code = self.code;
        loop {
            if let Some(class) = code.class {
                return Some(self.program.class(self.module_ref, class));
            }
            code = self.module.function(code.parent?);
        }
    }

    fn awaited(&self, value: ExprId, depth: u32) -> Value {
        let ExprKind::Call { callee, .. } = self.module.kind(value) else {
            return Value::UNKNOWN;
        };
        match self.program.target(self.at(callee, depth)) {
            Target::Function { function, .. } if self.code(function).is_async => {
                self.program.returned(function)
            }
            Target::Library(_) => self.at(value, depth),
            _ => Value::UNKNOWN,
        }
    }

    fn code(&self, function: FunctionRef) -> &'a Function {
        self.program.code(function).1
    }

    fn container(&self, kind: Kinds, elements: Run, depth: u32) -> Value {
        let mut element = Value::NEVER;
        for &item in self.module.list(elements) {
            let value = match self.module.kind(item) {
                ExprKind::Starred(_) => Value::UNKNOWN,
                _ => self.at(item, depth),
            };
            element = element.join(value);
        }
        self.program.container(kind, element)
    }

    fn dict(&self, pairs: Run, depth: u32) -> Value {
        let mut element = Value::NEVER;
        for pair in self.module.list(pairs).chunks(2) {
            let value = match (self.module.kind(pair[0]), pair.get(1)) {
                (ExprKind::Starred(_), _) | (_, None) => Value::UNKNOWN,
                (_, Some(&value)) => self.at(value, depth),
            };
            element = element.join(value);
        }
        self.program.container(Kinds::DICT, element)
    }

    fn comprehension(&self, id: crate::ir::ComprehensionId, depth: u32) -> Value {
        let comprehension = self.module.comprehension(id);
        let (kind, element) = match comprehension.kind {
            ComprehensionKind::List => (Kinds::LIST, comprehension.element),
            ComprehensionKind::Set => (Kinds::SET, comprehension.element),
            ComprehensionKind::Dict => (
                Kinds::DICT,
                comprehension.value.unwrap_or(comprehension.element),
            ),
            ComprehensionKind::Generator => (Kinds::ITERATOR, comprehension.element),
        };
        self.program.container(kind, self.at(element, depth))
    }

    /// The class that an expression names.
    pub fn class_named(&self, expr: ExprId) -> Option<ClassRef> {
        match self.program.types.get(self.value(expr).class) {
            Type::Class(class) => Some(class),
            _ => None,
        }
    }

    /// The dotted name of what an expression stands for: that of the library where it is known, else as it is written.
    pub fn dotted(&self, expr: ExprId) -> Option<String> {
        let value = self.value(expr);
        self.program
            .external_name(value)
            .or_else(|| self.module.dotted(self.code, expr))
    }

    /// The value that an annotation promises.
    pub fn annotated(&self, annotation: ExprId) -> Value {
        self.annotation(annotation, DEPTH)
    }

    fn annotation(&self, expr: ExprId, depth: u32) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::UNKNOWN;
        };
        match self.module.kind(expr) {
            ExprKind::None => Value::NONE,
            ExprKind::Binary {
                operator: BinaryOperator::BitOr,
                left,
                right,
            } => self
                .annotation(left, depth)
                .join(self.annotation(right, depth)),
            ExprKind::Subscript { value, index, .. } => self.generic(value, index, depth),
            ExprKind::Name(_) | ExprKind::Attribute { .. } => self.named_type(expr),
            _ => Value::UNKNOWN,
        }
    }

    fn generic(&self, value: ExprId, index: ExprId, depth: u32) -> Value {
        let name = self.dotted(value).unwrap_or_default();
        let first = match self.module.kind(index) {
            ExprKind::Tuple(parts) => self.module.list(parts).first().copied(),
            _ => Some(index),
        };
        let last = match self.module.kind(index) {
            ExprKind::Tuple(parts) => self.module.list(parts).last().copied(),
            _ => Some(index),
        };
        let inner =
            |part: Option<ExprId>| part.map_or(Value::UNKNOWN, |part| self.annotation(part, depth));
        match name.rsplit('.').next().unwrap_or_default() {
            "Optional" => inner(first).join(Value::NONE),
            "Union" => match self.module.kind(index) {
                ExprKind::Tuple(parts) => {
                    let parts = self.module.list(parts).iter();
                    parts
                        .map(|&part| self.annotation(part, depth))
                        .fold(Value::NEVER, Value::join)
                }
                _ => inner(first),
            },
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly" => {
                inner(first)
            }
            "list" | "List" => self.program.container(Kinds::LIST, inner(first)),
            "set" | "Set" | "frozenset" | "FrozenSet" => {
                self.program.container(Kinds::SET, inner(first))
            }
            "dict" | "Dict" | "defaultdict" | "DefaultDict" => {
                self.program.container(Kinds::DICT, inner(last))
            }
            "tuple" | "Tuple" => Value::of(Kinds::TUPLE),
            "Iterator" | "Generator" => self.program.container(Kinds::ITERATOR, inner(first)),
            "type" | "Type" => self.class_object(first),
            _ => self.named_type(value),
        }
    }

    fn class_object(&self, of: Option<ExprId>) -> Value {
        match of.map(|of| self.program.types.get(self.value(of).class)) {
            Some(Type::Class(class)) => Value::typed(
                Kinds::CLASS,
                self.program
                    .types
                    .find(Type::Class(class))
                    .unwrap_or(TypeId::UNKNOWN),
            ),
            _ => Value::of(Kinds::CLASS),
        }
    }

    fn named_type(&self, expr: ExprId) -> Value {
        let Type::Class(class) = self.program.types.get(self.value(expr).class) else {
            return Value::UNKNOWN;
        };
        let name = self.program.class_name(class);
        match name {
            "object" | "type" => Value::UNKNOWN,
            // `float` also takes an int, `complex` both: all are numbers.
            _ => self.program.instance_of(class),
        }
    }
}

/// The value of a literal.
pub fn literal(kind: ExprKind) -> Value {
    match kind {
        ExprKind::None => Value::NONE,
        ExprKind::True | ExprKind::False | ExprKind::Compare { .. } | ExprKind::Matches { .. } => {
            Value::of(Kinds::BOOL)
        }
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            ..
        } => Value::of(Kinds::BOOL),
        ExprKind::Int(0) => Value::of(Kinds::NUMBER).with(Facts::ZERO),
        ExprKind::Int(_) | ExprKind::Number(_) => Value::of(Kinds::NUMBER),
        ExprKind::Text(_) | ExprKind::Interpolated(_) | ExprKind::Backticks(_) => {
            Value::of(Kinds::TEXT)
        }
        ExprKind::Bytes(_) => Value::of(Kinds::BYTES),
        _ => Value::UNKNOWN,
    }
}

/// What an operator makes of two values: only where the language itself decides.
pub fn binary(operator: BinaryOperator, left: Value, right: Value) -> Value {
    if left.is_never() || right.is_never() {
        return Value::NEVER;
    }
    let (a, b) = (left.kinds - Kinds::NONE, right.kinds - Kinds::NONE);
    let numeric = |kinds: Kinds| kinds == Kinds::NUMBER || kinds == Kinds::BOOL;
    match operator {
        BinaryOperator::Modulo if a == Kinds::TEXT => Value::of(Kinds::TEXT),
        BinaryOperator::Modulo if a == Kinds::BYTES => Value::of(Kinds::BYTES),
        _ if numeric(a) && numeric(b) => Value::of(Kinds::NUMBER),
        BinaryOperator::Add if a == b && Kinds::SIZED.has(a) && a.is_single() => Value {
            class: left.class,
            ..Value::of(a)
        },
        BinaryOperator::Multiply if numeric(b) && Kinds::SIZED.has(a) && a.is_single() => {
            Value::of(a)
        }
        _ => Value::UNKNOWN,
    }
}

impl Program<'_> {
    /// A function of the project as a value.
    pub fn function_value(&self, function: FunctionRef) -> Value {
        let class = self
            .types
            .find(Type::Function {
                function,
                bound: false,
            })
            .unwrap_or(TypeId::UNKNOWN);
        Value::typed(Kinds::FUNCTION, class)
    }

    /// An instance of a class as a value.
    pub fn instance_of(&self, class: ClassRef) -> Value {
        if self.project_class(class).is_some() {
            return Value::typed(Kinds::INSTANCE, self.instance_type(class));
        }
        Value::typed(self.library.kinds_of(class), self.instance_type(class))
    }

    /// A container whose elements have a value: with its element type where that was seen before linking ended.
    pub fn container(&self, kind: Kinds, element: Value) -> Value {
        if element.class == TypeId::UNKNOWN {
            return Value::of(kind);
        }
        let wanted = Type::Container {
            kind,
            element: element.class,
            kinds: element.kinds,
        };
        let class = self.types.find(wanted).unwrap_or_else(|| {
            note(Read::Container);
            TypeId::UNKNOWN
        });
        Value::typed(kind, class)
    }

    /// An element of a value, by index or key, or a slice of it.
    pub fn subscript(&self, value: Value, sliced: bool) -> Value {
        if value.is_never() {
            return Value::NEVER;
        }
        let kinds = value.kinds - Kinds::NONE;
        if sliced {
            return if kinds.is_single() && Kinds::SIZED.has(kinds) {
                Value { kinds, ..value }
            } else {
                Value::UNKNOWN
            };
        }
        match self.types.get(value.class) {
            Type::Container { .. } => self.types.element(value.class),
            Type::Instance(class) if self.project_class(class).is_none() => {
                self.library.element(class).unwrap_or(Value::UNKNOWN)
            }
            Type::Instance(class) => match self.method(class, "__getitem__") {
                Some(function) => self.returned(function),
                None => Value::UNKNOWN,
            },
            _ if kinds == Kinds::TEXT => Value::of(Kinds::TEXT),
            _ => Value::UNKNOWN,
        }
    }

    /// What iterating over a value gives.
    pub fn iterated(&self, value: Value) -> Value {
        if value.is_never() {
            return Value::NEVER;
        }
        match self.types.get(value.class) {
            Type::Container { kind, .. } if kind != Kinds::DICT => self.types.element(value.class),
            _ if value.kinds - Kinds::NONE == Kinds::TEXT => Value::of(Kinds::TEXT),
            _ => Value::UNKNOWN,
        }
    }

    /// A global name of a module: its own, what a star import brings, or a builtin.
    pub fn global(&self, module_ref: ModuleRef, name: NameId) -> Value {
        let module = self.module(module_ref);
        let symbol = self.symbol(module_ref, name);
        let text = module.name(name);
        if let Some(place) = self.facts.global(module_ref, symbol) {
            return self.variable(self.function(module_ref, FunctionId::new(0)), place);
        }
        for &starred in self.facts.star_imports(module_ref) {
            let found = self.export(starred, symbol, text, 1);
            if found != Value::UNKNOWN {
                return found;
            }
        }
        if self.facts.has_unknown_star_import(module_ref) {
            return Value::UNKNOWN;
        }
        self.builtin(text, module.dialect)
    }

    /// A builtin name as a value.
    pub fn builtin(&self, name: &str, dialect: Dialect) -> Value {
        if let Some(class) = self.library.class(name, dialect) {
            return Value::typed(
                Kinds::CLASS,
                self.types
                    .find(Type::Class(class))
                    .unwrap_or(TypeId::UNKNOWN),
            );
        }
        match self.library.call(name) {
            Some(call) => Value::typed(
                Kinds::FUNCTION,
                self.types.find(Type::Call(call)).unwrap_or(TypeId::UNKNOWN),
            ),
            None => Value::UNKNOWN,
        }
    }
}
