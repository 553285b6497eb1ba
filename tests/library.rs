//! The tables of `rules/library/` are written in one way, sorted, and do not contradict each other.
//!
//! `POTHOLE_BLESS=1 cargo test --test library` rewrites them.

use pothole::ir::Dialect;
use pothole::library::Library;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The order of the fields of an entry; others follow by name.
const FIELDS: [&str; 38] = [
    "names",
    "by",
    "position",
    "keyword",
    "methods",
    "runs",
    "fate",
    "parameters",
    "makes",
    "retries",
    "catches",
    "rejects_none",
    "caches",
    "effects",
    "raises",
    "raises_if",
    "returns",
    "overloads",
    "delivery",
    "wants",
    "outside",
    "empty",
    "zero",
    "lazy",
    "never_returns",
    "requires",
    "true_means",
    "false_means",
    "demands",
    "none_if_none",
    "returns_argument",
    "ttl",
    "ttl_parameters",
    "batch",
    "domain",
    "marks",
    "locks",
    "limits_time",
];
const MAPS: [&str; 4] = ["exception", "class", "alias", "attribute"];
const LISTS: [&str; 4] = ["call", "decorator", "context", "entry"];
const WIDTH: usize = 118;

fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/library");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn table(path: &Path) -> Table {
    read(path).parse().unwrap_or_default()
}

#[test]
fn tables_are_sorted_and_normalised() {
    let bless = std::env::var_os("POTHOLE_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in files("toml") {
        let normal = normalised(&read(&path));
        if normal == read(&path) {
            continue;
        }
        if bless {
            let written = fs::write(&path, normal);
            assert!(written.is_ok(), "{} could not be written", path.display());
        } else {
            wrong.push(path);
        }
    }
    assert!(
        wrong.is_empty(),
        "not in normal form (POTHOLE_BLESS=1 rewrites them): {wrong:#?}"
    );
}

fn normalised(text: &str) -> String {
    let head = text.lines().take_while(|line| line.starts_with('#'));
    let mut out: String = head.fold(String::new(), |out, line| out + line + "\n");
    let all: Table = text.parse().unwrap_or_default();
    for name in MAPS {
        write_map(&mut out, name, all.get(name));
    }
    for name in MAPS {
        let python2 = all.get("python2").and_then(|two| two.get(name));
        write_map(&mut out, &format!("python2.{name}"), python2);
    }
    for name in LISTS {
        write_list(&mut out, name, all.get(name));
    }
    out
}

fn write_map(out: &mut String, name: &str, map: Option<&Value>) {
    let map = map.and_then(Value::as_table).filter(|map| !map.is_empty());
    let Some(map) = map else { return };
    let _ = writeln!(out, "\n[{name}]");
    let sorted: BTreeMap<_, _> = map.iter().collect();
    for (key, value) in sorted {
        let _ = writeln!(out, "{} = {}", quoted(key), shown(value));
    }
}

fn write_list(out: &mut String, name: &str, list: Option<&Value>) {
    let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut entries: Vec<Table> = list
        .into_iter()
        .filter_map(|entry| entry.as_table().cloned())
        .collect();
    for entry in &mut entries {
        if let Some(names) = entry.get_mut("names").and_then(Value::as_array_mut) {
            names.sort_by_key(ToString::to_string);
        }
    }
    entries.sort_by_key(|entry| (names(entry), entry.get("by").map(ToString::to_string)));
    for entry in &entries {
        let _ = writeln!(out, "\n[[{name}]]");
        let mut keys: Vec<&String> = entry.keys().collect();
        keys.sort_by_key(|key| {
            let known = FIELDS.iter().position(|field| field == key);
            (known.unwrap_or(FIELDS.len()), key.as_str())
        });
        for key in keys {
            write_field(out, key, &entry[key]);
        }
    }
}

/// A long list goes over several lines.
fn write_field(out: &mut String, key: &str, value: &Value) {
    let line = format!("{key} = {}", shown(value));
    let items = value.as_array().filter(|_| line.len() > WIDTH);
    let Some(items) = items else {
        let _ = writeln!(out, "{line}");
        return;
    };
    let _ = writeln!(out, "{key} = [");
    for item in items {
        let _ = writeln!(out, "    {},", shown(item));
    }
    let _ = writeln!(out, "]");
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key} = {}", shown(value)))
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn names(entry: &Table) -> Vec<String> {
    let names = entry.get("names").and_then(Value::as_array);
    let texts = names.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn call_names(table: &Table) -> Vec<String> {
    let calls = table.get("call").and_then(Value::as_array);
    let calls = calls.into_iter().flatten().filter_map(Value::as_table);
    calls.flat_map(names).collect()
}

#[test]
fn nothing_is_said_twice() {
    let mut seen = BTreeMap::new();
    let mut twice = Vec::new();
    for path in files("toml") {
        let all = table(&path);
        let mut said: Vec<(&str, String)> = Vec::new();
        said.extend(call_names(&all).into_iter().map(|name| ("call", name)));
        for map in MAPS {
            let kind = if map == "attribute" { map } else { "name" };
            let keys = all.get(map).and_then(Value::as_table);
            let keys = keys.into_iter().flat_map(Table::keys);
            said.extend(keys.map(|key| (kind, key.clone())));
        }
        for one in said {
            if let Some(before) = seen.insert(one.clone(), path.clone()) {
                twice.push((one, before, path.clone()));
            }
        }
    }
    assert!(twice.is_empty(), "{twice:#?}");
}

/// `module.Class.method` makes no sense where nobody says that `module.Class` is a class.
#[test]
fn what_has_methods_is_a_class() {
    let library = Library::builtin();
    let mut wrong = BTreeSet::new();
    for path in files("toml") {
        for name in call_names(&table(&path)) {
            let Some((owner, _)) = name.rsplit_once('.') else {
                continue;
            };
            let last = owner.rsplit('.').next().unwrap_or_default();
            let is_class = library.class(owner, Dialect::Three).is_some();
            let is_package = !owner.contains('.')
                || library
                    .class(&format!("{owner}.Error"), Dialect::Three)
                    .is_some();
            if last.starts_with(char::is_uppercase) && !is_class && !is_package {
                wrong.insert(owner.to_owned());
            }
        }
    }
    for module in ["PIL.Image", "PIL.ImageFont", "xml.etree.ElementTree"] {
        wrong.remove(module);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_stub_table_is_sorted() {
    for path in files("tsv") {
        let text = read(&path);
        let (mut owner, mut before) = ("", "");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let name = columns.next().unwrap_or_default();
            if matches!(columns.next(), Some("class" | "module")) {
                assert!(owner < name, "{owner} stands before {name}");
                (owner, before) = (name, "");
            } else {
                assert!(before < name, "{owner}: {before} stands before {name}");
                before = name;
            }
        }
    }
}
