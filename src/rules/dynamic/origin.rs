//! Where a value comes from: the command line, a request, a socket, a file, a database; and the way it took.

use crate::finding::{Message, Related};
use crate::ir::{ExprId, ExprKind, FunctionId, InstKind, PlaceId, Scope, Source, Step};
use crate::project::{Actual, Evaluate, Target, actuals};
use crate::rules::Whole;
use crate::rules::constants::{bound, global};
use crate::rules::dynamic::asked::{asked, is_listed, is_request, is_self};
use crate::rules::dynamic::told;
use crate::rules::dynamic::words::{OF_REQUEST, READS, TURNS};
use crate::rules::sequences::{KEEPING, PASSING};
use crate::rules::stores;
use crate::summary::{ClassRef, Effects};
use crate::text::Location;
use crate::types::{FunctionRef, Type};

/// A value is followed through so many names, calls and operators.
const DEPTH: usize = 14;

/// So many callers of a function are asked what they pass.
const CALLERS: usize = 6;

/// Who decides what a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rules) enum Outside {
    /// Whoever starts the program.
    Arguments,
    /// Whoever starts the program.
    Environment,
    /// Whoever sits before it.
    Input,
    /// A program that this one runs.
    Process,
    /// Whoever can write the file.
    File,
    /// Whoever fills in the data in the file: no program is written there.
    Record,
    /// Whoever can write to the database or cache.
    Database,
    /// The other end of a connection, or whoever is between.
    Network,
    /// The client.
    Request,
}

impl Outside {
    /// The key of the message that says so.
    pub(in crate::rules) fn key(self) -> &'static str {
        match self {
            Outside::Arguments => "arguments",
            Outside::Environment => "environment",
            Outside::Input => "input",
            Outside::Process => "process",
            Outside::File | Outside::Record => "file",
            Outside::Database => "database",
            Outside::Network => "network",
            Outside::Request => "request",
        }
    }

    /// Whether it is somebody else than who runs the program.
    pub(in crate::rules) fn is_foreign(self) -> bool {
        self >= Outside::Database
    }
}

/// What is known of where a value comes from.
pub(in crate::rules) struct Origin {
    /// Who decides.
    pub(in crate::rules) outside: Outside,
    /// From there to the use.
    pub(in crate::rules) path: Vec<Related>,
}

/// Where a value comes from, if it is from outside the program.
pub(in crate::rules) fn origin(
    whole: &Whole<'_>,
    function: FunctionRef,
    expr: ExprId,
) -> Option<Origin> {
    let mut seek = Seek {
        whole,
        path: Vec::new(),
        steps: 0,
        is_picked: false,
        is_asked_by_name: false,
    };
    let outside = match seek.of(function, expr, DEPTH)? {
        Outside::File if seek.is_picked => Outside::Record,
        outside => outside,
    };
    seek.path.reverse();
    Some(Origin {
        outside,
        path: seek.path,
    })
}

struct Seek<'s, 'w> {
    whole: &'s Whole<'w>,
    path: Vec<Related>,
    steps: usize,
    /// It is one item or key of something larger.
    is_picked: bool,
    /// The project was searched once already for calls that only a method's name tells.
    is_asked_by_name: bool,
}

/// No search goes on for longer than that.
const STEPS: usize = 400;

impl Seek<'_, '_> {
    fn of(&mut self, function: FunctionRef, expr: ExprId, depth: usize) -> Option<Outside> {
        let depth = depth.checked_sub(1)?;
        self.steps += 1;
        if self.steps > STEPS {
            return None;
        }
        let (module, _) = self.whole.program.code(function);
        match module.kind(expr) {
            ExprKind::Name(place) => self.name(function, place, depth),
            ExprKind::Attribute { value, name, .. } => {
                self.attribute(function, expr, value, module.name(name), depth)
            }
            ExprKind::Subscript { value, .. } => self.picked(function, value, depth),
            ExprKind::Call { callee, .. } => self.call(function, expr, callee, depth),
            ExprKind::Conditional {
                then, otherwise, ..
            } => self
                .of(function, then, depth)
                .or_else(|| self.of(function, otherwise, depth)),
            ExprKind::Compare { .. } | ExprKind::Lambda(_) | ExprKind::Unary { .. } => None,
            ExprKind::Comprehension(id) => {
                let first = module.comprehension(id).clauses.first()?;
                self.of(function, first.iterable, depth)
            }
            _ => {
                let mut parts = Vec::new();
                module.for_each_part(expr, &mut |part| parts.push(part));
                parts
                    .into_iter()
                    .find_map(|part| self.of(function, part, depth))
            }
        }
    }

    /// A part of what comes from somewhere.
    fn picked(&mut self, function: FunctionRef, expr: ExprId, depth: usize) -> Option<Outside> {
        let outside = self.of(function, expr, depth)?;
        self.is_picked = true;
        Some(outside)
    }

    /// It comes from here.
    fn found(&mut self, function: FunctionRef, expr: ExprId, outside: Outside) -> Option<Outside> {
        self.note(function, expr, Message::new(outside.key()));
        Some(outside)
    }

    fn note(&mut self, function: FunctionRef, expr: ExprId, message: Message) {
        let (module, _) = self.whole.program.code(function);
        let location = Location {
            file: self.whole.program.file(function),
            span: module.span(expr),
        };
        // The way is walked backwards: what is noted first stands last.
        self.path.insert(0, Related { location, message });
    }

    fn name(&mut self, function: FunctionRef, place: PlaceId, depth: usize) -> Option<Outside> {
        let (module, code) = self.whole.program.code(function);
        let Step::Variable { name, scope } = code.place(place).step else {
            return None;
        };
        if is_listed(module, code, place) {
            return None;
        }
        let by_binding = bound(module, code, place)
            .into_iter()
            .find_map(|value| self.of(function, value, depth));
        if by_binding.is_some() {
            return by_binding;
        }
        match scope {
            Scope::Parameter { index, .. } => self
                .callers(function, usize::from(index), depth)
                .or_else(|| self.told(function, place)),
            Scope::Global { .. } => {
                let name = module.name(name);
                let bound = global(self.whole, function, name)
                    .and_then(|(body, value)| self.of(body, value, depth));
                bound.or_else(|| self.put_global(function, name, depth))
            }
            Scope::Free {
                function: outer,
                place,
                ..
            } => {
                let (module_ref, _) = self.whole.program.locate(function);
                let outer = self.whole.program.function(module_ref, outer);
                self.name(outer, place, depth)
            }
            _ => None,
        }
    }

    /// What a framework fills in: nobody in the project calls the function.
    fn told(&mut self, function: FunctionRef, place: PlaceId) -> Option<Outside> {
        let (module, code) = self.whole.program.code(function);
        let outside = if told::is_of_route(module, code, place) {
            Outside::Request
        } else if told::is_told(module, code, place) {
            Outside::Network
        } else if told::is_typed(self.whole.program, function, place) {
            Outside::Input
        } else {
            return None;
        };
        if self.whole.graph.calls_of(function).next().is_some() {
            return None;
        }
        let span = code.parameters.iter().find(|of| of.place == place)?.span;
        let location = Location {
            file: self.whole.program.file(function),
            span,
        };
        let message = Message::new(outside.key());
        self.path.insert(0, Related { location, message });
        Some(outside)
    }

    fn callers(&mut self, function: FunctionRef, index: usize, depth: usize) -> Option<Outside> {
        let (module, code) = self.whole.program.code(function);
        let calls = self.whole.graph.calls_of(function);
        let mut calls: Vec<(FunctionRef, ExprId, bool)> = calls
            .filter(|call| !crate::rules::is_test(self.whole.program, call.caller))
            .take(CALLERS)
            .map(|call| (call.caller, call.call, call.bound))
            .collect();
        if calls.is_empty() && !std::mem::replace(&mut self.is_asked_by_name, true) {
            let named = told::calls_by_name(self.whole.program, function);
            calls.extend(named.into_iter().map(|(at, call)| (at, call, true)));
        }
        for (caller, call, is_bound) in calls {
            let (outer, _) = self.whole.program.code(caller);
            let arguments = stores::arguments(outer, call);
            let given = actuals(outer, arguments, module, code, is_bound);
            let Some(Actual::Given(argument)) = given.get(index).copied() else {
                continue;
            };
            if let Some(outside) = self.of(caller, argument, depth) {
                let name = self.whole.program.qualified_name(function);
                self.note(caller, call, Message::new("passed").with("name", name));
                return Some(outside);
            }
        }
        None
    }

    fn attribute(
        &mut self,
        function: FunctionRef,
        expr: ExprId,
        value: ExprId,
        name: &str,
        depth: usize,
    ) -> Option<Outside> {
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        let evaluate = Evaluate::new(program, module_ref, id);
        match evaluate.dotted(expr).as_deref() {
            Some("sys.argv") => return self.found(function, expr, Outside::Arguments),
            Some("os.environ") => return self.found(function, expr, Outside::Environment),
            Some("sys.stdin") => return self.found(function, expr, Outside::Input),
            _ => {}
        }
        if OF_REQUEST.contains(&name) && is_request(module, code, value) {
            return self.found(function, expr, Outside::Request);
        }
        // The handlers of `socketserver` and `http.server` read the client's side of the connection from here.
        if name == "rfile" && is_self(module, code, value) {
            return self.found(function, expr, Outside::Network);
        }
        if let Type::Instance(class) = program.types.get(evaluate.value(value).class)
            && program.project_class(class).is_some()
        {
            return self.kept(class, module_ref, expr, depth);
        }
        self.of(function, value, depth)
    }

    /// What is assigned to an attribute of a class of the project.
    fn kept(
        &mut self,
        class: crate::summary::ClassRef,
        module_ref: crate::types::ModuleRef,
        expr: ExprId,
        depth: usize,
    ) -> Option<Outside> {
        let program = self.whole.program;
        let module = program.module(module_ref);
        let ExprKind::Attribute { name, .. } = module.kind(expr) else {
            return None;
        };
        let symbol = program.symbol(module_ref, name);
        let info = program.project_class(class)?;
        let assignments = info.attributes.get(&symbol)?.assignments.clone();
        for assignment in assignments.into_iter().take(CALLERS) {
            let (_, code) = program.code(assignment.function);
            let value = code.insts.iter().find_map(|inst| match inst.kind {
                InstKind::Bind {
                    source: Source::Value(value),
                    ..
                } if inst.span == assignment.location.span => Some(value),
                _ => None,
            });
            if let Some(value) = value
                && let Some(outside) = self.of(assignment.function, value, depth)
            {
                self.note(assignment.function, value, Message::new("kept"));
                return Some(outside);
            }
        }
        self.put(class, module.name(name), depth)
    }

    /// What functions of a module put into a container that a global holds.
    fn put_global(&mut self, at: FunctionRef, name: &str, depth: usize) -> Option<Outside> {
        let program = self.whole.program;
        let (module_ref, _) = program.locate(at);
        let module = program.module(module_ref);
        for (index, code) in module.functions.iter().enumerate().skip(1) {
            let function = program.function(module_ref, FunctionId::new(index));
            for value in told::put_into_global(module, code, name) {
                if let Some(outside) = self.picked(function, value, depth) {
                    self.note(function, value, Message::new("kept"));
                    return Some(outside);
                }
            }
        }
        None
    }

    /// What methods of a class put into a container that an attribute holds.
    fn put(&mut self, class: ClassRef, attribute: &str, depth: usize) -> Option<Outside> {
        let program = self.whole.program;
        let info = program.project_class(class)?;
        let (module_ref, id) = (info.module?, info.id?);
        let module = program.module(module_ref);
        for (index, code) in module.functions.iter().enumerate() {
            if code.class != Some(id) {
                continue;
            }
            let function = program.function(module_ref, FunctionId::new(index));
            for value in told::put_into(module, code, attribute) {
                if let Some(outside) = self.picked(function, value, depth) {
                    self.note(function, value, Message::new("kept"));
                    return Some(outside);
                }
            }
        }
        None
    }

    fn call(
        &mut self,
        function: FunctionRef,
        expr: ExprId,
        callee: ExprId,
        depth: usize,
    ) -> Option<Outside> {
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        let evaluate = Evaluate::new(program, module_ref, id);
        if let Some(outside) = self.source(function, expr, &evaluate, callee) {
            return self.found(function, expr, outside);
        }
        let first = stores::arguments(module, expr)
            .first()
            .map(|first| first.value);
        let method = stores::method(module, expr);
        if let Some((receiver, name)) = method {
            if matches!(name, "get" | "pop" | "items" | "values" | "json") {
                return self.picked(function, receiver, depth);
            }
            if KEEPING.contains(&name) || READS.contains(&name) || name == "getvalue" {
                return self.of(function, receiver, depth);
            }
            if TURNS.contains(&name) {
                let given = stores::arguments(module, expr).to_vec();
                let found = given
                    .into_iter()
                    .find_map(|argument| self.of(function, argument.value, depth));
                if found.is_some() {
                    return found;
                }
            }
        }
        if let ExprKind::Name(place) = module.kind(callee) {
            let name = module.place_text(code, place);
            if PASSING.contains(&name.as_str()) || TURNS.contains(&name.as_str()) || name == "bytes"
            {
                return self.of(function, first?, depth);
            }
        }
        match program.target(evaluate.value(callee)) {
            Target::Function {
                function: inner, ..
            } => self.answer(function, expr, inner, depth),
            _ => None,
        }
    }

    /// A function of the project that returns such a value.
    fn answer(
        &mut self,
        function: FunctionRef,
        expr: ExprId,
        inner: FunctionRef,
        depth: usize,
    ) -> Option<Outside> {
        let (_, code) = self.whole.program.code(inner);
        let returned: Vec<ExprId> = code
            .insts
            .iter()
            .filter_map(|inst| match inst.kind {
                InstKind::Return(Some(value)) => Some(value),
                _ => None,
            })
            .collect();
        let outside = returned
            .into_iter()
            .find_map(|value| self.of(inner, value, depth.min(6)))?;
        let name = self.whole.program.qualified_name(inner);
        self.note(function, expr, Message::new("returned").with("name", name));
        Some(outside)
    }

    /// Whether a call itself brings something in.
    fn source(
        &self,
        function: FunctionRef,
        expr: ExprId,
        evaluate: &Evaluate<'_, '_>,
        callee: ExprId,
    ) -> Option<Outside> {
        let program = self.whole.program;
        let (module, code) = program.code(function);
        if let Target::Library(known) = program.target(evaluate.value(callee)) {
            let known = program.library.get(known);
            let effects = known.summary.effects;
            let by_name = match known.name.as_str() {
                "input" | "raw_input" | "getpass.getpass" => Some(Outside::Input),
                "os.getenv" => Some(Outside::Environment),
                "open" | "io.open" | "codecs.open" => Some(Outside::File),
                "os.popen"
                | "subprocess.check_output"
                | "subprocess.getoutput"
                | "commands.getoutput" => Some(Outside::Process),
                name if name.ends_with(".parse_args") || name.ends_with(".parse_known_args") => {
                    Some(Outside::Arguments)
                }
                _ => None,
            };
            if by_name.is_some() {
                return by_name;
            }
            if known.outside && effects.meets(Effects::DATABASE) {
                return Some(Outside::Database);
            }
            if effects.meets(Effects::NETWORK) {
                return Some(Outside::Network);
            }
            if known.outside && effects.meets(Effects::FILE) {
                return Some(Outside::File);
            }
        }
        asked(module, code, expr)
    }
}
