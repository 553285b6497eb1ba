//! Fixes: applied, read again, and looked at again. The finding is gone, the text is Python, and nothing else moved.

use pothole::analyze::{Source, Unattended, analyze};
use pothole::config::Configuration;
use pothole::finding::{Confidence, Finding};
use pothole::ir::Dialect;
use pothole::lower::lower;
use pothole::{fix, page, rules};
use rayon::prelude::*;
use std::sync::Arc;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Everything that is found in a text, with the fix of each.
fn findings(source: &[u8], dialect: Option<Dialect>) -> Vec<Finding> {
    let module = Arc::new(lower(source, dialect));
    let sources = [Source {
        path: "a.py".to_owned(),
        module: Arc::clone(&module),
        reported: true,
        configuration: 0,
    }];
    let configuration = Configuration {
        pedantic: true,
        min_confidence: Confidence::Low,
        ..Configuration::default()
    };
    let report = analyze(&sources, &[configuration], &Unattended).unwrap_or_default();
    let mut findings = report.findings;
    for finding in &mut findings {
        finding.fix = fix::of(finding, &module, source);
    }
    findings
}

/// Applies the fix of one finding, and says what is wrong with what comes of it.
fn trouble(source: &[u8], finding: &Finding, dialect: Option<Dialect>) -> Option<String> {
    let fixed = fix::apply(source, &[finding.fix.as_ref()?]).source;
    let text = String::from_utf8_lossy(&fixed).into_owned();
    let problems = |source: &[u8]| lower(source, dialect).problems.len();
    if problems(&fixed) > problems(source) {
        return Some(format!("no Python any more:\n{text}"));
    }
    let same = |other: &&Finding| other.rule == finding.rule && other.symbol == finding.symbol;
    let before = findings(source, dialect).iter().filter(same).count();
    let after = findings(&fixed, dialect);
    let left = after.iter().filter(same).count();
    (left >= before).then(|| format!("{} is still found:\n{text}", finding.rule))
}

/// The text after the fix of the first finding of a rule.
fn fixed(source: &str, rule: &str) -> Result<String, Box<dyn std::error::Error>> {
    let findings = findings(source.as_bytes(), None);
    let names: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    let finding = findings
        .iter()
        .find(|finding| finding.rule == rule && finding.fix.is_some());
    let finding = finding.ok_or_else(|| format!("no fix of {rule} among {names:?}"))?;
    if let Some(trouble) = trouble(source.as_bytes(), finding, None) {
        return Err(trouble.into());
    }
    let fix = finding.fix.as_ref().ok_or("no fix")?;
    Ok(String::from_utf8(
        fix::apply(source.as_bytes(), &[fix]).source,
    )?)
}

/// How many fixes a page's examples call for, and what is wrong with them.
fn tried(rule: &rules::Rule) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for example in page::examples(page::of(rule).english) {
        let source = example.code.as_bytes();
        for finding in findings(source, Some(example.dialect)) {
            tried += usize::from(finding.fix.is_some());
            let trouble = trouble(source, &finding, Some(example.dialect));
            wrong.extend(trouble.map(|trouble| format!("rules/{}.md: {trouble}", rule.name)));
        }
    }
    (tried, wrong)
}

#[test]
fn the_fix_of_every_example_mends_it() {
    let pages: Vec<(usize, Vec<String>)> = rules::ALL.par_iter().map(tried).collect();
    let tried: usize = pages.iter().map(|(tried, _)| tried).sum();
    let wrong: Vec<String> = pages.into_iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(tried > 50, "only {tried} fixes in all the pages");
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn line_ends_encodings_and_indentation_are_kept() -> Outcome {
    let source =
        "def f(path):\r\n\ttry:\r\n\t\treturn open(path)\r\n\texcept:\r\n\t\treturn None\r\n";
    let after = fixed(source, "bare-except")?;
    assert_eq!(after, source.replace("except:", "except Exception:"));
    let latin = b"# coding: latin-1\ndef f(path):\n    try:\n        return open(path)\n    except:\n        return '\xe9'\n";
    let found = findings(latin, None);
    let bare = found
        .iter()
        .find(|finding| finding.rule == "bare-except")
        .ok_or("not found")?;
    let after = fix::apply(latin, &[bare.fix.as_ref().ok_or("no fix")?]).source;
    assert!(after.windows(18).any(|part| part == b"except Exception:\n"));
    assert!(after.contains(&0xe9));
    Ok(())
}

#[test]
fn whole_rows_go_into_files_of_other_encodings_too() {
    let with = |text: &[u8]| {
        let head = b"# coding: latin-1\ndef f(item, into=[]):\n    print('";
        [head, text, b"')\n    into.append(item)\n    return into\n"].concat()
    };
    let latin = with(b"caf\xe9");
    let found = findings(&latin, None);
    let found: Vec<_> = found.iter().filter_map(|one| one.fix.as_ref()).collect();
    assert_eq!(found.len(), 1);
    let after = fix::apply(&latin, &found).source;
    let expected =
        b"f(item, into=None):\n    if into is None:\n        into = []\n    print('caf\xe9')\n";
    assert!(
        after.windows(expected.len()).any(|part| part == expected),
        "{}",
        String::from_utf8_lossy(&after)
    );
    // The second byte of a character may be a backslash, which ends nothing there.
    let other = with(b"\x95\\");
    assert!(findings(&other, None).iter().all(|one| one.fix.is_none()));
}

#[test]
fn a_timeout_finds_its_place_among_the_arguments() -> Outcome {
    let call = |call: &str| format!("import requests\n\ndef load(url):\n    return {call}\n");
    let cases = [
        ("requests.get(url)", "requests.get(url, timeout=10)"),
        ("requests.get((url))", "requests.get((url), timeout=10)"),
        (
            "requests.get(url, timeout=None)",
            "requests.get(url, timeout=10)",
        ),
        (
            "requests.get(\n        url,  # where\n    )",
            "requests.get(\n        url, timeout=10  # where\n    )",
        ),
        (
            "requests.get(\n        url  # where\n    )",
            "requests.get(\n        url, timeout=10  # where\n    )",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(fixed(&call(before), "missing-timeout")?, call(after));
    }
    Ok(())
}

#[test]
fn a_handler_that_never_runs_is_taken_away() -> Outcome {
    let before =
        "def f(x):\n    try:\n        return int(x)\n    except Exception:\n        return 0\n";
    let handler = "    except ValueError:\n        return 1\n";
    let after = "    finally:\n        print(x)\n";
    let text = fixed(&[before, handler, after].concat(), "unreachable-handler")?;
    assert_eq!(text, [before, after].concat());
    let text = fixed(
        &[before, handler.trim_end()].concat(),
        "unreachable-handler",
    )?;
    assert_eq!(text, before.trim_end());
    Ok(())
}

/// What each fix makes of a piece of code, to the letter.
#[test]
fn what_only_the_author_knows_is_not_fixed() {
    let source =
        b"def indent(part):\n    for part in part:\n        indent(part)\n    part.tail = '\\n'\n";
    let own = findings(source, None);
    let own: Vec<_> = own
        .iter()
        .filter(|found| found.rule == "overwriting-target")
        .collect();
    assert_eq!(own.len(), 1);
    assert!(own.iter().all(|found| found.fix.is_none()));
}

#[test]
fn fixes_write_what_a_person_would() -> Outcome {
    let cases = [
        (
            "none-argument",
            "def send(user=None):\n    'Sends.'\n    return user.mail\n\nsend()\n",
            "def send(user=None):\n    'Sends.'\n    if user is None:\n        raise ValueError('user must not be None')\n    return user.mail\n\nsend()\n",
        ),
        (
            "mutable-default",
            "def add(item, items=[]):\n  items.append(item)\n  return items\n",
            "def add(item, items=None):\n  if items is None:\n    items = []\n  items.append(item)\n  return items\n",
        ),
        (
            "late-binding",
            "def bind(names):\n    return [lambda: name for name in names]\n",
            "def bind(names):\n    return [lambda name=name: name for name in names]\n",
        ),
        (
            "early-call",
            "from functools import partial\n\ndef double(n):\n    return [n, n]\n\npairs = partial(double(1))\n",
            "from functools import partial\n\ndef double(n):\n    return [n, n]\n\npairs = partial(double, 1)\n",
        ),
        (
            "forgotten-await",
            "async def save(x):\n    print(x)\n\nasync def run(x):\n    save(x)\n",
            "async def save(x):\n    print(x)\n\nasync def run(x):\n    await save(x)\n",
        ),
        (
            "cache-without-ttl",
            "import redis\n\nclient = redis.Redis(socket_timeout=2)\n\ndef visit(page):\n    client.lpush('pages:' + page, 1)\n",
            "import redis\n\nclient = redis.Redis(socket_timeout=2)\n\ndef visit(page):\n    client.lpush('pages:' + page, 1)\n    client.expire('pages:' + page, 3600)\n",
        ),
        (
            "racy-singleton",
            "from threading import Thread\n\nclass Pool:\n    def __init__(self):\n        self.free = []\n\n_pool = None\n\ndef pool():\n    global _pool\n    if _pool is None:\n        _pool = Pool()\n    return _pool\n\nThread(target=pool).start()\n",
            "import threading\nfrom threading import Thread\n\nclass Pool:\n    def __init__(self):\n        self.free = []\n\n_pool = None\n\n_pool_lock = threading.Lock()\n\n\ndef pool():\n    global _pool\n    with _pool_lock:\n        if _pool is None:\n            _pool = Pool()\n    return _pool\n\nThread(target=pool).start()\n",
        ),
        (
            "overwriting-target",
            "def read(load, name, fields):\n    data = load(name)\n    found = {}\n    for name, field in fields:\n        found[name] = data[field]\n    return name, found\n",
            "def read(load, name, fields):\n    data = load(name)\n    found = {}\n    for each_name, field in fields:\n        found[each_name] = data[field]\n    return name, found\n",
        ),
        (
            "missing-key",
            "import os\n\ndef name():\n    value = os.environ['NAME']\n    return value\n\nname()\n",
            "import os\n\ndef name():\n    value = os.environ.get('NAME')\n    return value\n\nname()\n",
        ),
    ];
    for (rule, before, after) in cases {
        assert_eq!(fixed(before, rule)?, after, "{rule}");
    }
    Ok(())
}
