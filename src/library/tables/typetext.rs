//! Types as the tables write them: `requests.Response`, `list[str]`, `re.Match | None`, `dict[str, Any]`.

/// A type text, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeText<'t> {
    /// One of several.
    Union(Vec<TypeText<'t>>),
    /// A name, with what stands in its brackets.
    Name(&'t str, Vec<TypeText<'t>>),
}

/// Takes a type text apart; the error is what is wrong with it.
pub fn parse(text: &str) -> Result<TypeText<'_>, String> {
    let mut rest = text.trim();
    let found = union(&mut rest)?;
    if rest.is_empty() {
        Ok(found)
    } else {
        Err(format!("`{rest}` is left over"))
    }
}

fn union<'t>(rest: &mut &'t str) -> Result<TypeText<'t>, String> {
    let mut all = vec![single(rest)?];
    while take(rest, '|') {
        all.push(single(rest)?);
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => TypeText::Union(all),
    })
}

fn single<'t>(rest: &mut &'t str) -> Result<TypeText<'t>, String> {
    let name = name(rest)?;
    let mut arguments = Vec::new();
    if take(rest, '[') {
        loop {
            arguments.push(union(rest)?);
            if take(rest, ']') {
                break;
            }
            if !take(rest, ',') {
                return Err("`]` is missing".to_owned());
            }
        }
    }
    Ok(TypeText::Name(name, arguments))
}

fn name<'t>(rest: &mut &'t str) -> Result<&'t str, String> {
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    if name.is_empty() {
        return Err(format!("a name is missing before `{after}`"));
    }
    *rest = after.trim_start();
    Ok(name)
}

fn take(rest: &mut &str, wanted: char) -> bool {
    let Some(after) = rest.strip_prefix(wanted) else {
        return false;
    };
    *rest = after.trim_start();
    true
}
