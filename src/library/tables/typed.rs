//! From a type text to a value.

use super::compiler::{Compiler, Result, error, unknown};
use super::kinds::{ELEMENT, RECEIVER};
use super::typetext::{TypeText, parse};
use crate::types::Type;
use crate::value::{Kinds, TypeId, Value};

/// The value that a type text describes.
pub(super) fn value(compiler: &mut Compiler, entry: &str, text: &str) -> Result<Value> {
    let parsed = parse(text).map_err(|problem| error(entry, format!("`{text}`: {problem}")))?;
    of(compiler, entry, &parsed)
}

fn of(compiler: &mut Compiler, entry: &str, text: &TypeText<'_>) -> Result<Value> {
    match text {
        TypeText::Union(all) => all.iter().try_fold(Value::NEVER, |joined, part| {
            Ok(joined.join(of(compiler, entry, part)?))
        }),
        TypeText::Name(name, arguments) => named(compiler, entry, name, arguments),
    }
}

fn named(
    compiler: &mut Compiler,
    entry: &str,
    name: &str,
    arguments: &[TypeText<'_>],
) -> Result<Value> {
    Ok(match (name, arguments) {
        ("None", _) => Value::NONE,
        ("Any" | "object" | "Iterable" | "Sequence" | "Mapping" | "Collection", _) => {
            Value::UNKNOWN
        }
        ("Never", _) => Value::NEVER,
        ("Callable", _) => Value::of(Kinds::FUNCTION),
        ("element", _) => instance(compiler, entry, ELEMENT)?,
        ("self", _) => instance(compiler, entry, RECEIVER)?,
        ("type", [TypeText::Name(class, _)]) => class_itself(compiler, class),
        ("Iterator" | "Generator", [element, ..]) => {
            container(compiler, entry, Kinds::ITERATOR, element)?
        }
        ("Iterator" | "Generator", []) => Value::of(Kinds::ITERATOR),
        ("View", [element]) => container(compiler, entry, Kinds::LIST | Kinds::ITERATOR, element)?,
        ("list", [element]) => container(compiler, entry, Kinds::LIST, element)?,
        ("set" | "frozenset", [element]) => container(compiler, entry, Kinds::SET, element)?,
        ("dict", [_, element]) => container(compiler, entry, Kinds::DICT, element)?,
        ("tuple", [element, TypeText::Name("...", _)]) => {
            container(compiler, entry, Kinds::TUPLE, element)?
        }
        ("tuple", [_, ..]) => tuple(compiler, entry, arguments)?,
        _ => instance(compiler, entry, name)?,
    })
}

fn instance(compiler: &mut Compiler, entry: &str, name: &str) -> Result<Value> {
    let found = compiler.class(name, false).or(compiler.class(name, true));
    let class = found.ok_or_else(|| unknown(entry, name))?;
    let kinds = compiler.to.classes[class.0 as usize].kinds;
    Ok(Value::typed(
        kinds,
        compiler.types.intern(Type::Instance(class)),
    ))
}

fn class_itself(compiler: &mut Compiler, name: &str) -> Value {
    let class = compiler
        .class(name, false)
        .map_or(TypeId::UNKNOWN, |class| {
            compiler.types.intern(Type::Class(class))
        });
    Value::typed(Kinds::CLASS, class)
}

fn container(
    compiler: &mut Compiler,
    entry: &str,
    kind: Kinds,
    element: &TypeText<'_>,
) -> Result<Value> {
    let element = of(compiler, entry, element)?;
    Ok(container_of(compiler, kind, element))
}

fn container_of(compiler: &mut Compiler, kind: Kinds, element: Value) -> Value {
    let class = compiler.types.intern(Type::Container {
        kind,
        element: element.class,
        kinds: element.kinds,
    });
    Value::typed(kind, class)
}

/// The items of a tuple have one type, or nothing is known of them: that one of them may be None says nothing of the rest.
fn tuple(compiler: &mut Compiler, entry: &str, items: &[TypeText<'_>]) -> Result<Value> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        all.push(of(compiler, entry, item)?);
    }
    let same = all.windows(2).all(|pair| pair.first() == pair.last());
    let element = all.first().copied().filter(|_| same);
    Ok(container_of(
        compiler,
        Kinds::TUPLE,
        element.unwrap_or(Value::UNKNOWN),
    ))
}
