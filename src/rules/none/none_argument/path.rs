//! The way that None takes to a parameter, for the message.

use super::CHAIN;
use crate::finding::{Message, Related};
use crate::ir::{ExprId, ExprKind};
use crate::project::Target;
use crate::rules::Whole;
use crate::rules::evidence::{AllEvidence, Evidence, Key};
use crate::text::Location;
use crate::types::FunctionRef;

/// From where None comes from to the parameter.
pub(super) fn path(
    whole: &Whole<'_>,
    evidence: &AllEvidence,
    mut key: Key,
    mut why: Evidence,
) -> Vec<Related> {
    let mut related = Vec::new();
    while related.len() < CHAIN {
        let (module, code) = whole.program.code(key.0);
        let parameter = &code.parameters[usize::from(key.1)];
        let name = module.name(parameter.name).to_owned();
        let here = |span| Location {
            file: whole.program.file(key.0),
            span,
        };
        match why {
            Evidence::Default(call) => {
                let location = here(parameter.span);
                related.push(Related {
                    location,
                    message: Message::new("default-here").with("name", name.clone()),
                });
                if let Some((caller, call)) = call {
                    related.push(Related {
                        location: call_location(whole, caller, call),
                        message: Message::new("omitted").with("name", name),
                    });
                }
                break;
            }
            Evidence::Asked(test) => {
                related.push(Related {
                    location: here(module.span(test)),
                    message: Message::new("asked-here").with("name", name),
                });
                break;
            }
            Evidence::Declared => {
                related.push(Related {
                    location: here(parameter.span),
                    message: Message::new("declared-here").with("name", name),
                });
                break;
            }
            Evidence::Passed {
                caller,
                call,
                literal,
                source,
            } => {
                let message =
                    Message::new(if literal { "passes" } else { "may-pass" }).with("name", name);
                related.push(Related {
                    location: call_location(whole, caller, call),
                    message,
                });
                if !literal {
                    related.extend(arises(whole, caller, source));
                }
                break;
            }
            Evidence::Forwarded { from, call } => {
                let message = Message::new("forwards").with("name", name);
                related.push(Related {
                    location: call_location(whole, from.0, call),
                    message,
                });
                let Some(&next) = evidence.of(from).first() else {
                    break;
                };
                key = from;
                why = next;
            }
        }
    }
    related.reverse();
    related
}

/// Where the None that a caller may pass comes from: inside the function that it calls for it, or the call alone.
fn arises(whole: &Whole<'_>, caller: FunctionRef, source: ExprId) -> Vec<Related> {
    let (module, _) = whole.program.code(caller);
    let flow = whole.flow(caller);
    let returns = match module.kind(source) {
        ExprKind::Call { callee, .. } => match whole.program.target(flow.evaluate.value(callee)) {
            Target::Function { function, .. } => {
                whole.summaries[function.0 as usize].none_at.as_slice()
            }
            _ => &[],
        },
        _ => &[],
    };
    let related = |location, message| Related {
        location,
        message: Message::new(message),
    };
    if returns.is_empty() {
        return vec![related(call_location(whole, caller, source), "gives")];
    }
    let returns = returns.iter().take(2);
    returns.map(|&at| related(at, "returns")).collect()
}

fn call_location(whole: &Whole<'_>, caller: FunctionRef, call: ExprId) -> Location {
    let (module, _) = whole.program.code(caller);
    Location {
        file: whole.program.file(caller),
        span: module.span(call),
    }
}
