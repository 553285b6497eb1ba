//! Places, regions, loops, blocks and instructions as text.

use super::expr::binary_sign;
use super::{In, scope_word};
use crate::ir::{
    Block, Inst, InstKind, Loop, LoopKind, Next, Place, PlaceId, Scope, Source, Step, Try, TryKind,
};
use std::fmt::{self, Display, Formatter};

impl Display for In<'_, &Place> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what.step {
            Step::Variable { name, scope } => {
                write!(f, "{} {}", self.module.name(name), self.other(scope))
            }
            _ => {
                let places = &self.function.places;
                let index = places
                    .iter()
                    .position(|place| std::ptr::eq(place, self.what))
                    .unwrap_or_default();
                write!(
                    f,
                    "{}",
                    self.module.place_text(self.function, PlaceId::new(index))
                )
            }
        }
    }
}

impl Display for In<'_, Scope> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(scope_word(self.what))?;
        match self.what {
            Scope::Local {
                captured,
                rebound_inside,
            }
            | Scope::Parameter {
                captured,
                rebound_inside,
                ..
            } => {
                if captured {
                    write!(f, " captured")?;
                }
                if rebound_inside {
                    write!(f, " rebound")?;
                }
                Ok(())
            }
            Scope::Free {
                function,
                place,
                declared,
            } => {
                write!(f, " {}.{}", function.index(), place.index())?;
                if declared {
                    write!(f, " declared")
                } else {
                    Ok(())
                }
            }
            Scope::Global { declared: true } => write!(f, " declared"),
            Scope::Comprehension | Scope::Global { .. } => Ok(()),
        }
    }
}

impl Display for In<'_, &Try> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(parent) = self.what.parent {
            write!(f, " in {}", parent.index())?;
        }
        write!(f, " ({} statements)", self.what.statements)?;
        match &self.what.kind {
            TryKind::Finally { entry, .. } => write!(f, " finally {}", entry.index()),
            TryKind::With {
                manager,
                is_async,
                after,
            } => {
                let word = if *is_async { "async with" } else { "with" };
                write!(
                    f,
                    " {word} {} after {}",
                    self.other(*manager),
                    after.index()
                )
            }
            TryKind::Catch {
                handlers,
                star,
                otherwise,
            } => {
                if otherwise.is_some() {
                    write!(f, " else")?;
                }
                for handler in handlers {
                    write!(f, " except{}", if *star { "*" } else { "" })?;
                    if let Some(types) = handler.types {
                        write!(f, " {}", self.other(types))?;
                    }
                    if let Some(target) = handler.target {
                        write!(f, " as {}", self.other(target))?;
                    }
                    write!(
                        f,
                        " -> {} ({} statements)",
                        handler.entry.index(),
                        handler.statements
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl Display for In<'_, &Loop> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(parent) = self.what.parent {
            write!(f, " in {parent}")?;
        }
        match self.what.kind {
            LoopKind::For {
                target,
                iterable,
                is_async,
            } => {
                let word = if is_async { "async for" } else { "for" };
                write!(
                    f,
                    " {word} {} in {}",
                    self.other(target),
                    self.other(iterable)
                )?;
            }
            LoopKind::While { test } => write!(f, " while {}", self.other(test))?,
        }
        write!(
            f,
            " header {} body {}",
            self.what.header.index(),
            self.what.body.index()
        )
    }
}

impl Display for In<'_, &Block> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(guard) = self.what.guard {
            write!(f, " guard {}", guard.index())?;
        }
        for inst in self.function.insts(self.what) {
            write!(f, "\n    {}", self.other(inst))?;
        }
        match self.what.next {
            Next::Goto(block) => write!(f, "\n    goto {}", block.index()),
            Next::Branch(yes, no) => write!(f, "\n    branch {} {}", yes.index(), no.index()),
            Next::Return => write!(f, "\n    leave"),
            Next::Raise => write!(f, "\n    thrown"),
            Next::Resume(region) => write!(f, "\n    resume {}", region.index()),
            Next::Never => write!(f, "\n    never"),
        }
    }
}

impl Display for In<'_, &Inst> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what.kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                write!(f, "{}", self.other(target))?;
                if let Some(annotation) = annotation {
                    write!(f, ": {}", self.other(annotation))?;
                }
                write!(f, " {}", self.other(source))
            }
            InstKind::Declare { target, annotation } => {
                write!(
                    f,
                    "declare {}: {}",
                    self.other(target),
                    self.other(annotation)
                )
            }
            InstKind::Eval(value) => write!(f, "eval {}", self.other(value)),
            InstKind::Assume { test, holds: true } => write!(f, "assume {}", self.other(test)),
            InstKind::Assume { test, holds: false } => write!(f, "assume not {}", self.other(test)),
            InstKind::Return(None) => write!(f, "return"),
            InstKind::Return(Some(value)) => write!(f, "return {}", self.other(value)),
            InstKind::Raise {
                exception,
                cause,
                assertion,
            } => {
                write!(f, "{}", if assertion { "fail" } else { "raise" })?;
                if let Some(exception) = exception {
                    write!(f, " {}", self.other(exception))?;
                }
                if let Some(cause) = cause {
                    write!(f, " from {}", self.other(cause))?;
                }
                Ok(())
            }
            InstKind::Forget(target) => write!(f, "forget {}", self.other(target)),
        }
    }
}

impl Display for In<'_, Source> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what {
            Source::Value(value) => write!(f, "= {}", self.other(value)),
            Source::Augmented { operator, value } => {
                write!(f, "{}= {}", binary_sign(operator), self.other(value))
            }
            Source::Element { iterable, is_async } => {
                write!(
                    f,
                    "<- {}each of {}",
                    if is_async { "async " } else { "" },
                    self.other(iterable)
                )
            }
            Source::Entered { manager, is_async } => {
                write!(
                    f,
                    "<- {}entered {}",
                    if is_async { "async " } else { "" },
                    self.other(manager)
                )
            }
            Source::Caught { region, handler } => {
                write!(f, "<- caught {}.{handler}", region.index())
            }
            Source::Import(id) => {
                let import = &self.module.imports[id.index()];
                let dots = ".".repeat(usize::from(import.level));
                write!(f, "<- import {dots}{}", self.module.name(import.module))?;
                match import.name {
                    Some(name) => write!(f, " {}", self.module.name(name)),
                    None => Ok(()),
                }
            }
            Source::Function(function) => write!(f, "<- function {}", function.index()),
            Source::Class(class) => write!(f, "<- class {}", self.module.class(class).body.index()),
            Source::Captured { subject, whole } => {
                write!(
                    f,
                    "<- {}{}",
                    if whole { "whole " } else { "part of " },
                    self.other(subject)
                )
            }
            Source::Opaque => write!(f, "<- opaque"),
        }
    }
}
