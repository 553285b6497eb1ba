//! Any text is a configuration or a mistake that has a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pothole::{baseline::Baseline, config, rules};

fuzz_target!(|text: &str| {
    let names = rules::names();
    let _ = config::parse(text, &names).map_err(|error| error.to_string());
    let _ = config::parse_pyproject(text, &names).map_err(|error| error.to_string());
    let _ = Baseline::parse(text);
});
