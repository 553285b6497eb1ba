//! What nobody would write: endless nesting, huge functions, and files that were cut, shuffled and soiled.

use pothole::analyze::{NoteKind, Report, Source, Unattended, analyze};
use pothole::config::Configuration;
use pothole::finding::{Confidence, Finding};
use pothole::ir::{Module, ProblemKind};
use pothole::lower::lower;
use pothole::{fix, suppress};
use std::error::Error;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Arc;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Behind everything hostile stands this: its finding must not be lost.
const SOUND: &str = "\n\ndef keep(item, into=[]):\n    into.append(item)\n    return into\n";

/// The stack that the command line gives its threads: `pothole::lower::DEPTH` levels have room in it.
const STACK: usize = 16 * 1024 * 1024;

/// Runs with the stack that the program itself uses.
fn on_a_deep_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Outcome<T> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .stack_size(STACK)
        .build()?;
    Ok(threads.install(run))
}

fn everything() -> Configuration {
    Configuration {
        pedantic: true,
        min_confidence: Confidence::Low,
        ..Configuration::default()
    }
}

fn source(path: &str, text: &[u8]) -> Source {
    Source {
        path: path.to_owned(),
        module: Arc::new(lower(text, None)),
        reported: true,
        configuration: 0,
    }
}

/// A file alone, with every rule at its loudest.
fn report(text: &str) -> Outcome<(Arc<Module>, Report)> {
    on_a_deep_stack(|| {
        let sources = [source("a.py", text.as_bytes())];
        let report = analyze(&sources, &[everything()], &Unattended);
        report.map(|report| (Arc::clone(&sources[0].module), report))
    })?
    .map_err(Into::into)
}

fn has_sound_finding(report: &Report) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| finding.rule == "mutable-default")
}

#[test]
fn nesting_without_end_is_given_up_and_the_rest_goes_on() -> Outcome {
    const MANY: usize = 100_000;
    let around =
        |open: &str, close: &str| format!("x = {}1{}", open.repeat(MANY), close.repeat(MANY));
    let shapes = [
        ("brackets", around("[", "]")),
        ("calls in calls", around("f(", ")")),
        ("attributes", format!("x = a{}", ".b".repeat(MANY))),
        ("calls of calls", format!("x = f{}", "()".repeat(MANY))),
        ("operators", format!("x = a{}", " + a".repeat(MANY))),
        ("signs", format!("x = {}a", "-".repeat(MANY))),
        ("lambdas", format!("x = {}a", "lambda: ".repeat(MANY))),
    ];
    for (name, text) in shapes {
        let (module, report) = report(&(text + SOUND))?;
        let is_deep = |kind| kind == ProblemKind::TooDeep;
        assert!(
            module.problems.iter().any(|problem| is_deep(problem.kind)),
            "{name}"
        );
        assert!(has_sound_finding(&report), "{name}");
    }
    Ok(())
}

#[test]
fn chains_without_end_are_read() -> Outcome {
    let branches: String = (0..20_000)
        .map(|number| format!("elif x == {number}:\n    y = {number}\n"))
        .collect();
    let shapes = [
        ("conditions", format!("x = a{}", " and a".repeat(10_000))),
        ("comparisons", format!("x = a{}", " < a".repeat(10_000))),
        ("elif", format!("if x:\n    y = 0\n{branches}")),
    ];
    for (name, text) in shapes {
        let (module, report) = report(&(text + SOUND))?;
        assert!(module.problems.is_empty(), "{name}");
        assert!(has_sound_finding(&report), "{name}");
    }
    Ok(())
}

#[test]
fn blocks_in_blocks_without_end_lose_only_themselves() -> Outcome {
    let blocks: String = (0..2_000)
        .map(|level| format!("{}if x:\n", " ".repeat(level)))
        .collect();
    let (module, report) = report(&format!("{blocks}{}y = 1\n{SOUND}", " ".repeat(2_000)))?;
    assert!(!module.problems.is_empty());
    assert!(has_sound_finding(&report));
    Ok(())
}

#[test]
fn a_function_that_is_too_large_is_named() -> Outcome {
    let branches: String = (0..3_000)
        .map(|number| format!("    if x == {number}:\n        y = None\n"))
        .collect();
    let (_, huge) = report(&format!(
        "def huge(x, y):\n{branches}    return y.z\n{SOUND}"
    ))?;
    let notes: Vec<String> = huge
        .notes
        .iter()
        .map(|note| format!("{:?}", note.kind))
        .collect();
    assert_eq!(notes, ["TooLarge(\"huge\")"]);
    assert!(has_sound_finding(&huge));
    let bindings: String = (0..8_000)
        .map(|number| format!("    self.x{number} = None\n"))
        .collect();
    let (_, long) = report(&format!("def long(self):\n{bindings}{SOUND}"))?;
    assert!(matches!(&long.notes[..], [note] if matches!(note.kind, NoteKind::TooLarge(_))));
    assert!(has_sound_finding(&long));
    Ok(())
}

#[test]
fn ways_without_end_are_not_all_tried() -> Outcome {
    let branches: String = (0..300)
        .map(|number| format!("    if x == {number}:\n        y{number} = None\n    else:\n        y{number} = x\n"))
        .collect();
    let uses: String = (0..300)
        .map(|number| format!("    y{number}.z()\n"))
        .collect();
    let (_, report) = report(&format!("def f(x):\n{branches}{uses}{SOUND}"))?;
    assert!(has_sound_finding(&report));
    Ok(())
}

#[test]
fn circles_end() -> Outcome {
    let pieces = [
        (
            "a.py",
            "from b import *\nfrom a import *\nclass A(B): pass\nclass C(C): pass\ndef f(x=None): return g(x)\n",
        ),
        (
            "b.py",
            "from c import *\nclass B(A): pass\ndef g(x): return h(x)\n",
        ),
        (
            "c.py",
            "from a import *\nfrom b import *\nimport c\nclass D(A, B): pass\ndef h(x): return f(x).y\nD().m().n\nf(None)\n",
        ),
    ];
    let sound = source("d.py", SOUND.as_bytes());
    let report = on_a_deep_stack(|| {
        let mut sources: Vec<Source> = pieces
            .iter()
            .map(|(path, text)| source(path, text.as_bytes()))
            .collect();
        sources.push(sound);
        analyze(&sources, &[everything()], &Unattended)
    })??;
    assert!(has_sound_finding(&report));
    Ok(())
}

/// A small generator of numbers that look random: the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides.max(1)
    }
}

/// What is thrown into files.
const DIRT: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\n",
    "\\\n",
    "\r",
    "\t",
    "\u{c}",
    "\"\"\"",
    "'",
    "f'{",
    "#",
    "@",
    "=",
    ":=",
    "*",
    "**",
    " if ",
    " else ",
    " for x in ",
    "lambda: ",
    "await ",
    "yield ",
    "async ",
    "def f(",
    "class ",
    "try:\n",
    "finally:\n",
    "except:\n",
    "with x as y, ",
    "match x:\n case _: ",
    "return\n",
    "raise\n",
    "break\n",
    "global x\n",
    "nonlocal x\n",
    "import *\n",
    "from . import x\n",
    "print x\n",
    "exec x\n",
    "`x`",
    "None",
    "0",
    "del ",
    "while 1:\n",
    "\0",
    "\u{feff}",
    "é",
    "日",
];

/// A file after an accident.
fn mutilated(text: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(text.len() + 1);
        let end = (at + dice.roll(80)).min(text.len());
        match dice.roll(8) {
            0 => drop(text.drain(at..end)),
            1 => text.truncate(at),
            2 => {
                let again = text[at..end].to_vec();
                text.splice(at..at, again);
            }
            3 => {
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(200)).min(other.len());
                text.splice(at..end, other[from..to].iter().copied());
            }
            4 => {
                let mut lines: Vec<Vec<u8>> = text
                    .split_inclusive(|&byte| byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                if !lines.is_empty() {
                    let (one, two) = (dice.roll(lines.len()), dice.roll(lines.len()));
                    lines.swap(one, two);
                }
                text = lines.concat();
            }
            5 if at < text.len() => text[at] = dice.roll(256) as u8,
            6 => text
                .splice(at..at, std::iter::repeat_n(b' ', dice.roll(9)))
                .for_each(drop),
            _ => text
                .splice(at..at, DIRT[dice.roll(DIRT.len())].bytes())
                .for_each(drop),
        }
    }
    text
}

/// The code of every page and every fixture.
fn files() -> Outcome<Vec<Vec<u8>>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["rules", "fixtures", "tests/snapshots"] {
        for entry in walkdir::WalkDir::new(home.join(folder)).sort_by_file_name() {
            let path = entry?.into_path();
            let kind = path.extension().and_then(|extension| extension.to_str());
            match kind {
                Some("py") => files.push(fs::read(path)?),
                Some("md") => {
                    let page = fs::read_to_string(path)?;
                    let blocks = page.split("```").skip(1).step_by(2);
                    let code = blocks.filter_map(|block| block.split_once('\n'));
                    files.push(code.map(|(_, code)| code).collect::<String>().into_bytes());
                }
                _ => {}
            }
        }
    }
    Ok(files)
}

/// Everything that is done with a finding of a file, and what must hold of it.
fn examine(finding: &Finding, module: &Module, text: &[u8]) {
    let end = text.len() as u32;
    assert!(
        finding.location.span.start <= finding.location.span.end
            && finding.location.span.end <= end
    );
    assert!(finding.statement <= end);
    if let Some(fix) = fix::of(finding, module, text) {
        let mut before = 0;
        for edit in &fix.edits {
            assert!(
                before <= edit.span.start && edit.span.end <= end,
                "{}: edits overlap",
                finding.rule
            );
            before = edit.span.end;
        }
    }
}

#[test]
fn files_after_an_accident_do_not_stop_anything() -> Outcome {
    /// Enough to meet each kind of accident, in a second or two.
    const ACCIDENTS: u64 = 60;
    let files = files()?;
    assert!(files.len() > 50);
    let failed = on_a_deep_stack(|| {
        (1..=ACCIDENTS)
            .filter(|&seed| {
                let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let (one, other) = (dice.roll(files.len()), dice.roll(files.len()));
                let texts =
                    [one, other].map(|file| mutilated(&files[file], &files[other], &mut dice));
                catch_unwind(|| accident(&texts)).is_err()
            })
            .collect::<Vec<u64>>()
    })?;
    assert!(failed.is_empty(), "seeds that fail: {failed:?}");
    Ok(())
}

fn accident(texts: &[Vec<u8>; 2]) {
    let sources = [source("a.py", &texts[0]), source("b.py", &texts[1])];
    let report = analyze(&sources, &[everything()], &Unattended).unwrap_or_default();
    for finding in &report.findings {
        let file = finding.location.file.0 as usize;
        examine(finding, &sources[file].module, &texts[file]);
    }
    if let Some(finding) = report.findings.first() {
        let file = finding.location.file.0 as usize;
        let offsets = [finding.location.span.start, finding.statement];
        if let Some(edit) = suppress::on_line(&texts[file], offsets, finding.rule) {
            assert!(edit.span.end as usize <= texts[file].len());
        }
    }
}
