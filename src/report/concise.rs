//! `concise`: one line for each finding.

use super::View;
use super::escape::opening;
use std::io::{self, Write};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for item in view.findings() {
        let start = item.spot.start;
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            opening(&view.file(item.spot.file).display),
            start.row,
            start.column,
            super::severity(item.severity),
            item.code,
            super::plain(&item.message),
        )?;
    }
    Ok(())
}
