//! What the class at work writes itself.

use crate::rules::sequences::Boundary;

/// Methods that make an object of what another method has made of it.
const READING_BACK: [&str; 9] = [
    "decode",
    "deserialize",
    "from_data",
    "from_dict",
    "from_json",
    "load",
    "load_dict",
    "restore",
    "setstate",
];

/// What those are called that write it.
const WRITING: [&str; 10] = [
    "as_dict",
    "dump",
    "encode",
    "save",
    "serialize",
    "store",
    "to_data",
    "to_dict",
    "to_json",
    "__getstate__",
];

/// Whether the class at work writes itself what the function reads.
pub(super) fn is_read_back(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    let method = flow.module.name(flow.code.name);
    let class = flow.program.class_of_method(flow.function);
    READING_BACK.contains(&method.trim_matches('_'))
        && class.is_some_and(|class| {
            let mut names = WRITING.iter();
            names.any(|name| flow.program.method(class, name).is_some())
        })
}
