//! `concise`: one line for each finding.

use super::{View, plain};
use std::io::{self, Write};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for item in view.findings() {
        let start = item.spot.start;
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            plain(&view.file(item.spot.file).display),
            start.row,
            start.column,
            super::severity(item.severity),
            item.code,
            plain(&item.message),
        )?;
    }
    Ok(())
}
