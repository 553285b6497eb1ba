//! What kind of thing an instance of a class is.

use super::compiled::Compiled;
use super::names::NameId;
use crate::summary::ClassRef;
use crate::value::Kinds;

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
