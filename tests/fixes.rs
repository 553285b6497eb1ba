//! Fixes: applied, read again, and looked at again. The finding is gone, the text is Python, and nothing else moved.

use pothole::analyze::{Source, Unattended, analyze};
use pothole::config::Configuration;
use pothole::finding::{Confidence, Finding};
use pothole::ir::Dialect;
use pothole::lower::lower;
use pothole::{fix, page, rules};
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

#[test]
fn the_fix_of_every_example_mends_it() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for rule in rules::ALL {
        for example in page::examples(page::of(rule).english) {
            let source = example.code.as_bytes();
            for finding in findings(source, Some(example.dialect)) {
                tried += usize::from(finding.fix.is_some());
                let trouble = trouble(source, &finding, Some(example.dialect));
                wrong.extend(trouble.map(|trouble| format!("rules/{}.md: {trouble}", rule.name)));
            }
        }
    }
    assert!(tried > 5, "only {tried} fixes in all the pages");
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
    Ok(())
}
