//! A project that is edited and analyzed again and again says the same as one that is analyzed for the first time.

use pothole::analyze::{Previous, Report, Source, Unattended, analyze, analyze_again};
use pothole::config::Configuration;
use pothole::finding::Confidence;
use pothole::lower::lower;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A number after the other, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }
}

/// A file of a project that is being edited.
struct Edited {
    path: String,
    text: String,
    source: Source,
}

impl Edited {
    fn new(path: String, text: String) -> Self {
        let source = source(&path, &text);
        Self { path, text, source }
    }

    fn set(&mut self, text: String) {
        self.source = source(&self.path, &text);
        self.text = text;
    }
}

fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        module: Arc::new(lower(text.as_bytes(), None)),
        reported: true,
        configuration: 0,
    }
}

fn everything() -> Configuration {
    Configuration {
        pedantic: true,
        min_confidence: Confidence::Low,
        ..Configuration::default()
    }
}

/// The programs that other tests look at, as one project.
fn project() -> Outcome<Vec<Edited>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry?;
        let path = entry
            .path()
            .strip_prefix(&root)?
            .to_string_lossy()
            .replace('\\', "/");
        if path.ends_with(".py")
            && !path.starts_with("wild/")
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(Edited::new(path, text));
        }
    }
    Ok(files)
}

/// A text that somebody is at work on: what is typed is not always Python.
fn edit(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.below(lines.len());
    let other = dice.below(lines.len());
    let indent = |line: &str| " ".repeat(line.len() - line.trim_start().len());
    match dice.below(8) {
        0 => lines.insert(at, "# a comment".to_owned()),
        1 if at < lines.len() => drop(lines.remove(at)),
        2 if at < lines.len() => {
            let line = lines[other].clone();
            lines.insert(at, indent(&lines[at]) + line.trim_start());
        }
        3 => lines.push("\n\ndef added(value=None):\n    return value.size".to_owned()),
        4 => lines.push("ADDED = None".to_owned()),
        5 if at < lines.len() => {
            let swaps = [
                ("None", "0"),
                ("return", "yield"),
                ("if ", "while "),
                ("=", "=="),
                ("self", "other"),
            ];
            if let Some((from, to)) = dice.pick(&swaps) {
                lines[at] = lines[at].replacen(from, to, 1);
            }
        }
        6 if at < lines.len() => {
            let line = indent(&lines[at]) + "fresh_name = None";
            lines.insert(at, line);
        }
        _ => {
            let line = lines.get(at).map_or_else(String::new, |line| indent(line));
            lines.insert(at, line + "raise ValueError(fresh_name)");
        }
    }
    lines.join("\n") + "\n"
}

fn assert_same(again: &Report, cold: &Report, after: &str) {
    for (one, other) in again.findings.iter().zip(&cold.findings) {
        assert_eq!(one, other, "after {after}");
    }
    assert_eq!(again.findings.len(), cold.findings.len(), "after {after}");
    assert_eq!(again.notes, cold.notes, "after {after}");
    assert_eq!(again.counts, cold.counts, "after {after}");
}

fn analyzed(files: &[Edited], previous: &mut Option<Previous>) -> Outcome<(Report, Report)> {
    let sources: Vec<Source> = files.iter().map(|file| file.source.clone()).collect();
    let configurations = [everything()];
    let again = analyze_again(&sources, &configurations, previous, &Unattended)?;
    Ok((again, analyze(&sources, &configurations, &Unattended)?))
}

#[test]
fn whatever_is_edited_the_report_is_that_of_a_first_run() -> Outcome {
    let mut files = project()?;
    let mut previous = None;
    let mut dice = Dice(20_261_123);
    let (again, cold) = analyzed(&files, &mut previous)?;
    assert_same(&again, &cold, "nothing");
    assert!(!cold.findings.is_empty());
    let mut reused = 0;
    for round in 0..60 {
        let at = dice.below(files.len());
        let before = files[at].text.clone();
        for _ in 0..=dice.below(2) {
            let text = edit(&files[at].text, &mut dice);
            files[at].set(text);
        }
        let (again, cold) = analyzed(&files, &mut previous)?;
        let after = format!("edit {round} of {}:\n{}", files[at].path, files[at].text);
        assert_same(&again, &cold, &after);
        reused += previous.as_ref().map_or(0, Previous::reused);
        if dice.below(3) > 0 {
            files[at].set(before);
        }
    }
    assert!(reused > 0, "nothing was ever reused");
    Ok(())
}

#[test]
fn what_an_edit_does_not_concern_is_not_done_again() -> Outcome {
    let mut files = project()?;
    let mut previous = None;
    analyzed(&files, &mut previous)?;
    let functions: usize = files
        .iter()
        .map(|file| file.source.module.functions.len())
        .sum();
    let (again, _) = analyzed(&files, &mut previous)?;
    assert_eq!(previous.as_ref().map(Previous::reused), Some(functions));
    assert!(!again.findings.is_empty());
    let text = files[0].text.clone() + "\nADDED_AT_THE_END = 1\n";
    let own = files[0].source.module.functions.len();
    files[0].set(text);
    analyzed(&files, &mut previous)?;
    let reused = previous.as_ref().map_or(0, Previous::reused);
    assert!(
        reused < functions && reused + own >= functions * 9 / 10,
        "{reused} of {functions}"
    );
    Ok(())
}
