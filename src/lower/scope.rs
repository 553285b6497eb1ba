//! Which variable a name means, decided as Python's compiler does.

use super::Lowering;
use super::body::Mark;
use crate::ir::{
    ExprId, ExprKind, FunctionId, FunctionKind, NameId, Place, PlaceId, Scope, Step, UnaryOperator,
};
use rustc_hash::FxHashMap;

/// Who is called what, in the body under construction and in those around it.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    /// The variable of each name in the body under construction; an entry of another body is stale.
    roots: Vec<Root>,
    /// The same for names inside the comprehensions of a class body, which do not see the class's variables.
    inner: Vec<Root>,
    /// Access paths by their parent and last step, over all bodies.
    paths: FxHashMap<(FunctionId, PlaceId, Step), PlaceId>,
    /// Targets of the comprehensions and type parameters that are open, innermost last, with what they hide.
    open: Vec<Opened>,
    /// What each finished or running body was defined in: targets that were open there.
    pub(super) environments: Vec<Vec<(NameId, PlaceId)>>,
    /// What each finished function offers to the functions inside it, sorted by name; no place: declared global.
    pub(super) offers: Vec<Vec<(NameId, Option<PlaceId>)>>,
    /// The module's own variables by name.
    pub(super) globals: Vec<Option<PlaceId>>,
    /// The names that the module's own code reads and does not bind.
    pub(super) read: FxHashMap<NameId, PlaceId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Root {
    /// Index + 1 of the body; 0 for none.
    body: u32,
    place: Option<PlaceId>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    name: NameId,
    place: PlaceId,
    hidden: Root,
    inner: bool,
}

/// How many comprehension targets were open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening(usize);

pub(super) const UNDECIDED: Scope = Scope::Global { declared: false };
const LONGEST: u8 = 3;

impl Lowering<'_> {
    fn hides_class(&self) -> bool {
        self.body.kind == FunctionKind::Class && self.body.comprehensions > 0
    }

    /// The place of a variable that is read here.
    pub(super) fn variable(&mut self, name: NameId) -> PlaceId {
        let inner = self.hides_class();
        self.root_in(name, inner)
    }

    /// The place of a variable that is bound here.
    pub(super) fn bound_variable(&mut self, name: NameId) -> PlaceId {
        let place = self.variable(name);
        self.body.marks[place.index()].bound = true;
        place
    }

    /// The place of a variable that `global` or `nonlocal` names.
    pub(super) fn declared_variable(&mut self, name: NameId, global: bool) {
        let place = self.variable(name);
        let mark = &mut self.body.marks[place.index()];
        if global {
            mark.global = true
        } else {
            mark.nonlocal = true
        }
    }

    pub(super) fn parameter_variable(&mut self, name: NameId, index: usize) -> PlaceId {
        let scope = Scope::Parameter {
            index: index as u16,
            captured: false,
            rebound_inside: false,
        };
        let mark = Mark {
            bound: true,
            settled: true,
            ..Mark::default()
        };
        let place = self.body.add_place(
            Place {
                parent: None,
                step: Step::Variable { name, scope },
            },
            mark,
        );
        self.set_root(name, false, Some(place));
        place
    }

    fn root_in(&mut self, name: NameId, inner: bool) -> PlaceId {
        if let Some(place) = self.root(name, inner).place {
            return place;
        }
        let step = Step::Variable {
            name,
            scope: UNDECIDED,
        };
        let place = self
            .body
            .add_place(Place { parent: None, step }, Mark::default());
        self.set_root(name, inner, Some(place));
        place
    }

    fn root(&self, name: NameId, inner: bool) -> Root {
        let table = if inner {
            &self.scopes.inner
        } else {
            &self.scopes.roots
        };
        let root = table.get(name.index()).copied().unwrap_or_default();
        if root.body == self.body.id.index() as u32 + 1 {
            root
        } else {
            Root::default()
        }
    }

    fn set_root(&mut self, name: NameId, inner: bool, place: Option<PlaceId>) {
        let body = self.body.id.index() as u32 + 1;
        let table = if inner {
            &mut self.scopes.inner
        } else {
            &mut self.scopes.roots
        };
        if table.len() <= name.index() {
            table.resize(
                self.names.names.len().max(name.index() + 1),
                Root::default(),
            );
        }
        table[name.index()] = Root { body, place };
    }

    pub(super) fn opening(&self) -> Opening {
        Opening(self.scopes.open.len())
    }

    /// Gives a comprehension's target or a type parameter a variable of its own until `close_targets`.
    pub(super) fn open_target(&mut self, name: NameId) -> PlaceId {
        let inner = self.hides_class();
        let hidden = self.root(name, inner);
        let step = Step::Variable {
            name,
            scope: Scope::Comprehension,
        };
        let mark = Mark {
            bound: true,
            settled: true,
            ..Mark::default()
        };
        let place = self.body.add_place(Place { parent: None, step }, mark);
        self.scopes.open.push(Opened {
            name,
            place,
            hidden,
            inner,
        });
        self.set_root(name, inner, Some(place));
        place
    }

    pub(super) fn close_targets(&mut self, opening: Opening) {
        while self.scopes.open.len() > opening.0 {
            if let Some(Opened {
                name,
                hidden,
                inner,
                ..
            }) = self.scopes.open.pop()
            {
                self.set_root(name, inner, hidden.place);
            }
        }
    }

    /// The place one step from `value`'s, where it has one and that is not too far from its variable.
    pub(super) fn path(&mut self, value: ExprId, step: Step) -> Option<PlaceId> {
        let parent = self.exprs[value.index()].kind.place()?;
        let steps = self.body.marks[parent.index()].steps;
        if steps >= LONGEST {
            return None;
        }
        let key = (self.body.id, parent, step);
        if let Some(&place) = self.scopes.paths.get(&key) {
            return Some(place);
        }
        let mark = Mark {
            steps: steps + 1,
            ..Mark::default()
        };
        let place = self.body.add_place(
            Place {
                parent: Some(parent),
                step,
            },
            mark,
        );
        self.scopes.paths.insert(key, place);
        Some(place)
    }

    /// The step that a subscript takes, where its index is a literal.
    pub(super) fn index_step(&self, index: ExprId) -> Option<Step> {
        match self.exprs[index.index()].kind {
            ExprKind::Text(key) => Some(Step::Key(key)),
            ExprKind::Int(index) => Some(Step::Index(index)),
            ExprKind::Unary {
                operator: UnaryOperator::Minus,
                operand,
            } => match self.exprs[operand.index()].kind {
                ExprKind::Int(index) => Some(Step::Index(-index)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Notes what a queued body sees of the comprehensions around its definition.
    pub(super) fn record_environment(&mut self) {
        let open = &self.scopes.open;
        self.scopes.environments.push(
            open.iter()
                .map(|opened| (opened.name, opened.place))
                .collect(),
        );
        self.scopes.offers.push(Vec::new());
    }
}
