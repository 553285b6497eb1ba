//! The body under construction: its blocks, instructions and regions.

use super::Lowering;
use crate::ir::{
    Block, BlockId, ClassId, ExprId, Function, FunctionId, FunctionKind, Inst, InstKind, Loop,
    Next, Place, PlaceId, Run, Try, TryId,
};
use crate::text::Span;

/// The parts of a function that grow while its statements are read.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) id: FunctionId,
    pub(super) kind: FunctionKind,
    pub(super) places: Vec<Place>,
    /// What is known of each place, by its index.
    pub(super) marks: Vec<Mark>,
    pub(super) insts: Vec<Inst>,
    pub(super) blocks: Vec<Block>,
    pub(super) tries: Vec<Try>,
    pub(super) loops: Vec<Loop>,
    /// The block that instructions go to; none behind a jump.
    pub(super) current: Option<BlockId>,
    /// The innermost region around the current statement.
    pub(super) guard: Option<TryId>,
    /// The loop around the current statement.
    pub(super) innermost: Option<LoopTarget>,
    pub(super) is_generator: bool,
    pub(super) is_dynamic: bool,
    /// How many comprehensions with a scope of their own are open.
    pub(super) comprehensions: u32,
}

impl Default for Body {
    fn default() -> Self {
        Self {
            id: FunctionId::new(0),
            kind: FunctionKind::Module,
            places: Vec::new(),
            marks: Vec::new(),
            insts: Vec::new(),
            blocks: Vec::new(),
            tries: Vec::new(),
            loops: Vec::new(),
            current: None,
            guard: None,
            innermost: None,
            is_generator: false,
            is_dynamic: false,
            comprehensions: 0,
        }
    }
}

/// Where `continue` and `break` go.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopTarget {
    pub(super) index: u32,
    pub(super) header: BlockId,
    pub(super) after: BlockId,
}

/// What the statements of a function say of one of its places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// How many steps from its variable.
    pub(super) steps: u8,
    pub(super) bound: bool,
    pub(super) global: bool,
    pub(super) nonlocal: bool,
    /// Resolved when it was made: a comprehension's target or a parameter.
    pub(super) settled: bool,
}

impl Body {
    pub(super) fn new(id: FunctionId, kind: FunctionKind) -> Self {
        Self {
            id,
            kind,
            ..Self::default()
        }
    }

    /// Makes a block that is guarded like the current statement.
    pub(super) fn new_block(&mut self) -> BlockId {
        let guard = self.guard;
        self.blocks.push(Block {
            insts: Run::default(),
            guard,
            next: Next::Never,
        });
        BlockId::new(self.blocks.len() - 1)
    }

    /// From here on instructions go to `block`.
    pub(super) fn start(&mut self, block: BlockId) {
        self.blocks[block.index()].insts.start = self.insts.len() as u32;
        self.current = Some(block);
    }

    /// The current block; behind a jump a new one that nothing reaches.
    pub(super) fn block(&mut self) -> BlockId {
        match self.current {
            Some(block) => block,
            None => {
                let block = self.new_block();
                self.start(block);
                block
            }
        }
    }

    /// Ends the current block, if there is one.
    pub(super) fn end(&mut self, next: Next) {
        if let Some(block) = self.current.take() {
            let block = &mut self.blocks[block.index()];
            block.insts.count = self.insts.len() as u32 - block.insts.start;
            block.next = next;
        }
    }

    /// Ends the current block with a jump to `block` and goes on there.
    pub(super) fn pass_to(&mut self, block: BlockId) {
        self.end(Next::Goto(block));
        self.start(block);
    }

    pub(super) fn emit(&mut self, kind: InstKind, span: Span) {
        self.block();
        self.insts.push(Inst { kind, span });
    }

    pub(super) fn assume(&mut self, test: ExprId, holds: bool, span: Span) {
        self.emit(InstKind::Assume { test, holds }, span);
    }

    /// Ends the current block with two new ones, for the true and the false outcome.
    pub(super) fn branch(&mut self) -> (BlockId, BlockId) {
        self.block();
        let pair = (self.new_block(), self.new_block());
        self.end(Next::Branch(pair.0, pair.1));
        pair
    }

    /// Opens a region around what follows, inside the region that is open.
    pub(super) fn open_region(&mut self, region: Try) -> TryId {
        self.tries.push(Try {
            parent: self.guard,
            ..region
        });
        let region = TryId::new(self.tries.len() - 1);
        self.guard = Some(region);
        region
    }

    /// Leaves a region for the one around it.
    pub(super) fn close_region(&mut self, region: TryId) {
        self.guard = self.tries[region.index()].parent;
    }

    pub(super) fn add_place(&mut self, place: Place, mark: Mark) -> PlaceId {
        self.places.push(place);
        self.marks.push(mark);
        PlaceId::new(self.places.len() - 1)
    }
}

impl Lowering<'_> {
    /// Moves what was built into the function.
    pub(super) fn store_body(&mut self, first_expr: usize) {
        let body = std::mem::take(&mut self.body);
        let function: &mut Function = &mut self.functions[body.id.index()];
        function.places = body.places;
        function.insts = body.insts;
        function.blocks = body.blocks;
        function.tries = body.tries;
        function.loops = body.loops;
        function.is_generator = body.is_generator;
        function.is_dynamic |= body.is_dynamic;
        function.exprs = Run {
            start: first_expr as u32,
            count: (self.exprs.len() - first_expr) as u32,
        };
    }

    /// The class whose methods stand directly in the current body.
    pub(super) fn current_class(&self) -> Option<ClassId> {
        match self.body.kind {
            FunctionKind::Class => self.functions[self.body.id.index()].class,
            _ => None,
        }
    }
}
