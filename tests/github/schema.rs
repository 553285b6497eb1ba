//! Requests and answers held against GitHub's published description.

use serde_json::Value;
use std::sync::OnceLock;

static DESCRIPTION: OnceLock<Value> = OnceLock::new();

/// What `scripts/cut_schemas.py` left of the published description.
fn description() -> &'static Value {
    DESCRIPTION.get_or_init(|| {
        serde_json::from_str(include_str!("schema.json")).expect("the cut description is JSON")
    })
}

/// What is wrong with a request to the rest, or with what is answered.
pub fn rest(verb: &str, path: &str, sent: &Value, status: u16, answered: &str) -> Vec<String> {
    let Some((route, described)) = route(verb, path) else {
        return vec![format!("{verb} {path} is no route that is described")];
    };
    let mut wrong = Vec::new();
    match described.get("request") {
        Some(schema) => conforms(schema, sent, &route, &mut wrong),
        None if !sent.is_null() => wrong.push(format!("{route} takes no body")),
        None => {}
    }
    if let (200..=299, Some(schema)) = (status, described.get("answer")) {
        let answer: Value = serde_json::from_str(answered).unwrap_or_default();
        conforms(schema, &answer, &route, &mut wrong);
    }
    wrong
}

/// The described route that a path belongs to: the one with the most words in common.
fn route(verb: &str, path: &str) -> Option<(String, &'static Value)> {
    let words: Vec<&str> = path.split('/').collect();
    let fits = |name: &str| {
        let (its_verb, its_path) = name.split_once(' ')?;
        let its_words: Vec<&str> = its_path.split('/').collect();
        let is_same = its_verb == verb
            && its_words.len() == words.len()
            && its_words
                .iter()
                .zip(&words)
                .all(|(a, b)| a == b || a.starts_with('{'));
        is_same.then(|| {
            its_words
                .iter()
                .filter(|word| !word.starts_with('{'))
                .count()
        })
    };
    let routes = description()["rest"].as_object()?.iter();
    let best = routes.filter_map(|(name, described)| Some((fits(name)?, name, described)));
    best.max_by_key(|(count, ..)| *count)
        .map(|(_, name, described)| (name.clone(), described))
}

fn conforms(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_of = |name: &&str| match *name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    };
    if !types.is_empty() && !types.iter().any(is_of) {
        wrong.push(format!("{at}: {value} is no {}", types.join(" or ")));
        return;
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        wrong.push(format!("{at}: {value} is none of {values:?}"));
    }
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(name).is_none() {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => conforms(schema, inner, &format!("{at}.{name}"), wrong),
            None if schema["closed"] == true => wrong.push(format!("{at}: there is no {name}")),
            None => {}
        }
    }
    if schema.get("items").is_some() {
        for inner in value.as_array().into_iter().flatten() {
            conforms(&schema["items"], inner, at, wrong);
        }
    }
}

/// What is wrong with a query, or with what is answered.
pub fn graph(query: &str, variables: &Value, answered: &str) -> Vec<String> {
    let mut reader = Reader {
        words: words(query),
        at: 0,
        variables,
        wrong: Vec::new(),
    };
    let root = if reader.next() == "mutation" {
        "Mutation"
    } else {
        "Query"
    };
    reader.variables();
    let answer: Value = serde_json::from_str(answered).unwrap_or_default();
    let data = answer.get("data").filter(|data| !data.is_null());
    reader.selection(root, data);
    reader.wrong
}

/// Names, numbers and signs; `...` and strings are not used.
fn words(query: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for character in query.chars() {
        let is_name = character.is_alphanumeric() || character == '_' || character == '$';
        match (is_name, is_open, words.last_mut()) {
            (true, true, Some(word)) => word.push(character),
            (true, ..) => words.push(character.to_string()),
            (false, ..) if character.is_whitespace() || character == ',' => {}
            (false, ..) => words.push(character.to_string()),
        }
        is_open = is_name;
    }
    words
}

struct Reader<'a> {
    words: Vec<String>,
    at: usize,
    variables: &'a Value,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.words.get(self.at - 1).cloned().unwrap_or_default()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_there = self.peek() == word;
        self.at += usize::from(is_there);
        is_there
    }

    /// `($number: Int!, $cursor: String)`: what is sent is of those types.
    fn variables(&mut self) {
        if !self.takes("(") {
            return;
        }
        while !self.takes(")") && self.at < self.words.len() {
            let name = self.next();
            self.takes(":");
            let kind = self.next();
            let is_required = self.takes("!");
            let value = self
                .variables
                .get(name.trim_start_matches('$'))
                .unwrap_or(&Value::Null);
            let fits = match kind.as_str() {
                "String" | "ID" => value.is_string(),
                "Int" => value.is_i64() || value.is_u64(),
                _ => false,
            };
            if !(fits || (value.is_null() && !is_required)) {
                self.wrong.push(format!("{name} is {value}, not {kind}"));
            }
        }
    }

    fn selection(&mut self, kind: &str, answer: Option<&Value>) {
        if !self.takes("{") {
            self.wrong.push(format!("nothing of {kind} is selected"));
            return;
        }
        let mut selected = Vec::new();
        while !self.takes("}") && self.at < self.words.len() {
            let name = self.next();
            self.field(kind, &name, answer);
            selected.push(name);
        }
        for name in answer
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            if !selected.contains(name) {
                self.wrong
                    .push(format!("{kind}.{name} was answered and not asked for"));
            }
        }
    }

    fn field(&mut self, kind: &str, name: &str, answer: Option<&Value>) {
        let described = &description()["graph"][kind]["fields"][name];
        let Some(of) = described["type"].as_str() else {
            self.wrong.push(format!("{kind} has no {name}"));
            return;
        };
        if self.takes("(") {
            while !self.takes(")") && self.at < self.words.len() {
                let argument = self.next();
                self.takes(":");
                match described["arguments"][&argument].as_str() {
                    Some(input) => self.input(input.trim_end_matches('!')),
                    None => self
                        .wrong
                        .push(format!("{kind}.{name} has no argument {argument}")),
                }
            }
        }
        let value = answer.and_then(|answer| answer.get(name));
        if answer.is_some_and(Value::is_object)
            && value.is_none_or(Value::is_null)
            && of.ends_with('!')
        {
            self.wrong.push(format!("{kind}.{name} was not answered"));
        }
        let inner = of.trim_matches(['[', ']', '!']);
        if description()["graph"][inner]["fields"].is_object() {
            let start = self.at;
            let all: Vec<Option<&Value>> = match value {
                Some(Value::Array(values)) if !values.is_empty() => {
                    values.iter().map(Some).collect()
                }
                other => vec![other.filter(|value| value.is_object())],
            };
            for one in all {
                self.at = start;
                self.selection(inner, one);
            }
        } else if let Some(value) = value.filter(|value| !value.is_null()) {
            self.scalar(inner, value, &format!("{kind}.{name}"));
        }
    }

    fn scalar(&mut self, kind: &str, value: &Value, at: &str) {
        let fits = match kind {
            "Boolean" => value.is_boolean(),
            "Int" => value.is_i64() || value.is_u64(),
            _ => value.is_string(),
        };
        let values = description()["graph"][kind]["values"].as_array();
        if !fits || values.is_some_and(|values| !values.contains(value)) {
            self.wrong.push(format!("{at}: {value} is no {kind}"));
        }
    }

    /// A value of an argument: a variable, a word, a number, or `{threadId: $id}`.
    fn input(&mut self, kind: &str) {
        if !self.takes("{") {
            let word = self.next();
            let values = description()["graph"][kind]["values"].as_array();
            if values.is_some_and(|values| !values.iter().any(|value| *value == word.as_str())) {
                self.wrong.push(format!("{word} is no {kind}"));
            }
            return;
        }
        while !self.takes("}") && self.at < self.words.len() {
            let name = self.next();
            self.takes(":");
            match description()["graph"][kind]["inputs"][&name].as_str() {
                Some(inner) => self.input(inner.trim_end_matches('!')),
                None => self.wrong.push(format!("{kind} has no {name}")),
            }
        }
    }
}

#[test]
fn mistakes_are_noticed() {
    let none = Value::Null;
    assert!(graph("query { repository { pullRequests } }", &none, "").len() == 1);
    assert!(
        graph(
            "query($n: Int!) { repository(number: $n) { id } }",
            &none,
            ""
        )
        .len()
            >= 2
    );
    let review = "/repos/o/r/pulls/7/reviews";
    let comment = |side: &str| serde_json::json!({ "comments": [{ "path": "a", "body": "b", "line": 1, "side": side }] });
    assert!(rest("POST", review, &comment("RIGHT"), 200, "{\"id\": 1}").is_empty());
    assert_eq!(
        rest("POST", review, &comment("RGIHT"), 200, "{\"id\": 1}").len(),
        1
    );
    assert_eq!(
        rest(
            "POST",
            review,
            &serde_json::json!({ "comment": [] }),
            200,
            "{\"id\": 1}"
        )
        .len(),
        1
    );
    assert_eq!(rest("POST", "/repos/o/r/nonsense", &none, 200, "").len(), 1);
}
