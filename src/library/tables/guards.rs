//! Decorators, context managers and entry points, compiled.

use super::compiled::{CallEntry, Named};
use super::compiler::{Compiler, Result};
use super::names::NameId;
use super::schema::{By, Tables};
use super::typed::value;

impl Compiler {
    pub(super) fn guards(&mut self, table: &Tables) -> Result<()> {
        for decorator in &table.decorator {
            let names = self.guard_names(&decorator.names);
            add(&mut self.to.decorators, decorator, &names);
        }
        for context in &table.context {
            let names = self.guard_names(&context.names);
            self.raised(&context.names.join(", "), &context.raises)?;
            add(&mut self.to.contexts, context, &names);
        }
        for entry in &table.entry {
            if entry.by == By::Base {
                self.raised("[[entry]] by base", &entry.names)?;
            }
            let names = self.guard_names(&entry.names);
            for text in &entry.parameters {
                value(self, &entry.names.join(", "), text)?;
            }
            add(&mut self.to.entries, entry, &names);
        }
        Ok(())
    }

    /// The names that a guard is kept under. What is not known besides is a call of which only that is known.
    fn guard_names(&mut self, names: &[String]) -> Vec<NameId> {
        names
            .iter()
            .map(|dotted| {
                let name = self.canonical(dotted);
                if self.role(name).is_empty() {
                    self.add_call(
                        name,
                        CallEntry {
                            name,
                            returns: 0,
                            overloads: 0,
                            detail: 0,
                        },
                    );
                }
                name
            })
            .collect()
    }
}

fn add<T: Clone>(to: &mut Named<T>, new: &T, names: &[NameId]) {
    let index = to.all.len() as u32;
    to.all.push(new.clone());
    to.by_name.extend(names.iter().map(|&name| (name, index)));
    to.by_name.sort_unstable();
}
