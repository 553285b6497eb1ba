//! Logical lines and tokens of a text that the parser could not read, found without a grammar.

use crate::text::Span;

/// A word, a literal or a sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) kind: TokenKind,
    /// How many brackets are open around it; a bracket counts as outside of itself.
    pub(super) depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    Text,
    Sign,
}

/// A logical line: from its first token to its last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) span: Span,
    /// Indices of its tokens.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Column of its first token, tabs counted to the next eighth.
    pub(super) indent: u32,
}

/// A text in logical lines.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) tokens: Vec<Token>,
    pub(super) lines: Vec<Line>,
    pub(super) comments: Vec<Span>,
    /// Where triple quotes stand that close what nothing opens, as it seems.
    pub(super) stray_quotes: Vec<u32>,
}

/// Words that start a statement and stand at the start of no line inside brackets.
const STARTERS: &[&[u8]] = &[
    b"def",
    b"class",
    b"return",
    b"import",
    b"while",
    b"try",
    b"with",
    b"raise",
    b"except",
    b"finally",
    b"elif",
    b"pass",
    b"break",
    b"continue",
    b"global",
    b"nonlocal",
    b"del",
    b"assert",
];

/// How often an unclosed bracket may send the scanner back: each time costs a look at the rest of the file.
const MOST_RETURNS: u32 = 200;

impl Code {
    /// Finds the lines of a text.
    ///
    /// Triple quotes that are never closed mean that some are missing before them, and that code stands in what look
    /// like literals. Then a literal with definitions in it is none.
    pub(super) fn of(text: &[u8]) -> Self {
        let scanned = Self::scan(text, false);
        if scanned.stray_quotes.is_empty() {
            scanned
        } else {
            Self::scan(text, true)
        }
    }

    fn scan(text: &[u8], misquoted: bool) -> Self {
        let mut scanner = Scanner {
            text,
            at: 0,
            code: Self::default(),
            depth: 0,
            returns: 0,
            misquoted,
        };
        if text.starts_with(b"\xef\xbb\xbf") {
            scanner.at = 3;
        }
        while scanner.at < text.len() {
            scanner.line();
        }
        scanner.code
    }

    pub(super) fn tokens_of(&self, line: &Line) -> &[Token] {
        &self.tokens[line.first..line.last]
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    code: Code,
    depth: u32,
    returns: u32,
    /// Quotes are missing somewhere.
    misquoted: bool,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Reads one logical line, or passes a blank one.
    fn line(&mut self) {
        let indent = self.indent();
        let (first, comments) = (self.code.tokens.len(), self.code.comments.len());
        self.depth = 0;
        let mut first_end = None;
        loop {
            match self.peek(0) {
                _ if self.at >= self.text.len() => break,
                b'\n' => {
                    self.at += 1;
                    if self.depth == 0 {
                        break;
                    }
                    first_end.get_or_insert((
                        self.at,
                        self.code.tokens.len(),
                        self.code.comments.len(),
                    ));
                    if self.starts_statement() {
                        break;
                    }
                }
                b'\\' if matches!(self.peek(1), b'\n' | b'\r') => self.at += 2,
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b'#' => self.comment(),
                _ => self.token(),
            }
        }
        // A bracket that nothing closes: only the physical line that opens it is lost.
        if self.depth > 0
            && self.returns < MOST_RETURNS
            && let Some((at, tokens, kept)) = first_end
        {
            self.returns += 1;
            self.at = at;
            self.code.tokens.truncate(tokens);
            self.code.comments.truncate(kept.max(comments));
        }
        self.finish(first, indent);
    }

    fn finish(&mut self, first: usize, indent: u32) {
        let last = self.code.tokens.len();
        if let [head, ..] = self.code.tokens[first..]
            && let Some(tail) = self.code.tokens.last()
        {
            let span = Span::new(head.span.start, tail.span.end);
            self.code.lines.push(Line {
                span,
                first,
                last,
                indent,
            });
        }
    }

    fn indent(&mut self) -> u32 {
        let mut column = 0;
        loop {
            match self.peek(0) {
                b' ' => column += 1,
                b'\t' => column = (column / 8 + 1) * 8,
                0x0c => column = 0,
                _ => return column,
            }
            self.at += 1;
        }
    }

    /// Whether the physical line that starts here can stand in no brackets.
    fn starts_statement(&self) -> bool {
        let rest = self.text[self.at..].trim_ascii_start();
        let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
        STARTERS.contains(&&rest[..length])
    }

    fn comment(&mut self) {
        let length = self.text[self.at..]
            .iter()
            .take_while(|&&byte| byte != b'\n' && byte != b'\r')
            .count();
        self.code
            .comments
            .push(Span::new(self.at as u32, (self.at + length) as u32));
        self.at += length;
    }

    fn token(&mut self) {
        let start = self.at;
        let first = self.peek(0);
        let kind = if let Some(quote) = self.quote() {
            self.text_literal(quote);
            TokenKind::Text
        } else if first.is_ascii_digit() || (first == b'.' && self.peek(1).is_ascii_digit()) {
            self.skip_while(|byte| is_word(byte) || byte == b'.');
            TokenKind::Number
        } else if is_word(first) {
            self.skip_while(is_word);
            TokenKind::Word
        } else {
            self.sign(first);
            TokenKind::Sign
        };
        let closes = kind == TokenKind::Sign && matches!(first, b')' | b']' | b'}');
        let opens = kind == TokenKind::Sign && matches!(first, b'(' | b'[' | b'{');
        if closes {
            self.depth = self.depth.saturating_sub(1);
        }
        let span = Span::new(start as u32, self.at as u32);
        self.code.tokens.push(Token {
            span,
            kind,
            depth: self.depth,
        });
        self.depth += u32::from(opens);
    }

    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) {
        self.at += self.text[self.at..]
            .iter()
            .take_while(|&&byte| belongs(byte))
            .count();
    }

    fn sign(&mut self, first: u8) {
        let (second, third) = (self.peek(1), self.peek(2));
        let doubled = second == first && matches!(first, b'*' | b'/' | b'<' | b'>' | b'=');
        self.at += match second {
            b'=' if b"=!<>+-*/%&|^@:".contains(&first) => 2,
            b'>' if matches!(first, b'-' | b'<') => 2,
            _ if doubled && third == b'=' => 3,
            _ if doubled => 2,
            _ => 1,
        };
    }

    /// The index of the quote, where a string starts here.
    fn quote(&self) -> Option<usize> {
        let length = (0..3)
            .take_while(|&ahead| self.peek(ahead).is_ascii_alphabetic())
            .count();
        let letters = &self.text[self.at..self.at + length];
        let prefix = letters.iter().all(|letter| b"bBuUrRfFtT".contains(letter));
        (prefix && matches!(self.peek(length), b'"' | b'\'')).then_some(length)
    }

    fn text_literal(&mut self, prefix: usize) {
        let letters = &self.text[self.at..self.at + prefix];
        let interpolates = letters.iter().any(|letter| b"fFtT".contains(letter));
        let quote = self.peek(prefix);
        let triple = self.peek(prefix + 1) == quote && self.peek(prefix + 2) == quote;
        let start = self.at;
        self.at += prefix + if triple { 3 } else { 1 };
        let closed = self.text_end(quote, triple, interpolates);
        let stray = triple
            && (!closed || (self.misquoted && holds_definitions(&self.text[start..self.at])));
        if stray {
            self.code.stray_quotes.push(start as u32);
        }
        if stray || !closed {
            self.at = start + prefix + if triple { 3 } else { 1 };
            self.skip_while(|byte| byte != b'\n');
        }
    }

    /// Moves behind the closing quote. Says whether there is one.
    fn text_end(&mut self, quote: u8, triple: bool, interpolates: bool) -> bool {
        let mut braces = 0_u32;
        while self.at < self.text.len() {
            let byte = self.peek(0);
            match byte {
                b'\\' => self.at += 1,
                b'\n' if !triple => return false,
                b'{' if interpolates && self.peek(1) == b'{' && braces == 0 => self.at += 1,
                b'{' if interpolates => braces += 1,
                b'}' if interpolates => braces = braces.saturating_sub(1),
                _ if byte == quote && braces > 0 && !triple && self.nested_text(quote) => continue,
                _ if byte == quote
                    && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) =>
                {
                    self.at += if triple { 3 } else { 1 };
                    return true;
                }
                _ => {}
            }
            self.at += 1;
        }
        false
    }

    /// A string with the same quotes inside the braces of an f-string, on the same line.
    fn nested_text(&mut self, quote: u8) -> bool {
        let rest = &self.text[self.at + 1..];
        let line = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(rest.len());
        let Some(length) = rest[..line].iter().position(|&byte| byte == quote) else {
            return false;
        };
        let behind = &rest[length + 1..line];
        if !behind.contains(&quote) || !behind.contains(&b'}') {
            return false;
        }
        self.at += length + 2;
        true
    }
}

/// Whether lines of a literal look like the start of a function or class.
fn holds_definitions(text: &[u8]) -> bool {
    let lines = text
        .split(|&byte| byte == b'\n')
        .skip(1)
        .map(|line| line.trim_ascii());
    lines.into_iter().any(|line| {
        let function = line.starts_with(b"def ") || line.starts_with(b"async def ");
        (function && line.contains(&b'(')) || (line.starts_with(b"class ") && line.ends_with(b":"))
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}
