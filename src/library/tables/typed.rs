//! From a type text to a value, and what kind of thing an instance of a class is.

use super::compile::{Compiler, Result, error, unknown};
use super::compiled::Compiled;
use super::names::NameId;
use super::typetext::{TypeText, parse};
use crate::summary::ClassRef;
use crate::types::Type;
use crate::value::{Kinds, TypeId, Value};

/// The class that stands for the element of the receiver, or of the first argument of a function.
pub const ELEMENT: &str = "typing.T";
/// The class that stands for the receiver itself.
pub const RECEIVER: &str = "typing.Self";

/// Classes whose instances, and those of subclasses, are of a kind of their own.
const KINDS: [(&str, Kinds); 33] = [
    ("bool", Kinds::BOOL),
    ("int", Kinds::NUMBER),
    ("long", Kinds::NUMBER),
    ("float", Kinds::NUMBER),
    ("complex", Kinds::NUMBER),
    ("decimal.Decimal", Kinds::NUMBER),
    ("fractions.Fraction", Kinds::NUMBER),
    ("str", Kinds::TEXT),
    ("unicode", Kinds::TEXT),
    ("basestring", Kinds::TEXT),
    ("bytes", Kinds::BYTES),
    ("bytearray", Kinds::BYTES),
    ("list", Kinds::LIST),
    ("collections.deque", Kinds::LIST),
    ("tuple", Kinds::TUPLE),
    ("dict", Kinds::DICT),
    ("set", Kinds::SET),
    ("frozenset", Kinds::SET),
    ("type", Kinds::CLASS),
    ("types.FunctionType", Kinds::FUNCTION),
    ("types.MethodType", Kinds::FUNCTION),
    ("types.BuiltinFunctionType", Kinds::FUNCTION),
    ("functools.partial", Kinds::FUNCTION),
    ("types.ModuleType", Kinds::MODULE),
    ("types.NoneType", Kinds::NONE),
    ("io.IOBase", Kinds::FILE),
    ("typing.IO", Kinds::FILE),
    ("socket.socket", Kinds::FILE),
    ("typing.Iterator", Kinds::ITERATOR),
    ("typing.Generator", Kinds::ITERATOR),
    ("collections.abc.Iterator", Kinds::ITERATOR),
    (ELEMENT, Kinds::ANY),
    (RECEIVER, Kinds::ANY),
];

/// The names of those classes, found once.
pub(super) fn kinds_by_name(compiled: &Compiled<'_>) -> Vec<(NameId, Kinds)> {
    let found = |&(name, kinds)| Some((compiled.find(name, false)?, kinds));
    KINDS.iter().filter_map(found).collect()
}

/// What an instance of a class is: as the nearest base of a kind of its own says, or an instance.
pub(super) fn class_kinds(
    compiled: &Compiled<'_>,
    known: &[(NameId, Kinds)],
    class: ClassRef,
) -> Kinds {
    let own = |base: &ClassRef| {
        let name = compiled.class_name(*base)?;
        Some(known.iter().find(|(known, _)| *known == name)?.1)
    };
    let order = compiled.mro(class, false);
    order.iter().find_map(own).unwrap_or(Kinds::INSTANCE)
}

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
