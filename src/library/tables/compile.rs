//! From tables to the compiled form; run by `build.rs` for the library's own and at run time for a team's.

use super::compiled::Compiled;
use super::compiler::{Compiler, LibraryError};
use super::schema::Tables;

/// Adds tables to what is compiled already. Later tables win where they say more of the same name.
pub fn compile(
    onto: Compiled<'static>,
    tables: &[Tables],
) -> Result<Compiled<'static>, LibraryError> {
    let mut compiler = Compiler::new(onto);
    for table in tables {
        compiler.declare(table);
    }
    for table in tables {
        compiler.inherit(table)?;
    }
    compiler.find_kinds();
    for table in tables {
        compiler.attributes(table)?;
        compiler.described.clear();
        compiler.calls(table)?;
        compiler.guards(table)?;
    }
    for table in tables {
        compiler.settle_aliases(table)?;
    }
    Ok(compiler.finish())
}
