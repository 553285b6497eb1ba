//! What a call of a library raises with these arguments when something outside goes wrong.

use super::nullable;
use super::search::Search;
use super::sites::IO;
use super::text;
use crate::infer::LibraryCall;
use crate::ir::{Dialect, ExprId, ExprKind, Function, InstKind, LoopKind, Module, Passing, Source};
use crate::library::Call;
use crate::library::schema::{Mark, When};
use crate::summary::ClassRef;
use crate::types::FunctionRef;

/// Exceptions that say that the call is written wrong, not that something outside failed.
const MISTAKES: [&str; 10] = [
    "ValueError",
    "TypeError",
    "KeyError",
    "AttributeError",
    "IndexError",
    "RuntimeError",
    "NotImplementedError",
    "AssertionError",
    "UnicodeError",
    "UnicodeDecodeError",
];

/// Whether an exception of this name says that a call is written wrong.
pub(super) fn is_mistake(name: &str) -> bool {
    MISTAKES.contains(&name)
}

/// What it raises whenever something outside goes wrong.
pub(super) fn usual(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    site: LibraryCall,
) -> Vec<ClassRef> {
    let program = search.program;
    let known = program.library.get(site.callee);
    let call = site.call;
    let (module, _) = program.code(function);
    if (known.name == RELATIVE_TO && !is_resolved(module, call)) || has_no_host(module, known, call)
    {
        return Vec::new();
    }
    let has = |wanted: &str| {
        let ExprKind::Call { arguments, .. } = module.kind(call) else {
            return false;
        };
        module
            .arguments(arguments)
            .iter()
            .any(|argument| match argument.passing {
                Passing::Keyword(name) => {
                    let is_off = matches!(
                        module.kind(argument.value),
                        ExprKind::False | ExprKind::None
                    );
                    module.name(name) == wanted && !is_off
                }
                Passing::DoubleStar => true,
                _ => false,
            })
    };
    let mut all: Vec<ClassRef> = known
        .raises(module.dialect == Dialect::Two)
        .iter()
        .map(|raise| raise.class)
        .collect();
    for also in &known.raises_if {
        let applies = match (also.when, &also.keyword) {
            (When::With, Some(keyword)) => has(keyword),
            (When::Without, Some(keyword)) => !has(keyword),
            (When::Outside, _) => site.from_outside,
            _ => false,
        };
        if applies {
            all.extend(&also.raises);
        }
    }
    let name = |class: &ClassRef| program.class_name(*class);
    let is_limited = has("timeout") || has("block") || known.name.ends_with("_nowait");
    all.retain(|class| {
        let needs_limit = matches!(
            name(class),
            "subprocess.TimeoutExpired" | "queue.Empty" | "queue.Full"
        );
        is_limited || !needs_limit
    });
    // A conversion by a builtin: what is of the wrong type there is a mistake, not bad input.
    if !known.name.contains('.') {
        all.retain(|class| name(class) != "TypeError");
    }
    if known.summary.effects.meets(IO) && !known.marks.contains(&Mark::Fragile) {
        all.retain(|class| !is_mistake(name(class)));
    } else {
        all = exactly(search, module, known, call, all);
    }
    all.truncate(16);
    all
}

/// What it raises seldom, for odd input.
pub(super) fn seldom(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    call: LibraryCall,
) -> Vec<ClassRef> {
    let (module, code) = search.program.code(function);
    let library = search.program.library;
    let known = library.get(call.callee);
    let rarely = known.raises_if.iter();
    let mut all: Vec<ClassRef> = rarely
        .filter(|also| also.when == When::Rarely)
        .flat_map(|also| also.raises.iter().copied())
        .collect();
    let is_of_text = |class: &ClassRef| library.class_name(*class) == UNDECODED;
    if known.summary.raises.is_empty() && !is_closed_elsewhere(search, function, call.call) {
        all.retain(is_of_text);
    }
    if all.iter().any(is_of_text)
        && (!text::is_strict(module, code) || text::is_of_bytes(module, code, call.call))
    {
        all.retain(|class| !is_of_text(class));
    }
    if OPENS.contains(&known.name.as_str()) && text::is_read(module, code, call) {
        all.extend(library.class(UNDECODED, module.dialect));
    }
    if known.name == "socket.inet_pton" && is_written_out(module, call.call) {
        all.clear();
    }
    if nullable::converts_nothing(module, code, &known.name, call.call) {
        all.extend(library.class(OF_NONE, module.dialect));
    }
    if is_decoding(&known.name) && names_codec(module, code, call.call) {
        all.extend(library.class("LookupError", module.dialect));
    }
    all
}

/// Whether the last argument of a call is a text that is written out.
fn is_written_out(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    module
        .arguments(arguments)
        .last()
        .is_some_and(|last| matches!(module.kind(last.value), ExprKind::Text(_)))
}

/// What a conversion raises that is given None.
const OF_NONE: &str = "TypeError";

/// What reading a file as text raises where it is none.
const UNDECODED: &str = "UnicodeDecodeError";

/// Calls that open a file.
const OPENS: [&str; 3] = ["codecs.open", "io.open", "open"];

/// Names of methods after which a file that an object keeps is closed.
const CLOSING: [&str; 7] = [
    "close",
    "stop",
    "shutdown",
    "disconnect",
    "terminate",
    "__exit__",
    "__del__",
];

/// Whether a file is kept by an object that another method closes: a call that comes later finds it closed.
fn is_closed_elsewhere(search: &Search<'_, '_, '_>, function: FunctionRef, call: ExprId) -> bool {
    let program = search.program;
    let (module, code) = program.code(function);
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let is_kept = matches!(module.kind(callee), ExprKind::Attribute { value, .. }
        if module.dotted(code, value).is_some_and(|name| name.starts_with("self.")));
    let name = module.name(code.name);
    let Some(class) = program.class_of_method(function).filter(|_| is_kept) else {
        return false;
    };
    !CLOSING.contains(&name)
        && CLOSING
            .iter()
            .any(|name| program.method(class, name).is_some())
}

const RELATIVE_TO: &str = "pathlib.PurePath.relative_to";

/// Whether a path is followed through symbolic links right before it is compared with another: a link may lead out of it.
fn is_resolved(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let ExprKind::Call { callee, .. } = module.kind(value) else {
        return false;
    };
    matches!(module.kind(callee), ExprKind::Attribute { value, name, .. }
        if module.name(name) == "resolve" && matches!(module.kind(value), ExprKind::Name(_)))
}

/// Whether the codec is a value, which may name none that there is. Not where the system or the program itself chose it.
fn names_codec(module: &Module, code: &Function, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let Some(codec) = module.arguments(arguments).first() else {
        return false;
    };
    // One after the other is tried there, and the program says which.
    let is_tried = code.loops.iter().any(|of| match of.kind {
        LoopKind::For { target, .. } => matches!(
            (module.kind(target), module.kind(codec.value)),
            (ExprKind::Name(one), ExprKind::Name(other)) if one == other
        ),
        LoopKind::While { .. } => false,
    });
    if is_tried || !matches!(codec.passing, Passing::Positional) {
        return false;
    }
    let name = match module.kind(codec.value) {
        // An attribute was set by somebody who had seen to it.
        ExprKind::Name(_) => module.dotted(code, codec.value),
        _ => None,
    };
    // A function that finds a codec has tried it.
    let is_found = |part: ExprId| {
        code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => {
                module.kind(target).place() == module.kind(part).place()
                    && matches!(module.kind(value), ExprKind::Call { callee, .. }
                        if module.dotted(code, callee).is_some_and(|name| sounds_finding(&name)))
            }
            _ => false,
        })
    };
    if is_found(codec.value) {
        return false;
    }
    name.is_some_and(|name| {
        let last = name.rsplit('.').next().unwrap_or_default();
        let lower = last.to_ascii_lowercase();
        last != last.to_ascii_uppercase() && !lower.contains("default") && !name.starts_with("sys.")
    })
}

/// Whether a function finds out which codec a text is in, by its name.
fn sounds_finding(name: &str) -> bool {
    const PARTS: [&str; 6] = ["charset", "codec", "detect", "encoding", "guess", "utf"];
    let last = name.rsplit('.').next().unwrap_or_default();
    let lower = last.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part))
}

/// Whether a client is made that is not told where to connect: `FTP()` waits for its `connect`.
pub fn has_no_host(module: &Module, known: &Call, call: ExprId) -> bool {
    const LIBRARIES: [&str; 5] = ["ftplib.", "smtplib.", "poplib.", "imaplib.", "telnetlib."];
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let is_host = |name: &str| ["host", "url", "address", "server"].contains(&name);
    let mut arguments = module.arguments(arguments).iter();
    known.constructs.is_some()
        && LIBRARIES
            .iter()
            .any(|library| known.name.starts_with(library))
        && arguments.all(|argument| match argument.passing {
            Passing::Keyword(name) => !is_host(module.name(name)),
            _ => false,
        })
}

/// Whether a call turns bytes into text.
pub fn is_decoding(name: &str) -> bool {
    matches!(name, "bytes.decode" | "bytearray.decode" | "str.decode")
}

/// Names of codecs that make a character of every byte.
const SINGLE_BYTE: [&str; 9] = [
    "8859",
    "cp437",
    "iso-8859-1",
    "iso8859-1",
    "iso-8859-15",
    "l1",
    "latin",
    "latin-1",
    "latin1",
];

/// A text is encoded without trouble but for `idna`; bytes are decoded, or replaced where the call says so.
fn exactly(
    search: &Search<'_, '_, '_>,
    module: &Module,
    known: &Call,
    call: ExprId,
    all: Vec<ClassRef>,
) -> Vec<ClassRef> {
    if known.name == "codecs.decode" {
        return by_codec(search, module, call).map_or(all, |class| vec![class]);
    }
    let encodes = known.name == "str.encode";
    if !encodes && !is_decoding(&known.name) {
        return all;
    }
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return all;
    };
    let arguments = module.arguments(arguments);
    let is_idna = arguments.first().is_some_and(
        |codec| matches!(module.kind(codec.value), ExprKind::Text(name) if module.name(name) == "idna"),
    );
    // Every byte is a character there.
    let is_single_byte = arguments.first().is_some_and(|codec| {
        matches!(module.kind(codec.value), ExprKind::Text(name)
            if SINGLE_BYTE.contains(&module.name(name).to_ascii_lowercase().replace('_', "-").as_str()))
    });
    if arguments.len() > 1 || (encodes && !is_idna) || is_single_byte {
        return Vec::new();
    }
    let name = match (encodes, is_idna) {
        (_, true) => "UnicodeError",
        (true, false) => "UnicodeEncodeError",
        (false, false) => "UnicodeDecodeError",
    };
    let library = search.program.library;
    library.class(name, module.dialect).into_iter().collect()
}

/// What `codecs.decode` raises with a codec that is written out.
fn by_codec(search: &Search<'_, '_, '_>, module: &Module, call: ExprId) -> Option<ClassRef> {
    const TO_BYTES: [&str; 6] = [
        "base64",
        "base64_codec",
        "hex",
        "hex_codec",
        "uu",
        "uu_codec",
    ];
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return None;
    };
    let name = match module
        .arguments(arguments)
        .get(1)
        .map(|codec| module.kind(codec.value))
    {
        None => "UnicodeDecodeError",
        Some(ExprKind::Text(codec)) if TO_BYTES.contains(&module.name(codec)) => "binascii.Error",
        Some(ExprKind::Text(_)) => "UnicodeDecodeError",
        Some(_) => return None,
    };
    search.program.library.class(name, module.dialect)
}
