//! What the storage rules share: calls of databases and caches, and what their keys say.

use crate::ir::{
    Argument, BinaryOperator, ExprId, ExprKind, Function, InstKind, Module, Passing, PlaceId,
    Scope, Source, Step,
};
use crate::library::Call;
use crate::project::Evaluate;
use crate::rules::Whole;
use crate::rules::storage::by_statement::{self, ByStatement};
use crate::types::{CallRef, FunctionRef, Type};

/// A key is followed through so many names.
const DEPTH: usize = 4;

/// Methods of redis whose names nothing else has.
const DISTINCT: [&str; 21] = [
    "hset",
    "hmset",
    "hsetnx",
    "hget",
    "hmget",
    "hgetall",
    "hincrby",
    "lpush",
    "rpush",
    "sadd",
    "smembers",
    "zadd",
    "zincrby",
    "zrange",
    "setnx",
    "setex",
    "psetex",
    "incrby",
    "flushdb",
    "flushall",
    "execute_command",
];

/// A call of a store.
#[derive(Clone, Copy)]
pub(in crate::rules) struct StoreCall<'w> {
    /// Whose code it is in.
    pub(in crate::rules) function: FunctionRef,
    /// The call.
    pub(in crate::rules) call: ExprId,
    /// Its instruction.
    pub(in crate::rules) inst: u32,
    /// What it does.
    pub(in crate::rules) known: &'w Call,
    /// What it is called on is only known by its name.
    pub(in crate::rules) is_guess: bool,
}

/// Every call that `wanted` tells apart, by function and in the order of the code. Where nothing is known of what a
/// method is called on, a name that says "redis" is taken at its word.
pub(in crate::rules) fn calls<'w>(
    whole: &Whole<'w>,
    wanted: &dyn Fn(&Call) -> bool,
) -> Vec<StoreCall<'w>> {
    let library = whole.program.library;
    let mut found = Vec::new();
    let mut guesses = whole.guesses().iter().peekable();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let first = found.len();
        for site in &trace.library {
            let known = library.get(site.callee);
            if wanted(known) {
                found.push(StoreCall {
                    function,
                    call: site.call,
                    inst: site.inst,
                    known,
                    is_guess: false,
                });
            }
        }
        while let Some(guess) = guesses.next_if(|guess| guess.function == function) {
            let known = library.get(guess.callee);
            if wanted(known) {
                found.push(StoreCall {
                    function,
                    call: guess.call,
                    inst: guess.inst,
                    known,
                    is_guess: guess.is_by_name,
                });
            }
        }
        found[first..].sort_by_key(|site| (site.inst, site.call));
    }
    found
}

/// A call of which only its words tell that it is one of a store.
pub(in crate::rules) struct Guess {
    function: FunctionRef,
    call: ExprId,
    inst: u32,
    callee: CallRef,
    /// The receiver's name says so, not the statement.
    is_by_name: bool,
}

/// All such calls, by function.
pub(in crate::rules) fn guesses(whole: &Whole<'_>) -> Vec<Guess> {
    let mut guesser = Guesser::of(whole);
    for index in 0..whole.program.function_count() as u32 {
        guesser.add(FunctionRef(index));
    }
    guesser.found
}

/// Finds calls on what is only called `redis`.
struct Guesser<'s, 'w> {
    whole: &'s Whole<'w>,
    client: Option<crate::summary::ClassRef>,
    pipeline: Option<crate::summary::ClassRef>,
    by_statement: ByStatement,
    mentions: Vec<bool>,
    found: Vec<Guess>,
}

impl<'s, 'w> Guesser<'s, 'w> {
    fn of(whole: &'s Whole<'w>) -> Self {
        let class = |name| whole.program.library.class(name, crate::ir::Dialect::Three);
        let mention = |source: &crate::project::Source| {
            let mut names = source.module.names.iter();
            names.any(|name| name.len() < 80 && (says_redis(name) || by_statement::says_sql(name)))
        };
        Self {
            whole,
            client: class("redis.Redis"),
            pipeline: class("redis.client.Pipeline"),
            by_statement: ByStatement::of(whole.program.library),
            mentions: whole.program.sources.iter().map(mention).collect(),
            found: Vec::new(),
        }
    }

    fn add(&mut self, function: FunctionRef) {
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        if !self.mentions[module_ref.0 as usize] {
            return;
        }
        let (module, code) = program.code(function);
        let evaluate = Evaluate::new(program, module_ref, id);
        for block in &code.blocks {
            for inst in block.insts.range() {
                code.insts[inst].kind.for_each_expr(&mut |root| {
                    module.walk(root, &mut |call| {
                        let guessed = self.guess(module, code, &evaluate, call);
                        let told = || {
                            let library = program.library;
                            let is_unknown = |of: ExprId| {
                                program.types.get(evaluate.value(of).class) == Type::Unknown
                            };
                            self.by_statement
                                .callee(library, module, code, &is_unknown, call)
                        };
                        let Some(callee) = guessed.or_else(told) else {
                            return;
                        };
                        self.found.push(Guess {
                            function,
                            call,
                            inst: inst as u32,
                            callee,
                            is_by_name: guessed.is_some(),
                        });
                    });
                });
            }
        }
    }

    fn guess(
        &self,
        module: &Module,
        code: &Function,
        evaluate: &Evaluate<'_, '_>,
        call: ExprId,
    ) -> Option<CallRef> {
        let (receiver, method) = method(module, call)?;
        let name = last_name(module, code, receiver)?;
        // Lists are called `pipes`, too.
        if method == "append" || method == "copy" {
            return None;
        }
        let class = if name.contains("pipe") {
            self.pipeline?
        } else if says_redis(name) || DISTINCT.contains(&method) {
            self.client?
        } else {
            return None;
        };
        let library = self.whole.program.library;
        let callee = library.method(class, method)?;
        let is_open = self.whole.program.types.get(evaluate.value(receiver).class) == Type::Unknown;
        (is_open && library.get(callee).described).then_some(callee)
    }
}

fn says_redis(name: &str) -> bool {
    let mut parts = name.as_bytes().windows("redis".len());
    parts.any(|part| part.eq_ignore_ascii_case(b"redis")) || name.eq_ignore_ascii_case("rds")
}

/// The last word of a name or path.
fn last_name<'m>(module: &'m Module, code: &Function, expr: ExprId) -> Option<&'m str> {
    match module.kind(expr) {
        ExprKind::Attribute { name, .. } => Some(module.name(name)),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, .. } => Some(module.name(name)),
            _ => None,
        },
        ExprKind::Call { callee, .. } => last_name(module, code, callee),
        _ => None,
    }
}

/// What a method is called on, and its name.
pub(in crate::rules) fn method(module: &Module, call: ExprId) -> Option<(ExprId, &str)> {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return None;
    };
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } => Some((value, module.name(name))),
        _ => None,
    }
}

/// The arguments of a call.
pub(in crate::rules) fn arguments(module: &Module, call: ExprId) -> &[Argument] {
    match module.kind(call) {
        ExprKind::Call { arguments, .. } => module.arguments(arguments),
        _ => &[],
    }
}

/// The argument that stands at a place, or has one of these names.
pub(in crate::rules) fn argument(
    module: &Module,
    call: ExprId,
    position: usize,
    names: &[&str],
) -> Option<ExprId> {
    let arguments = arguments(module, call);
    let named = |argument: &&Argument| match argument.passing {
        Passing::Keyword(name) => names.contains(&module.name(name)),
        _ => false,
    };
    let positional = |argument: &&Argument| argument.passing == Passing::Positional;
    arguments
        .iter()
        .find(named)
        .or_else(|| arguments.iter().filter(positional).nth(position))
        .map(|argument| argument.value)
}

/// Whether some arguments are not written out.
pub(in crate::rules) fn is_spread(module: &Module, call: ExprId) -> bool {
    arguments(module, call)
        .iter()
        .any(|argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar))
}

/// What a key looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rules) struct Key {
    /// The text, with `{}` for what differs from call to call: the same for keys that are made alike.
    pub(in crate::rules) text: String,
    /// Something in it differs from call to call: there will be many such keys.
    pub(in crate::rules) is_computed: bool,
    /// All of it is this parameter.
    pub(in crate::rules) parameter: Option<u16>,
    /// How much of the text is written out before the first thing that differs.
    written: Option<usize>,
}

impl Key {
    /// Whether two keys that differ from call to call begin with different words: `views:…` and `visitors:…`.
    pub(in crate::rules) fn begins_otherwise(&self, other: &Key) -> bool {
        let (one, two) = (self.beginning(), other.beginning());
        !one.is_empty() && !two.is_empty() && !one.starts_with(two) && !two.starts_with(one)
    }

    /// What is written out before the first thing that differs.
    fn beginning(&self) -> &str {
        let written = self.written.unwrap_or(self.text.len());
        let text = self.text.get(..written).unwrap_or_default();
        text.split(['%', '{']).next().unwrap_or_default()
    }
}

/// Reads a key.
pub(in crate::rules) fn key(whole: &Whole<'_>, function: FunctionRef, expr: ExprId) -> Key {
    let (module, code) = whole.program.code(function);
    let reader = KeyReader { module, code };
    let mut key = Key::default();
    reader.read(expr, DEPTH, &mut key);
    if let ExprKind::Name(place) = module.kind(expr)
        && let Step::Variable {
            scope: Scope::Parameter { index, .. },
            ..
        } = code.place(place).step
        && bound_value(module, code, place).is_none()
    {
        key.parameter = Some(index);
    }
    key
}

struct KeyReader<'s> {
    module: &'s Module,
    code: &'s Function,
}

impl KeyReader<'_> {
    fn read(&self, expr: ExprId, depth: usize, key: &mut Key) {
        let module = self.module;
        let Some(depth) = depth.checked_sub(1) else {
            return self.differs(key);
        };
        match module.kind(expr) {
            ExprKind::Text(text) | ExprKind::Bytes(text) => key.text.push_str(module.name(text)),
            ExprKind::Int(number) => key.text.push_str(&number.to_string()),
            ExprKind::Binary {
                operator: BinaryOperator::Add,
                left,
                right,
            } => {
                self.read(left, depth, key);
                self.read(right, depth, key);
            }
            ExprKind::Binary {
                operator: BinaryOperator::Modulo,
                left,
                right,
            } => {
                self.read(left, depth, key);
                self.filled(&[right], depth, key);
            }
            ExprKind::Interpolated(parts) => self.filled(module.list(parts), depth, key),
            ExprKind::Call { callee, .. } => self.call(expr, callee, depth, key),
            ExprKind::Name(place) => self.name(place, depth, key),
            ExprKind::Attribute { value, name, .. } => {
                // What an instance keeps is as good as constant; what other things keep is not.
                key.written.get_or_insert(key.text.len());
                key.text.push_str(module.name(name));
                key.is_computed |= !self.is_self(value) && !is_constant_name(module.name(name));
            }
            _ => self.differs(key),
        }
    }

    fn differs(&self, key: &mut Key) {
        key.written.get_or_insert(key.text.len());
        key.text.push_str("{}");
        key.is_computed = true;
    }

    /// What is filled into a template: its form is the template's, whether it differs is the parts'.
    fn filled(&self, parts: &[ExprId], depth: usize, key: &mut Key) {
        for &part in parts {
            let mut inner = Key::default();
            match self.module.kind(part) {
                ExprKind::Tuple(parts) => self.filled(self.module.list(parts), depth, &mut inner),
                _ => self.read(part, depth, &mut inner),
            }
            key.is_computed |= inner.is_computed;
            if let Some(written) = inner.written {
                key.written.get_or_insert(key.text.len() + written);
            }
            key.text.push_str(&inner.text);
        }
    }

    fn call(&self, expr: ExprId, callee: ExprId, depth: usize, key: &mut Key) {
        let module = self.module;
        let given: Vec<ExprId> = arguments(module, expr)
            .iter()
            .map(|argument| argument.value)
            .collect();
        let Some((receiver, method)) = method(module, expr) else {
            key.written.get_or_insert(key.text.len());
            key.text
                .push_str(last_name(module, self.code, callee).unwrap_or("{}"));
            return self.filled(&given, depth, key);
        };
        match method {
            "format" | "encode" | "join" | "lower" | "replace" => self.read(receiver, depth, key),
            _ => {
                key.written.get_or_insert(key.text.len());
                key.text.push_str(method);
            }
        }
        self.filled(&given, depth, key);
    }

    fn name(&self, place: PlaceId, depth: usize, key: &mut Key) {
        let Step::Variable { name, scope } = self.code.place(place).step else {
            return self.differs(key);
        };
        let name = self.module.name(name);
        match scope {
            Scope::Global { .. } => match self.global_text(place) {
                Some(text) => key.text.push_str(&text),
                None => {
                    key.written.get_or_insert(key.text.len());
                    key.text.push_str(name);
                }
            },
            Scope::Local { .. } if self.code.kind == crate::ir::FunctionKind::Module => {
                match bound_value(self.module, self.code, place) {
                    Some(value) => self.read(value, depth, key),
                    None => self.differs(key),
                }
            }
            Scope::Local { .. } => match bound_value(self.module, self.code, place) {
                Some(value) => self.read(value, depth, key),
                None => {
                    key.written.get_or_insert(key.text.len());
                    key.text.push_str(name);
                    key.is_computed = true;
                }
            },
            _ => {
                key.written.get_or_insert(key.text.len());
                key.text.push_str(name);
                key.is_computed |= name != "self" && name != "cls";
            }
        }
    }

    /// The text that a global of the module is bound to.
    fn global_text(&self, place: PlaceId) -> Option<String> {
        let Step::Variable { name, .. } = self.code.place(place).step else {
            return None;
        };
        let body = self.module.body();
        let global = (0..body.places.len()).map(PlaceId::new).find(|&place| {
            matches!(body.place(place).step, Step::Variable { name: found, .. } if found == name)
        })?;
        match self.module.kind(bound_value(self.module, body, global)?) {
            ExprKind::Text(text) => Some(self.module.name(text).to_owned()),
            _ => None,
        }
    }

    fn is_self(&self, expr: ExprId) -> bool {
        let is_first = |place: PlaceId| {
            let first = self.code.parameters.first();
            self.code.class.is_some() && first.is_some_and(|first| first.place == place)
        };
        match self.module.kind(expr) {
            ExprKind::Name(place) => {
                let is_global = matches!(
                    self.code.place(place).step,
                    Step::Variable {
                        scope: Scope::Global { .. },
                        ..
                    }
                );
                is_first(place) || is_global
            }
            ExprKind::Attribute { value, .. } => self.is_self(value),
            _ => false,
        }
    }
}

fn is_constant_name(name: &str) -> bool {
    !name.chars().any(char::is_lowercase)
}

/// The only value that a variable is bound to.
pub(in crate::rules) fn bound_value(
    module: &Module,
    code: &Function,
    place: PlaceId,
) -> Option<ExprId> {
    let mut found = None;
    for inst in &code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        if module.kind(target) != ExprKind::Name(place) {
            continue;
        }
        match source {
            Source::Value(value) if found.is_none() => found = Some(value),
            _ => return None,
        }
    }
    found
}

/// What is called, as it is written.
pub(in crate::rules) fn call_text(whole: &Whole<'_>, site: &StoreCall<'_>) -> String {
    let (module, code) = whole.program.code(site.function);
    let written = match module.kind(site.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    written.unwrap_or_else(|| match method(module, site.call) {
        Some((_, name)) => name.to_owned(),
        None => site.known.name.clone(),
    })
}
