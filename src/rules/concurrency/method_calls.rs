//! Calls of methods by name, with the block and instruction that they stand in.

use crate::ir::{BlockId, ExprId, ExprKind, Function, Module};

/// `receiver.name(…)`.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct MethodCall<'m> {
    pub(in crate::rules) call: ExprId,
    pub(in crate::rules) receiver: ExprId,
    pub(in crate::rules) name: &'m str,
    pub(in crate::rules) block: BlockId,
    /// Its instruction, as an index into `Function::insts`.
    pub(in crate::rules) inst: usize,
}

/// Every call of a method with one of these names, in the order of blocks.
pub(in crate::rules) fn method_calls<'m>(
    module: &'m Module,
    code: &Function,
    names: &[&str],
) -> Vec<MethodCall<'m>> {
    let mut found = Vec::new();
    for (index, block) in code.blocks.iter().enumerate() {
        for inst in block.insts.range() {
            code.insts[inst].kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |call| {
                    if let Some((receiver, name)) = method(module, call)
                        && names.contains(&name)
                    {
                        found.push(MethodCall {
                            call,
                            receiver,
                            name,
                            block: BlockId::new(index),
                            inst,
                        });
                    }
                });
            });
        }
    }
    found
}

/// The receiver and the method's name of a call.
pub(in crate::rules) fn method(module: &Module, call: ExprId) -> Option<(ExprId, &str)> {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return None;
    };
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } => Some((value, module.name(name))),
        _ => None,
    }
}

/// How many arguments a call is given.
pub(in crate::rules) fn argument_count(module: &Module, call: ExprId) -> usize {
    match module.kind(call) {
        ExprKind::Call { arguments, .. } => module.arguments(arguments).len(),
        _ => 0,
    }
}
