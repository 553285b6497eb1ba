//! What to do where the parser reported an error: its own recovery may swallow a whole file.
//!
//! Constructs that it does not know are written over first. Then every logical line that is no Python on its own is
//! blanked, and the file is parsed again with the same offsets. If even that fails, the top-level statements are
//! parsed one by one.

use super::lines::{Code, Line};
use super::{Kind, NodeId, Tree, parse_text, rewrite};
use crate::text::Span;

/// Parses a text again of which `broken` is the first parse.
pub(super) fn parse(text: &[u8], broken: tree_sitter::Tree) -> (Tree, Vec<NodeId>) {
    let code = Code::of(text);
    let mut patched = text.to_vec();
    let mut parsed = broken;
    if rewrite::rewrite(&mut patched, &code)
        && let Some(again) = parse_text(&patched)
    {
        parsed = again;
    }
    let mut tree = Tree::default();
    if parsed.root_node().has_error() {
        let mut good = clean_ranges(&parsed);
        good.retain(|range| {
            let first = code
                .stray_quotes
                .partition_point(|&quote| quote < range.start);
            code.stray_quotes
                .get(first)
                .is_none_or(|&quote| quote >= range.end)
        });
        tree.unread = blank_bad_lines(&mut patched, &code, &good);
        if let Some(again) = parse_text(&patched) {
            parsed = again;
        }
    }
    let mut quoted = Vec::new();
    if parsed.root_node().has_error() {
        parse_pieces(&patched, &code, &mut tree, &mut quoted);
    } else {
        tree.flatten(&parsed, &patched, &mut quoted);
    }
    tree.comments = code.comments;
    (tree, quoted)
}

/// Statements that hold no error, in a part of the tree that the parser did not guess.
fn clean_ranges(parsed: &tree_sitter::Tree) -> Vec<Span> {
    let table = super::kind::table();
    let mut ranges = Vec::new();
    let mut cursor = parsed.walk();
    loop {
        let node = cursor.node();
        let kind = table
            .get(node.kind_id() as usize)
            .copied()
            .unwrap_or(Kind::Error);
        if kind.is_statement() && !node.has_error() {
            ranges.push(Span::new(node.start_byte() as u32, node.end_byte() as u32));
        } else if node.has_error() && kind != Kind::Error && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return ranges;
            }
        }
    }
}

/// What a line is in the structure of a file, by its first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Simple,
    Decorator,
    Definition,
    If,
    Elif,
    Else,
    Loop,
    With,
    Try,
    Except,
    Finally,
    Match,
    Case,
}

impl Role {
    fn of(line: &[u8]) -> Self {
        let mut words = line.split(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
        let mut word = words.next().unwrap_or_default();
        if word == b"async" {
            word = words.find(|word| !word.is_empty()).unwrap_or_default();
        }
        let opens = line.trim_ascii_end().ends_with(b":");
        match word {
            b"" if line.starts_with(b"@") => Role::Decorator,
            b"def" | b"class" => Role::Definition,
            b"if" => Role::If,
            b"elif" => Role::Elif,
            b"else" => Role::Else,
            b"for" | b"while" => Role::Loop,
            b"with" => Role::With,
            b"try" => Role::Try,
            b"except" => Role::Except,
            b"finally" => Role::Finally,
            b"match" if opens => Role::Match,
            b"case" if opens => Role::Case,
            _ => Role::Simple,
        }
    }

    /// What must stand around a line of this role for the parser: the text before it, its indent, the text behind it.
    fn frame(self, has_suite: bool) -> (&'static [u8], &'static [u8]) {
        let suite: &[u8] = if has_suite { b" pass\n" } else { b"\n" };
        match self {
            Role::Simple => (b"", b"\n"),
            Role::Decorator => (b"", b"\ndef f(): pass\n"),
            Role::Definition | Role::If | Role::Loop | Role::With | Role::Try => (b"", suite),
            Role::Elif | Role::Else => (b"if x: pass\n", suite),
            Role::Except | Role::Finally => (b"try: pass\n", suite),
            Role::Match => (b"", b"\n case _: pass\n"),
            Role::Case => (b"match x:\n ", suite),
        }
    }

    /// Whether a line of this role may follow `before` in its suite, where `root` is the line that the statement of
    /// `before` starts with.
    fn follows(self, before: Role, root: Role) -> bool {
        match self {
            Role::Elif => matches!(before, Role::If | Role::Elif),
            Role::Else => matches!(
                before,
                Role::If | Role::Elif | Role::Loop | Role::Try | Role::Except
            ),
            Role::Except => matches!(before, Role::Try | Role::Except),
            Role::Finally => {
                matches!(before, Role::Try | Role::Except)
                    || (before == Role::Else && root == Role::Try)
            }
            _ => true,
        }
    }

    fn is_clause(self) -> bool {
        matches!(self, Role::Elif | Role::Else | Role::Except | Role::Finally)
    }
}

/// The last line of a suite that is open.
#[derive(Clone, Copy, Debug)]
struct Level {
    indent: u32,
    before: Role,
    root: Role,
}

/// Blanks every line that cannot be read. Returns what was blanked.
fn blank_bad_lines(text: &mut [u8], code: &Code, good: &[Span]) -> Vec<Span> {
    let mut unread = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    for (index, line) in code.lines.iter().enumerate() {
        while levels
            .last()
            .is_some_and(|level| level.indent > line.indent)
        {
            levels.pop();
        }
        if levels.last().is_none_or(|level| level.indent < line.indent) {
            levels.push(Level {
                indent: line.indent,
                before: Role::Simple,
                root: Role::Simple,
            });
        }
        let has_suite = code
            .lines
            .get(index + 1)
            .is_some_and(|next| next.indent > line.indent);
        let role = Role::of(line.span.of(text));
        let is_kept =
            is_good(line, good) || (fits(role, &levels) && reads(text, line, role, has_suite));
        if !is_kept {
            replace(text, line, role, has_suite, &levels);
            unread.push(line.span);
        }
        let role = Role::of(line.span.of(text));
        if let Some(level) = levels.last_mut() {
            level.root = if role.is_clause() { level.root } else { role };
            level.before = role;
        }
    }
    unread.extend(blank_lone_decorators(text, code));
    unread.sort();
    unread
}

fn is_good(line: &Line, good: &[Span]) -> bool {
    let before = good.partition_point(|range| range.start <= line.span.start);
    before > 0 && good[before - 1].contains(line.span)
}

/// Whether a line may stand where it stands, by what is before and around it.
fn fits(role: Role, levels: &[Level]) -> bool {
    let [outer @ .., level] = levels else {
        return true;
    };
    let in_match = outer
        .last()
        .is_some_and(|outer| outer.before == Role::Match);
    in_match == (role == Role::Case) && role.follows(level.before, level.root)
}

/// Whether a line is Python on its own, with as much around it as its role demands.
fn reads(text: &[u8], line: &Line, role: Role, has_suite: bool) -> bool {
    let (before, behind) = role.frame(has_suite);
    let piece = [before, line.span.of(text), behind].concat();
    parse_text(&piece).is_some_and(|tree| !tree.root_node().has_error())
}

/// Blanks decorators that no definition follows any more.
fn blank_lone_decorators(text: &mut [u8], code: &Code) -> Vec<Span> {
    let mut unread = Vec::new();
    let mut next: Option<(u32, Role)> = None;
    for line in code.lines.iter().rev() {
        let role = Role::of(line.span.of(text));
        let decorates = |(indent, role)| {
            indent == line.indent && matches!(role, Role::Decorator | Role::Definition)
        };
        if role == Role::Decorator && !next.is_some_and(decorates) {
            text[line.span.start as usize..line.span.end as usize].fill(b' ');
            unread.push(line.span);
        } else if !line.span.of(text).trim_ascii().is_empty() {
            next = Some((line.indent, role));
        }
    }
    unread
}

/// Writes something harmless of the same length over a line: the statements in its suite stay.
fn replace(text: &mut [u8], line: &Line, role: Role, has_suite: bool, levels: &[Level]) {
    let old = line.span.of(text).to_vec();
    let in_match = levels.len() > 1 && levels[levels.len() - 2].before == Role::Match;
    let candidates: Vec<Vec<u8>> = match role {
        Role::Decorator => Vec::new(),
        _ if in_match && has_suite => vec![b"case 0:".to_vec()],
        _ if in_match => Vec::new(),
        _ if has_suite => headers(&old, role, fits(role, levels)),
        _ => vec![b"pass".to_vec(), b"0".to_vec()],
    };
    let room = old
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default()
        .len();
    let new = candidates
        .into_iter()
        .find(|candidate| candidate.len() <= room)
        .unwrap_or_default();
    let place = &mut text[line.span.start as usize..line.span.end as usize];
    for byte in place.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
    place[..new.len()].copy_from_slice(&new);
}

/// Heads that can stand for a broken one, the most alike first.
fn headers(old: &[u8], role: Role, fits: bool) -> Vec<Vec<u8>> {
    let words = old.split(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
    let mut words = words.filter(|word| !word.is_empty() && *word != b"async");
    let (first, name) = (
        words.next(),
        words.next().filter(|name| !name[0].is_ascii_digit()),
    );
    let mut candidates = match (role, first, name) {
        (Role::Definition, Some(b"def"), Some(name)) => vec![[b"def ", name, b"():"].concat()],
        (Role::Definition, Some(b"class"), Some(name)) => vec![[b"class ", name, b":"].concat()],
        (Role::Except, ..) if fits => vec![b"except:".to_vec()],
        (Role::Elif, ..) if fits => vec![b"elif 1:".to_vec()],
        (Role::Else, ..) if fits => vec![b"else:".to_vec()],
        (Role::Finally, ..) if fits => vec![b"finally:".to_vec()],
        _ => Vec::new(),
    };
    candidates.push(b"if 1:".to_vec());
    candidates
}

/// Parses the top-level statements of a text one by one under one root.
fn parse_pieces(text: &[u8], code: &Code, tree: &mut Tree, quoted: &mut Vec<NodeId>) {
    let starts = code.lines.iter().enumerate().filter(|(index, line)| {
        let after_decorator =
            *index > 0 && Role::of(code.lines[index - 1].span.of(text)) == Role::Decorator;
        line.indent == 0 && !after_decorator && !Role::of(line.span.of(text)).is_clause()
    });
    let mut starts: Vec<u32> = starts.map(|(_, line)| line.span.start).collect();
    let first = code.lines.first().map_or(0, |line| line.span.start);
    if starts.first() != Some(&first) {
        starts.insert(0, first);
    }
    starts.push(text.len() as u32);
    tree.open_root(text.len() as u32);
    for pair in starts.windows(2).filter(|pair| pair[0] < pair[1]) {
        let piece = Span::new(pair[0], pair[1]);
        if let Some(parsed) = parse_text(piece.of(text)) {
            tree.append_piece(&parsed, piece.of(text), piece.start, quoted);
        }
    }
    tree.close_root();
}
