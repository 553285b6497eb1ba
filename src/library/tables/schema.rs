//! The tables as people write them: one struct for each table of `rules/library/*.toml` and of a team's configuration.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    /// Exception classes and their parents.
    pub exception: BTreeMap<String, Parents>,
    /// Other classes and their parents.
    pub class: BTreeMap<String, Parents>,
    /// The same thing by another name: alias = target.
    pub alias: BTreeMap<String, String>,
    /// What an attribute or a module's variable holds. `C.*` is any attribute of C, `C[]` its item.
    pub attribute: BTreeMap<String, Attribute>,
    /// What is different in Python 2.
    pub python2: Python2,
    /// What calls do.
    pub call: Vec<Call>,
    /// What decorators do to a function.
    pub decorator: Vec<Decorator>,
    /// What `with` statements do to an exception.
    pub context: Vec<Context>,
    /// Who calls a function that nobody in the project calls.
    pub entry: Vec<Entry>,
}

/// One parent or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parents {
    /// One.
    One(String),
    /// Several, in order; none for a class that has only `object`.
    Many(Vec<String>),
}

impl Parents {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Parents::One(parent) => std::slice::from_ref(parent),
            Parents::Many(parents) => parents,
        };
        all.iter().map(String::as_str)
    }
}

/// What an attribute holds: its type, or its type and what else is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// A type.
    Type(String),
    /// A type and facts.
    Facts {
        /// The type.
        r#type: String,
        /// It comes from outside the program.
        #[serde(default)]
        outside: bool,
        /// It may be empty.
        #[serde(default)]
        empty: bool,
        /// It may be zero.
        #[serde(default)]
        zero: bool,
    },
}

/// What is different in Python 2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Python2 {
    /// Exception classes that are aliases in Python 3, or have other parents there.
    pub exception: BTreeMap<String, Parents>,
    /// Aliases of Python 2 alone.
    pub alias: BTreeMap<String, String>,
}

/// What some calls do. A class's name means its constructor; `C.*` any method of C that is not named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Call {
    /// The functions, methods and classes that this describes.
    pub names: Vec<String>,
    /// What it touches.
    pub effects: Vec<Effect>,
    /// What it raises when something outside goes wrong.
    pub raises: Vec<String>,
    /// The type that it returns.
    pub returns: Option<String>,
    /// Other returns for more arguments; the first that applies counts.
    pub overloads: Vec<Overload>,
    /// How the result reaches the caller.
    pub delivery: Option<Delivery>,
    /// An argument that it should be given.
    pub wants: Option<Want>,
    /// The result comes from outside the program.
    pub outside: bool,
    /// The result may be empty.
    pub empty: bool,
    /// The result may be zero.
    pub zero: bool,
    /// Nothing happens until the result is used; `effects` and `raises` are those of the use.
    pub lazy: bool,
    /// It does not return.
    pub never_returns: bool,
    /// It returns only if these arguments are not None.
    pub requires: Vec<u8>,
    /// A true result means that these are not None.
    pub true_means: Vec<u8>,
    /// A false result means that these are not None.
    pub false_means: Vec<u8>,
    /// These must not be None: it fails with a TypeError or AttributeError.
    pub demands: Vec<u8>,
    /// It returns None exactly if one of these is None.
    pub none_if_none: Vec<u8>,
    /// It returns this argument as it is.
    pub returns_argument: Option<u16>,
    /// It raises these instead of, or besides, `raises` where a keyword or an empty argument says so.
    pub raises_if: Vec<RaisesIf>,
    /// What it does to the lifetime of a cached key.
    pub ttl: Option<Ttl>,
    /// Keywords that give the written key a lifetime.
    pub ttl_parameters: Vec<String>,
    /// It asks for one thing: what asks for many of them at once.
    pub batch: Option<String>,
    /// What its first argument must be.
    pub domain: Option<Domain>,
    /// What rules look for besides.
    pub marks: Vec<Mark>,
}

/// A type that is returned where the call has more arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overload {
    /// It applies from this many positional arguments on, `self` not counted.
    #[serde(default)]
    pub positional: Option<u8>,
    /// It applies where one of these keywords is given.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The type.
    pub returns: String,
}

/// Exceptions of a call that depend on its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaisesIf {
    /// When.
    pub when: When,
    /// The keyword; with `without` a default that prevents it.
    #[serde(default)]
    pub keyword: Option<String>,
    /// The 0-based position of the same argument.
    #[serde(default)]
    pub position: Option<u8>,
    /// What is raised.
    pub raises: Vec<String>,
}

/// When a call raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The argument is given, and true.
    With,
    /// The argument is given, and false.
    Off,
    /// The argument is not given.
    Without,
    /// The receiver, or the first argument, is empty, and the keyword is not given.
    Empty,
    /// The argument comes from outside the program.
    Outside,
    /// Seldom, with odd input: only worth a word where a handler was written for what it usually raises.
    Rarely,
}

/// What a call touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The network.
    Network,
    /// A database or cache.
    Database,
    /// The file system.
    File,
    /// Another process or thread.
    Process,
    /// It reads text into values.
    Parse,
    /// It can wait for something outside.
    Blocking,
}

/// How a result reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// As a generator.
    Generator,
    /// By `await`.
    Awaited,
    /// By a Twisted Deferred.
    Deferred,
}

/// An argument that a call should be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// The rule that asks.
    pub rule: String,
    /// Keywords any of which satisfies it.
    pub one_of: Vec<String>,
    /// The 0-based position that satisfies it too, `self` not counted.
    #[serde(default)]
    pub position: Option<u8>,
    /// Keywords of the receiver's constructor that satisfy it.
    #[serde(default)]
    pub constructor: Vec<String>,
    /// Methods of the receiver, or functions, that satisfy it for later calls.
    #[serde(default)]
    pub setters: Vec<String>,
    /// There is a default: only an explicit None is wrong.
    #[serde(default)]
    pub has_default: bool,
    /// Versions from this one on have a default.
    #[serde(default)]
    pub before: Option<String>,
}

/// What a call does to the lifetime of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ttl {
    /// It writes a key and gives it no lifetime, but for `ttl_parameters`.
    Write,
    /// It writes a key with a lifetime.
    Has,
    /// It gives a key a lifetime.
    Set,
    /// It takes the lifetime away.
    Clear,
}

/// What the first argument of a numeric function must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Zero or more.
    NonNegative,
    /// More than zero.
    Positive,
    /// More than minus one.
    AboveMinusOne,
    /// From minus one to one.
    Unit,
    /// Strictly between minus one and one.
    OpenUnit,
    /// One or more.
    AtLeastOne,
    /// Neither infinite nor NaN.
    Finite,
    /// A whole number, zero or more.
    Natural,
}

/// What rules look for in a call besides its summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It runs text as Python.
    RunsCode,
    /// It builds objects from bytes that can run code.
    UnsafeLoad,
    /// It imports by name.
    Imports,
    /// It walks all keys of a live server, or drops them.
    ScansKeys,
    /// It adds to its receiver.
    Grows,
    /// It takes from its receiver, or bounds it.
    Shrinks,
    /// It opens something that must be closed.
    Opens,
    /// It closes its receiver.
    Closes,
    /// It writes a log.
    Logs,
    /// It ends the test.
    Skips,
    /// It registers a listener with its receiver.
    Listens,
    /// It removes a listener.
    Unlistens,
    /// It replaces blocking functions by cooperative ones.
    Patches,
    /// It moves a blocking call off the loop.
    Offloads,
    /// It binds arguments for a later call.
    Partial,
    /// It ends a request.
    Finishes,
    /// It writes to a request or connection.
    Writes,
    /// Its result is None where its input says "null".
    NullInput,
    /// Its result is None where an optional group of the pattern did not take part.
    OptionalGroup,
    /// It is called with a regular expression.
    Regex,
    /// It tests what it is given, as validators do.
    Validates,
    /// It sends a query that was only put together before.
    Asks,
    /// It fails in ordinary operation, and not only where something is broken: the peer has gone, the user has no entry.
    Fragile,
    /// It schedules a coroutine or function and returns a handle that must be kept.
    Spawns,
}

/// What some decorators do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decorator {
    /// The decorators, called with arguments or not.
    pub names: Vec<String>,
    /// What the decorated name is afterwards.
    pub makes: Option<Makes>,
    /// The class whose methods the decorated name has besides: `@cli.command()` of a function that `@click.group()` made.
    pub lends: Option<String>,
    /// It calls the function again when it raises.
    pub retries: Option<Retry>,
    /// Exceptions that it swallows.
    pub catches: Option<Catches>,
    /// Arguments that are None are rejected.
    pub rejects_none: bool,
    /// It keeps arguments and results alive.
    pub caches: Option<Caches>,
    /// Calls of it are time-limited.
    pub limits_time: bool,
}

/// What a decorated name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Makes {
    /// A function that is called and returns as before.
    Same,
    /// An attribute.
    Property,
    /// A method with no receiver.
    Static,
    /// A method of the class.
    Class,
    /// A method that subclasses must define.
    Abstract,
    /// An attribute that subclasses must define.
    AbstractProperty,
    /// A context manager around the generator's `yield`.
    ContextManager,
    /// The same for `async with`.
    AsyncContextManager,
    /// A function that returns a Deferred of the generator's result.
    Deferred,
    /// A function that must be awaited.
    Coroutine,
    /// A task: called, it runs as before; its methods queue it.
    Task,
    /// One of several signatures; the body is not run.
    Overload,
    /// A function with implementations by type.
    Dispatch,
    /// A class with generated methods.
    Dataclass,
    /// A test's fixture: its name is a parameter elsewhere.
    Fixture,
    /// Something else: nothing is known of it.
    Unknown,
}

/// How a decorator retries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// What it raises when it gives up; nothing: the last exception itself.
    pub gives_up_with: Option<String>,
    /// A keyword that makes it raise the last exception itself.
    pub reraise: Option<String>,
    /// The keyword that names the exceptions; without it, all.
    pub on: Option<String>,
    /// The 0-based position of the same.
    pub position: Option<u8>,
    /// It retries only if one of these keywords is given.
    pub only_with: Vec<String>,
}

/// Which exceptions are swallowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Catches {
    /// All that are Exceptions.
    All,
    /// Those that its arguments name.
    Arguments,
    /// These.
    Classes(Vec<String>),
}

/// How a decorator caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caches {
    /// Up to a default number.
    Bounded,
    /// With no bound.
    Unbounded,
    /// On the instance.
    OnInstance,
}

/// What some context managers do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// The context managers: functions, or classes whose instances are used.
    pub names: Vec<String>,
    /// Exceptions that do not leave the block.
    pub catches: Option<Catches>,
    /// What it raises itself when the block takes too long.
    pub raises: Vec<String>,
    /// The block is time-limited.
    pub limits_time: bool,
    /// Only one thread at a time runs the block.
    pub locks: bool,
    /// It closes its first argument.
    pub closes_argument: bool,
}

/// Who calls functions that the project only registers, or methods that it only defines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Decorators, functions or base classes.
    pub names: Vec<String>,
    /// Which of these they are.
    pub by: By,
    /// `by = "call"`: the 0-based position of the function that is registered.
    #[serde(default)]
    pub position: Option<u8>,
    /// `by = "call"`: its keyword; `*` stands for any.
    #[serde(default)]
    pub keyword: Option<String>,
    /// `by = "base"`: the methods that the framework calls; a `*` at the end stands for anything.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Where it runs.
    pub runs: Runs,
    /// What becomes of an exception that leaves it.
    pub fate: Fate,
    /// Types of the parameters that the framework passes, `self` not counted.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// What it is called with comes from outside the program.
    #[serde(default)]
    pub outside: bool,
}

/// How a function is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// It is decorated.
    Decorator,
    /// It is an argument of a call.
    Call,
    /// It is a method of a subclass.
    Base,
}

/// Where a function runs that nobody in the project calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// For a request of a client, in a thread or process of the server.
    Request,
    /// In the reactor or event loop: what blocks it blocks all.
    Loop,
    /// In a greenlet.
    Greenlet,
    /// In a thread of its own, or of a pool.
    Thread,
    /// In another process.
    Process,
    /// In a worker, for a queued task.
    Task,
    /// As a command of the command line.
    Command,
    /// When a signal arrives.
    Signal,
    /// When the program ends.
    Exit,
    /// In the caller's own thread, when something happens.
    Callback,
    /// In a test.
    Test,
}

/// What becomes of an exception that leaves an entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The client gets an error response.
    Response,
    /// The thread, worker or connection ends.
    Kills,
    /// It is repeated no more.
    Stops,
    /// Nobody sees it, or only the log.
    Lost,
    /// It waits for whoever asks for the result.
    Kept,
    /// The program ends with a traceback.
    Exits,
    /// It goes to whoever triggered the call.
    Raised,
    /// It goes to the errback chain.
    Errback,
}
