//! Whether it is an everyday thing that a text cannot be read: somebody else wrote it, and nobody has looked at it. Not where a
//! library, the program itself or a well-behaved server wrote it, nor where callers are to hear of it.

use crate::escape::{Entry, Escape, Site, is_decoding};
use crate::ir::{ExprId, ExprKind};
use crate::library::schema::{Fate, Runs};
use crate::rules::Whole;
use crate::rules::guarded::answered::is_after_success;
use crate::rules::guarded::sources::{Door, Entrance};
use crate::types::FunctionRef;

/// A command that is more calls away than that does much else.
const NEAR: usize = 3;

/// Readers of formats in which a program writes for itself what it reads again.
const OWN_FORMATS: [&str; 5] = ["cPickle.", "dill.", "marshal.", "pickle.", "struct.unpack"];

/// Readers of formats that people write by hand.
const WRITTEN_BY_HAND: [&str; 7] = [
    "configparser.",
    "ruamel.",
    "toml.",
    "tomli.",
    "tomlkit.",
    "tomllib.",
    "yaml.",
];

/// Whether a text that a call reads is malformed in ordinary operation, as far as its way here tells.
pub(super) fn is_everyday(
    whole: &Whole<'_>,
    site: &Site,
    name: &str,
    entrance: Option<Entrance>,
) -> bool {
    let door = entrance.map_or(Door::Other, |entrance| entrance.door);
    let escape = site.escape.as_ref();
    let is_elsewhere = entrance.is_some_and(|entrance| {
        let module = |function| whole.program.locate(function).0;
        module(entrance.function) != module(site.function)
            && (entrance.is_lost || door == Door::File)
    });
    let is_field = entrance.is_some_and(|entrance| entrance.is_field);
    if is_elsewhere || (is_field && !is_decoding(name) && !answers(escape)) {
        return false;
    }
    if is_decoding(name) {
        return match door {
            Door::Network => !mentions_headers(whole, site, entrance),
            Door::Command | Door::Environment => ends_program(escape),
            Door::File | Door::Other => {
                answers(escape) || (site.call.from_outside && is_told(escape))
            }
        };
    }
    if OWN_FORMATS.iter().any(|format| name.starts_with(format)) {
        return door == Door::Network && !measures(whole, site);
    }
    let is_encoded = name.starts_with("base64.") || name.starts_with("binascii.");
    if (is_encoded && door == Door::File) || is_after_success(whole, site) {
        return false;
    }
    match escape.map(|escape| escape.entry) {
        Some(Entry::Public) => {
            // A moment beyond what the clock can show is no malformed text: nobody thinks of it.
            name.contains("fromtimestamp")
                || (door == Door::Network && is_of_request(whole, entrance))
                || (whole.escapes.is_application
                    && WRITTEN_BY_HAND
                        .iter()
                        .any(|format| name.starts_with(format)))
        }
        Some(Entry::Top | Entry::Main) => is_near(escape),
        _ => true,
    }
}

/// Whether what leaves is the answer to a request of somebody who wrote the text.
fn answers(escape: Option<&Escape>) -> bool {
    matches!(
        escape.map(|escape| escape.entry),
        Some(
            Entry::Registered {
                runs: Runs::Request,
                ..
            } | Entry::Registered {
                fate: Fate::Response,
                ..
            }
        )
    )
}

/// Whether what leaves ends a thread, a loop or a program.
fn is_told(escape: Option<&Escape>) -> bool {
    escape.is_some_and(|escape| escape.entry != Entry::Public) && is_near(escape)
}

/// Whether what leaves ends the program.
fn ends_program(escape: Option<&Escape>) -> bool {
    let ends = matches!(
        escape.map(|escape| escape.entry),
        Some(
            Entry::Top
                | Entry::Main
                | Entry::Registered {
                    runs: Runs::Command,
                    ..
                }
        )
    );
    ends && is_near(escape)
}

fn is_near(escape: Option<&Escape>) -> bool {
    escape.is_some_and(|escape| escape.path.len() <= NEAR)
}

/// Whether headers are read, which are ASCII by their protocol.
fn mentions_headers(whole: &Whole<'_>, site: &Site, entrance: Option<Entrance>) -> bool {
    mentions(whole, site.function, site.call.call, &["header"])
        || entrance
            .is_some_and(|entrance| mentions(whole, entrance.function, entrance.expr, &["header"]))
}

/// Whether a client wrote the text: it stands in a request, or in what a server makes of one.
fn is_of_request(whole: &Whole<'_>, entrance: Option<Entrance>) -> bool {
    entrance.is_some_and(|entrance| {
        !entrance.is_lost
            && mentions(
                whole,
                entrance.function,
                entrance.expr,
                &["environ", "request"],
            )
    })
}

/// Whether names in an expression contain one of these words.
fn mentions(whole: &Whole<'_>, function: FunctionRef, root: ExprId, words: &[&str]) -> bool {
    let (module, code) = whole.program.code(function);
    let mut found = false;
    module.walk(root, &mut |part| {
        let name = match module.kind(part) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            ExprKind::Name(place) => module.place_text(code, place),
            _ => return,
        };
        let name = name.to_ascii_lowercase();
        found |= words.iter().any(|word| name.contains(word));
    });
    found
}

/// Whether the function asks how long something is: it waits until all of it is there.
fn measures(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    code.exprs.range().map(ExprId::new).any(|part| {
        matches!(module.kind(part), ExprKind::Call { callee, .. }
            if module.dotted(code, callee).is_some_and(|name| name == "len"))
    })
}
