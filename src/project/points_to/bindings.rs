//! What a module binds to its variables and attributes and puts into its containers, to be looked up from the reader's end.

use crate::ir::{
    ClassId, ExprId, ExprKind, Function, FunctionId, ImportId, InstKind, Module, NameId, PlaceId,
    Run, Scope, Source, Step,
};
use crate::project::Symbol;
use rustc_hash::FxHashMap;

/// Which element of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// It can't be told.
    Any,
    /// What a loop gives: an element, but of a dict its keys.
    Each,
    /// A position (from the end where negative), or a number as a key.
    Index(i32),
    /// A text as a key.
    Text(String),
}

/// A value on its way into a variable, an attribute or a container.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// That of an expression.
    Value(ExprId),
    /// An element of an expression's value.
    Element(ExprId, Key),
    /// What stands at a position of each element of an expression's value.
    Part(ExprId, i32),
    /// A function after its decorators.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// An import.
    Import(ImportId),
}

/// One thing that is held, and in whose code that is written.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// The function whose places the expressions use.
    pub function: FunctionId,
    /// What.
    pub held: Held,
}

/// A container by the name that it is changed through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// A variable of a function.
    Variable(FunctionId, PlaceId),
    /// An attribute of that name, of whatever object.
    Attribute(Symbol),
}

/// A module's bindings.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// Of variables, by the function that they belong to.
    pub variables: FxHashMap<(FunctionId, PlaceId), Vec<Binding>>,
    /// Of attributes: the object's expression with each.
    pub attributes: FxHashMap<Symbol, Vec<(ExprId, Binding)>>,
    /// What is put into containers after they were made.
    pub elements: FxHashMap<Holder, Vec<(Key, Binding)>>,
    /// What a function returns.
    pub returned: FxHashMap<FunctionId, Vec<ExprId>>,
    /// What a generator yields.
    pub yielded: FxHashMap<FunctionId, Vec<ExprId>>,
    /// The function that an expression decorates, and which of its decorators that is.
    pub decorated: FxHashMap<ExprId, (FunctionId, usize)>,
}

impl Bindings {
    /// Reads a module. `global` finds the place of a global name.
    pub fn of(
        module: &Module,
        symbol: &dyn Fn(NameId) -> Symbol,
        global: &dyn Fn(NameId) -> Option<PlaceId>,
    ) -> Self {
        let mut reader = Reader {
            module,
            symbol,
            global,
            bindings: Self::default(),
        };
        for (index, code) in module.functions.iter().enumerate() {
            reader.function(FunctionId::new(index), code);
        }
        reader.bindings
    }
}

/// The function and place that a name stands for.
pub(super) fn owner(
    module: &Module,
    global: &dyn Fn(NameId) -> Option<PlaceId>,
    function: FunctionId,
    place: PlaceId,
) -> Option<(FunctionId, PlaceId)> {
    let Step::Variable { name, scope } = module.function(function).place(place).step else {
        return None;
    };
    match scope {
        Scope::Local { .. } | Scope::Parameter { .. } | Scope::Comprehension => {
            Some((function, place))
        }
        Scope::Free {
            function, place, ..
        } => Some((function, place)),
        Scope::Global { .. } => Some((FunctionId::new(0), global(name)?)),
    }
}

/// The key that a subscript names.
pub(super) fn key(module: &Module, index: ExprId) -> Key {
    match module.kind(index) {
        ExprKind::Int(number) => Key::Index(number),
        ExprKind::Text(text) => Key::Text(module.name(text).to_owned()),
        ExprKind::Unary { operand, .. } => match module.kind(operand) {
            ExprKind::Int(number) => Key::Index(-number),
            _ => Key::Any,
        },
        _ => Key::Any,
    }
}

struct Reader<'m> {
    module: &'m Module,
    symbol: &'m dyn Fn(NameId) -> Symbol,
    global: &'m dyn Fn(NameId) -> Option<PlaceId>,
    bindings: Bindings,
}

impl Reader<'_> {
    fn function(&mut self, id: FunctionId, code: &Function) {
        for (position, &decorator) in self.module.list(code.decorators).iter().enumerate() {
            self.bindings.decorated.insert(decorator, (id, position));
        }
        for inst in &code.insts {
            match inst.kind {
                InstKind::Bind { target, source, .. } => self.bind(id, target, source),
                InstKind::Return(Some(value)) => {
                    self.bindings.returned.entry(id).or_default().push(value);
                }
                _ => {}
            }
        }
        for index in code.exprs.range() {
            self.expr(id, ExprId::new(index));
        }
    }

    fn bind(&mut self, function: FunctionId, target: ExprId, source: Source) {
        let held = match source {
            Source::Value(value) => Held::Value(value),
            Source::Element { iterable, .. } => Held::Element(iterable, Key::Each),
            Source::Function(id) => Held::Function(id),
            Source::Class(id) => Held::Class(id),
            Source::Import(id) => Held::Import(id),
            _ => return,
        };
        self.target(function, target, held);
    }

    fn target(&mut self, function: FunctionId, target: ExprId, held: Held) {
        match self.module.kind(target) {
            ExprKind::Name(place) => {
                if let Some(owner) = owner(self.module, self.global, function, place) {
                    let binding = Binding { function, held };
                    self.bindings
                        .variables
                        .entry(owner)
                        .or_default()
                        .push(binding);
                }
            }
            ExprKind::Attribute { value, name, .. } => {
                let binding = Binding { function, held };
                let known = self
                    .bindings
                    .attributes
                    .entry((self.symbol)(name))
                    .or_default();
                known.push((value, binding));
            }
            ExprKind::Subscript { value, index, .. } => {
                self.put(function, value, key(self.module, index), held);
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) => self.unpack(function, parts, held),
            _ => {}
        }
    }

    /// `a, *b, c = held`: element by element where the right side is a display, by position otherwise.
    fn unpack(&mut self, function: FunctionId, parts: Run, held: Held) {
        let module = self.module;
        let parts = module.list(parts);
        let is_starred = |&part: &ExprId| matches!(module.kind(part), ExprKind::Starred(_));
        let star = parts.iter().position(is_starred);
        for (position, &part) in parts.iter().enumerate() {
            let index = match star {
                Some(star) if position > star => position as i32 - parts.len() as i32,
                _ => position as i32,
            };
            match (&held, module.kind(part)) {
                (Held::Value(whole), ExprKind::Starred(rest)) => {
                    self.target(function, rest, Held::Value(*whole));
                }
                (Held::Value(whole), _) => {
                    let held = match element(module, *whole, index) {
                        Some(element) => Held::Value(element),
                        None => Held::Element(*whole, Key::Index(index)),
                    };
                    self.target(function, part, held);
                }
                (Held::Element(container, Key::Each), ExprKind::Name(_)) if star.is_none() => {
                    self.target(function, part, Held::Part(*container, index));
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, function: FunctionId, container: ExprId, key: Key, held: Held) {
        let holder = match self.module.kind(container) {
            ExprKind::Name(place) => match owner(self.module, self.global, function, place) {
                Some((function, place)) => Holder::Variable(function, place),
                None => return,
            },
            ExprKind::Attribute { name, .. } => Holder::Attribute((self.symbol)(name)),
            _ => return,
        };
        let known = self.bindings.elements.entry(holder).or_default();
        known.push((key, Binding { function, held }));
    }

    fn expr(&mut self, function: FunctionId, expr: ExprId) {
        match self.module.kind(expr) {
            ExprKind::Walrus { target, value } => {
                self.target(function, target, Held::Value(value));
            }
            ExprKind::Comprehension(id) => {
                for clause in &self.module.comprehension(id).clauses {
                    let held = Held::Element(clause.iterable, Key::Each);
                    self.target(function, clause.target, held);
                }
            }
            ExprKind::Yield(Some(value)) => {
                let known = self.bindings.yielded.entry(function).or_default();
                known.push(value);
            }
            ExprKind::Call { callee, arguments } => self.call(function, callee, arguments),
            _ => {}
        }
    }

    /// The methods of lists, sets and dicts that put something in.
    fn call(&mut self, function: FunctionId, callee: ExprId, arguments: Run) {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(callee) else {
            return;
        };
        let arguments = self.module.arguments(arguments);
        let (key, held) = match (self.module.name(name), arguments) {
            ("append" | "add" | "appendleft", [item]) => (Key::Any, Held::Value(item.value)),
            ("insert", [_, item]) => (Key::Any, Held::Value(item.value)),
            ("setdefault", [name, item]) => (key(self.module, name.value), Held::Value(item.value)),
            ("update" | "extend", [items]) => (Key::Any, Held::Element(items.value, Key::Any)),
            _ => return,
        };
        self.put(function, value, key, held);
    }
}

/// The element of a display at a position, where nothing is unpacked into it.
fn element(module: &Module, display: ExprId, index: i32) -> Option<ExprId> {
    let (ExprKind::Tuple(items) | ExprKind::List(items)) = module.kind(display) else {
        return None;
    };
    let items = module.list(items);
    let is_starred = |&item: &ExprId| matches!(module.kind(item), ExprKind::Starred(_));
    if items.iter().any(is_starred) {
        return None;
    }
    let at = if index < 0 {
        items.len().checked_sub(index.unsigned_abs() as usize)?
    } else {
        index as usize
    };
    items.get(at).copied()
}

/// The elements of a display that a key may mean, inside the function that it is written in.
pub(super) fn elements(module: &Module, display: ExprId, wanted: &Key) -> Vec<ExprId> {
    match (module.kind(display), wanted) {
        (ExprKind::Tuple(items) | ExprKind::List(items), Key::Index(index)) => {
            match element(module, display, *index) {
                Some(found) => vec![found],
                None => module.list(items).to_vec(),
            }
        }
        (ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items), _) => {
            module.list(items).to_vec()
        }
        (ExprKind::Dict(_), Key::Each) => Vec::new(),
        (ExprKind::Dict(pairs), wanted) => {
            let pairs = module.list(pairs).chunks_exact(2);
            let fitting = pairs.filter(|pair| match key(module, pair[0]) {
                Key::Any => true,
                known => *wanted == Key::Any || known == *wanted,
            });
            fitting.map(|pair| pair[1]).collect()
        }
        (ExprKind::Comprehension(id), _) => {
            let comprehension = module.comprehension(id);
            vec![comprehension.value.unwrap_or(comprehension.element)]
        }
        _ => Vec::new(),
    }
}
