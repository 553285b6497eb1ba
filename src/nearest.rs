//! The known name that a mistyped one most likely meant.

/// The closest of `known` to `name`, if any is close enough to be worth mentioning.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = name.chars().count() / 3 + 1;
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn close_names_are_found_and_distant_ones_are_not() {
        let known = ["type-change", "none-result", "missing-timeout"];
        assert_eq!(nearest("type-chnage", known), Some("type-change"));
        assert_eq!(nearest("typechange", known), Some("type-change"));
        assert_eq!(nearest("division", known), None);
    }
}
