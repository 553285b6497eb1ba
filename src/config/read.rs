//! The text of a configuration file into a [`Configuration`], or an error that names the line.

use super::{Configuration, Language, Override, RuleSettings, confidence, dialect, severity};
use crate::library::{Library, schema::Tables};
use crate::nearest::nearest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ConfigurationError {
    /// The 1-based line.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// What is wrong, and where in the text.
struct Fault {
    span: Range<usize>,
    reason: String,
}

type Value<'i> = Spanned<DeValue<'i>>;

/// Reads a `pothole.toml`. `rules` are the names that may stand in `select` and `ignore`.
///
/// # Errors
/// If it is no TOML, or holds a key, a value or a rule's name that is not known.
pub fn parse(text: &str, rules: &[&str]) -> Result<Configuration, ConfigurationError> {
    let table = document(text)?;
    read(table.get_ref(), rules).map_err(|fault| fault.in_text(text))
}

/// Reads `[tool.pothole]` of a `pyproject.toml`, if it is there. `rules` as for [`parse`].
///
/// # Errors
/// If it is no TOML, or the table holds a key, a value or a rule's name that is not known.
pub fn parse_pyproject(
    text: &str,
    rules: &[&str],
) -> Result<Option<Configuration>, ConfigurationError> {
    let table = document(text)?;
    let section = table
        .get_ref()
        .get("tool")
        .and_then(|tool| tool.get_ref().get("pothole"));
    let Some(section) = section else {
        return Ok(None);
    };
    table_of(section)
        .and_then(|section| read(section, rules))
        .map(Some)
        .map_err(|fault| fault.in_text(text))
}

fn document(text: &str) -> Result<Spanned<DeTable<'_>>, ConfigurationError> {
    DeTable::parse(text).map_err(|error| {
        let fault = Fault {
            span: error.span().unwrap_or_default(),
            reason: error.message().to_owned(),
        };
        fault.in_text(text)
    })
}

impl Fault {
    fn at(value: &Value<'_>, reason: impl Into<String>) -> Self {
        Self {
            span: value.span(),
            reason: reason.into(),
        }
    }

    fn in_text(self, text: &str) -> ConfigurationError {
        let before = text.get(..self.span.start).unwrap_or(text);
        ConfigurationError {
            line: before.matches('\n').count() + 1,
            reason: self.reason,
        }
    }
}

const KEYS: &[&str] = &[
    "entry-points",
    "exclude",
    "ignore",
    "lang",
    "library",
    "min-confidence",
    "override",
    "pedantic",
    "python",
    "rules",
    "select",
];

const RULE_KEYS: &[&str] = &["min-confidence", "severity"];

const OVERRIDE_KEYS: &[&str] = &[
    "ignore",
    "min-confidence",
    "paths",
    "pedantic",
    "python",
    "select",
];

fn read(table: &DeTable<'_>, rules: &[&str]) -> Result<Configuration, Fault> {
    let mut configuration = Configuration::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "select" => configuration.select = rule_names(value, rules)?,
            "ignore" => configuration.ignore = rule_names(value, rules)?,
            "pedantic" => configuration.pedantic = boolean(value)?,
            "min-confidence" => configuration.min_confidence = word(value, confidence)?,
            "python" => configuration.python = Some(word(value, dialect)?),
            "lang" => configuration.language = Some(word(value, str::parse::<Language>)?),
            "exclude" => configuration.exclude = strings(value)?,
            "entry-points" => configuration.entry_points = strings(value)?,
            "library" => configuration.library = library(value)?,
            "rules" => configuration.rules = rule_settings(value, rules)?,
            "override" => configuration.overrides = overrides(value, rules)?,
            unknown => return Err(unknown_key(key.span(), unknown, KEYS)),
        }
    }
    Ok(configuration)
}

fn rule_settings(
    value: &Value<'_>,
    rules: &[&str],
) -> Result<BTreeMap<String, RuleSettings>, Fault> {
    let mut read = BTreeMap::new();
    for (name, value) in table_of(value)? {
        let text = name.get_ref().as_ref();
        if !rules.contains(&text) {
            return Err(Fault {
                span: name.span(),
                reason: unknown_rule(text, rules),
            });
        }
        read.insert(text.to_owned(), one_rule(value)?);
    }
    Ok(read)
}

fn one_rule(value: &Value<'_>) -> Result<RuleSettings, Fault> {
    let mut read = RuleSettings::default();
    for (key, value) in table_of(value)? {
        match key.get_ref().as_ref() {
            "severity" => read.severity = Some(word(value, severity)?),
            "min-confidence" => read.min_confidence = Some(word(value, confidence)?),
            unknown => return Err(unknown_key(key.span(), unknown, RULE_KEYS)),
        }
    }
    Ok(read)
}

fn overrides(value: &Value<'_>, rules: &[&str]) -> Result<Vec<Override>, Fault> {
    let tables = value
        .get_ref()
        .as_array()
        .ok_or_else(|| Fault::at(value, "`override` is a list of tables: [[override]]"))?;
    tables
        .iter()
        .map(|table| read_override(table, rules))
        .collect()
}

fn read_override(value: &Value<'_>, rules: &[&str]) -> Result<Override, Fault> {
    let mut read = Override::default();
    for (key, value) in table_of(value)? {
        match key.get_ref().as_ref() {
            "paths" => read.paths = strings(value)?,
            "select" => read.select = Some(rule_names(value, rules)?),
            "ignore" => read.ignore = rule_names(value, rules)?,
            "pedantic" => read.pedantic = Some(boolean(value)?),
            "min-confidence" => read.min_confidence = Some(word(value, confidence)?),
            "python" => read.python = Some(word(value, dialect)?),
            unknown => return Err(unknown_key(key.span(), unknown, OVERRIDE_KEYS)),
        }
    }
    if read.paths.is_empty() {
        return Err(Fault::at(
            value,
            "an override needs `paths`: the files it is for",
        ));
    }
    Ok(read)
}

fn unknown_key(span: Range<usize>, key: &str, known: &[&str]) -> Fault {
    let hint = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known keys: {}", known.join(", ")),
    };
    Fault {
        span,
        reason: format!("unknown key `{key}`; {hint}"),
    }
}

fn rule_names(value: &Value<'_>, rules: &[&str]) -> Result<Vec<String>, Fault> {
    let names = strings(value)?;
    match names.iter().find(|name| !rules.contains(&name.as_str())) {
        Some(unknown) => Err(Fault::at(value, unknown_rule(unknown, rules))),
        None => Ok(names),
    }
}

/// What to say of a name that is neither a rule's nor a family's.
pub fn unknown_rule(name: &str, rules: &[&str]) -> String {
    match nearest(name, rules.iter().copied()) {
        Some(near) => format!("unknown rule `{name}`; did you mean `{near}`?"),
        None => format!("unknown rule `{name}`; `pothole rules` lists them"),
    }
}

fn strings(value: &Value<'_>) -> Result<Vec<String>, Fault> {
    let fault = || Fault::at(value, "expected a list of strings");
    let items = value.get_ref().as_array().ok_or_else(fault)?;
    items
        .iter()
        .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(fault))
        .collect()
}

fn boolean(value: &Value<'_>) -> Result<bool, Fault> {
    value
        .get_ref()
        .as_bool()
        .ok_or_else(|| Fault::at(value, "expected true or false"))
}

fn word<T>(value: &Value<'_>, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Fault> {
    let text = value
        .get_ref()
        .as_str()
        .ok_or_else(|| Fault::at(value, "expected a string"))?;
    read(text).map_err(|reason| Fault::at(value, reason))
}

fn table_of<'a, 'i>(value: &'a Value<'i>) -> Result<&'a DeTable<'i>, Fault> {
    value
        .get_ref()
        .as_table()
        .ok_or_else(|| Fault::at(value, "expected a table"))
}

/// A team's own tables: they must fit what the library knows, or no analysis could use them.
fn library(value: &Value<'_>) -> Result<Tables, Fault> {
    let read = Tables::deserialize(toml::de::ValueDeserializer::from(value.clone()));
    let tables = read.map_err(|error| Fault::at(value, error.message()))?;
    match Library::builtin().with(tables.clone()) {
        Ok(_) => Ok(tables),
        Err(error) => Err(Fault::at(value, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Confidence;
    use crate::ir::Dialect;

    const RULES: &[&str] = &["none", "type-change"];

    fn reason(text: &str) -> (usize, String) {
        match parse(text, RULES) {
            Ok(_) => (0, String::new()),
            Err(error) => (error.line, error.reason),
        }
    }

    #[test]
    fn every_key_is_read() {
        let text = r#"
select = ["none"]
ignore = ["type-change"]
pedantic = true
min-confidence = "low"
python = "2.7"
lang = "zh"
exclude = ["vendor/"]
entry-points = ["app.main"]
[[override]]
paths = ["tests/**"]
pedantic = false
[library.exception]
"app.Error" = "OSError"
"#;
        let read = parse(text, RULES).unwrap_or_default();
        assert_eq!(read.select, ["none"]);
        assert_eq!(read.ignore, ["type-change"]);
        assert!(read.pedantic);
        assert_eq!(read.min_confidence, Confidence::Low);
        assert_eq!(read.python, Some(Dialect::Two));
        assert_eq!(read.language, Some(Language::Chinese));
        assert_eq!(read.exclude, ["vendor/"]);
        assert_eq!(read.entry_points, ["app.main"]);
        assert_eq!(read.overrides[0].pedantic, Some(false));
        assert!(read.library.exception.contains_key("app.Error"));
    }

    #[test]
    fn a_rule_goes_before_its_family() {
        let text = "[rules.none]\nseverity = \"error\"\nmin-confidence = \"low\"\n\
            [rules.type-change]\nmin-confidence = \"high\"\n";
        let read = parse(text, RULES).unwrap_or_default();
        let settings = read.rule("type-change", "none");
        assert_eq!(settings.severity, Some(crate::finding::Severity::Error));
        assert_eq!(settings.min_confidence, Some(Confidence::High));
        assert_eq!(
            reason("[rules.non]\n").1,
            "unknown rule `non`; did you mean `none`?"
        );
        assert_eq!(reason("[rules.none]\nseverty = \"error\"").0, 2);
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_the_line() {
        let (line, reason) = reason("pedantic = true\nselct = []\n");
        assert_eq!(line, 2);
        assert_eq!(reason, "unknown key `selct`; did you mean `select`?");
    }

    #[test]
    fn an_unknown_rule_names_the_nearest() {
        let (line, reason) = reason("select = [\"type-chang\"]");
        assert_eq!(line, 1);
        assert_eq!(
            reason,
            "unknown rule `type-chang`; did you mean `type-change`?"
        );
    }

    #[test]
    fn wrong_values_and_broken_files_name_the_line() {
        assert_eq!(reason("\npedantic = 1").0, 2);
        assert_eq!(reason("python = \"4\"").0, 1);
        assert_eq!(reason("a = 1\nb = = 2").0, 2);
        assert_eq!(reason("[[override]]\npedantic = true").0, 1);
    }

    #[test]
    fn a_table_that_does_not_fit_is_an_error() {
        let (line, unknown) = reason("[library.exception]\n\"app.Error\" = \"app.Base\"\n");
        assert_eq!(line, 1);
        assert_eq!(unknown, "app.Error: its parent `app.Base` is not known");
        let (_, field) = reason("[[library.call]]\nnames = [\"tydb.get\"]\nttll = \"write\"\n");
        assert!(field.starts_with("unknown field `ttll`"), "{field}");
    }

    #[test]
    fn pyproject_without_the_table_is_none() {
        assert_eq!(parse_pyproject("[tool.ruff]\n", RULES), Ok(None));
        let error = parse_pyproject("[tool.pothole]\nfoo = 1\n", RULES);
        assert_eq!(error.map_err(|error| error.line), Err(2));
    }

    #[test]
    fn a_later_override_wins() {
        let mut configuration = Configuration::default();
        let quiet = Override {
            pedantic: Some(true),
            ignore: vec!["none".to_owned()],
            ..Override::default()
        };
        configuration.apply(&quiet);
        assert!(configuration.pedantic);
        assert_eq!(configuration.ignore, ["none"]);
        let loud = Override {
            select: Some(vec!["none".to_owned()]),
            ..Override::default()
        };
        configuration.apply(&loud);
        assert!(configuration.pedantic);
        assert!(configuration.ignore.is_empty());
    }
}
