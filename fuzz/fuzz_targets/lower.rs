//! Any bytes become a module: no panic, and every place in it lies inside the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pothole::ir::Dialect;
use pothole::lower::lower;

fuzz_target!(|bytes: &[u8]| {
    for dialect in [None, Some(Dialect::Two), Some(Dialect::Three)] {
        let module = lower(bytes, dialect);
        let end = bytes.len() as u32;
        assert!(
            module
                .problems
                .iter()
                .all(|problem| problem.span.end <= end)
        );
        assert!(module.functions.iter().all(|code| code.span.end <= end));
        assert!(!pothole::ir::dump(&module).is_empty());
    }
});
