//! Whether control goes on from one instruction to a use, with nothing between that settles what is asked.

use super::{Boundary, Candidate};
use crate::ir::{BlockId, ExprId, ExprKind, Inst, InstKind, Next, PlaceId, Scope, Step};

/// So many blocks are walked through for one question.
const BLOCKS: usize = 400;

/// Calls that leave what they are given as it is.
const HARMLESS: [&str; 21] = [
    "bool",
    "critical",
    "debug",
    "enumerate",
    "error",
    "exception",
    "format",
    "info",
    "isinstance",
    "join",
    "len",
    "list",
    "log",
    "print",
    "repr",
    "set",
    "sorted",
    "str",
    "tuple",
    "warn",
    "warning",
];

impl Boundary<'_> {
    /// Whether control can get from behind an instruction to a use past nothing that `ends`. What raises ends the way too.
    pub(in crate::rules) fn goes_on(
        &self,
        from: (BlockId, u32),
        candidate: Candidate,
        ends: &mut dyn FnMut(&Inst) -> bool,
    ) -> bool {
        let code = self.flow.code;
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![(from.0, from.1 as usize + 1)];
        let mut left = BLOCKS;
        while let Some((block, start)) = open.pop() {
            if left == 0 || self.solution.at(block).is_none() {
                continue;
            }
            left -= 1;
            let mut is_over = false;
            for at in code.block(block).insts.range().filter(|&at| at >= start) {
                if at == candidate.at.1 as usize {
                    return true;
                }
                let inst = &code.insts[at];
                is_over = matches!(inst.kind, InstKind::Eval(value) if self.flow.never_returns(value))
                    || ends(inst);
                if is_over {
                    break;
                }
            }
            if is_over {
                continue;
            }
            let mut follow = |to: BlockId| {
                if !std::mem::replace(&mut seen[to.index()], true) {
                    open.push((to, 0));
                }
            };
            match code.block(block).next {
                Next::Goto(to) => follow(to),
                Next::Branch(one, other) => {
                    follow(one);
                    follow(other);
                }
                _ => {}
            }
        }
        false
    }

    /// Whether control gets to a use from a condition that says that something is not there, and nothing on that way puts it
    /// there, asks again, or depends on what was found out. `places` are what it is about; with their own variable, `own`.
    pub(in crate::rules) fn is_unheeded(
        &self,
        asked: (BlockId, u32),
        candidate: Candidate,
        places: &[PlaceId],
    ) -> bool {
        let flow = self.flow;
        let mut decided: Vec<PlaceId> = places.to_vec();
        // What the same expression asks may depend on what was found out.
        if self.is_put_right(asked.0, places) || self.is_tested_beside(candidate, &|_| true) {
            return false;
        }
        decided.extend(self.bound_otherwise(asked.0));
        for index in 0..flow.code.blocks.len() {
            let block = BlockId::new(index);
            for at in flow.code.block(block).insts.range() {
                if let InstKind::Assume { test, .. } = flow.code.insts[at].kind
                    && at != asked.1 as usize
                    && self.dominates(block, asked.0)
                {
                    flow.module.walk(test, &mut |part| {
                        decided.extend(flow.place_of(part));
                    });
                }
            }
        }
        self.goes_on(asked, candidate, &mut |inst| match inst.kind {
            InstKind::Assume { test, .. } => {
                let mut settles = self.mentions(test, places);
                flow.module.walk(test, &mut |part| {
                    settles |= flow
                        .place_of(part)
                        .is_some_and(|place| decided.contains(&place));
                });
                settles
            }
            InstKind::Bind { target, .. } | InstKind::Forget(target) => {
                let mut changes = false;
                flow.module.walk(target, &mut |part| {
                    if let Some(place) = flow.place_of(part) {
                        changes |= places.contains(&place);
                        decided.push(place);
                    }
                });
                changes || self.hands_out(inst, places)
            }
            _ => self.hands_out(inst, places),
        })
    }

    /// Whether anything in an arm, in a loop too that need not run, puts something into one of these places.
    fn is_put_right(&self, arm: BlockId, places: &[PlaceId]) -> bool {
        let code = self.flow.code;
        (0..code.blocks.len()).map(BlockId::new).any(|block| {
            let insts = code.insts(code.block(block));
            let fills = insts.iter().any(|inst| self.hands_out(inst, places));
            fills && self.dominates(arm, block)
        })
    }

    /// What the other arm of a condition binds: a test of that tells on which side of it control has come.
    fn bound_otherwise(&self, arm: BlockId) -> Vec<PlaceId> {
        let code = self.flow.code;
        let mut found = Vec::new();
        for before in self.before(arm) {
            let Next::Branch(one, other) = code.block(before).next else {
                continue;
            };
            let opposite = if one == arm { other } else { one };
            for block in (0..code.blocks.len()).map(BlockId::new) {
                for inst in code.insts(code.block(block)) {
                    if let InstKind::Bind { target, .. } = inst.kind
                        && self.dominates(opposite, block)
                    {
                        self.flow.module.walk(target, &mut |part| {
                            found.extend(self.flow.place_of(part));
                        });
                    }
                }
            }
        }
        found
    }

    /// Whether an instruction calls a method of one of these places, or gives it to somebody who may fill it.
    fn hands_out(&self, inst: &Inst, places: &[PlaceId]) -> bool {
        let flow = self.flow;
        let is_it = |expr: ExprId| {
            flow.place_of(expr)
                .is_some_and(|place| places.contains(&place))
        };
        let mut found = false;
        inst.kind.for_each_expr(&mut |root| {
            flow.module.walk(root, &mut |part| {
                let ExprKind::Call { callee, arguments } = flow.module.kind(part) else {
                    return;
                };
                let name = self.called(part).map_or("", |(name, ..)| name);
                if let ExprKind::Attribute { value, .. } = flow.module.kind(callee) {
                    found |= is_it(value) && !READING.contains(&name);
                }
                let mut given = flow.module.arguments(arguments).iter();
                found |= !HARMLESS.contains(&name) && given.any(|argument| is_it(argument.value));
            });
        });
        found
    }

    /// Whether a name is a variable or a parameter of the function itself.
    pub(in crate::rules) fn is_local(&self, place: PlaceId) -> bool {
        matches!(
            self.flow.code.place(place).step,
            Step::Variable {
                scope: Scope::Local { .. } | Scope::Parameter { .. },
                ..
            }
        )
    }
}

/// Methods that leave a list, a text or a dictionary as it is.
const READING: [&str; 16] = [
    "copy",
    "count",
    "decode",
    "encode",
    "endswith",
    "get",
    "index",
    "items",
    "keys",
    "lower",
    "partition",
    "split",
    "startswith",
    "strip",
    "upper",
    "values",
];
