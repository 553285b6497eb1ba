//! What the library knows of one call.

use super::schema::{Domain, Mark, Ttl, Want, When};
use crate::summary::{ClassRef, Parameters, Raise, Summary};
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// A call that the library knows: a function, a method, or a class's constructor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its whole name.
    pub name: String,
    /// What it does, as for a function of the project. `returns` is that of the call with the fewest arguments.
    pub summary: Summary,
    /// What it returns with more arguments; the first that applies counts.
    pub overloads: Vec<Overload>,
    /// The class that it constructs.
    pub constructs: Option<ClassRef>,
    /// Somebody wrote down what it does; otherwise only its type is known.
    pub described: bool,
    /// Its result comes from outside the program; `returns` says so too.
    pub outside: bool,
    /// Nothing happens until the result is used: effects and exceptions are those of the use.
    pub lazy: bool,
    /// What it raises in Python 2, where that is not what `summary.raises` says.
    pub raises_in_python2: Option<Vec<Raise>>,
    /// Arguments that must not be None.
    pub demands: Parameters,
    /// Exceptions that depend on the arguments, besides `summary.raises`.
    pub raises_if: Vec<RaisesIf>,
    /// An argument that it should be given, with the other ways to satisfy this; `summary.wants` has it in short.
    pub wants: Option<Want>,
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

/// A result for more arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Overload {
    /// It applies from this many positional arguments on, `self` not counted.
    pub positional: Option<u8>,
    /// It applies where one of these keywords is given.
    pub keywords: Vec<String>,
    /// The result.
    pub returns: Value,
}

/// Exceptions that depend on the arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisesIf {
    /// When.
    pub when: When,
    /// The keyword.
    pub keyword: Option<String>,
    /// The 0-based position of the same argument.
    pub position: Option<u8>,
    /// What is raised.
    pub raises: Vec<ClassRef>,
}

impl Call {
    /// What it returns when it is called with so many positional arguments (`self` not counted) and these keywords.
    pub fn returns(&self, positional: usize, has_keyword: impl Fn(&str) -> bool) -> Value {
        let applies = |overload: &&Overload| {
            let enough = overload
                .positional
                .is_some_and(|least| positional >= usize::from(least));
            enough || overload.keywords.iter().any(|keyword| has_keyword(keyword))
        };
        self.overloads
            .iter()
            .find(applies)
            .map_or(self.summary.returns, |overload| overload.returns)
    }

    /// What it raises, in Python 2 or 3: an `OSError` of the one can be a `socket.error` or `IOError` of the other.
    pub fn raises(&self, python2: bool) -> &[Raise] {
        match &self.raises_in_python2 {
            Some(raises) if python2 => raises,
            _ => &self.summary.raises,
        }
    }

    /// Whether rules look for this in it.
    pub fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }
}
