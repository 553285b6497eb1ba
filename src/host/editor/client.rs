//! What a client can do, and what its user asks for.

use super::documents::path_of;
use super::positions::Encoding;
use crate::config::{self, Language, Override, unknown_rule};
use crate::rules;
use lsp_types::Url;
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;

/// What a client can do.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// How it counts characters.
    pub(super) encoding: Encoding,
    /// It asks for diagnostics, and can be told to ask again.
    pub(super) pulls: bool,
    /// It shows places that belong to a diagnostic.
    pub(super) relates: bool,
    /// It shows what nobody needs in grey.
    pub(super) tags: bool,
    /// It makes the code of a diagnostic a link.
    pub(super) links: bool,
    /// It wants to know which version of a file an edit is for.
    pub(super) versions: bool,
    /// It shows Markdown.
    pub(super) markdown: bool,
    /// It opens files that it is told to.
    pub(super) opens: bool,
    /// It tells of files that change on disk, if asked.
    pub(super) watches: bool,
    /// What is worked on.
    pub(super) folders: Vec<PathBuf>,
}

/// What the user asks for in the editor's settings, over every configuration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Settings {
    lang: Option<String>,
    pedantic: Option<bool>,
    min_confidence: Option<String>,
    select: Option<Vec<String>>,
    ignore: Vec<String>,
    python: Option<String>,
    config: Option<PathBuf>,
    workspace: bool,
}

/// The user's settings, understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes {
    pub(super) language: Option<Language>,
    pub(super) command: Override,
    pub(super) config: Option<PathBuf>,
    /// Diagnostics for every file of the folders, not only for those that are open.
    pub(super) workspace: bool,
}

impl Client {
    /// Reads the parameters of `initialize`.
    pub(super) fn of(parameters: &Value) -> Self {
        let can = |pointer: &str| {
            let value = parameters.pointer(&format!("/capabilities/{pointer}"));
            value.is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
        };
        let names = |pointer: &str| -> Vec<&str> {
            let list = parameters.pointer(&format!("/capabilities/{pointer}"));
            let list = list.and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).collect()
        };
        Self {
            encoding: Encoding::among(&names("general/positionEncodings")),
            pulls: can("textDocument/diagnostic") && can("workspace/diagnostics/refreshSupport"),
            relates: can("textDocument/publishDiagnostics/relatedInformation"),
            tags: can("textDocument/publishDiagnostics/tagSupport"),
            links: can("textDocument/publishDiagnostics/codeDescriptionSupport"),
            versions: can("workspace/workspaceEdit/documentChanges"),
            markdown: names("textDocument/hover/contentFormat").contains(&"markdown"),
            opens: can("window/showDocument/support"),
            watches: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
            folders: folders(parameters),
        }
    }
}

fn folders(parameters: &Value) -> Vec<PathBuf> {
    let listed = parameters["workspaceFolders"].as_array();
    let listed: Vec<&Value> = match listed.filter(|folders| !folders.is_empty()) {
        Some(folders) => folders.iter().map(|folder| &folder["uri"]).collect(),
        None => vec![&parameters["rootUri"]],
    };
    listed.into_iter().filter_map(folder).collect()
}

/// The path of a folder that the client names.
pub(super) fn folder(uri: &Value) -> Option<PathBuf> {
    let uri = Url::parse(uri.as_str()?).ok()?;
    path_of(&uri).filter(|path| path.is_dir())
}

impl Wishes {
    /// Reads settings, which may stand under the name of the program.
    ///
    /// # Errors
    /// What is wrong with them, for their user.
    pub(super) fn of(settings: &Value) -> Result<Self, String> {
        let settings = settings.get("pothole").unwrap_or(settings);
        if settings.is_null() {
            return Ok(Self::default());
        }
        let settings = Settings::deserialize(settings).map_err(|error| error.to_string())?;
        let names = rules::names();
        let listed = settings.select.iter().flatten().chain(&settings.ignore);
        if let Some(unknown) = listed.clone().find(|name| !names.contains(&name.as_str())) {
            return Err(unknown_rule(unknown, &names));
        }
        Ok(Self {
            language: settings.lang.as_deref().map(str::parse).transpose()?,
            command: Override {
                paths: Vec::new(),
                select: settings.select,
                ignore: settings.ignore,
                pedantic: settings.pedantic,
                min_confidence: settings
                    .min_confidence
                    .as_deref()
                    .map(config::confidence)
                    .transpose()?,
                python: settings
                    .python
                    .as_deref()
                    .map(config::dialect)
                    .transpose()?,
            },
            config: settings.config,
            workspace: settings.workspace,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_client_that_cannot_be_told_to_ask_again_is_told() {
        let pulls =
            |capabilities: Value| Client::of(&json!({ "capabilities": capabilities })).pulls;
        assert!(!pulls(json!({ "textDocument": { "diagnostic": {} } })));
        assert!(pulls(json!({
            "textDocument": { "diagnostic": {} },
            "workspace": { "diagnostics": { "refreshSupport": true } },
        })));
    }

    #[test]
    fn settings_are_read_or_refused() {
        let wishes = Wishes::of(&json!({ "pothole": { "lang": "zh", "select": ["none"] } }));
        let wishes = wishes.unwrap_or_default();
        assert_eq!(wishes.language, Some(Language::Chinese));
        assert_eq!(wishes.command.select, Some(vec!["none".to_owned()]));
        let reason = |settings: Value| Wishes::of(&settings).err().unwrap_or_default();
        assert!(reason(json!({ "ignore": ["none-argumnt"] })).contains("none-argument"));
        assert!(reason(json!({ "colour": 1 })).contains("colour"));
        assert!(reason(json!({ "lang": "fr" })).contains("fr"));
        assert_eq!(reason(Value::Null), "");
    }
}
