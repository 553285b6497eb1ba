//! The call graph's strongly connected components: who calls each other is solved together.

use super::CallGraph;
use crate::types::FunctionRef;

/// Tarjan's algorithm without recursion, then layers by the longest way down.
pub(super) fn components(graph: &CallGraph) -> Vec<Vec<Vec<FunctionRef>>> {
    let count = graph.function_count();
    let mut tarjan = Tarjan {
        graph,
        index: vec![0; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        next: 1,
        layer_of: vec![0; count],
        layers: Vec::new(),
    };
    for function in 0..count as u32 {
        if tarjan.index[function as usize] == 0 {
            tarjan.visit(function);
        }
    }
    for layer in &mut tarjan.layers {
        layer.sort_unstable();
    }
    tarjan.layers
}

struct Tarjan<'g> {
    graph: &'g CallGraph,
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    next: u32,
    layer_of: Vec<u32>,
    layers: Vec<Vec<Vec<FunctionRef>>>,
}

impl Tarjan<'_> {
    fn visit(&mut self, root: u32) {
        let mut open = vec![(root, 0)];
        self.enter(root);
        while let Some((at, position)) = open.pop() {
            let calls = self.graph.calls_in(FunctionRef(at));
            let Some(site) = calls.get(position) else {
                self.leave(at);
                if let Some(&(parent, _)) = open.last() {
                    self.low[parent as usize] =
                        self.low[parent as usize].min(self.low[at as usize]);
                }
                continue;
            };
            open.push((at, position + 1));
            let callee = site.callee.0;
            if self.index[callee as usize] == 0 {
                self.enter(callee);
                open.push((callee, 0));
            } else if self.on_stack[callee as usize] {
                self.low[at as usize] = self.low[at as usize].min(self.index[callee as usize]);
            }
        }
    }

    fn enter(&mut self, at: u32) {
        self.index[at as usize] = self.next;
        self.low[at as usize] = self.next;
        self.next += 1;
        self.stack.push(at);
        self.on_stack[at as usize] = true;
    }

    fn leave(&mut self, at: u32) {
        if self.low[at as usize] != self.index[at as usize] {
            return;
        }
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[member as usize] = false;
            members.push(FunctionRef(member));
            if member == at {
                break;
            }
        }
        members.sort_unstable();
        let below = members
            .iter()
            .flat_map(|&member| self.graph.calls_in(member));
        let outside = below.filter(|site| members.binary_search(&site.callee).is_err());
        let layer = outside
            .map(|site| self.layer_of[site.callee.0 as usize] + 1)
            .max()
            .unwrap_or(0);
        for &member in &members {
            self.layer_of[member.0 as usize] = layer;
        }
        while self.layers.len() <= layer as usize {
            self.layers.push(Vec::new());
        }
        self.layers[layer as usize].push(members);
    }
}
