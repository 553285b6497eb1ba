//! The language server, driven over its standard input and output as an editor does.

use lsp_server::{Message, Notification, Request, RequestId, Response};
use lsp_types::Url;
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::io::BufReader;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

/// A lookup that finds nothing now and then.
const STORE: &str = "USERS = {'a': 'Ada'}\n\ndef find(name):\n    for key, user in USERS.items():\n        if key == name:\n            \
    return user\n    return None\n";

/// The same, which never comes back empty.
const STRICT: &str = "USERS = {'a': 'Ada'}\n\ndef find(name):\n    for key, user in USERS.items():\n        if key == name:\n            \
    return user\n    raise KeyError(name)\n";

/// A finding in row 5, if it is seen together with `STORE`.
const MAIL: &str = "from store import find\n\ndef send(key):\n    user = find(key)\n    return user.upper()\n\n\
    def guarded(key):\n    user = find(key)\n    if user is None:\n        return ''\n    return user.upper()\n";

/// A finding in row 4, behind characters that take two units of UTF-16 and four bytes.
const UNBOUND: &str =
    "def pick(flag):\n    if flag:\n        answer = 1\n    return '😀', answer\n";

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An editor with one project open.
struct Editor {
    folder: TempDir,
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Message>,
    /// What came while something else was waited for.
    seen: Vec<Message>,
    next: i32,
}

impl Editor {
    /// Starts a server in a folder with files in it.
    fn start(
        files: &[(&str, &str)],
        capabilities: Value,
        options: Value,
    ) -> Result<(Self, Value), Box<dyn Error>> {
        let folder = TempDir::new()?;
        fs::write(folder.path().join("setup.py"), "")?;
        for (name, text) in files {
            fs::write(folder.path().join(name), text)?;
        }
        let mut server = Command::new(env!("CARGO_BIN_EXE_pothole"))
            .args(["server", "--stdio"])
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = server.stdin.take();
        let stdout = server.stdout.take().ok_or("no output")?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            while let Ok(Some(message)) = Message::read(&mut reader) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self {
            folder,
            server,
            input,
            output,
            seen: Vec::new(),
            next: 0,
        };
        let root = Url::from_directory_path(editor.folder.path()).map_err(|()| "no address")?;
        let parameters = json!({
            "processId": null,
            "rootUri": root,
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        let welcome = editor.ask("initialize", parameters)?;
        editor.tell("initialized", json!({}))?;
        Ok((editor, welcome))
    }

    fn uri(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        Url::from_file_path(path).map_or_else(|()| String::new(), String::from)
    }

    fn write(&mut self, message: impl Into<Message>) -> Outcome {
        let input = self.input.as_mut().ok_or("closed")?;
        message.into().write(input)?;
        Ok(())
    }

    fn tell(&mut self, method: &str, parameters: Value) -> Outcome {
        self.write(Notification::new(method.to_owned(), parameters))
    }

    fn send(&mut self, method: &str, parameters: Value) -> Result<RequestId, Box<dyn Error>> {
        self.next += 1;
        let id = RequestId::from(self.next);
        self.write(Request::new(id.clone(), method.to_owned(), parameters))?;
        Ok(id)
    }

    /// The first message that a test is for, new or seen before.
    fn wait<T>(&mut self, take: impl Fn(&Message) -> Option<T>) -> Result<T, Box<dyn Error>> {
        let known = self.seen.iter().position(|message| take(message).is_some());
        if let Some(at) = known {
            return take(&self.seen.remove(at)).ok_or_else(|| "taken".into());
        }
        loop {
            let message = self.output.recv_timeout(PATIENCE)?;
            match take(&message) {
                Some(taken) => return Ok(taken),
                None => self.seen.push(message),
            }
        }
    }

    fn response(&mut self, id: &RequestId) -> Result<Response, Box<dyn Error>> {
        self.wait(|message| match message {
            Message::Response(response) if response.id == *id => Some(response.clone()),
            _ => None,
        })
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value, Box<dyn Error>> {
        let id = self.send(method, parameters)?;
        let result = self.response(&id)?.response_result;
        Ok(result.map_err(|error| error.message)?)
    }

    fn open(&mut self, name: &str, text: &str) -> Outcome {
        let document =
            json!({ "uri": self.uri(name), "languageId": "python", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }))
    }

    fn change(&mut self, name: &str, version: i32, changes: Value) -> Outcome {
        let document = json!({ "uri": self.uri(name), "version": version });
        let parameters = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", parameters)
    }

    /// The next diagnostics that are pushed for a file, of a version if that is given.
    fn pushed(&mut self, name: &str, version: Option<i32>) -> Result<Vec<Value>, Box<dyn Error>> {
        let uri = self.uri(name);
        self.wait(|message| match message {
            Message::Notification(note) if note.method == "textDocument/publishDiagnostics" => {
                let ours = note.params["uri"] == uri.as_str()
                    && version.is_none_or(|version| note.params["version"] == version);
                ours.then(|| note.params["diagnostics"].as_array().cloned())?
            }
            _ => None,
        })
    }

    fn actions(&mut self, name: &str, row: u32) -> Result<Vec<Value>, Box<dyn Error>> {
        let place = json!({ "line": row, "character": 20 });
        let parameters = json!({
            "textDocument": { "uri": self.uri(name) },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [] },
        });
        let actions = self.ask("textDocument/codeAction", parameters)?;
        Ok(actions.as_array().cloned().unwrap_or_default())
    }

    /// Says goodbye; the exit code.
    fn leave(mut self) -> Result<Option<i32>, Box<dyn Error>> {
        self.ask("shutdown", Value::Null)?;
        self.tell("exit", Value::Null)?;
        self.input = None;
        Ok(self.server.wait()?.code())
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that did not has no server any more.
        let _ = self.server.kill();
    }
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    let codes = diagnostics.iter().map(|one| one["code"].as_str());
    codes.map(Option::unwrap_or_default).collect()
}

/// A client that is told, and shows everything.
fn told() -> Value {
    json!({ "textDocument": { "publishDiagnostics": {
        "relatedInformation": true, "tagSupport": { "valueSet": [1] }, "codeDescriptionSupport": true,
    } } })
}

#[test]
fn an_unsaved_change_reaches_the_other_files() -> Outcome {
    let files = [("store.py", STRICT), ("mail.py", MAIL)];
    let (mut editor, _) = Editor::start(&files, told(), Value::Null)?;
    editor.open("mail.py", MAIL)?;
    assert!(editor.pushed("mail.py", Some(1))?.is_empty());
    editor.open("store.py", STRICT)?;
    assert!(editor.pushed("store.py", Some(1))?.is_empty());
    let last =
        json!({ "start": { "line": 6, "character": 4 }, "end": { "line": 6, "character": 99 } });
    editor.change(
        "store.py",
        2,
        json!([{ "range": last, "text": "return None" }]),
    )?;
    let found = editor.pushed("mail.py", None)?;
    assert_eq!(codes(&found), ["none-result"]);
    let finding = &found[0];
    assert_eq!(finding["range"]["start"]["line"], 4);
    assert_eq!(finding["source"], "pothole");
    assert!(
        finding["codeDescription"]["href"]
            .as_str()
            .is_some_and(|href| href.contains("none-result"))
    );
    let related = finding["relatedInformation"]
        .as_array()
        .ok_or("nothing related")?;
    let uri = editor.uri("store.py");
    assert!(
        related
            .iter()
            .any(|one| one["location"]["uri"] == uri.as_str()),
        "{related:?}"
    );
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": editor.uri("store.py") } }),
    )?;
    assert!(
        editor.pushed("mail.py", None)?.is_empty(),
        "the file on disk is the old one"
    );
    assert_eq!(editor.leave()?, Some(0));
    Ok(())
}

#[test]
fn a_client_that_asks_is_answered_and_told_to_ask_again() -> Outcome {
    let capabilities = json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    let files = [("store.py", STORE), ("mail.py", MAIL)];
    let (mut editor, welcome) = Editor::start(&files, capabilities, Value::Null)?;
    assert_eq!(
        welcome["capabilities"]["diagnosticProvider"]["interFileDependencies"],
        true
    );
    editor.open("mail.py", MAIL)?;
    let document = json!({ "uri": editor.uri("mail.py") });
    let report = editor.ask(
        "textDocument/diagnostic",
        json!({ "textDocument": document }),
    )?;
    assert_eq!(report["kind"], "full");
    assert_eq!(
        codes(report["items"].as_array().ok_or("no items")?),
        ["none-result"]
    );
    let again = json!({ "textDocument": document, "previousResultId": report["resultId"] });
    assert_eq!(
        editor.ask("textDocument/diagnostic", again)?["kind"],
        "unchanged"
    );
    editor.open("store.py", STRICT)?;
    editor.wait(|message| match message {
        Message::Request(request) => {
            (request.method == "workspace/diagnostic/refresh").then_some(())
        }
        _ => None,
    })?;
    let report = editor.ask(
        "textDocument/diagnostic",
        json!({ "textDocument": document }),
    )?;
    assert_eq!(report["items"], json!([]));
    assert_eq!(editor.leave()?, Some(0));
    Ok(())
}

#[test]
fn columns_are_counted_as_the_client_does() -> Outcome {
    for (encodings, column) in [(json!(["utf-16"]), 17), (json!(["utf-8", "utf-16"]), 19)] {
        let mut capabilities = told();
        capabilities["general"] = json!({ "positionEncodings": encodings });
        let (mut editor, welcome) = Editor::start(&[("a.py", "")], capabilities, Value::Null)?;
        assert_eq!(welcome["capabilities"]["positionEncoding"], encodings[0]);
        editor.open("a.py", UNBOUND)?;
        let found = editor.pushed("a.py", Some(1))?;
        assert_eq!(codes(&found), ["possibly-unbound"]);
        assert_eq!(
            found[0]["range"]["start"],
            json!({ "line": 3, "character": column })
        );
        editor.leave()?;
    }
    Ok(())
}

#[test]
fn actions_silence_a_finding_and_explain_it() -> Outcome {
    let (mut editor, _) = Editor::start(&[("a.py", UNBOUND)], told(), Value::Null)?;
    editor.open("a.py", UNBOUND)?;
    assert_eq!(editor.pushed("a.py", Some(1))?.len(), 1);
    let actions = editor.actions("a.py", 3)?;
    let titles: Vec<&str> = actions
        .iter()
        .filter_map(|action| action["title"].as_str())
        .collect();
    let line = actions.iter().find(|action| {
        let title = action["title"].as_str();
        title.is_some_and(|title| title.ends_with("on this line"))
    });
    let line = line.ok_or_else(|| format!("{titles:?}"))?;
    let edit = &line["edit"]["changes"][editor.uri("a.py")][0];
    assert_eq!(edit["newText"], "  # pothole: ignore[possibly-unbound]");
    editor.change(
        "a.py",
        2,
        json!([{ "range": edit["range"], "text": edit["newText"] }]),
    )?;
    assert!(editor.pushed("a.py", Some(2))?.is_empty());
    let explain = actions
        .iter()
        .find(|action| action["command"]["command"] == "pothole.explain");
    let explain = explain.ok_or_else(|| format!("{titles:?}"))?;
    let page = editor.ask("workspace/executeCommand", explain["command"].clone())?;
    assert!(
        page.as_str()
            .is_some_and(|page| page.starts_with("# possibly-unbound"))
    );
    assert_eq!(editor.leave()?, Some(0));
    Ok(())
}

#[test]
fn a_hover_shows_the_page() -> Outcome {
    let mut capabilities = told();
    capabilities["textDocument"]["hover"] = json!({ "contentFormat": ["markdown", "plaintext"] });
    let files = [("a.py", UNBOUND)];
    let (mut editor, _) = Editor::start(&files, capabilities, json!({ "lang": "zh" }))?;
    editor.open("a.py", UNBOUND)?;
    let mut hover = |row: u32| {
        let place = json!({ "line": row, "character": 18 });
        let document = json!({ "uri": editor.uri("a.py") });
        editor.ask(
            "textDocument/hover",
            json!({ "textDocument": document, "position": place }),
        )
    };
    let shown = hover(3)?;
    assert_eq!(shown["contents"]["kind"], "markdown");
    let text = shown["contents"]["value"].as_str().unwrap_or_default();
    assert!(
        text.contains("# possibly-unbound") && text.contains("示例"),
        "{text}"
    );
    assert_eq!(hover(0)?, Value::Null);
    Ok(())
}

#[test]
fn what_nobody_wants_any_more_is_cancelled() -> Outcome {
    let (mut editor, _) = Editor::start(&[("a.py", UNBOUND)], told(), Value::Null)?;
    editor.open("a.py", UNBOUND)?;
    let document = json!({ "uri": editor.uri("a.py") });
    let place = json!({ "textDocument": document, "position": { "line": 3, "character": 18 } });
    let cancelled = editor.send("textDocument/hover", place.clone())?;
    editor.tell("$/cancelRequest", json!({ "id": cancelled }))?;
    let error = editor
        .response(&cancelled)?
        .response_result
        .err()
        .map(|error| error.code);
    assert_eq!(error, Some(-32800));
    let stale = editor.send("textDocument/hover", place)?;
    editor.change("a.py", 2, json!([{ "text": "x = 1\n" }]))?;
    let error = editor
        .response(&stale)?
        .response_result
        .err()
        .map(|error| error.code);
    assert_eq!(error, Some(-32801));
    assert!(
        editor.pushed("a.py", None)?.is_empty(),
        "only the last state is told of"
    );
    let unknown = editor.send("textDocument/rename", json!({}))?;
    let error = editor
        .response(&unknown)?
        .response_result
        .err()
        .map(|error| error.code);
    assert_eq!(error, Some(-32601));
    editor.ask("shutdown", Value::Null)?;
    let late = editor.send("textDocument/hover", json!({}))?;
    let error = editor
        .response(&late)?
        .response_result
        .err()
        .map(|error| error.code);
    assert_eq!(error, Some(-32600));
    Ok(())
}

#[test]
fn the_configuration_is_read_again() -> Outcome {
    let (mut editor, _) = Editor::start(&[("a.py", UNBOUND)], told(), Value::Null)?;
    editor.open("a.py", UNBOUND)?;
    assert_eq!(editor.pushed("a.py", Some(1))?.len(), 1);
    let path = editor.folder.path().join("pothole.toml");
    let event = json!({ "changes": [{ "uri": editor.uri("pothole.toml"), "type": 2 }] });
    fs::write(&path, "ignore = [\"names\", \"possibly-unbound\"]\n")?;
    editor.tell("workspace/didChangeWatchedFiles", event.clone())?;
    assert!(editor.pushed("a.py", None)?.is_empty());
    fs::write(&path, "lang = \"en\"\nignor = []\n")?;
    editor.tell("workspace/didChangeWatchedFiles", event.clone())?;
    let mistakes = editor.pushed("pothole.toml", None)?;
    assert_eq!(mistakes[0]["range"]["start"]["line"], 1);
    assert!(
        mistakes[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("`ignore`"))
    );
    fs::remove_file(&path)?;
    editor.tell("workspace/didChangeWatchedFiles", event)?;
    assert!(editor.pushed("pothole.toml", None)?.is_empty());
    assert_eq!(editor.pushed("a.py", None)?.len(), 1);
    editor.tell(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "pothole": { "ignore": ["possibly-unbound"] } } }),
    )?;
    assert!(editor.pushed("a.py", None)?.is_empty());
    assert_eq!(editor.leave()?, Some(0));
    Ok(())
}

#[test]
fn the_whole_folder_on_request() -> Outcome {
    let files = [("store.py", STORE), ("mail.py", MAIL), ("a.py", UNBOUND)];
    let (mut editor, _) = Editor::start(&files, told(), json!({ "workspace": true }))?;
    assert_eq!(codes(&editor.pushed("mail.py", None)?), ["none-result"]);
    assert_eq!(codes(&editor.pushed("a.py", None)?), ["possibly-unbound"]);
    editor.tell("exit", Value::Null)?;
    assert_eq!(
        editor.server.wait()?.code(),
        Some(1),
        "it was not told to shut down"
    );
    Ok(())
}
