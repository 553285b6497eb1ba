//! Where the variables of a finished body live.

use super::Lowering;
use super::body::Mark;
use super::scope::UNDECIDED;
use crate::ir::{FunctionId, FunctionKind, NameId, Place, PlaceId, Scope, Step};
use rustc_hash::FxHashMap;

impl Lowering<'_> {
    /// Decides where each variable of the finished body lives.
    pub(super) fn resolve(&mut self) {
        for index in 0..self.body.places.len() {
            let Place {
                parent: None,
                step: Step::Variable { name, .. },
            } = self.body.places[index]
            else {
                continue;
            };
            let mark = self.body.marks[index];
            if mark.settled {
                continue;
            }
            let scope = self.decide(name, mark);
            self.body.places[index].step = Step::Variable { name, scope };
        }
        self.offer();
    }

    fn decide(&mut self, name: NameId, mark: Mark) -> Scope {
        let local = Scope::Local {
            captured: false,
            rebound_inside: false,
        };
        if self.body.kind == FunctionKind::Module {
            return if mark.bound { local } else { UNDECIDED };
        }
        if mark.global {
            self.touch_global(name, mark.bound);
            return Scope::Global {
                declared: mark.bound,
            };
        }
        if mark.bound && !mark.nonlocal {
            return local;
        }
        match self.enclosing(name) {
            Some((function, place)) => {
                self.capture(function, place, mark.bound);
                Scope::Free {
                    function,
                    place,
                    declared: mark.bound,
                }
            }
            None if mark.bound => local,
            None => {
                self.touch_global(name, false);
                UNDECIDED
            }
        }
    }

    /// The variable of an enclosing function that `name` means in the current body.
    fn enclosing(&self, name: NameId) -> Option<(FunctionId, PlaceId)> {
        let mut function = self.body.id;
        loop {
            let parent = self.functions[function.index()].parent?;
            let environment = &self.scopes.environments[function.index()];
            if let Some(&(_, place)) = environment.iter().rev().find(|(known, _)| *known == name) {
                return Some((parent, place));
            }
            let offers = &self.scopes.offers[parent.index()];
            if let Ok(found) = offers.binary_search_by_key(&name, |&(known, _)| known) {
                return offers[found].1.map(|place| (parent, place));
            }
            function = parent;
        }
    }

    /// Makes the finished body's variables visible to the bodies inside it.
    fn offer(&mut self) {
        let body = &self.body;
        let roots =
            body.places
                .iter()
                .zip(&body.marks)
                .enumerate()
                .filter_map(|(index, (place, mark))| match place.step {
                    Step::Variable { name, scope } if place.parent.is_none() => {
                        Some((name, scope, *mark, PlaceId::new(index)))
                    }
                    _ => None,
                });
        match body.kind {
            FunctionKind::Class => {}
            FunctionKind::Module => {
                let mut globals = vec![None; self.names.names.len()];
                let mut read = FxHashMap::default();
                for (name, _, mark, place) in
                    roots.filter(|(_, scope, ..)| *scope != Scope::Comprehension)
                {
                    globals[name.index()] = Some(place).filter(|_| mark.bound);
                    if !mark.bound {
                        read.insert(name, place);
                    }
                }
                self.scopes.globals = globals;
                self.scopes.read = read;
            }
            FunctionKind::Def | FunctionKind::Lambda => {
                let mut offers: Vec<_> = roots
                    .filter_map(|(name, scope, mark, place)| match scope {
                        Scope::Local { .. } | Scope::Parameter { .. } => Some((name, Some(place))),
                        Scope::Global { .. } if mark.global => Some((name, None)),
                        _ => None,
                    })
                    .collect();
                offers.sort_by_key(|&(name, _)| name);
                self.scopes.offers[body.id.index()] = offers;
            }
        }
    }

    fn capture(&mut self, function: FunctionId, place: PlaceId, binds: bool) {
        let places = &mut self.functions[function.index()].places;
        mark_captured(&mut places[place.index()], true, binds);
    }

    /// Tells the module's own variable that a function reads or binds it.
    fn touch_global(&mut self, name: NameId, binds: bool) {
        if self.scopes.globals.len() <= name.index() {
            self.scopes
                .globals
                .resize(self.names.names.len().max(name.index() + 1), None);
        }
        let place = match self.scopes.globals[name.index()] {
            Some(place) => place,
            None if binds => self.add_global(name),
            None => return,
        };
        mark_captured(&mut self.functions[0].places[place.index()], !binds, binds);
    }

    /// Makes a variable of the module that only a function binds.
    fn add_global(&mut self, name: NameId) -> PlaceId {
        let places = &mut self.functions[0].places;
        let scope = Scope::Local {
            captured: false,
            rebound_inside: false,
        };
        let step = Step::Variable { name, scope };
        let place = match self.scopes.read.get(&name) {
            Some(&place) => {
                places[place.index()].step = step;
                place
            }
            None => {
                places.push(Place { parent: None, step });
                PlaceId::new(places.len() - 1)
            }
        };
        self.scopes.globals[name.index()] = Some(place);
        place
    }
}

fn mark_captured(place: &mut Place, reads: bool, binds: bool) {
    if let Step::Variable { scope, .. } = &mut place.step
        && let Scope::Local {
            captured,
            rebound_inside,
        }
        | Scope::Parameter {
            captured,
            rebound_inside,
            ..
        } = scope
    {
        *captured |= reads;
        *rebound_inside |= binds;
    }
}
