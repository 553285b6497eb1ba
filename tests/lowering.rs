//! Lowering: dumps of every construct, the trees that have to be repaired, and input that is no Python.

use pothole::ir::{
    Dialect, ExprKind, InstKind, Module, Next, ProblemKind, Reach, Scope, Step, TryKind, dump,
};
use pothole::lower::{DEPTH, lower};
use std::path::{Path, PathBuf};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// Compares the dump of a source with the one beside it; `POTHOLE_BLESS=1` writes it anew.
#[track_caller]
fn snapshot(name: &str, dialect: Dialect) {
    let folder = Path::new(TESTS).join("snapshots");
    let source = std::fs::read(folder.join(format!("{name}.py"))).expect("the source is there");
    let module = lower(&source, None);
    check(&module, &source);
    assert_eq!(module.dialect, dialect);
    let text = dump(&module);
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("POTHOLE_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the snapshot can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text
        .lines()
        .zip(known.lines())
        .enumerate()
        .find(|(_, (new, old))| new != old);
    assert_eq!(
        differs,
        None,
        "the first line that differs from {}",
        path.display()
    );
    assert_eq!(
        text.lines().count(),
        known.lines().count(),
        "length of {}",
        path.display()
    );
}

#[test]
fn every_construct_of_python_three() {
    snapshot("three", Dialect::Three);
}

#[test]
fn every_construct_of_python_two() {
    snapshot("two", Dialect::Two);
}

/// A source and lines that its dump must have, in this order. A line that starts with `!` must not be there.
type Case = (&'static str, &'static [&'static str]);

#[track_caller]
fn dumps(cases: &[Case], dialect: Option<Dialect>) {
    for (source, lines) in cases {
        let module = lower(source.as_bytes(), dialect);
        check(&module, source.as_bytes());
        let text = dump(&module);
        let mut rest = text.as_str();
        for line in *lines {
            if let Some(absent) = line.strip_prefix('!') {
                assert!(!text.contains(absent), "{source:?}: {absent:?} in\n{text}");
                continue;
            }
            let Some(at) = rest.find(line) else {
                panic!("{source:?}: no {line:?} in\n{text}")
            };
            rest = &rest[at + line.len()..];
        }
    }
}

/// Syntax that the grammar does not know.
#[test]
fn unknown_syntax() {
    dumps(
        &[
            (
                "class A[T = int]: pass\n",
                &["!problem", "T <- opaque", "A <- class 1"],
            ),
            (
                "def f[*Ts = *tuple[int], **P = [int]](x: T): pass\n",
                &["!problem", "Ts <- opaque", "P <- opaque", "f <-"],
            ),
            (
                "type A[T: int = str] = list[T]\n",
                &["!problem", "A <- opaque"],
            ),
            (
                "lazy import a.b\nlazy from c import d\n",
                &["!problem", "a <- import a.b", "d <- import c d"],
            ),
            (
                "x = {**d for d in ds}\n",
                &["!problem", "x = {*d for d in ds}"],
            ),
            (
                "x = [*f(d) for d in ds if d]\n",
                &["!problem", "x = [*f(d) for d in ds if d]"],
            ),
            (
                "def f():\r    return 1\rx = f()\r",
                &["!problem", "x = f()", "return 1"],
            ),
            (
                "def f():\n    x = (1 +\n  2)  # two\n    return x\n",
                &["!problem", "x = (1 + 2)", "return x"],
            ),
            (
                "def f(x):\n    if x:\n        g(x,\n y -\n z)\n    return x\n",
                &["!problem", "eval g(x, (y - z))", "return x"],
            ),
        ],
        None,
    );
    dumps(
        &[
            ("exec 'a' % b\n", &["!problem", "eval exec((\"a\" % b))"]),
            (
                "exec f.read() in g\n",
                &["!problem", "eval exec(f.read(), g)"],
            ),
            (
                "if x: exec self.c in ns, {}\n",
                &["!problem", "eval exec(self.c, ns, {})"],
            ),
            (
                "def f(async, b=1):\n    return self.async + async\n",
                &["!problem", "parameter async", "return (self.async + async)"],
            ),
            (
                "True = 1\nTrue, False = 1, 0\n",
                &["!problem", "True = 1", "(True, False) = (1, 0)"],
            ),
            (
                "def f(None=None): pass\nf(None=1)\n",
                &["!problem", "eval f(None=1)", "parameter None = None"],
            ),
        ],
        None,
    );
}

/// Trees that are wrong without an error.
#[test]
fn wrong_trees() {
    dumps(
        &[
            (
                "type(x).attr = v\ntype(a)[0] = 1\n",
                &["type(x).attr = v", "type(a)[0] = 1"],
            ),
            (
                "type(a, b).c.d = 1\ntype[x] = 2\n",
                &["type(a, b).c.d = 1", "type[x] = 2"],
            ),
            (
                "x = [*a.b, *a.b(), *a[0]]\n",
                &["x = [*a.b, *a.b(), *a[0]]"],
            ),
            (
                "x[*a.b]\nx[*a[0], 1]\n",
                &["eval x[*a.b]", "eval x[(*a[0], 1)]"],
            ),
            ("x = *a.b, *a.b(c).d\n", &["x = (*a.b, *a.b(c).d)"]),
            ("*a.b, *c[0], d = x\n", &["(*a.b, *c[0], d) = x"]),
            (
                "(p := a if b else c)\nf(q := a if b else c)\n",
                &[
                    "eval (p := (a if b else c))",
                    "eval f((q := (a if b else c)))",
                ],
            ),
            (
                "match x:\n case X.Y: 1\n case Z: 2\n",
                &["Z local", "assume (x matches X.Y)", "Z <- whole x"],
            ),
            ("try: 1\nexcept* A: 2\n", &["except* A"]),
            (
                "async def f():\n async for x in y: 1\n async with z: 2\n return [i async for i in j]\n",
                &[
                    " async",
                    "async with z",
                    "async for x in y",
                    "async each",
                    "[i async for i in j]",
                ],
            ),
        ],
        None,
    );
    dumps(
        &[("try: 1\nexcept A, B: 2\n", &["except (A, B) ->"])],
        Some(Dialect::Three),
    );
    dumps(
        &[
            (
                "print -1\nprint *a\nprint +x.y\n",
                &["eval print((-1))", "eval print(*a)", "eval print((+x.y))"],
            ),
            ("print ('a'), b\n", &["eval print(\"a\", b)"]),
            ("print ('a' % b) % c\n", &["eval print(((\"a\" % b) % c))"]),
            (
                "print [1, 2]\nprint [1][0].x\n",
                &["eval print([1, 2])", "eval print([1][0].x)"],
            ),
            (
                "print\nprint (a, b)\nprint ()\n",
                &["eval print()", "eval print((a, b))", "eval print(())"],
            ),
            (
                "from __future__ import print_function\nprint (a), b\nx <> y\n",
                &["eval (print(a), b)"],
            ),
            (
                "exec(x) in ns\nexec('a') in b, c\n",
                &["eval exec(x, ns)", "eval exec(\"a\", b, c)"],
            ),
            (
                "try: 1\nexcept E, e: 2\n",
                &["except E as e ->", "e <- caught"],
            ),
            ("raise E, 'm'\n", &["raise E(\"m\")"]),
            ("raise E, (1, 2), tb\n", &["eval tb", "raise E(1, 2)"]),
            ("x = `a.b, c`\n", &["x = `(a.b, c)`"]),
        ],
        Some(Dialect::Two),
    );
}

/// What is around something unreadable stays.
#[test]
fn errors_are_local() {
    dumps(
        &[
            (
                "a = 1\nb = = 2\nc = 3\n",
                &["problem Syntax 6..13", "a = 1", "eval <hole>", "c = 3"],
            ),
            (
                "def f(a b):\n    return 1\ndef g(): return 2\n",
                &[
                    "problem Syntax 0..11",
                    "f <- function",
                    "g <- function",
                    "return 1",
                ],
            ),
            (
                "class A:\n    def f(self):\n        x = foo(\n    def g(self):\n        return 2\n",
                &["def 3 g"],
            ),
            (
                "def f():\n    return (1\n\ndef g():\n    return {2\n\nclass A: pass\n",
                &["f <-", "g <-", "A <-"],
            ),
            (
                "if x y:\n    a\nelif z:\n    b\nelse:\n    c\n",
                &["eval <hole>", "eval a", "eval z", "eval b", "eval c"],
            ),
            (
                "try:\n    a\nexcept E F:\n    b\nfinally:\n    c\n",
                &["finally", "except <hole>", "eval b"],
            ),
            (
                "match x:\n    case 1 2:\n        a\n    case 3:\n        b\n",
                &["(x matches <hole>)", "eval a", "(x matches 3)"],
            ),
            (
                "@a b\ndef f(): pass\n@c\nx = 1\ny\n",
                &["problem", "f <- function", "eval y"],
            ),
            (
                "else:\n    a\nexcept:\n    b\nx\n",
                &["problem", "eval a", "eval b", "eval x"],
            ),
            ("x = '''\ndef f(): pass\n", &["f <- function"]),
            (")\n]\nx = 1\n", &["x = 1"]),
            ("for x in\n    a\nb\n", &["eval b"]),
        ],
        Some(Dialect::Three),
    );
    let problems = |source: &str| lower(source.as_bytes(), None).problems.len();
    assert_eq!(problems("a = = 1\nb\nc = = 2\nd\ndef f(:\n    e\n"), 3);
}

/// An error can cover a whole file: the functions in it are there all the same.
#[test]
fn a_long_file_with_an_error_keeps_its_functions() {
    let mut source = String::from("import os\n");
    for index in 0..1500 {
        source.push_str(&format!("class C{index}:\n    def method(self, a):\n        \"\"\"Doc.\"\"\"\n        return [a,\n            {index}]\n\n"));
    }
    source.insert_str(source.len() / 2, "\nx = [(1, {\n");
    assert!(source.len() > 135_000);
    let module = lower(source.as_bytes(), None);
    check(&module, source.as_bytes());
    assert!(
        module.classes.len() >= 1499,
        "{} classes",
        module.classes.len()
    );
    assert!(
        module.functions.len() >= 2998,
        "{} functions",
        module.functions.len()
    );
    assert!(module.problems.len() <= 4, "{:?}", module.problems);
}

#[test]
fn dialects_are_told_apart() {
    let two = [
        "print 'a'",
        "exec 'a'",
        "try: 1\nexcept E, e: 2",
        "`a`",
        "a <> b",
        "x = 0777",
        "x = 10L",
        "ur'a'",
        "raise E, 'm'",
        "def f((a, b)): 1",
        "lambda (a, b): 1",
        "[x for x in 1, 2]",
        "try: 1\nexcept E, (a, b): 2",
    ];
    for source in two {
        assert_eq!(
            lower(source.as_bytes(), None).dialect,
            Dialect::Two,
            "{source}"
        );
        assert_eq!(
            lower(source.as_bytes(), Some(Dialect::Three)).dialect,
            Dialect::Three,
            "{source}"
        );
    }
    let three = [
        "",
        "print('a')",
        "print('a', b)",
        "x = 0",
        "try: 1\nexcept A, B: 2",
        "raise E('m')",
        "async def f(): 1",
        "print >>f, x\nasync def f(): await x",
        "exec('a')",
        "def f(a: int): 1",
    ];
    for source in three {
        assert_eq!(
            lower(source.as_bytes(), None).dialect,
            Dialect::Three,
            "{source}"
        );
    }
}

#[test]
fn bytes_become_text_without_moving() {
    let marked = lower(b"\xef\xbb\xbfx = 'a'\ny = x\n", None);
    assert_eq!(marked.problems, []);
    assert_eq!(marked.span(value(&marked, "x")).start, 7);
    let latin = b"# -*- coding: latin-1 -*-\nx = 'caf\xe9', 1\n";
    let module = lower(latin, None);
    check(&module, latin);
    assert_eq!(
        (module.problems.len(), module.span(value(&module, "x")).end),
        (0, 39)
    );
    // The second byte of a letter in GBK or Big5 may be that of a backslash.
    let chinese = b"# coding: gbk\nx = '\x81\x5c', 1\ny = x\n";
    assert!(dump(&lower(chinese, None)).contains("x = (\"??\", 1)"));
    let unicode = "x = 'é' + ünï['ö']\n";
    let module = lower(unicode.as_bytes(), None);
    check(&module, unicode.as_bytes());
    assert!(dump(&module).contains("x = (\"é\" + ünï[\"ö\"])"));
    for bad in [&b"\xff\xfex\0=\0"[..], b"\xfe\xff\0x", b"x = 1\0\n"] {
        let module = lower(bad, None);
        assert_eq!(
            module
                .problems
                .iter()
                .map(|problem| problem.kind)
                .collect::<Vec<_>>(),
            [ProblemKind::Encoding]
        );
        assert_eq!((module.functions.len(), module.body().blocks.len()), (1, 1));
    }
    for tail in ["", "\n", "\n\n  \n", "\\", "\\\n", "#", "\x0c\n"] {
        let source = format!("x = 1\r\nif x:\r\n\ty = 2{tail}");
        check(&lower(source.as_bytes(), None), source.as_bytes());
    }
}

/// The value that a name of the module is bound to first.
fn value(module: &Module, name: &str) -> pothole::ir::ExprId {
    let body = module.body();
    let bound = body.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: pothole::ir::Source::Value(value),
            ..
        } => {
            let place = module.kind(target).place()?;
            (module.place_text(body, place) == name).then_some(value)
        }
        _ => None,
    });
    bound.expect("the name is bound")
}

#[test]
fn ignore_comments() {
    let source = "\
x = 1  # pothole: ignore[none-check, broad-except] because
y = '# pothole: ignore'
z = 2  # pothole: ignore
# pothole: ignore-file[rule]
w = (1,  # noqa
     2)  # NOQA: E501,rule and more
# noqa:E1 , E2
# flake8: noqa
# ruff: noqa
# pothole: ignored
# see pothole: ignore
# noqaa
";
    let found = lower(source.as_bytes(), None).suppressions;
    let rules = |index: usize| {
        found[index]
            .rules
            .iter()
            .map(|rule| rule.as_str())
            .collect::<Vec<_>>()
    };
    let reaches: Vec<Reach> = found.iter().map(|suppression| suppression.reach).collect();
    assert_eq!(
        reaches,
        [
            Reach::File,
            Reach::Row(0),
            Reach::Row(2),
            Reach::Row(4),
            Reach::Row(5),
            Reach::Row(6)
        ]
    );
    assert_eq!(rules(1), ["none-check", "broad-except"]);
    assert_eq!(
        (rules(2), rules(0), rules(3)),
        (vec![], vec!["rule"], vec![])
    );
    assert_eq!(rules(4), ["E501", "rule", "and", "more"]);
    assert_eq!(rules(5), ["E1", "E2"]);
    assert_eq!(
        found.iter().map(|one| one.noqa).collect::<Vec<_>>(),
        [false, false, false, true, true, true]
    );
    let broken = lower(b"x = = 1  # noqa\n'''# noqa'''\n", None);
    assert_eq!(broken.suppressions.len(), 1);
}

#[test]
fn annotations_are_read_out_of_strings_and_comments() {
    dumps(
        &[
            ("x: 'Optional[int]' = None\n", &["x: Optional[int] = None"]),
            (
                "x: Literal['a', 'b']\n",
                &["declare x: Literal[(\"a\", \"b\")]"],
            ),
            ("x: List['Foo'] = []\n", &["x: List[Foo] = []"]),
            ("x: 'no python' = 1\n", &["x: \"no python\" = 1"]),
            (
                "x = None  # type: Optional[int]\ny = 1  # type: ignore\nz = 2  # kind\n",
                &["x: Optional[int] = None", "y = 1", "z = 2"],
            ),
            (
                "def f(a,  # type: int\n      b):  # type: (...) -> str\n    pass\n",
                &["parameter a: int", "parameter b\n", "-> str"],
            ),
            (
                "def f(self, a, *b):\n    # type: (int, *str) -> None\n    pass\n",
                &["parameter self\n", "parameter a: int", "-> None"],
            ),
            (
                "def f(a='x'): return 'int'\n",
                &["parameter a = \"x\"", "return \"int\""],
            ),
        ],
        None,
    );
    let source = b"def f(a: 'Foo'): pass\n";
    let module = lower(source, None);
    let annotation = module.functions[1].parameters[0]
        .annotation
        .expect("it has one");
    assert_eq!(module.span(annotation).of(source), b"Foo");
}

#[test]
fn jumps_run_what_is_in_between() {
    let source = "def f():\n    for x in y:\n        try:\n            break\n        finally:\n            g()\n    return 1\n";
    let module = lower(source.as_bytes(), None);
    check(&module, source.as_bytes());
    let function = &module.functions[1];
    let TryKind::Finally { entry, .. } = function.tries[0].kind else {
        panic!("no finally")
    };
    assert_eq!(function.block(entry).guard, None);
    let jump = function
        .blocks
        .iter()
        .find(|block| block.guard.is_some())
        .expect("the guarded suite");
    let Next::Goto(target) = jump.next else {
        panic!("no jump")
    };
    assert_eq!(function.block(target).guard, None);
    assert!(matches!(
        function.insts(function.block(target))[0].kind,
        InstKind::Return(_)
    ));
}

/// What any module keeps, whatever it was made from.
#[track_caller]
fn check(module: &Module, source: &[u8]) {
    let end = source.len() as u32;
    let fits = |span: pothole::text::Span| {
        assert!(
            span.start <= span.end && span.end <= end,
            "{span:?} of {end}"
        )
    };
    module.exprs.iter().for_each(|expr| fits(expr.span));
    module
        .problems
        .iter()
        .for_each(|problem| fits(problem.span));
    module
        .suppressions
        .iter()
        .for_each(|suppression| fits(suppression.span));
    let mut covered = 0;
    for (index, function) in module.functions.iter().enumerate() {
        fits(function.span);
        fits(function.name_span);
        assert_eq!(
            function.exprs.start, covered,
            "the expressions of function {index} follow those before it"
        );
        covered += function.exprs.count;
        assert!(function.parent.is_none_or(|parent| parent.index() < index));
        assert_eq!(function.parent.is_none(), index == 0);
        check_body(function);
    }
    assert_eq!(covered as usize, module.exprs.len());
    check_depth(module);
    // Reads every list, name and place.
    dump(module);
}

#[track_caller]
fn check_body(function: &pothole::ir::Function) {
    for (index, place) in function.places.iter().enumerate() {
        assert!(place.parent.is_none_or(|parent| parent.index() < index));
        let free = matches!(place.step, Step::Variable { scope: Scope::Free { function: owner, .. }, .. } if Some(owner) > function.parent);
        assert!(
            !free,
            "an enclosing function stands before what it encloses"
        );
    }
    for (index, region) in function.tries.iter().enumerate() {
        assert!(region.parent.is_none_or(|parent| parent.index() < index));
        assert!(region.body.start <= region.body.end && region.span.start <= region.span.end);
    }
    let mut insts = vec![0_u32; function.insts.len()];
    for block in &function.blocks {
        block.insts.range().for_each(|inst| insts[inst] += 1);
        let targets = match block.next {
            Next::Goto(target) => vec![target],
            Next::Branch(yes, no) => vec![yes, no],
            _ => Vec::new(),
        };
        assert!(
            targets
                .iter()
                .all(|target| target.index() < function.blocks.len())
        );
        assert!(
            block
                .guard
                .is_none_or(|guard| guard.index() < function.tries.len())
        );
        let last = function.insts(block).last().map(|inst| inst.kind);
        assert_eq!(
            matches!(block.next, Next::Raise),
            matches!(last, Some(InstKind::Raise { .. }))
        );
    }
    assert!(
        insts.iter().all(|&times| times == 1),
        "each instruction is in one block"
    );
}

/// No expression is deeper than `DEPTH`: operands stand before what they are operands of.
#[track_caller]
fn check_depth(module: &Module) {
    let mut depths = vec![0_u32; module.exprs.len()];
    for (index, expr) in module.exprs.iter().enumerate() {
        let mut deepest = 0;
        for part in parts(module, expr.kind) {
            assert!(part < index, "a part stands before its whole");
            deepest = deepest.max(depths[part] + 1);
        }
        depths[index] = deepest;
        assert!(deepest <= DEPTH + 2, "{deepest} deep");
    }
}

fn parts(module: &Module, kind: ExprKind) -> Vec<usize> {
    let of = |run| {
        module
            .list(run)
            .iter()
            .map(|part| part.index())
            .collect::<Vec<_>>()
    };
    match kind {
        ExprKind::Attribute { value, .. } | ExprKind::Await(value) | ExprKind::Starred(value) => {
            vec![value.index()]
        }
        ExprKind::Subscript { value, index, .. } => vec![value.index(), index.index()],
        ExprKind::Tuple(run) | ExprKind::List(run) | ExprKind::Set(run) | ExprKind::Dict(run) => {
            of(run)
        }
        ExprKind::And(run) | ExprKind::Or(run) | ExprKind::Interpolated(run) => of(run),
        ExprKind::Call { callee, arguments } => {
            let arguments = module
                .arguments(arguments)
                .iter()
                .map(|argument| argument.value.index());
            std::iter::once(callee.index()).chain(arguments).collect()
        }
        ExprKind::Unary { operand, .. } => vec![operand.index()],
        ExprKind::Binary { left, right, .. } | ExprKind::Compare { left, right, .. } => {
            vec![left.index(), right.index()]
        }
        ExprKind::Conditional {
            test,
            then,
            otherwise,
        } => vec![test.index(), then.index(), otherwise.index()],
        ExprKind::Walrus { target, value } => vec![target.index(), value.index()],
        ExprKind::Comprehension(id) => {
            let comprehension = module.comprehension(id);
            let clauses = comprehension.clauses.iter();
            let clauses = clauses.flat_map(|clause| {
                [clause.target, clause.iterable]
                    .into_iter()
                    .chain(clause.conditions.clone())
            });
            let whole = std::iter::once(comprehension.element)
                .chain(comprehension.value)
                .chain(clauses);
            whole.map(|part| part.index()).collect()
        }
        _ => Vec::new(),
    }
}

/// Nesting and chains far beyond what anybody writes.
#[test]
fn depth_is_bounded() {
    const MANY: usize = 100_000;
    let chains = [
        format!("x = a{}\n", " + b".repeat(MANY)),
        format!("x = a{}\n", ".b".repeat(MANY)),
        format!("x = a{}\n", "()".repeat(MANY)),
        format!("x = a{}\n", "[0]".repeat(MANY)),
        format!("x = a{}\n", " and b".repeat(MANY)),
        format!("x = a{}\n", " < b".repeat(MANY)),
        format!("x = {}1\n", "y = ".repeat(MANY)),
        format!("x = {}\n", "'a' ".repeat(MANY)),
        format!("if a: 1\n{}", "elif b: 2\n".repeat(MANY)),
        format!("with {}a: 1\n", "a, ".repeat(MANY)),
        format!("{}def f(): 1\n", "@a\n".repeat(MANY)),
        format!("try: 1\n{}", "except A: 2\n".repeat(MANY)),
    ];
    let nests = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("f(", "1", ")"),
        ("{1: ", "1", "}"),
        ("not ", "1", ""),
        ("-", "1", ""),
        ("lambda: ", "1", ""),
        ("a if b else ", "1", ""),
        ("[x for x in ", "y", "]"),
        ("a[", "0", "]"),
        ("a.b(c or ", "d", ")"),
        ("await ", "d", ""),
        ("(a := ", "d", ")"),
        ("a ** ", "d", ""),
    ];
    for source in chains {
        let module = lower(source.as_bytes(), None);
        check(&module, source.as_bytes());
    }
    for (open, inner, close) in nests {
        let source = format!(
            "x = {}{inner}{}\ny = 1\n",
            open.repeat(5000),
            close.repeat(5000)
        );
        let module = lower(source.as_bytes(), None);
        check(&module, source.as_bytes());
        let deep = module
            .problems
            .iter()
            .any(|problem| problem.kind == ProblemKind::TooDeep);
        assert!(deep || open == "(", "{open}");
    }
}

#[test]
fn statements_nest_to_a_bound() {
    for head in [
        "if a:",
        "def f():",
        "class A:",
        "while a:",
        "for a in b:",
        "try:",
        "with a:",
    ] {
        let mut source = String::new();
        for depth in 0..DEPTH as usize + 100 {
            source.push_str(&format!("{}{head}\n", " ".repeat(depth)));
        }
        source.push_str(&format!(
            "{}pass\nafter = 1\n",
            " ".repeat(DEPTH as usize + 100)
        ));
        let module = lower(source.as_bytes(), None);
        check(&module, source.as_bytes());
        assert!(dump(&module).contains("after = 1"), "{head}");
        let deep = module
            .problems
            .iter()
            .any(|problem| problem.kind == ProblemKind::TooDeep);
        assert!(deep, "{head}");
    }
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn python_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            python_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            into.push(path);
        }
    }
}

/// What means something to the scanner.
const SIGNS: &[u8] = b"()[]{}:'\"\\\n\t#@=*\r\0\xff";

/// One of the ways in which a file gets broken.
fn mutate(source: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(source.len());
    let length = random.below(40).min(source.len() - at);
    match random.below(6) {
        0 => drop(source.drain(at..at + length)),
        1 => {
            let piece = source[at..at + length].to_vec();
            let to = random.below(source.len());
            source.splice(to..to, piece);
        }
        2 => source
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << random.below(8)),
        3 => source.insert(at, SIGNS[random.below(SIGNS.len())]),
        4 => source.truncate(at),
        _ => {
            let mut lines: Vec<&[u8]> = source.split(|&byte| byte == b'\n').collect();
            lines.remove(random.below(lines.len()));
            *source = lines.join(&b'\n');
        }
    }
}

#[test]
fn nothing_makes_it_panic() {
    let mut paths = Vec::new();
    python_files(Path::new(TESTS), &mut paths);
    python_files(&Path::new(TESTS).join("../fixtures"), &mut paths);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for path in paths {
        let source = std::fs::read(&path).expect("the file is there");
        for _ in 0..60 {
            let mut broken = source.clone();
            for _ in 0..=random.below(4) {
                if !broken.is_empty() {
                    mutate(&mut broken, &mut random);
                }
            }
            let dialect = [None, Some(Dialect::Two), Some(Dialect::Three)][random.below(3)];
            check(&lower(&broken, dialect), &broken);
        }
    }
}
