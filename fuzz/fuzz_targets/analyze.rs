//! Two files of any bytes, which import each other, are analyzed with every rule and reported in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pothole::analyze::{Source, Unattended, analyze};
use pothole::config::Configuration;
use pothole::finding::Confidence;
use pothole::lower::lower;
use std::sync::Arc;

/// What stands between the two files.
const CUT: &[u8] = b"\n# ---- b.py\n";

fuzz_target!(|bytes: &[u8]| {
    let cut = bytes.windows(CUT.len()).position(|window| window == CUT);
    let (one, other) = match cut {
        Some(at) => (&bytes[..at], &bytes[at + CUT.len()..]),
        None => (bytes, &b"from a import *\n"[..]),
    };
    let sources = [("a.py", one), ("b.py", other)].map(|(path, text)| Source {
        path: path.to_owned(),
        module: Arc::new(lower(text, None)),
        reported: true,
        configuration: 0,
    });
    let configuration = Configuration {
        pedantic: true,
        min_confidence: Confidence::Low,
        ..Configuration::default()
    };
    let report = analyze(&sources, &[configuration], &Unattended).expect("nobody cancels");
    for finding in report.findings {
        let index = finding.location.file.0 as usize;
        let text = [one, other][index];
        assert!(finding.location.span.end as usize <= text.len());
        if let Some(fix) = pothole::fix::of(&finding, &sources[index].module, text) {
            assert!(
                fix.edits
                    .iter()
                    .all(|edit| edit.span.end as usize <= text.len())
            );
        }
        for place in [finding.location.span.start, finding.statement] {
            pothole::suppress::on_line(text, [place, place], finding.rule);
        }
    }
});
