#!/usr/bin/env python3
"""Reduces typeshed's stubs of the standard library to `rules/library/typeshed.tsv`.

    pip download --no-deps mypy && unzip mypy-*.whl 'mypy/typeshed/*'
    python scripts/reduce_typeshed.py mypy/typeshed/stdlib > rules/library/typeshed.tsv

One name a line: `name <tab> kind <tab> type <tab> overload ...`, where kind is

    module  what follows belongs to it, where a name starts with a dot
    class   the same; the type column lists the bases
    def     a function or method and what it returns; `async` where it must be awaited
    value   a variable, attribute or property and its type
    alias   the same thing as another name

An overload is `2 default: str`: what is returned from two positional arguments on, or with the keyword `default`.
`element` is the element of the receiver, or of a function's first argument; `self` is the receiver.
Names that only older or newer versions of Python have are kept; where versions differ, 3.13 counts.
"""

import ast
import pathlib
import re
import sys

VERSION = (3, 13)
HEADER = """\
# Types of Python's standard library, reduced from typeshed by scripts/reduce_typeshed.py.
# typeshed is distributed under the Apache License, Version 2.0; see https://github.com/python/typeshed
"""
# Modules that tell a reviewer nothing, or are no part of the library.
SKIPPED = set(
    "_typeshed _winapi antigravity lib2to3 msilib nt ntpath ossaudiodev profiling pydoc_data sre_compile sre_constants"
    " sre_parse this turtle".split()
)
# Modules whose contents everybody knows by another name.
RENAMED = {"posixpath": "os.path", "genericpath": "os.path"}
# Classes whose own type parameter is what iteration gives; for the mappings among them, their values.
CONTAINERS = set(
    "list tuple set frozenset dict typing.Iterator typing.Generator typing.Iterable typing.Sequence"
    " typing.MutableSequence typing.AbstractSet typing.MutableSet typing.Mapping typing.MutableMapping"
    " typing.Collection typing.Reversible collections.deque collections.OrderedDict collections.defaultdict".split()
)
# Parameters whose argument's elements a function may hand on.
ITERABLES = set(
    "Iterable Iterator Sequence Collection Reversible AbstractSet list SupportsNext SupportsIter SupportsLenAndGetItem"
    " SupportsGetItem SupportsRichComparison MutableSequence deque".split()
)
# Abstract types: a value of one of them can be of many kinds.
ABSTRACT = set(
    "Iterable Sequence Mapping MutableMapping MutableSequence Collection Container Sized Hashable Reversible AbstractSet"
    " MutableSet Awaitable Coroutine Buffer ByteString Sequence SupportsInt SupportsFloat SupportsIndex".split()
)
DUNDERS = {"__enter__", "__aenter__", "__iter__", "__next__", "__getitem__", "__call__", "__await__", "__exit__"}

NOISE = {"__slots__", "__match_args__", "__hash__", "__isabstractmethod__", "__annotations__"}


class Module:
    """One stub: its definitions by name, in order."""

    def __init__(self, name, is_package, tree):
        self.name, self.package = name, name if is_package else name.rpartition(".")[0]
        self.names, self.stars, self.exports = {}, [], None
        self.collect(tree.body)

    def collect(self, body):
        for node in body:
            if isinstance(node, ast.If):
                for branch in (node.body, node.orelse) if is_true(node.test) else (node.orelse, node.body):
                    self.collect_new(branch)
            elif isinstance(node, ast.Try):
                self.collect(node.body)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.collect_import(node)
            else:
                for name, found in definitions(node):
                    self.names.setdefault(name, []).append(found)

    def collect_new(self, branch):
        """The names of a branch that no other branch has said."""
        other = Module(self.name, False, ast.Module([], []))
        other.package = self.package
        other.collect(branch)
        self.stars += other.stars
        for name, found in other.names.items():
            if name == "__all__":
                self.names[name] = self.names.get(name, []) + found
            self.names.setdefault(name, found)

    def collect_import(self, node):
        if isinstance(node, ast.Import):
            for item in node.names:
                name = item.asname or item.name.split(".")[0]
                target = item.name if item.asname else name
                self.names.setdefault(name, []).append(("import", target, None, item.asname == item.name))
            return
        source = node.module or ""
        if node.level:
            parts = self.package.split(".")
            source = ".".join(filter(None, parts[: len(parts) - node.level + 1] + [source]))
        for item in node.names:
            if item.name == "*":
                self.stars.append(source)
            else:
                public = item.asname == item.name
                self.names.setdefault(item.asname or item.name, []).append(("import", source, item.name, public))


def is_true(test):
    """Whether a condition on the version or platform holds, on Linux with Python 3.13."""
    if isinstance(test, ast.BoolOp):
        return (all if isinstance(test.op, ast.And) else any)(is_true(value) for value in test.values)
    if isinstance(test, ast.UnaryOp):
        return not is_true(test.operand)
    if isinstance(test, ast.Compare):
        left, right = ast.unparse(test.left), test.comparators[0]
        if left == "sys.version_info":
            return (VERSION >= ast.literal_eval(right)) == isinstance(test.ops[0], ast.GtE)
        if left == "sys.platform":
            return (ast.literal_eval(right) == "linux") == isinstance(test.ops[0], ast.Eq)
    return True


def definitions(node):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name, ("def", node)
    elif isinstance(node, ast.ClassDef):
        yield node.name, ("class", node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, ("value", node.annotation, node.value)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, ("assign", node.value)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, ("assign", node.value)
    elif isinstance(node, getattr(ast, "TypeAlias", ())):
        yield node.name.id, ("assign", node.value)


class Stubs:
    """All stubs, and what their names mean."""

    def __init__(self, folder):
        self.modules = {}
        for path in sorted(folder.rglob("*.pyi")):
            parts = list(path.relative_to(folder).with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            if name.startswith("encodings."):
                continue
            if name.split(".")[0] not in SKIPPED or name.startswith("_typeshed"):
                self.modules[name] = Module(name, is_package, ast.parse(path.read_text()))
        self.public = {}
        self.find_public_names()

    def resolve(self, module, name, seen=()):
        """The module and definition that a name stands for: (module, name, definitions)."""
        if (module, name) in seen or module not in self.modules:
            return None
        seen = (*seen, (module, name))
        found = self.modules[module].names.get(name)
        if found and found[0][0] == "import":
            _, source, original, _ = found[0]
            if original is None:
                return (source, None, None)
            if f"{source}.{original}" in self.modules and original not in self.modules.get(source, self).names:
                return (f"{source}.{original}", None, None)
            return self.resolve(source, original, seen)
        if found:
            return (module, name, found)
        for star in self.modules[module].stars:
            if self.hands_on(star, name) and (found := self.resolve(star, name, seen)):
                return found
        return None

    def hands_on(self, module, name):
        """Whether a star import of a module gets the name: what a stub imports is private, unless it says otherwise."""
        if module not in self.modules:
            return False
        if listed := self.listed(module):
            return name in listed
        what = self.modules[module].names.get(name)
        return not name.startswith("_") and (not what or what[0][0] != "import" or what[0][3])

    def listed(self, module):
        """What `__all__` lists."""
        listed = set()
        for node in self.modules[module].names.get("__all__", []):
            if isinstance(node[-1], (ast.List, ast.Tuple)):
                listed |= {item.value for item in node[-1].elts if isinstance(item, ast.Constant)}
        return listed

    def exported(self, module):
        """The names that a module hands on from others."""
        found, listed = self.modules[module], self.listed(module)
        for name, what in found.names.items():
            if what[0][0] == "import" and (what[0][3] or name in listed):
                yield name
        for star in found.stars:
            if star in self.modules:
                names = {*self.modules[star].names, *self.exported(star)}
                yield from (name for name in names if self.hands_on(star, name))

    names = {}  # so that a missing module has none

    def find_public_names(self):
        """Each definition's best name: the shortest public one in its own package, or where a private module's is known."""
        candidates = {}
        for module in self.modules:
            for name in set(self.exported(module)):
                if (found := self.resolve(module, name)) and found[1]:
                    candidates.setdefault(found[:2], set()).add(f"{module}.{name}")
        for (module, name), others in candidates.items():
            own = f"{RENAMED.get(module, module)}.{name}"
            top = own.split(".")[0]
            if module == "builtins" or module in RENAMED:
                continue
            same = [other for other in others if other.split(".")[0].lstrip("_") == top.lstrip("_")]
            public = [other for other in same or others if is_public(other)]
            best = min([*public, own], key=lambda known: (not is_public(known), known.count("."), len(known), known))
            self.public[module, name] = best
        self.candidates = candidates

    def full(self, module, name):
        """The name under which a definition is listed."""
        if module == "builtins":
            return name
        return self.public.get((module, name)) or f"{RENAMED.get(module, module)}.{name}"


def is_public(name):
    return not any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


class Scope:
    """Where an annotation stands: its module, class, and the type variables that mean the element."""

    def __init__(self, stubs, module, path=(), elements=(), generic=False, owner=None, within=()):
        self.stubs, self.module, self.path = stubs, module, path
        self.elements, self.generic, self.owner = set(elements), generic, owner
        self.within = within  # the aliases that are being taken apart

    def lookup(self, name):
        """A nested class of the class at hand, or a name of the module, or a builtin."""
        for depth in range(len(self.path), 0, -1):
            full = self.stubs.nested.get((self.module, *self.path[:depth], name))
            if full:
                return full
        found = self.stubs.resolve(self.module, name)
        if found is None and self.module != "builtins":
            found = self.stubs.resolve("builtins", name)
        return found


def text(node, scope):
    """An annotation as a type text."""
    if node is None:
        return "Any"
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return text(ast.parse(node.value, mode="eval").body, scope)
        return {None: "None", ...: "..."}.get(node.value, "Any")
    if isinstance(node, ast.BinOp):
        return union([text(node.left, scope), text(node.right, scope)])
    if isinstance(node, ast.Subscript):
        return subscripted(node, scope)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return named(node, [], scope)
    return "Any"


def union(parts):
    """Joined, each part once. What typeshed calls MaybeNone is not None."""
    flat = []
    for part in parts:
        for single in split_union(part):
            if single not in flat and single not in ("MaybeNone", "Never"):
                flat.append(single)
    if not flat:
        return "Any" if "MaybeNone" in parts else "Never"
    if "Any" in flat:
        return "Any | None" if "None" in flat else "Any"
    if "None" in flat:
        flat = [single for single in flat if single != "None"] + ["None"]
    return " | ".join(flat)


def split_union(part):
    depth, start, found = 0, 0, []
    for at, char in enumerate(part):
        depth += (char == "[") - (char == "]")
        if depth == 0 and part.startswith(" | ", at):
            found.append(part[start:at])
            start = at + 3
    return [*found, part[start:]]


def subscripted(node, scope):
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    name = last(node.value)
    if name == "Optional":
        return union([text(items[0], scope), "None"])
    if name == "Union":
        return union([text(item, scope) for item in items])
    if name in ("Final", "ClassVar", "Annotated", "Required", "NotRequired", "ReadOnly"):
        return text(items[0], scope)
    if name == "Literal":
        return union([literal(item, scope) for item in items])
    if name in ("TypeGuard", "TypeIs"):
        return "bool"
    if name in ("Callable", "Concatenate", "Unpack"):
        return "Callable" if name == "Callable" else "Any"
    return named(node.value, items, scope)


def literal(node, scope):
    if isinstance(node, ast.Constant):
        return "None" if node.value is None else type(node.value).__name__
    if isinstance(node, ast.UnaryOp):
        return "int"
    if isinstance(node, ast.Attribute):
        return text(node.value, scope)
    return "Any"


def last(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


FORMS = {
    "Any": "Any",
    "object": "Any",
    "NoReturn": "Never",
    "Never": "Never",
    "LiteralString": "str",
    "Callable": "Callable",
    "MaybeNone": "MaybeNone",
    "Incomplete": "Any",
    "Unused": "Any",
    "Text": "str",
    "Final": "Any",
    "ClassVar": "Any",
    "TypeAlias": "Any",
}
CONTAINER_FORMS = {
    "List": "list",
    "list": "list",
    "Set": "set",
    "set": "set",
    "FrozenSet": "frozenset",
    "frozenset": "frozenset",
    "Dict": "dict",
    "dict": "dict",
    "Tuple": "tuple",
    "tuple": "tuple",
    "Iterator": "Iterator",
    "Generator": "Iterator",
    "Type": "type",
    "type": "type",
}
VIEWS = {"dict_keys", "dict_values", "dict_items", "KeysView", "ValuesView", "ItemsView"}


def named(node, items, scope):
    name = last(node)
    if name == "Self":
        return "self" if scope.generic else scope.owner or "Any"
    found = lookup_node(node, scope)
    if isinstance(found, str):
        return found
    if found is None or found[1] is None:
        return FORMS.get(name, "Any")
    module, name, what = found
    if module in ("typing", "typing_extensions", "_typeshed", "builtins", "_collections_abc", "types") and name in FORMS:
        return FORMS[name]
    kind = what[0][0]
    if kind == "class":
        return class_text(module, name, what[0][1], items, scope)
    if kind == "assign" or (kind == "value" and last(what[0][1]) == "TypeAlias"):
        return alias_text(module, name, what[0][-1], items, scope)
    return FORMS.get(name, "Any")


def lookup_node(node, scope):
    if isinstance(node, ast.Name):
        return scope.lookup(node.id)
    owner = lookup_node(node.value, scope) if isinstance(node.value, (ast.Name, ast.Attribute)) else None
    if owner is None or isinstance(owner, str):
        return None
    if owner[1] is None:
        full = f"{owner[0]}.{node.attr}"
        return (full, None, None) if full in scope.stubs.modules else scope.stubs.resolve(owner[0], node.attr)
    return scope.stubs.nested.get((owner[0], owner[1], node.attr))


def class_text(module, name, node, items, scope):
    if name in VIEWS and items:
        inner = [text(item, scope) for item in items]
        return {"k": f"View[{inner[0]}]", "v": f"View[{inner[-1]}]", "i": f"View[tuple[{', '.join(inner)}]]"}[
            name.replace("dict_", "")[0].lower()
        ]
    if name in CONTAINER_FORMS and module in ("builtins", "typing"):
        return container_text(CONTAINER_FORMS[name], items, scope)
    if module == "_typeshed" or name in ABSTRACT or is_protocol(node):
        return "Any"
    if is_typed_dict(node):
        return "dict[str, Any]"
    return scope.stubs.full(module, name)


def container_text(name, items, scope):
    if not items:
        return name
    inner = [text(item, scope) for item in items]
    if name == "Iterator":
        inner = inner[:1]
    if name == "type" and (" | " in inner[0] or inner[0] in ("Any", "element", "self")):
        return "type"
    if name == "tuple" and inner == ["..."]:
        return "tuple"
    return f"{name}[{', '.join(inner)}]"


def is_protocol(node):
    return any(last(base.value if isinstance(base, ast.Subscript) else base) == "Protocol" for base in node.bases)


def is_typed_dict(node):
    return any(last(base) == "TypedDict" for base in node.bases)


def alias_text(module, name, value, items, scope):
    """A type alias is what it stands for; a type variable is the element or anything."""
    if isinstance(value, ast.Call):
        kind = last(value.func)
        if kind == "TypeVar":
            if name in scope.elements:
                return "element"
            if name in ("AnyStr", "AnyOrLiteralStr", "StrOrLiteralStr"):
                return "str" if not scope.path or scope.module == "re" else "str | bytes"
            return "Any"
        if kind == "NewType":
            return text(value.args[1], Scope(scope.stubs, module))
        return "Any"
    if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)):
        if (module, name) in scope.within:
            return "Any"
        special = module in ("typing", "typing_extensions")
        if special and name in CONTAINER_FORMS:
            return container_text(CONTAINER_FORMS[name], items, scope)
        if special and name in ABSTRACT:
            return "Any"
        return text(value, Scope(scope.stubs, module, (), scope.elements, within=(*scope.within, (module, name))))
    return "Any"


class Reducer:
    """Writes the rows."""

    def __init__(self, stubs):
        self.stubs, self.rows = stubs, {}
        stubs.nested = {}
        for module, found in stubs.modules.items():
            for name, what in found.names.items():
                if what[0][0] == "class":
                    self.nest(module, (name,), what[0][1])

    def nest(self, module, path, node):
        for name, what in members(node).items():
            full = f"{self.stubs.full(module, path[0])}.{'.'.join((*path[1:], name))}"
            if what[0][0] == "class":
                self.stubs.nested[(module, *path, name)] = full
                self.nest(module, (*path, name), what[0][1])

    def run(self):
        for module, found in self.stubs.modules.items():
            if module.startswith("_typeshed"):
                continue
            for name, what in found.names.items():
                if name.startswith("__") and name not in ("__import__", "__debug__", "__file__", "__doc__", "__name__"):
                    continue
                if what[0][0] != "import":
                    scope = Scope(self.stubs, module)
                    self.define(self.stubs.full(module, name), what, scope, (name,))
        self.aliases()
        return self.rows

    def aliases(self):
        for (module, name), others in self.stubs.candidates.items():
            full = self.stubs.full(module, name)
            own = set() if module == "builtins" else {f"{module}.{name}"}
            for other in (others | own) - {full}:
                renamed = RENAMED.get(other.rpartition(".")[0])
                if full in self.rows and other not in self.rows and not renamed and is_public(other):
                    self.rows[other] = ("alias", full)

    def define(self, full, what, scope, path):
        kind = what[0][0]
        if kind == "class":
            self.define_class(full, what[0][1], scope, path)
        elif kind == "def":
            self.define_function(full, [node for tag, node, *_ in what if tag == "def"], scope)
        elif kind == "value":
            if last(what[0][1]) == "TypeAlias":
                return
            self.rows[full] = ("value", value_text(what[0][1], what[0][2], scope))
        elif kind == "assign":
            self.define_assigned(full, what[0][1], scope)

    def define_assigned(self, full, value, scope):
        if isinstance(value, ast.Call):
            if last(value.func) in ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "namedtuple"):
                return
            self.rows[full] = ("value", "Any")
        elif isinstance(value, ast.Constant):
            self.rows[full] = ("value", "Any" if value.value in (..., None) else type(value.value).__name__)
        elif isinstance(value, (ast.Name, ast.Attribute)):
            found = lookup_node(value, scope)
            for _ in range(4):
                if found and not isinstance(found, str) and found[1] and is_renaming(found[2][0]):
                    found = lookup_node(found[2][0][1], Scope(self.stubs, found[0]))
            own = full.rpartition(".")[0]
            if isinstance(value, ast.Name) and scope.path and f"{own}.{value.id}" in self.rows:
                self.rows[full] = self.rows[f"{own}.{value.id}"]
            elif found and not isinstance(found, str) and found[1] and found[2][0][0] in ("class", "def"):
                target = self.stubs.full(found[0], found[1])
                if target != full and found[0] != "_typeshed":
                    self.rows[full] = ("alias", target)
            elif isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
                owner = scope.lookup(value.value.id)
                kind = owner[2][0][0] if owner and not isinstance(owner, str) and owner[1] else ""
                if kind in ("value", "class"):
                    own = text(owner[2][0][1], scope) if kind == "value" else self.stubs.full(*owner[:2])
                    self.rows[full] = ("alias", f"{own}.{value.attr}")

    def define_class(self, full, node, scope, path):
        if is_protocol(node) and full not in CONTAINERS and not full.startswith(("typing.", "contextlib.")):
            return
        generic, elements = own_parameters(node, full)
        bases = [b for b in (self.base(base, scope) for base in node.bases) if b and b != full]
        if is_typed_dict(node):
            bases = ["dict"]
        self.rows[full] = ("class", ", ".join(dict.fromkeys(bases)))
        inner = Scope(self.stubs, scope.module, path, elements, generic and full in CONTAINERS, full)
        for name, what in members(node).items():
            if name.startswith("__") and name not in DUNDERS and (name in NOISE or not is_value(what)):
                continue
            if name == "__exit__" and not swallows(what):
                continue
            self.define(f"{full}.{name}", what, inner, (*path, name))

    def base(self, node, scope):
        if isinstance(node, ast.Subscript):
            node = node.value
        name = last(node)
        if name in ("Generic", "Protocol", "object", "TypedDict"):
            return None
        if name == "NamedTuple":
            return "tuple"
        found = lookup_node(node, scope) if isinstance(node, (ast.Name, ast.Attribute)) else None
        if isinstance(found, str):
            return found
        if found is None or found[1] is None or found[0] == "_typeshed":
            return None
        if found[2][0][0] != "class":
            known = {"List": "list", "Dict": "dict", "Set": "set", "Tuple": "tuple", "Type": "type"}.get(name)
            aliased = text(node, scope) if found[2][0][0] == "assign" else None
            return known or (aliased if aliased and aliased.replace(".", "").isidentifier() and aliased != "Any" else None)
        if is_protocol(found[2][0][1]) and self.stubs.full(*found[:2]).partition(".")[0] not in ("typing", "contextlib"):
            return None
        return self.stubs.full(found[0], found[1])

    def define_function(self, full, nodes, scope):
        decorators = {last(d.func if isinstance(d, ast.Call) else d) for d in nodes[0].decorator_list}
        if decorators & {"property", "cached_property", "abstractproperty", "_magic_enum_attr", "magic_enum_attr"}:
            self.rows[full] = ("value", returned(nodes[0], scope)[1])
            return
        if decorators & {"setter", "deleter"}:
            return
        is_method = bool(scope.path) and "staticmethod" not in decorators
        reduced = [signature(node, scope, is_method) for node in nodes]
        kind = "async" if any(item[0] for item in reduced) else "def"
        base, *others = by_arguments([item[1:] for item in reduced])
        self.rows[full] = (kind, base, *others)


def is_renaming(what):
    return what[0] == "assign" and isinstance(what[1], (ast.Name, ast.Attribute))


def members(node):
    module = Module("", False, ast.Module([], []))
    module.collect(node.body)
    return {name: what for name, what in module.names.items() if what[0][0] != "import"}


def is_value(what):
    return what[0][0] == "value" or any("property" in ast.unparse(d) for d in getattr(what[0][1], "decorator_list", ()))


def swallows(what):
    """typeshed's convention: `-> bool` says that the block's exception may be swallowed."""
    return any(tag == "def" and ast.unparse(node.returns or ast.Constant(None)) == "bool" for tag, node, *_ in what)


def own_parameters(node, full):
    """Whether a class is generic, and the type variables that stand for its elements."""
    parameters = []
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            items = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            names = [item.id for item in items if isinstance(item, ast.Name) and item.id.startswith("_")]
            parameters = parameters or names
    if full not in CONTAINERS or not parameters:
        return bool(parameters), ()
    mapping = len(parameters) > 1 and parameters[1].startswith("_V")
    return True, (parameters[1] if mapping else parameters[0],)


def value_text(annotation, value, scope):
    found = text(annotation, scope)
    if found == "Any" and isinstance(value, ast.Constant) and value.value is not ...:
        return type(value.value).__name__ if value.value is not None else "Any | None"
    return "Any" if found in ("MaybeNone", "Never") else found


def returned(node, scope):
    """Whether it must be awaited, and what then comes back."""
    wanted = node.returns
    name = last(wanted.value) if isinstance(wanted, ast.Subscript) else ""
    if isinstance(node, ast.AsyncFunctionDef):
        return True, text(wanted, scope)
    if name in ("Awaitable", "Coroutine", "CoroutineType") and isinstance(wanted.slice, (ast.Tuple, ast.Name, ast.Subscript)):
        inner = wanted.slice.elts[-1] if isinstance(wanted.slice, ast.Tuple) else wanted.slice
        return True, text(inner, scope)
    found = text(wanted, scope)
    return False, "Any" if found == "MaybeNone" else found


def signature(node, scope, is_method):
    """Awaited; what is returned; how many positional arguments are needed; which keywords are needed."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = len(arguments.defaults)
    needed = positional[: len(positional) - defaults] if defaults else positional
    if is_method:
        positional, needed = positional[1:], needed[1:]
    scope = with_elements(scope, positional)
    awaited, result = returned(node, scope)
    only = [arg.arg for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None]
    names = [arg.arg for arg in needed if arg not in arguments.posonlyargs and not arg.arg.startswith("__")]
    return awaited, result, len(needed), names, only


def with_elements(scope, positional):
    """A function that takes an iterable of T first, and returns T, returns its argument's element."""
    if scope.path or not positional or not isinstance(positional[0].annotation, ast.Subscript):
        return scope
    annotation = positional[0].annotation
    if last(annotation.value) not in ITERABLES or not isinstance(annotation.slice, ast.Name):
        return scope
    return Scope(scope.stubs, scope.module, (), {annotation.slice.id})


def by_arguments(signatures):
    """One result for the fewest arguments, and others for more: those that need an argument more, or a keyword."""
    groups = {}
    for result, count, names, only in signatures:
        groups.setdefault((count, tuple(only)), []).append((result, names))
    least = min(groups, key=lambda key: (len(key[1]), key[0]))
    base = merged([result for result, _ in groups.pop(least)])
    found = [base]
    for (count, only), results in sorted(groups.items(), key=lambda item: (-item[0][0], item[0][1])):
        result = merged([result for result, _ in results])
        extra = sorted({name for _, names in results for name in names[least[0] :]} | set(only) - set(least[1]))
        when = [str(count)] * (count > least[0]) + extra
        if when and result != base:
            found.append(f"{' '.join(when)}: {result}")
        elif result != base:
            found[0] = base = merged([base, result])
    return found


def merged(results):
    """Overloads that differ only in what types they take. One that may return None, among others that do not, says nothing."""
    if len(set(results)) == 1:
        return results[0]
    texts = {union(split_union(result.replace("bytes", "str"))) for result in results}
    results = list(dict.fromkeys(results))
    if "Any" not in texts and len(texts) == 1:
        return texts.pop()
    results = [result for result in results if result.replace("Bytes", "") == result or result.replace("Bytes", "") not in results]
    nullable = ["None" in split_union(result) for result in results if result != "Never"]
    if any(nullable) and not all(nullable):
        results = [union([part for part in split_union(result) if part != "None"]) for result in results] + ["Any"]
    return union(results)


def without_private_modules(rows, stubs):
    """Without the contents of private modules, but for the classes that public ones need."""
    private = {name for name in stubs.modules if not is_public(name) and name != "_thread"}
    owner = {name: module_of(name, private) for name in rows}
    kept = {name for name in rows if not owner[name]}
    new = kept
    while new:
        words = {word for name in new for column in rows[name][1:] for word in WORD.findall(column)}
        wanted = {name for name in words & rows.keys() - kept if rows[name][0] == "class"}
        new = {name for name in rows.keys() - kept for one in wanted if name == one or name.startswith(one + ".")}
        kept = kept | new
    return {name: row for name, row in rows.items() if name in kept}


def module_of(name, modules):
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


WORD = re.compile(r"[\w.]+")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    stubs = Stubs(pathlib.Path(sys.argv[1]))
    rows = without_private_modules(Reducer(stubs).run(), stubs)
    modules = {RENAMED.get(name, name) for name in stubs.modules if is_public(name)} - {"builtins"}
    rows |= {name: ("module",) for name in modules}
    owners = sorted(name for name, row in rows.items() if row[0] in ("module", "class"))
    below = {owner: [] for owner in ("", *owners)}
    for name in sorted(rows.keys() - set(owners)):
        owner = name.rpartition(".")[0]
        below[owner if owner in below else ""].append(name)
    sys.stdout.write(HEADER)
    for owner in ("", *owners):
        lines = [(owner, owner)] * bool(owner) + [(name, name.removeprefix(owner) if owner else name) for name in below[owner]]
        for name, shown in lines:
            sys.stdout.write("\t".join([shown, *rows[name]]).rstrip() + "\n")


if __name__ == "__main__":
    main()
