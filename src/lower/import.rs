//! Imports.

use super::Lowering;
use crate::ir::{ExprKind, Import, ImportId, InstKind, NameId, Run, Source};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    pub(super) fn import(&mut self, node: NodeId) {
        for part in self.tree.parts(node) {
            let (dotted, alias) = self.imported(part);
            let module = self.dotted(dotted);
            let bound = match alias {
                Some(alias) => Some(alias),
                None => self.tree.first(dotted),
            };
            let alias = alias.map(|alias| self.name_of(alias));
            let span = self.tree.span(part);
            self.bind_import(
                Import {
                    module,
                    level: 0,
                    name: None,
                    alias,
                    span,
                },
                bound,
                node,
            );
        }
    }

    pub(super) fn import_from(&mut self, node: NodeId) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let Some(from) = parts.next() else { return };
        let (module, level) = self.source_module(from);
        for part in parts {
            self.import_name(part, module, level, node);
        }
    }

    pub(super) fn import_future(&mut self, node: NodeId) {
        let module = self.names.intern("__future__");
        for part in self.tree.parts(node) {
            if self.node_text(part) == "print_function" {
                self.print_function = true;
            }
            self.import_name(part, module, 0, node);
        }
    }

    fn import_name(&mut self, part: NodeId, module: NameId, level: u8, node: NodeId) {
        let span = self.tree.span(part);
        if self.tree.kind(part) == Kind::WildcardImport {
            let name = Some(self.names.intern("*"));
            self.body.is_dynamic = true;
            self.bind_import(
                Import {
                    module,
                    level,
                    name,
                    alias: None,
                    span,
                },
                None,
                node,
            );
            return;
        }
        let (dotted, alias) = self.imported(part);
        let name = Some(self.dotted(dotted));
        let bound = alias.or_else(|| self.tree.first(dotted));
        let alias = alias.map(|alias| self.name_of(alias));
        self.bind_import(
            Import {
                module,
                level,
                name,
                alias,
                span,
            },
            bound,
            node,
        );
    }

    /// The dotted name and the alias of one imported thing.
    fn imported(&self, part: NodeId) -> (NodeId, Option<NodeId>) {
        if self.tree.kind(part) != Kind::AliasedImport {
            return (part, None);
        }
        let mut parts = self.tree.parts(part);
        (parts.next().unwrap_or(part), parts.next())
    }

    /// Binds what was imported. A star import binds an empty tuple: it happens here, and nobody knows to which names.
    fn bind_import(&mut self, import: Import, bound: Option<NodeId>, statement: NodeId) {
        let span = import.span;
        self.imports.push(import);
        let id = ImportId::new(self.imports.len() - 1);
        let target = match bound {
            Some(word) => self.bound_name(word),
            None => self.add(ExprKind::Tuple(Run::default()), span),
        };
        let kind = InstKind::Bind {
            target,
            source: Source::Import(id),
            annotation: None,
        };
        self.body.emit(kind, self.tree.span(statement));
    }

    fn source_module(&mut self, from: NodeId) -> (NameId, u8) {
        let tree = self.tree;
        if tree.kind(from) != Kind::RelativeImport {
            return (self.dotted(from), 0);
        }
        let dots = tree
            .child(from, Kind::ImportPrefix)
            .map(|prefix| tree.span(prefix))
            .unwrap_or_default();
        let level = Span::of(dots, self.text.as_bytes())
            .iter()
            .filter(|&&byte| byte == b'.')
            .count();
        let module = match tree.child(from, Kind::DottedName) {
            Some(dotted) => self.dotted(dotted),
            None => self.names.intern(""),
        };
        (module, level.min(usize::from(u8::MAX)) as u8)
    }

    /// A dotted name without the blanks that Python allows in it.
    fn dotted(&mut self, node: NodeId) -> NameId {
        let text = self.node_text(node);
        if text
            .bytes()
            .all(|byte| !byte.is_ascii_whitespace() && byte != b'\\' && byte != b'#')
        {
            return self.names.intern(text);
        }
        let words: Vec<&str> = self
            .tree
            .parts(node)
            .map(|word| self.node_text(word))
            .collect();
        self.names.intern(&words.join("."))
    }
}
