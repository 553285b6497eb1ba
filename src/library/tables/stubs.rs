//! Reads `typeshed.tsv`: the types of the standard library, one name a line.
//!
//! Its format is described in `scripts/reduce_typeshed.py`. A name that starts with a dot belongs to the last class or
//! module.

use super::compiler::{LibraryError, Result, error};
use super::schema::{Attribute, Call, Delivery, Overload, Parents, Tables};

/// The tables that the lines of `text` amount to.
pub fn read(text: &str) -> std::result::Result<Tables, LibraryError> {
    let mut tables = Tables::default();
    let mut owner = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, kind, rest @ ..] = columns.as_slice() else {
            return Err(error(line, "a name and a kind are missing".to_owned()));
        };
        let full = match name.starts_with('.') {
            true => format!("{owner}{name}"),
            false => (*name).to_owned(),
        };
        if matches!(*kind, "class" | "module") {
            owner = name;
        }
        add(&mut tables, &full, kind, rest)?;
    }
    Ok(tables)
}

fn add(tables: &mut Tables, name: &str, kind: &str, rest: &[&str]) -> Result<()> {
    let first = rest.first().copied().unwrap_or_default();
    match kind {
        "module" => {}
        "class" => {
            let parents = first.split(", ").filter(|parent| !parent.is_empty());
            let parents = Parents::Many(parents.map(str::to_owned).collect());
            tables.class.insert(name.to_owned(), parents);
        }
        "value" => {
            let attribute = Attribute::Type(first.to_owned());
            tables.attribute.insert(name.to_owned(), attribute);
        }
        "alias" => {
            tables.alias.insert(name.to_owned(), first.to_owned());
        }
        "def" | "async" => {
            let overloads = rest.iter().skip(1).map(|text| overload(name, text));
            tables.call.push(Call {
                names: vec![name.to_owned()],
                returns: Some(first.to_owned()),
                overloads: overloads.collect::<Result<_>>()?,
                delivery: (kind == "async").then_some(Delivery::Awaited),
                never_returns: first == "Never",
                ..Call::default()
            });
        }
        _ => return Err(error(name, format!("`{kind}` is no kind of name"))),
    }
    Ok(())
}

/// `2 default: Any`: from two positional arguments on, or with the keyword `default`.
fn overload(name: &str, text: &str) -> Result<Overload> {
    let found = text.split_once(": ");
    let (when, returns) = found.ok_or_else(|| error(name, format!("`{text}` has no colon")))?;
    let (numbers, keywords): (Vec<_>, Vec<_>) = when
        .split(' ')
        .partition(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let positional = numbers.first().and_then(|number| number.parse().ok());
    Ok(Overload {
        positional,
        keywords: keywords.into_iter().map(str::to_owned).collect(),
        returns: returns.to_owned(),
    })
}
