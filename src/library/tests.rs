//! Checks of the compiled library: what lookups give, and what the tables must not say.

use super::schema::{Ttl, When};
use super::*;
use crate::summary::Effects;
use crate::value::Facts;

fn call(dotted: &str) -> &'static Call {
    let library = Library::builtin();
    let found = library.call(dotted);
    assert!(found.is_some(), "{dotted} is not known");
    library.get(found.unwrap_or(CallRef(0)))
}

fn class(dotted: &str) -> ClassRef {
    let found = Library::builtin().class(dotted, Dialect::Three);
    assert!(found.is_some(), "{dotted} is not known");
    found.unwrap_or(ClassRef(0))
}

fn raises(dotted: &str) -> Vec<&'static str> {
    let raised = &call(dotted).summary.raises;
    raised
        .iter()
        .map(|raise| Library::builtin().class_name(raise.class))
        .collect()
}

#[test]
fn a_call_says_what_it_touches_raises_and_wants() {
    let get = call("requests.get");
    assert!(get.summary.effects.meets(Effects::NETWORK));
    assert!(get.summary.effects.meets(Effects::BLOCKING));
    assert_eq!(
        raises("requests.get"),
        ["requests.exceptions.RequestException"]
    );
    assert_eq!(get.summary.wants[0].one_of, ["timeout"]);
    let response = Library::builtin().instance(class("requests.Response"));
    assert_eq!(get.summary.returns, response);
}

#[test]
fn aliases_lead_to_one_class_and_one_call() {
    assert_eq!(class("redis.StrictRedis"), class("redis.client.Redis"));
    assert_eq!(call("redis.StrictRedis.get"), call("redis.Redis.get"));
    assert_eq!(
        class("requests.Timeout"),
        class("requests.exceptions.Timeout")
    );
}

#[test]
fn python_2_has_other_classes_behind_the_same_names() {
    let library = Library::builtin();
    let three = |name: &str| library.class(name, Dialect::Three);
    let two = |name: &str| library.class(name, Dialect::Two);
    assert_eq!(three("socket.error"), three("OSError"));
    assert_eq!(three("IOError"), three("OSError"));
    assert_ne!(two("IOError"), two("OSError"));
    let is = |a: &str, b: &str| {
        two(a)
            .zip(two(b))
            .is_some_and(|(a, b)| library.is_subclass(a, b, Dialect::Two))
    };
    assert!(is("socket.error", "IOError"));
    assert!(is("urllib2.URLError", "IOError"));
    assert!(!is("socket.error", "OSError"));
    assert!(is("ValueError", "StandardError"));
}

#[test]
fn the_number_of_arguments_decides_about_none() {
    let get = call("os.environ.get");
    assert!(get.returns(1, |_| false).may_be_none());
    assert!(!get.returns(2, |_| false).may_be_none());
    assert!(get.summary.returns.facts.has(Facts::OUTSIDE));
}

#[test]
fn a_key_has_a_lifetime_or_not() {
    let set = call("redis.Redis.set");
    assert_eq!(set.ttl, Some(Ttl::Write));
    assert!(set.ttl_parameters.iter().any(|name| name == "ex"));
    assert_eq!(call("redis.Redis.setex").ttl, Some(Ttl::Has));
    assert_eq!(call("redis.Redis.expire").ttl, Some(Ttl::Set));
}

#[test]
fn items_and_attributes_of_clients_are_databases_and_collections() {
    let library = Library::builtin();
    let client = class("pymongo.MongoClient");
    let database = library.instance(class("pymongo.database.Database"));
    assert_eq!(library.attribute(client, "shop"), Some(database));
    assert_eq!(library.element(client), Some(database));
    assert_eq!(library.attribute(client, "list_database_names"), None);
}

#[test]
fn a_team_adds_its_own_tables() {
    let text = r#"
        [exception]
        "ourlib.Gone" = "requests.Timeout"
        [[call]]
        names = ["ourlib.fetch"]
        effects = ["network"]
        raises = ["ourlib.Gone"]
        returns = "list[requests.Response] | None"
        raises_if = [{ when = "with", keyword = "strict", raises = ["ValueError"] }]
    "#;
    let tables = toml::from_str(text).unwrap_or_default();
    let library = Library::builtin().with(tables);
    let library = library.as_ref().ok();
    assert!(library.is_some());
    let Some(library) = library else { return };
    let fetch = library.call("ourlib.fetch").map(|call| library.get(call));
    let fetch = fetch.cloned().unwrap_or_default();
    assert!(fetch.summary.returns.may_be_none());
    assert_eq!(fetch.raises_if[0].when, When::With);
    assert_eq!(
        library.class_name(fetch.summary.raises[0].class),
        "ourlib.Gone"
    );
    assert!(library.call("requests.get").is_some());
}

#[test]
fn a_wrong_entry_is_named() {
    let text = "[[call]]\nnames = ['ourlib.fetch']\nraises = ['ourlib.Gone']";
    let tables = toml::from_str(text).unwrap_or_default();
    let error = Library::builtin().with(tables).err();
    let shown = error.map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(shown, "ourlib.fetch: no class `ourlib.Gone` is known");
}
