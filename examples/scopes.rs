//! Prints where the variables of the given files live, for `scripts/symtable_compare.py`; with `--ir` the whole IR.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut whole = false;
    for path in std::env::args().skip(1) {
        if path == "--ir" {
            whole = true;
            continue;
        }
        let module = pothole::lower::lower(&std::fs::read(&path)?, None);
        let text = if whole {
            pothole::ir::dump(&module)
        } else {
            pothole::ir::scopes(&module)
        };
        writeln!(out, "== {path}\n{text}")?;
    }
    Ok(())
}
