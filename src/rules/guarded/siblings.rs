//! What a project believes of a call: where nearly all calls of a thing stand under handlers of their own, the one that
//! does not was forgotten.

use crate::escape::Site;
use crate::ir::{ExprId, ExprKind, Module, PlaceId};
use crate::rules::Whole;
use crate::rules::guarded::io::{Touches, touches};
use crate::summary::ClassRef;
use crate::types::{CallRef, ModuleRef};
use rustc_hash::FxHashMap;

/// In one file, so many guarded calls are enough for one that is not.
const IN_FILE: u32 = 3;

/// In the whole project, so many are, and each bare one needs so many of them.
const IN_PROJECT: u32 = 5;

/// A module with more calls than that is not searched for the like of one.
const SITES: usize = 200;

/// How calls of one thing are guarded.
#[derive(Clone, Copy, Default)]
struct Calls<'w> {
    guarded: u32,
    bare: u32,
    example: Option<&'w Site>,
}

/// How the calls of each thing are guarded, in each file and in the whole project.
///
/// Calls of one library that raise a class of that library's own are of one kin: who knows how one of them fails knows how all do.
pub(in crate::rules) struct Siblings<'w> {
    in_file: FxHashMap<(ModuleRef, CallRef), Calls<'w>>,
    in_project: FxHashMap<CallRef, Calls<'w>>,
    kin: FxHashMap<(ModuleRef, ClassRef), Calls<'w>>,
}

/// Functions that ask whether something is there, which a call that follows relies on.
const ASKS: [&str; 8] = [
    "access", "exists", "isatty", "isdir", "isfile", "is_dir", "is_file", "lexists",
];

impl<'w> Siblings<'w> {
    /// Counts them.
    pub(in crate::rules) fn of(whole: &'w Whole<'_>) -> Self {
        let mut siblings = Self {
            in_file: FxHashMap::default(),
            in_project: FxHashMap::default(),
            kin: FxHashMap::default(),
        };
        for site in &whole.escapes.sites {
            if site.rare_for.is_some() || touches(site) == Touches::Text {
                continue;
            }
            let is_broad = site.left.classes == 0 && site.left.broadly != 0;
            if is_broad {
                continue;
            }
            let (module, _) = whole.program.locate(site.function);
            let callee = site.call.callee;
            siblings
                .in_file
                .entry((module, callee))
                .or_default()
                .add(site);
            siblings.in_project.entry(callee).or_default().add(site);
            if let Some(class) = own_class(whole, site) {
                siblings.kin.entry((module, class)).or_default().add(site);
            }
        }
        siblings
    }

    /// A guarded call of the same thing, where nearly all of them are.
    pub(in crate::rules) fn guarded(&self, whole: &Whole<'_>, site: &Site) -> Option<&'w Site> {
        if site.rare_for.is_some() {
            return None;
        }
        let (module, _) = whole.program.locate(site.function);
        let callee = site.call.callee;
        let in_project = self.in_project.get(&callee)?;
        let in_file = self.in_file.get(&(module, callee))?;
        let is_last_in_file =
            in_file.guarded >= IN_FILE && in_file.bare == 1 && in_project.guarded > in_project.bare;
        let example = if is_last_in_file {
            in_file.example
        } else if in_project.guarded >= IN_PROJECT * in_project.bare {
            in_project.example
        } else {
            own_class(whole, site)
                .and_then(|class| self.kin.get(&(module, class)))
                .filter(|kin| kin.guarded >= IN_FILE && kin.bare == 1)
                .and_then(|kin| kin.example)
        };
        example.filter(|_| !asks(whole, site))
    }
}

impl<'w> Calls<'w> {
    fn add(&mut self, site: &'w Site) {
        if site.left.classes == 0 {
            self.guarded += 1;
            self.example = self.example.or(Some(site));
        } else {
            self.bare += 1;
        }
    }
}

/// The class of its own library that a call raises.
fn own_class(whole: &Whole<'_>, site: &Site) -> Option<ClassRef> {
    let name = &whole.program.library.get(site.call.callee).name;
    let (root, _) = name.split_once('.')?;
    site.classes.iter().copied().find(|&class| {
        let class = whole.program.class_name(class);
        class.split_once('.').is_some_and(|(of, _)| of == root)
    })
}

/// A guarded call of the same kind right beside another: in the same class, or on the same thing in the same file. For files
/// the same call, on the same name.
pub(in crate::rules) fn beside<'w>(
    whole: &Whole<'_>,
    site: &Site,
    sites: &'w [Site],
) -> Option<&'w Site> {
    let program = whole.program;
    let (module_ref, _) = program.locate(site.function);
    let class = program.class_of_method(site.function);
    let kin = own_class(whole, site);
    let subject = subject_text(whole, site);
    let is_alike = |other: &&Site| {
        program.locate(other.function).0 == module_ref
            && other.rare_for.is_none()
            && !is_constructor(whole, other)
            && touches(other) == touches(site)
            && match touches(site) {
                Touches::File => {
                    other.call.callee == site.call.callee
                        && subject.is_some()
                        && subject_text(whole, other) == subject
                }
                Touches::Network | Touches::Database => {
                    kin.is_some()
                        && own_class(whole, other) == kin
                        && match class {
                            Some(_) => program.class_of_method(other.function) == class,
                            None => subject.is_some() && subject_text(whole, other) == subject,
                        }
                }
                Touches::Text => false,
            }
    };
    let near = of_module(whole, sites, module_ref);
    if near.len() > SITES || is_constructor(whole, site) {
        return None;
    }
    let (mut guarded, mut bare, mut example) = (0_u32, 0_u32, None);
    for other in near.iter().filter(is_alike) {
        match (other.left.classes, other.left.broadly) {
            (0, 0) => {
                guarded += 1;
                example = example.or(Some(other));
            }
            (0, _) => {}
            _ => bare += 1,
        }
    }
    example.filter(|_| bare <= 2 * guarded + 1)
}

/// Whether a site stands in a constructor: what cannot connect cannot be made.
fn is_constructor(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    module.name(code.name) == "__init__"
}

/// The sites of one module: those of all stand in the order of modules.
pub(super) fn of_module<'w>(whole: &Whole<'_>, sites: &'w [Site], module: ModuleRef) -> &'w [Site] {
    let at = |site: &Site| whole.program.locate(site.function).0;
    let first = sites.partition_point(|site| at(site) < module);
    let last = sites.partition_point(|site| at(site) <= module);
    sites.get(first..last).unwrap_or_default()
}

/// What a call is about, as text: for a file its name, for all else what the method is called on.
fn subject_text(whole: &Whole<'_>, site: &Site) -> Option<String> {
    let (module, code) = whole.program.code(site.function);
    if touches(site) == Touches::File {
        let place = subject(module, site.call.call)?;
        let text = module.place_text(code, place);
        return text.contains('.').then_some(text);
    }
    let ExprKind::Call { callee, .. } = module.kind(site.call.call) else {
        return None;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return None;
    };
    // A function of a library's module is called on nothing.
    let name = &whole.program.library.get(site.call.callee).name;
    module
        .dotted(code, value)
        .filter(|text| !name.starts_with(text.as_str()))
}

/// Whether the function of a call asks first whether the thing is there, of the same name or of something put together alike.
pub(in crate::rules) fn asks(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let wanted = subject(module, site.call.call);
    code.exprs.range().map(ExprId::new).any(|call| {
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            return false;
        };
        let name = match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            ExprKind::Name(place) => module.place_text(code, place),
            _ => return false,
        };
        ASKS.contains(&name.as_str()) && subject(module, call) == wanted
    })
}

/// What a call is about, if it has a name: its first argument, or the receiver of a method.
pub(super) fn subject(module: &Module, call: ExprId) -> Option<PlaceId> {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let first = module.arguments(arguments).first();
    match (first, module.kind(callee)) {
        (Some(first), _) => module.kind(first.value).place(),
        (None, ExprKind::Attribute { value, .. }) => module.kind(value).place(),
        _ => None,
    }
}
