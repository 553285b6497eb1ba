//! `catastrophic-regex`: a pattern that some texts make backtrack exponentially.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{Argument, ExprId, ExprKind};
use crate::rules::around::{called, keyword, positional};
use crate::rules::functional::early_call::statement;
use crate::rules::incidents::ambiguity::ambiguous_text;
use crate::rules::{Check, Family, Rule, Scene};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "catastrophic-regex",
    family: Family::Incidents,
    page: include_str!("../../../rules/catastrophic-regex.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

const FUNCTIONS: [&str; 9] = [
    "compile",
    "findall",
    "finditer",
    "fullmatch",
    "match",
    "search",
    "split",
    "sub",
    "subn",
];

/// Longer patterns are tables of words, not thought through character by character.
const LENGTH: usize = 4000;

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let mut findings = Vec::new();
    for index in flow.code.exprs.range() {
        let call = ExprId::new(index);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            continue;
        };
        let name = called(module, flow.code, callee);
        if !FUNCTIONS.contains(&name) {
            continue;
        }
        let arguments = module.arguments(arguments);
        let Some((literal, pattern)) = pattern(flow, callee, arguments, name) else {
            continue;
        };
        if let Some(text) = ambiguous_text(&pattern) {
            let message = Message::new("exponential").with("text", text.escape_debug().to_string());
            let finding = scene
                .at(literal, message)
                .confidence(Confidence::High)
                .help(Message::new("unambiguous"));
            findings.push(Finding {
                statement: statement(flow.code, module.span(call)),
                ..finding
            });
        }
    }
    findings
}

/// The pattern that a call of `re` is given as a literal, with its flags in front.
fn pattern(
    flow: &Flow<'_, '_>,
    callee: ExprId,
    arguments: &[Argument],
    name: &str,
) -> Option<(ExprId, String)> {
    let module = flow.module;
    let literal = keyword(module, arguments, "pattern").or_else(|| positional(arguments, 0))?;
    let (ExprKind::Text(text) | ExprKind::Bytes(text)) = module.kind(literal) else {
        return None;
    };
    let text = module.name(text);
    let repeats = text
        .bytes()
        .filter(|byte| matches!(byte, b'*' | b'+' | b'{'))
        .count();
    if repeats == 0 || !text.contains('(') || text.len() > LENGTH {
        return None;
    }
    let dotted = flow.evaluate.dotted(callee)?;
    if dotted.strip_suffix(name) != Some("re.") {
        return None;
    }
    let flags = flags(flow, arguments);
    // A full match has to reach the end of the text.
    let end = if name == "fullmatch" { "$" } else { "" };
    // Verbose patterns may end in a comment.
    let line = if flags.contains('x') { "\n" } else { "" };
    Some((literal, format!("{flags}(?:{text}{line}){end}")))
}

fn flags(flow: &Flow<'_, '_>, arguments: &[Argument]) -> String {
    let module = flow.module;
    let mut found = String::new();
    for argument in arguments {
        module.walk(argument.value, &mut |part| {
            if let ExprKind::Attribute { value, name, .. } = module.kind(part)
                && module.dotted(flow.code, value).as_deref() == Some("re")
            {
                let flag = match module.name(name) {
                    "X" | "VERBOSE" => "x",
                    "I" | "IGNORECASE" => "i",
                    "S" | "DOTALL" => "s",
                    "M" | "MULTILINE" => "m",
                    _ => "",
                };
                found.push_str(flag);
            }
        });
    }
    if found.is_empty() {
        found
    } else {
        format!("(?{found})")
    }
}
