//! `init`: a configuration to start from, and its schema.

use super::arguments::Print;
use super::print;
use crate::config;
use crate::host;
use anyhow::{Context, Result, bail};
use std::io::ErrorKind;
use std::path::Path;

/// Every setting, commented out.
const TEMPLATE: &str = include_str!("init.toml");

/// Writes the configuration, or prints what is asked for.
pub(super) fn run(wanted: Option<Print>) -> Result<u8> {
    match wanted {
        Some(Print::Configuration) => print(TEMPLATE),
        Some(Print::Schema) => {
            let schema = config::schema(&crate::rules::names());
            print(&format!("{}\n", serde_json::to_string_pretty(&schema)?))
        }
        None => {
            let path = Path::new("pothole.toml");
            let written = host::write_new(path, TEMPLATE.as_bytes());
            if matches!(&written, Err(error) if error.kind() == ErrorKind::AlreadyExists) {
                bail!("there is a pothole.toml already, and it stays as it is");
            }
            written.context("cannot write pothole.toml")?;
            print("wrote pothole.toml\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template with every setting switched on.
    fn switched_on() -> String {
        let lines = TEMPLATE.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest,
            _ => line,
        });
        lines.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn every_setting_of_the_template_is_known() -> Result<()> {
        let names = crate::rules::names();
        let all = config::parse(&switched_on(), &names)?;
        assert!(!all.overrides.is_empty() && !all.rules.is_empty());
        assert_eq!(
            config::parse(TEMPLATE, &names)?,
            config::Configuration::default()
        );
        Ok(())
    }

    #[test]
    fn the_schema_knows_what_the_template_speaks_of() -> Result<()> {
        let written: toml::Table = toml::from_str(&switched_on())?;
        let schema = config::schema(&[]);
        let known: Vec<&String> = schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .collect();
        for key in written.keys() {
            assert!(known.contains(&key), "{key}");
        }
        Ok(())
    }
}
