//! Python that the grammar does not know, written over with words of the same length that it knows.
//!
//! Offsets stay what they are, and names are read from the file's own text: so only the shape of the tree matters here.
//! Where the shape alone would lie, the lowering looks at the file's text again.

use super::lines::{Code, Line, Token, TokenKind};

/// Writes over every such construct of the file. Says whether there was one.
pub(super) fn rewrite(text: &mut [u8], code: &Code) -> bool {
    let mut any = false;
    for line in &code.lines {
        let tokens = code.tokens_of(line);
        any |= type_parameter_defaults(text, tokens);
        any |= statements(text, tokens);
        any |= names(text, tokens);
        any |= comprehensions(text, tokens);
        any |= dedented(text, line, code);
    }
    any
}

fn word<'a>(text: &'a [u8], tokens: &[Token], at: usize) -> &'a [u8] {
    tokens.get(at).map_or(b"", |token| token.span.of(text))
}

fn write(text: &mut [u8], start: u32, word: &[u8]) {
    if let Some(place) = text.get_mut(start as usize..start as usize + word.len()) {
        place.copy_from_slice(word);
    }
}

/// `class A[T = int]`: a bound reads the same.
fn type_parameter_defaults(text: &mut [u8], tokens: &[Token]) -> bool {
    let start = usize::from(word(text, tokens, 0) == b"async");
    if !matches!(word(text, tokens, start), b"class" | b"def" | b"type")
        || word(text, tokens, start + 2) != b"["
    {
        return false;
    }
    let mut any = false;
    for token in tokens[start + 3..]
        .iter()
        .take_while(|token| token.depth > 0)
    {
        if token.depth == 1 && token.span.of(text) == b"=" {
            write(text, token.span.start, b":");
            any = true;
        }
    }
    any
}

/// Statements that start with a word of their own: `exec code in names` as a `del`, `lazy import x` as an `import`.
fn statements(text: &mut [u8], tokens: &[Token]) -> bool {
    let mut any = false;
    for at in 0..tokens.len() {
        let starts = at == 0
            || (tokens[at - 1].depth == 0 && matches!(word(text, tokens, at - 1), b";" | b":"));
        if !starts {
            continue;
        }
        let start = tokens[at].span.start;
        match (word(text, tokens, at), word(text, tokens, at + 1)) {
            (b"exec", next) if takes_operand(tokens.get(at + 1), next) => {
                write(text, start, b"del ");
                any = true;
            }
            (b"lazy", next @ (b"import" | b"from")) => {
                let (from, import) = (next == b"from", tokens[at + 1].span);
                write(text, import.start, &b"      "[..next.len()]);
                write(text, start, if from { b"from" } else { b"import" });
                any = true;
            }
            _ => {}
        }
    }
    any
}

/// Whether what stands behind `exec` makes it a statement.
fn takes_operand(next: Option<&Token>, word: &[u8]) -> bool {
    match next.map(|token| token.kind) {
        Some(TokenKind::Word) => !matches!(word, b"in" | b"is" | b"and" | b"or" | b"if" | b"not"),
        Some(TokenKind::Text) => true,
        _ => word == b"`",
    }
}

/// Keywords of Python 3 where they can only be names: `async = 1`, `f(None=None)`, `x.await`.
fn names(text: &mut [u8], tokens: &[Token]) -> bool {
    let mut any = false;
    let targets = constant_targets(text, tokens);
    for at in 0..tokens.len() {
        let before = if at == 0 {
            b"" as &[u8]
        } else {
            word(text, tokens, at - 1)
        };
        let next = word(text, tokens, at + 1);
        let named = matches!(before, b"." | b"def" | b"class" | b"global" | b"as");
        let name: &[u8] = match word(text, tokens, at) {
            b"async" if named || !matches!(next, b"def" | b"for" | b"with") => b"asynk",
            b"await" if named || ends_operand(next) => b"awayt",
            b"True" if named || next == b"=" || at < targets => b"Trux",
            b"False" if named || next == b"=" || at < targets => b"Falsy",
            b"None" if named || next == b"=" || at < targets => b"Nonn",
            _ => continue,
        };
        let span = tokens[at].span;
        write(text, span.start, name);
        any = true;
    }
    any
}

/// How many tokens stand before the sign in `True, False = 1, 0`.
fn constant_targets(text: &[u8], tokens: &[Token]) -> usize {
    let constant = matches!(word(text, tokens, 0), b"True" | b"False" | b"None")
        && word(text, tokens, 1) == b",";
    let sign = tokens
        .iter()
        .position(|token| token.depth == 0 && token.span.of(text) == b"=");
    sign.filter(|_| constant).unwrap_or(0)
}

fn ends_operand(next: &[u8]) -> bool {
    matches!(
        next,
        b"" | b"=" | b")" | b"]" | b"}" | b"," | b":" | b"." | b"==" | b"!=" | b";" | b"in" | b"is"
    )
}

/// `{**d for d in ds}`, `[*a() for a in b]`: a sign reads the same.
fn comprehensions(text: &mut [u8], tokens: &[Token]) -> bool {
    let mut any = false;
    for at in 1..tokens.len() {
        let star = word(text, tokens, at);
        let opens = matches!(word(text, tokens, at - 1), b"{" | b"[" | b"(");
        if !opens || !matches!(star, b"*" | b"**") || !is_comprehension(text, &tokens[at..]) {
            continue;
        }
        let sign: &[u8] = if star.len() == 2 { b"+ " } else { b"+" };
        write(text, tokens[at].span.start, sign);
        any = true;
    }
    any
}

/// Whether a `for` comes before a comma in the brackets that the first token stands in.
fn is_comprehension(text: &[u8], tokens: &[Token]) -> bool {
    let depth = tokens[0].depth;
    let inside = tokens
        .iter()
        .take_while(|token| token.depth >= depth)
        .filter(|token| token.depth == depth);
    inside
        .map(|token| token.span.of(text))
        .take_while(|&word| word != b",")
        .any(|word| word == b"for")
}

/// A line inside brackets that stands left of its statement: the brackets become one line.
fn dedented(text: &mut [u8], line: &Line, code: &Code) -> bool {
    let bytes = line.span.of(text);
    let mut rest = bytes.split(|&byte| byte == b'\n');
    rest.next();
    let left_of = |piece: &[u8]| {
        let column = piece
            .iter()
            .take_while(|&&byte| byte == b' ' || byte == b'\t')
            .count();
        column < piece.trim_ascii_end().len() && (column as u32) < line.indent
    };
    if !rest.any(left_of) {
        return false;
    }
    let tokens = code.tokens_of(line);
    let mut any = false;
    for pair in tokens.windows(2) {
        let gap = pair[0].span.end as usize..pair[1].span.start as usize;
        // A line continuation needs no help; a comment would end what follows it.
        let blank = pair[1].depth > 0 || pair[0].depth > 0;
        if blank && text[gap.clone()].contains(&b'\n') {
            text[gap].fill(b' ');
            any = true;
        }
    }
    any
}
