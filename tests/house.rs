//! The rules of the house: layers, rooms, and nothing written down twice.

use pothole::page::{Page, examples, placeholders};
use pothole::rules;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below a folder of the project, with their texts.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    walkdir::WalkDir::new(root().join(folder))
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some((path.strip_prefix(root()).ok()?.to_owned(), text))
        })
        .collect()
}

/// The modules of `lib.rs` in order.
fn layers() -> Result<Vec<String>, std::io::Error> {
    let text = fs::read_to_string(root().join("src/lib.rs"))?;
    let names = text.lines().filter_map(|line| {
        let name = line
            .strip_prefix("pub mod ")
            .or(line.strip_prefix("mod "))?;
        name.strip_suffix(';').map(str::to_owned)
    });
    Ok(names.collect())
}

/// The module of `lib.rs` that a file belongs to.
fn module_of(path: &Path) -> Option<String> {
    let name = path.strip_prefix("src").ok()?.components().next()?;
    let name = name.as_os_str().to_str()?;
    Some(name.strip_suffix(".rs").unwrap_or(name).to_owned())
}

/// The modules that a text names behind `crate::`, in `use crate::{…}` too.
fn named_modules(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for piece in text.split("crate::").skip(1) {
        let grouped = piece
            .strip_prefix('{')
            .and_then(|group| group.split_once("};"));
        match grouped {
            Some((group, _)) => named.extend(heads(group)),
            None => named.extend(word(piece)),
        }
    }
    named
}

/// The first word of each item of a group, at its outermost level.
fn heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut items = vec![String::new()];
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            other => items
                .last_mut()
                .into_iter()
                .for_each(|item| item.push(other)),
        }
    }
    items.iter().filter_map(|item| word(item.trim())).collect()
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let word = &text[..end.unwrap_or(text.len())];
    (!word.is_empty()).then(|| word.to_owned())
}

#[test]
fn a_module_uses_only_those_before_it() -> Outcome {
    let layers = layers()?;
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let position = |name: &str| layers.iter().position(|layer| layer == name);
        let Some(own) = module_of(&path).and_then(|module| position(&module)) else {
            continue;
        };
        for name in named_modules(&text) {
            if position(&name).is_some_and(|other| other > own) {
                wrong.push(format!("{} uses {name}, which comes later", path.display()));
            }
        }
    }
    assert!(layers.len() > 10, "lib.rs was not understood");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Files below `src` outside of some rooms that name something.
fn strays(needles: &[&str], rooms: &[&str]) -> Vec<String> {
    let mut strays = Vec::new();
    for (path, text) in rust_files("src") {
        if rooms.iter().any(|room| path.starts_with(room)) {
            continue;
        }
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            if let Some(needle) = needles.iter().find(|needle| line.contains(*needle)) {
                strays.push(format!("{} names {needle}", path.display()));
            }
        }
    }
    strays
}

#[test]
fn only_the_syntax_names_the_parser() {
    let strays = strays(&["tree_sitter"], &["src/syntax"]);
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn only_the_host_touches_the_outside_world() {
    let outside = [
        "std::fs",
        "std::env",
        "std::process",
        "std::net",
        "std::time",
        "tokio",
        "octocrab",
    ];
    let strays = strays(&outside, &["src/host", "src/main.rs"]);
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn only_the_command_line_is_vague_about_errors() {
    let strays = strays(&["anyhow"], &["src/cli", "src/cli.rs", "src/main.rs"]);
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let mut silent = Vec::new();
    for folder in ["src", "tests", "examples", "benches", "build.rs"] {
        let files = rust_files(folder);
        let without = files.iter().filter(|(_, text)| !text.starts_with("//! "));
        silent.extend(without.map(|(path, _)| path.display().to_string()));
    }
    assert!(
        silent.is_empty(),
        "no `//!` sentence: {}",
        silent.join(", ")
    );
}

#[test]
fn rules_and_pages_are_the_same_set() -> Outcome {
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(root().join("rules"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "md") {
            pages.insert(
                path.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    let rules: BTreeSet<String> = rules::ALL.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(rules.len(), rules::ALL.len(), "two rules share a name");
    assert_eq!(pages, rules);
    for rule in rules::ALL {
        let name = rule.name.replace('-', "_");
        let file = root().join(format!("src/rules/{}/{name}.rs", rule.family.name()));
        assert!(file.exists(), "{} is missing", file.display());
    }
    Ok(())
}

/// What a page lacks.
fn lacking(page: &Page, name: &str) -> Vec<String> {
    let mut lacking = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            lacking.push(format!("rules/{name}.md: {what}"));
        }
    };
    demand(page.summary.en.len() > 10, "no summary.en");
    demand(page.summary.zh.len() > 10, "no summary.zh");
    let title = page.english.starts_with(&format!("# {name}\n"));
    demand(title, "the text does not open with the rule's name");
    demand(page.chinese.len() > 50, "nothing behind ## 中文");
    demand(!page.messages.is_empty(), "no messages");
    for (key, words) in &page.messages {
        let names = |text| placeholders(text).into_iter().collect::<BTreeSet<_>>();
        let same = names(&words.en) == names(&words.zh);
        demand(
            same,
            &format!("the two texts of [message.{key}] name different things"),
        );
        demand(
            !words.zh.is_ascii(),
            &format!("[message.{key}] is not in Chinese"),
        );
        demand(!words.en.is_empty(), &format!("[message.{key}] is empty"));
    }
    let mut examples = examples(page.english).into_iter();
    let (reported, silent): (Vec<_>, Vec<_>) = examples
        .by_ref()
        .partition(|example| example.code.contains("expect: "));
    demand(!reported.is_empty(), "no example with `# expect: …`");
    demand(!silent.is_empty(), "no example without a finding");
    lacking
}

#[test]
fn every_page_is_complete_in_both_languages() {
    let lacking: Vec<String> = rules::ALL
        .iter()
        .flat_map(|rule| match Page::parse(rule.page) {
            Ok(page) => lacking(&page, rule.name),
            Err(error) => vec![format!("rules/{}.md: {error}", rule.name)],
        })
        .collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn every_message_is_used() {
    let sources: String = rust_files("src")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    for rule in rules::ALL {
        for key in Page::parse(rule.page).unwrap_or_default().messages.keys() {
            assert!(
                sources.contains(&format!("\"{key}\"")),
                "{}: nothing says [message.{key}]",
                rule.name
            );
        }
    }
}

#[test]
fn dependencies_are_sorted() -> Outcome {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    for table in manifest
        .split("\n[")
        .filter(|table| table.contains("dependencies]\n"))
    {
        let names: Vec<&str> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, _)| name)
            .collect();
        assert!(names.is_sorted(), "not sorted: {names:?}");
    }
    Ok(())
}

#[test]
fn the_manual_shows_the_tables_that_are_tested() -> Outcome {
    let page = fs::read_to_string(root().join("docs/framework.md"))?;
    let tables = fs::read_to_string(root().join("fixtures/team-library/fixture.toml"))?;
    assert!(
        page.contains(&tables),
        "the tables of docs/framework.md are others than the fixture's"
    );
    Ok(())
}

#[test]
fn both_readmes_name_every_rule() -> Outcome {
    for name in ["README.md", "README.zh-CN.md"] {
        let readme = fs::read_to_string(root().join(name))?;
        for rule in rules::ALL {
            let named = readme.contains(&format!("`{}`", rule.name));
            assert!(named, "{name} does not name {}", rule.name);
        }
    }
    Ok(())
}
