#!/usr/bin/env python3
"""How the cost of a run grows: Python that nobody would write, in three sizes of each shape.

    python3 scripts/growth.py target/release/pothole            every shape
    python3 scripts/growth.py target/release/pothole import key  the shapes whose name has one of these words in it

What is compared is the processor time of the program, never the clock. A shape is told when four times the code costs more than
about four times the work of it (`GROWS`), when a run is stopped by its limit (`LIMIT`), or when it ends badly (`BAD`). The exit
status is 1 if any was.
"""

import os
import subprocess
import sys
import tempfile

LIMIT = 30  # seconds of processor time
RATIO = 2.75  # of the last doubling; 2 is linear, 2.15 is n log n at these sizes


def each(n, line, head="", tail=""):
    """`line` n times, with `{i}` the number, `{p}` the one before it, `{q}` the one after it."""
    return head + "".join(line.replace("{i}", str(i)).replace("{p}", str(max(0, i - 1))).replace("{q}", str(i + 1)) for i in range(n)) + tail


def listed(n, word, head, tail, between=", "):
    """`word` n times with something between them."""
    return head + between.join(word.replace("{i}", str(i)) for i in range(n)) + tail


def staircase(n, line, inside="x = 1"):
    """n blocks in one another."""
    return "".join(" " * i + line.replace("{i}", str(i)) + "\n" for i in range(n)) + " " * n + inside + "\n"


def mixed(*parts):
    return "".join(parts)


# One file of each; the number is the largest n.
SHAPES = {
    # Expressions.
    "brackets": (100_000, lambda n: "x = " + "[" * n + "]" * n),
    "brackets left open": (100_000, lambda n: "x = " + "[" * n),
    "brackets only closed": (100_000, lambda n: "x = " + ")" * n),
    "dictionaries in dictionaries": (50_000, lambda n: "x = " + "{1:" * n + "1" + "}" * n),
    "attributes": (100_000, lambda n: "x = a" + ".b" * n),
    "calls of calls": (100_000, lambda n: "x = f" + "()" * n),
    "calls in calls": (100_000, lambda n: "x = " + "f(" * n + "1" + ")" * n),
    "query chain": (50_000, lambda n: "x = q" + ".filter(a=1)" * n),
    "subscripts": (100_000, lambda n: "x = a" + "[0]" * n),
    "sums": (100_000, lambda n: "x = a" + " + a" * n),
    "string sums": (100_000, lambda n: "def f(a):\n    return ''" + " + 'b' + a" * n),
    "string literals": (100_000, lambda n: "x = 'a'" + " 'b'" * n),
    "powers": (100_000, lambda n: "x = a" + " ** a" * n),
    "conditions": (50_000, lambda n: "x = a" + " and a" * n),
    "conditions in an if": (50_000, lambda n: "def f(a):\n    if a" + " or a.b is None" * n + ":\n        return a.c\n"),
    "conditions of both kinds": (20_000, lambda n: "def f(a):\n    if a" + " or a.b and a.c" * n + ":\n        return a.c\n"),
    "comparisons": (50_000, lambda n: "x = a" + " < a" * n),
    "nots": (100_000, lambda n: "x = " + "not " * n + "a"),
    "signs": (100_000, lambda n: "x = " + "-" * n + "a"),
    "awaits": (50_000, lambda n: "async def f():\n    x = " + "await " * n + "a"),
    "lambdas in lambdas": (50_000, lambda n: "x = " + "lambda: " * n + "a"),
    "lambdas": (20_000, lambda n: "def f(a):\n" + each(n, "    x{i} = lambda b: a + b + {i}\n")),
    "lambdas in a list": (20_000, lambda n: listed(n, "lambda: {i}", "x = [", "]")),
    "lambda chain": (20_000, lambda n: "x0 = lambda a: a\n" + each(n, "x{q} = lambda a: x{i}(a)\n") + "x1(None)"),
    "ternaries": (50_000, lambda n: "x = " + "a if b else " * n + "a"),
    "stars": (100_000, lambda n: "f(" + "*" * n + "a)"),
    "walruses": (20_000, lambda n: "x = " + "(a := " * n + "1" + ")" * n),
    "walruses side by side": (20_000, lambda n: listed(n, "(a{i} := f({i}))", "x = [", "]")),
    "comprehension with many fors": (20_000, lambda n: "x = [a" + " for a in b if a" * n + "]"),
    "comprehensions in comprehensions": (5_000, lambda n: "x = " + "[" * n + "a" + " for a in b]" * n),
    "comprehensions": (20_000, lambda n: "def f(b):\n" + each(n, "    x{i} = [a.c for a in b if a]\n")),
    "slices": (50_000, lambda n: listed(n, "1:2", "x = a[", "]")),
    "dictionary": (100_000, lambda n: listed(n, "'k{i}': {i}", "x = {", "}")),
    "dictionary with one key": (50_000, lambda n: listed(n, "'k': {i}", "x = {", "}")),
    "dictionary in a function": (20_000, lambda n: listed(n, "'k{i}': a", "def f(a):\n    x = {", "}\n    return x['k1']\n")),
    "list": (200_000, lambda n: listed(n, "{i}", "x = [", "]")),
    "set": (100_000, lambda n: listed(n, "'a{i}'", "x = {", "}")),
    "tuple": (100_000, lambda n: listed(n, "a{i}", "x = (", ")")),
    "unpacking": (50_000, lambda n: "def f(b):\n    " + listed(n, "a{i}", "", " = b\n") + "    return a0.x\n"),
    "dictionaries in a list": (25_000, lambda n: each(n, "{'a': None, 'b': [1, {'c': f(1)}]},\n", "X = [\n", "]\n")),
    "arguments": (50_000, lambda n: listed(n, "a{i}", "def f(*a): pass\nf(", ")")),
    "keyword arguments": (20_000, lambda n: listed(n, "a{i}=None", "def f(**a): pass\nf(", ")")),
    "keyword arguments and parameters": (10_000, lambda n: listed(n, "a{i}=None", "def f(", "):\n    return a0.x\n") + listed(n, "a{i}=None", "f(", ")")),
    "starred arguments": (50_000, lambda n: listed(n, "*a", "def f(*a): pass\nf(", ")")),
    "formatted strings in one another": (10_000, lambda n: "x = " + "f'{" * n + "1" + "}'" * n),
    "formatted string": (50_000, lambda n: "x = f'" + "{a!r:>{w}}" * n + "'"),
    "formatted strings": (20_000, lambda n: "def f(a):\n" + each(n, "    x = f'{a.b} {a!r} {i}'\n")),
    "percent formats": (20_000, lambda n: "def f(a):\n    return '" + "%s " * n + "' % (" + "a, " * n + ")\n"),
    "format method": (20_000, lambda n: "def f(a):\n    return '" + "{} " * n + "'.format(" + "a, " * n + ")\n"),
    # Statements.
    "elifs": (40_000, lambda n: each(n, "    elif x == {i}:\n        y = {i}\n", "def f(x):\n    if x == 0:\n        y = 1\n", "    return y\n")),
    "elifs of a module": (40_000, lambda n: each(n, "elif x == {i}:\n    y = {i}\n", "if x == 0:\n    y = 1\n")),
    "elifs just small enough": (600, lambda n: each(n, "    elif x == {i}:\n        y = None\n", "def f(x, y):\n    if x == 0:\n        y = 1\n", "    return y.z\n")),
    "cases": (40_000, lambda n: each(n, "    case {i}:\n      y = {i}\n", "def f(x):\n  match x:\n", "  return y\n")),
    "case with alternatives": (50_000, lambda n: listed(n, "{i}", "def f(x):\n  match x:\n    case ", ":\n      return 1\n", " | ")),
    "case of a mapping": (20_000, lambda n: listed(n, "'k{i}': a{i}", "def f(x):\n  match x:\n    case {", "}:\n      return 1\n")),
    "excepts": (30_000, lambda n: each(n, "    except E{i}:\n        y = {i}\n", "def f(x):\n    try:\n        y = g(x)\n", "    return y\n")),
    "excepts just small enough": (900, lambda n: each(n, "    except E{i}:\n        y = {i}\n", "def f(x):\n    try:\n        y = g(x)\n", "    return y\n")),
    "names in an except": (50_000, lambda n: listed(n, "E{i}", "def f(x):\n    try:\n        y = g(x)\n    except (", "):\n        y = None\n    return y.z\n")),
    "classes caught in turn": (20_000, lambda n: each(n, "class E{i}(Exception): pass\n") + each(n, "    except E{i}:\n        y = {i}\n", "def f(x):\n    try:\n        y = g(x)\n", "    return y\n")),
    "tries": (20_000, lambda n: "def f(a):\n" + "    try:\n        a.x()\n    except ValueError:\n        a = None\n" * n),
    "tries of a module": (20_000, lambda n: "try:\n    import a\nexcept ImportError:\n    a = None\n" * n),
    "tries with finally": (20_000, lambda n: "def f(a):\n" + "    try:\n        a.x()\n    finally:\n        a = None\n" * n),
    "tries in tries": (1_000, lambda n: "def f(a):\n" + each(n, "") + "".join(" " * (i + 1) + "try:\n" for i in range(n)) + " " * (n + 1) + "a()\n" + "".join(" " * (i + 1) + "finally:\n" + " " * (i + 2) + "b()\n" for i in reversed(range(n)))),
    "many calls in one try": (20_000, lambda n: "def f(a):\n    try:\n" + "        a.b(1)\n" * n + "    except ValueError:\n        a = None\n    return a.c\n"),
    "many calls in one with": (20_000, lambda n: "def f(a):\n    with a:\n" + "        a.b(1)\n" * n + "    return a.c\n"),
    "ifs in ifs": (2_000, lambda n: staircase(n, "if x:")),
    "functions in functions": (2_000, lambda n: staircase(n, "def f{i}(x):", "return x")),
    "classes in classes": (2_000, lambda n: staircase(n, "class C{i}:")),
    "loops in loops": (1_000, lambda n: "def f(a):\n" + "".join(" " * (i + 1) + f"for x{i} in a:\n" for i in range(n)) + " " * (n + 1) + "a = a.b\n"),
    "withs in withs": (1_000, lambda n: "def f(a):\n" + "".join(" " * (i + 1) + f"with a(x{i}) as x{i + 1}:\n" for i in range(n)) + " " * (n + 1) + "a = a.b\n"),
    "with items": (20_000, lambda n: listed(n, "a({i}) as x{i}", "def f(a):\n    with ", ":\n        pass\n")),
    "withs": (20_000, lambda n: "def f(a):\n" + each(n, "    with open(a) as x:\n        x.read()\n")),
    "statements": (50_000, lambda n: "def f(a):\n" + "    a.b(1)\n" * n),
    "statements of a module": (50_000, lambda n: "a.b(1)\n" * n),
    "bindings": (50_000, lambda n: each(n, "    x{i} = a\n", "def f(a):\n", "    return x0\n")),
    "bindings of one name": (50_000, lambda n: each(n, "    x = a\n", "def f(a):\n", "    return x\n")),
    "bindings of one name, a kind each": (20_000, lambda n: each(n, "    x = {i}\n    x = 'a{i}'\n    x = None\n", "def f(a):\n", "    return x\n")),
    "bindings in a chain": (50_000, lambda n: "x0 = 1\n" + each(n, "x{q} = x{i}\n")),
    "targets": (50_000, lambda n: listed(n, "a{i}", "x = ", " = 1\n", " = ")),
    "augmented": (50_000, lambda n: "def f(a):\n    x = 0\n" + "    x += a\n" * n + "    return x\n"),
    "ifs": (20_000, lambda n: "def f(a, b):\n" + "    if b:\n        a = None\n    a.c()\n" * n),
    "ifs just small enough": (600, lambda n: "def f(a, b):\n" + "    if b:\n        a = None\n    a.c()\n" * n),
    "ifs of a name each": (5_000, lambda n: "def f(a, b):\n" + each(n, "    if b == {i}:\n        x{i} = None\n    else:\n        x{i} = a\n") + each(n, "    x{i}.c()\n")),
    "ifs of a name each, just small enough": (400, lambda n: "def f(a, b):\n" + each(n, "    if b == {i}:\n        x{i} = None\n    else:\n        x{i} = a\n") + each(n, "    x{i}.c()\n")),
    "whiles": (5_000, lambda n: "def f(a):\n" + each(n, "    while a:\n        a = a.n\n        if a.x:\n            break\n        b = a\n") + "    return b\n"),
    "whiles just small enough": (300, lambda n: "def f(a):\n" + each(n, "    while a:\n        a = a.n\n        if a.x:\n            break\n        b = a\n") + "    return b\n"),
    "fors": (10_000, lambda n: "def f(a):\n" + each(n, "    for x in a:\n        y = x\n") + "    return y\n"),
    "breaks": (20_000, lambda n: "def f(a):\n    while a:\n" + each(n, "        if a.x{i}:\n            break\n")),
    "continues": (20_000, lambda n: "def f(a):\n    while a:\n" + each(n, "        if a.x{i}:\n            continue\n")),
    "raises": (20_000, lambda n: "def f(a):\n" + each(n, "    if a == {i}:\n        raise E{i}(a)\n") + "def g():\n    try:\n        f(1)\n    except E1:\n        pass\n"),
    "raises just small enough": (600, lambda n: "def f(a):\n" + each(n, "    if a == {i}:\n        raise E{i}(a)\n") + "def g():\n    try:\n        f(1)\n    except E1:\n        pass\n"),
    "returns": (20_000, lambda n: "def f(a):\n" + each(n, "    if a == {i}:\n        return {i}\n")),
    "returns, unreachable": (50_000, lambda n: "def f(a):\n" + each(n, "    return {i}\n")),
    "yields": (50_000, lambda n: "def f(a):\n" + "    yield a\n" * n),
    "yields used": (50_000, lambda n: "def f(a):\n" + "    a = yield a\n" * n),
    "asserts": (50_000, lambda n: "def f(a):\n" + "    assert a is not None\n" * n),
    "deletions": (20_000, lambda n: "def f(d):\n" + each(n, "    x{i} = d\n    del x{i}\n")),
    "global statement": (50_000, lambda n: "def f():\n    " + listed(n, "a{i}", "global ", "\n    a0 = None\n")),
    "global statements": (50_000, lambda n: "def f():\n" + each(n, "    global a{i}\n    a{i} = None\n")),
    "nonlocal statements": (10_000, lambda n: "def f():\n" + each(n, "    a{i} = 1\n") + "    def g():\n" + each(n, "        nonlocal a{i}\n        a{i} = None\n") + "    g()\n"),
    "attributes of self": (20_000, lambda n: "class A:\n    def __init__(self, a):\n" + each(n, "        self.a{i} = None\n")),
    "attributes of self, used": (10_000, lambda n: "class A:\n    def __init__(self, a):\n" + each(n, "        self.a{i} = None\n") + "    def m(self):\n" + each(n, "        self.a{i}.x()\n")),
    "attributes of self in a method each": (10_000, lambda n: "class A:\n" + each(n, "    def m{i}(self):\n        self.a{i} = None\n        return self.a{p}.x\n")),
    "one attribute of self in many methods": (10_000, lambda n: "class A:\n" + each(n, "    def m{i}(self):\n        self.a = {i}\n        return self.a.x\n")),
    "one attribute of self, always": (20_000, lambda n: "class A:\n    def m(self, a):\n" + "        self.a = None\n        self.a = a\n        self.b(a)\n" * n),
    "attributes of a parameter": (20_000, lambda n: "def f(a):\n" + each(n, "    a.x{i} = None\n    a.y()\n")),
    "attributes checked": (10_000, lambda n: "def f(a):\n" + each(n, "    assert a.x{i}\n    a.x{i}.y\n")),
    "keys": (20_000, lambda n: "def f(d):\n" + each(n, "    d['k{i}'] = None\n")),
    "keys used": (10_000, lambda n: "def f(d):\n" + each(n, "    d['k{i}'] = None\n    d['k{i}'].x\n")),
    "keys of a module": (20_000, lambda n: "d = {}\n" + each(n, "d['k{i}'] = None\n")),
    "keys of a module read": (20_000, lambda n: "d = {}\n" + each(n, "d['k{i}'] = f(d['k{p}'])\n")),
    "elements": (20_000, lambda n: "def f(d):\n" + each(n, "    d[{i}] = None\n    d[{i}].x\n")),
    "names of a module set to None": (20_000, lambda n: each(n, "x{i} = None\n") + each(n, "x{i}.y\n")),
    "names of a module used in functions": (20_000, lambda n: each(n, "X{i} = None\ndef f{i}():\n    return X{i}.a\n")),
    "names never bound": (50_000, lambda n: each(n, "x{i}.y\n")),
    "appends": (50_000, lambda n: "x = []\n" + "x.append(1)\n" * n),
    # Functions.
    "functions": (25_000, lambda n: each(n, "def f{i}(a, b=None):\n    if b is None:\n        return f{p}(a)\n    return b.c(a)\n")),
    "methods": (25_000, lambda n: each(n, "    def f{i}(self, a=None):\n        self.x{i} = a\n        return self.f{p}(a)\n", "class A:\n")),
    "methods that do nothing": (50_000, lambda n: each(n, "    def f{i}(self): pass\n", "class A:\n")),
    "functions that return a caller's": (20_000, lambda n: each(n, "def f{i}(): return f{q}()\n") + f"def f{n}(): return None\nf0().x\n"),
    "arguments handed on": (20_000, lambda n: "def f0(a): return a.x\n" + each(n, "def f{q}(a): return f{i}(a)\n") + f"f{n}(None)\n"),
    "exceptions handed on": (20_000, lambda n: "def f0(a): raise ValueError(a)\n" + each(n, "def f{q}(a): return f{i}(a)\n") + f"try:\n    f{n}(None)\nexcept KeyError:\n    pass\n"),
    "an exception more at each call": (2_000, lambda n: "def f0(a): raise ValueError(a)\n" + each(n, "class E{q}(Exception): pass\ndef f{q}(a):\n    if a: raise E{q}()\n    return f{i}(a)\n")),
    "a value more at each call": (5_000, lambda n: "def f0(a): return 0\n" + each(n, "class C{q}: pass\ndef f{q}(a):\n    if a: return C{q}()\n    return f{i}(a)\n") + f"f{n}(1).x\n"),
    "calls in a ring": (20_000, lambda n: "".join(f"def f{i}(a):\n    if a:\n        return f{(i + 1) % n}(a)\n    return f{(i * 7 + 3) % n}(None)\n" for i in range(n))),
    "methods in a ring": (10_000, lambda n: "class A:\n" + "".join(f"    def f{i}(self, a):\n        self.x{i % 50} = a\n        if a:\n            return self.f{(i + 1) % n}(a)\n        return self.f{(i * 7 + 3) % n}(None)\n" for i in range(n))),
    "callers of one function": (50_000, lambda n: "def t(a=None):\n    return a.b\n\ndef u(q):\n    x = t(q)\n    return x\n" + each(n, "def f{i}():\n    t({i})\n    t()\n    u(None)\n")),
    "calls of one function": (100_000, lambda n: "def t(a=None):\n    return a.b\n" + "t(None)\nt(1)\n" * n),
    "calls of one function in one function": (50_000, lambda n: "def t(a=None):\n    return a.b\ndef f(x):\n" + "    t(None)\n    t(x)\n" * n),
    "calls of all functions": (20_000, lambda n: each(n, "def f{i}(a): return a.x\n") + "def g(x):\n" + each(n, "    f{i}(x)\n")),
    "tables of functions": (20_000, lambda n: each(n, "def f{i}(a): return a.x\n") + listed(n, "'k{i}': f{i}", "T = {", "}\n") + "def g(k):\n    return T[k](None)\n"),
    "tables of functions, called often": (3_000, lambda n: each(n, "def f{i}(a): return a.x\n") + listed(n, "'k{i}': f{i}", "T = {", "}\n") + each(n, "def g{i}(k):\n    return T[k](None)\n")),
    "functions handed over": (20_000, lambda n: "def run(f): return f(None)\n" + each(n, "def f{i}(a): return a.x\nrun(f{i})\n")),
    "callbacks kept": (10_000, lambda n: "L = []\ndef on(f): L.append(f)\n" + each(n, "@on\ndef f{i}(a): return a.x\n") + "def fire():\n    for f in L:\n        f(None)\n"),
    "closures": (10_000, lambda n: "def f(a):\n" + each(n, "    def g{i}(): return a\n    x{i} = g{i}\n") + "    return x0\n"),
    "closures over each other": (10_000, lambda n: "def f(a):\n" + each(n, "    def g{i}(): return g{p}()\n") + "    return g0\n"),
    "closures that bind": (10_000, lambda n: "def f(a):\n" + each(n, "    x{i} = None\n    def g{i}():\n        nonlocal x{i}\n        x{i} = a\n    x{i}.y\n")),
    "parameters": (20_000, lambda n: listed(n, "a{i}=None", "def f(", "):\n    return a0.b\n")),
    "parameters used": (10_000, lambda n: listed(n, "a{i}=None", "def f(", "):\n") + each(n, "    a{i}.x\n")),
    "parameters handed on": (5_000, lambda n: listed(n, "a{i}=None", "def f(", "):\n    pass\n") + listed(n, "a{i}=None", "def g(", "):\n    ") + listed(n, "a{i}", "f(", ")\n")),
    "decorators": (50_000, lambda n: "@d\n" * n + "def f(): pass\n"),
    "decorators of the project": (10_000, lambda n: "def d(f):\n    def g(*a): return f(*a)\n    return g\n" + "@d\n" * n + "def f(a): return a.x\nf(None)\n"),
    "decorators, a function each": (10_000, lambda n: each(n, "def d{i}(f):\n    def g(*a): return f(*a)\n    return g\n@d{i}\ndef f{i}(a): return a.x\nf{i}(None)\n")),
    "definitions again": (50_000, lambda n: "def f(): return None\n" * n + "f().x\n"),
    "definitions again, called": (20_000, lambda n: "def f(a): return a.x\nf(None)\n" * n),
    "methods again": (20_000, lambda n: "class A:\n" + "    def f(self): return None\n" * n + "A().f().x\n"),
    "classes again": (20_000, lambda n: "class A:\n    def f(self): return None\n" * n + "A().f().x\n"),
    "definitions either way": (10_000, lambda n: "if x:\n    def f(): return None\nelse:\n    def f(): return 1\n" * n + "f().x\n"),
    "overloads": (20_000, lambda n: "from typing import overload\n" + "@overload\ndef f(a: int) -> int: ...\n" * n + "def f(a): return a\nf(1)\n"),
    "partials": (20_000, lambda n: "from functools import partial\ndef f(*a): return a\np0 = f\n" + each(n, "p{q} = partial(p{i}, 1)\n")),
    "generators": (20_000, lambda n: each(n, "def f{i}(a):\n    for x in f{p}(a):\n        yield x\n")),
    "coroutines": (20_000, lambda n: each(n, "async def f{i}(a):\n    return await f{p}(a)\n")),
    "annotated union": (50_000, lambda n: "def f(a: int" + " | str" * n + "): return a.b\n"),
    "annotated union of classes": (10_000, lambda n: each(n, "class C{i}: pass\n") + listed(n, "C{i}", "def f(a: ", "): return a.b\n", " | ")),
    "annotations in annotations": (20_000, lambda n: "def f(a: " + "list[" * n + "int" + "]" * n + "): return a.b\n"),
    # Classes.
    "classes in a line": (20_000, lambda n: "class C0:\n    pass\n" + each(n, "class C{q}(C{i}):\n    def m(self): return self.n()\n    def n(self): return None\n")),
    "classes in a line with attributes": (10_000, lambda n: "class C0:\n    pass\n" + each(n, "class C{q}(C{i}):\n    def __init__(self):\n        super().__init__()\n        self.a{i} = None\n")),
    "classes of one base": (20_000, lambda n: "class C:\n    def m(self): pass\n" + each(n, "class C{q}(C):\n    def m(self): return self.n().x\n    def n(self): return None\n")),
    "classes of one base, called through it": (5_000, lambda n: "class C:\n    def m(self): pass\n    def go(self): return self.m()\n" + each(n, "class C{q}(C):\n    def m(self): return None\n") + each(n, "def f{i}(c: C): return c.m().x\n")),
    "attributes of a base, set by all": (5_000, lambda n: "class C:\n    a = None\n    def go(self): return self.a.x\n" + each(n, "class C{q}(C):\n    def m(self):\n        self.a = {i}\n        return self.a\n")),
    "bases": (20_000, lambda n: each(n, "class C{i}: pass\n") + listed(n, "C{i}", "class D(", "):\n    def m(self): return self.x\n")),
    "bases of bases": (1_000, lambda n: "class A0: pass\nclass B0: pass\n" + each(n, "class A{q}(A{i}, B{i}): pass\nclass B{q}(A{i}, B{i}): pass\n") + f"A{n}().x\n"),
    "bases in a ring": (10_000, lambda n: "".join(f"class C{i}(C{(i + 1) % n}):\n    def m(self): return self.n\n" for i in range(n))),
    "base of itself": (20_000, lambda n: each(n, "class C{i}(C{i}): pass\n")),
    "class attributes": (50_000, lambda n: "class A:\n" + each(n, "    a{i} = None\n")),
    "class attributes used": (20_000, lambda n: "class A:\n" + each(n, "    a{i} = None\n") + each(n, "A.a{i}.x\n")),
    "class attributes that are objects": (20_000, lambda n: "class F: pass\nclass A:\n" + each(n, "    a{i} = F()\n")),
    "properties": (20_000, lambda n: "class A:\n" + each(n, "    @property\n    def p{i}(self): return self.p{q}\n") + f"    p{n} = None\nA().p0.x\n"),
    "enumeration": (20_000, lambda n: "import enum\nclass A(enum.Enum):\n" + each(n, "    a{i} = {i}\n") + "def f(a: A): return a.value\n"),
    "fields of a data class": (20_000, lambda n: "import dataclasses\n@dataclasses.dataclass\nclass A:\n" + each(n, "    a{i}: int = {i}\n") + "A(1, 2).a0.x\n"),
    "models": (10_000, lambda n: "from django.db import models\n" + each(n, "class M{i}(models.Model):\n    a = models.ForeignKey('M{p}', on_delete=models.CASCADE, null=True)\n    def m(self): return self.a.m()\n")),
    "recursive classes": (10_000, lambda n: each(n, "class C{i}:\n    def __init__(self):\n        self.a = C{i}()\n        self.b = C{q}()\n    def m(self): return self.a.b.a.b.m()\n")),
    "objects in a chain": (10_000, lambda n: "class C:\n    def next(self): return C()\n" + "x = C()" + ".next()" * min(n, 300) + "\n" + each(n, "y{i} = C().next().next()\n")),
    # Modules.
    "names of an import": (100_000, lambda n: listed(n, "a{i}", "from m import (", ")\n")),
    "names of an import, used": (50_000, lambda n: listed(n, "a{i}", "from m import (", ")\n") + each(n, "a{i}.x()\n")),
    "imports": (50_000, lambda n: each(n, "import m{i}\n")),
    "imports of one module": (50_000, lambda n: "import m\n" * n),
    "imports of parts": (50_000, lambda n: each(n, "import a.b{i}.c{i}\n")),
    "imports in functions": (20_000, lambda n: each(n, "def f{i}():\n    import m{i}\n    return m{i}.x()\n")),
    "star imports": (50_000, lambda n: each(n, "from m{i} import *\n") + "x()\n"),
    "star imports and names": (10_000, lambda n: each(n, "from m{i} import *\n") + each(n, "x{i}()\n")),
    "names in __all__": (100_000, lambda n: listed(n, "'a{i}'", "__all__ = [", "]\n")),
    "names in __all__ that are there": (20_000, lambda n: each(n, "def a{i}(): pass\n") + listed(n, "'a{i}'", "__all__ = [", "]\n")),
    # Text.
    "long string": (10_000_000, lambda n: "x = '" + "a" * n + "'\n"),
    "long name": (1_000_000, lambda n: "a" * n + " = 1\n" + "a" * n + ".x\n"),
    "long names": (1_000, lambda n: each(n, "def " + "a" * 1_000 + "{i}(a): return " + "a" * 1_000 + "{p}(a)\n")),
    "long line": (100_000, lambda n: "x = 1; " * n + "\n"),
    "comments": (500_000, lambda n: "# x\n" * n),
    "ignores": (25_000, lambda n: "def f(x=[]):  # pothole: ignore[mutable-default]\n    x.append(1)\n" * n),
    "ignores of other tools": (100_000, lambda n: "x = 1  # noqa: E501\n" * n),
    "findings": (20_000, lambda n: each(n, "def f{i}(x=[]):\n    x.append(1)\n")),
    "findings in one function": (600, lambda n: "def f(a, b):\n    x = None\n    if a:\n        x = b\n" + "    x.y()\n    b.c(x)\n" * n),
    "lines that are no Python": (20_000, lambda n: "x = = 1\n" * n),
    "lines of which every other is no Python": (20_000, lambda n: "x = f(1)\ny = = 1\n" * n),
    "indents that are no Python": (20_000, lambda n: "".join(" " * (i % 97) + "x = (\n" for i in range(n))),
    "heads left open": (20_000, lambda n: "def f(:\n  x = 1\n" * n),
    "strings left open": (20_000, lambda n: "x = '''\ny = \"\n" * n),
    "long strings left open": (20_001, lambda n: '"""\ndef f(a):\n    pass\n' * (n | 1) + "x = = 2\n"),
    "Python 2": (20_000, lambda n: "print 'a', x\nexec 'a' in b\nraise E, 'x'\n" * n),
    "backticks": (20_000, lambda n: "x = " + "`" * n + "a" + "`" * n + "\n"),
    "conflict marks": (5_000, lambda n: "<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b\n" * n),
    "template marks": (20_000, lambda n: "{% if x %}\nx = {{ y }}\n{% endif %}\n" * n),
    "prompts": (20_000, lambda n: ">>> x = 1\n1\n" * n),
    "semicolons": (100_000, lambda n: ";" * n + "\n"),
    "line continuations": (50_000, lambda n: "x = 1 \\\n" * n + "\n"),
    "spaces at the end": (5_000_000, lambda n: "x = 1" + " " * n + "\n"),
    "empty lines": (5_000_000, lambda n: "\n" * n),
    "tabs": (100_000, lambda n: "if x:\n" + "\t" * n + "y = 1\n"),
    "form feeds": (100_000, lambda n: "\x0c" * n + "x = 1\n"),
    "carriage returns": (100_000, lambda n: "x = 1\r" * n),
    "zeros": (1_000_000, lambda n: "x = 1\n" + "\0" * n),
    "digits": (1_000_000, lambda n: "x = " + "9" * n + "\n"),
    "long doc strings": (10_000, lambda n: each(n, 'def f{i}(a):\n    """Does.\n\n    :param a: a thing or None\n    :raises ValueError: never\n    """\n    return a.x\n')),
    "doc string": (100_000, lambda n: 'def f(a):\n    """\n' + "    :raises ValueError: never\n" * n + '    """\n    return a.x\n'),
    "patterns": (2_000, lambda n: "import re\n" + each(n, "r{i} = re.compile(r'(a|b|ab)*c{i}(x+x+)+y')\n")),
    "long pattern": (10_000, lambda n: "import re\nre.compile(r'" + "(a|b|ab)*" * n + "')\n"),
    "pattern in itself": (2_000, lambda n: "import re\nre.compile(r'" + "(" * n + "a" + ")*" * n + "')\n"),
    "queries": (10_000, lambda n: "def f(cur, a):\n" + each(n, "    cur.execute('select * from t{i} where a = %s' % a)\n")),
    "long query": (50_000, lambda n: "def f(cur, a):\n    cur.execute('''select " + ", ".join(f"a{i}" for i in range(n)) + " from t''')\n"),
    "queries in loops": (5_000, lambda n: "def f(cur, a):\n" + each(n, "    for x in a:\n        cur.execute('select {i}', x)\n")),
}


def ring(n):
    return {f"m{i}.py": f"from m{(i + 1) % n} import f as g\nfrom m{(i + 2) % n} import *\ndef f(a=None):\n    if a:\n        return g(a)\n    return h(None)\ndef h(a): return f(a)\n" for i in range(n)}


def star_chain(n):
    return {**{f"m{i}.py": f"from m{i + 1} import *\ndef f{i}(a): return f{i + 1}(a)\n" for i in range(n)}, f"m{n}.py": f"def f{n}(a): return a.x\n"}


def reexports(n):
    return {**{f"m{i}.py": f"from m{i + 1} import f\nf(None)\n" for i in range(n)}, f"m{n}.py": "def f(a): return a.x\n"}


def hub(n):
    return {"hub.py": "def f(a=None): return a.x\nclass C:\n    x = None\n", **{f"m{i}.py": f"import hub\nfrom hub import f, C\ndef g(a):\n    hub.f(a)\n    C().x = {i}\n    return f(None)\n" for i in range(n)}}


def fan(n):
    return {"all.py": each(n, "from m{i} import *\nfrom m{i} import f{i} as g{i}\n") + each(n, "g{i}(None)\n"), **{f"m{i}.py": f"def f{i}(a): return a.x\n" for i in range(n)}}


def deep_packages(n):
    return {**{f"p{i}/__init__.py": "" for i in range(n)}, **{f"p{i}/q/__init__.py": f"from p{(i + 1) % n}.q.r import C as D\n" for i in range(n)}, **{f"p{i}/q/r.py": f"from ...p{i}.q import s\nfrom . import *\nclass C:\n    def m(self): return None\n" for i in range(n)}}


def same_names(n):
    return {f"p{i}/utils.py": "def get(a, b=None):\n    return b.x\nclass Base:\n    def run(self): return get(None)\n" for i in range(n)}


def class_chain(n):
    return {**{f"m{i}.py": f"from m{i + 1} import C{i + 1}\nclass C{i}(C{i + 1}):\n    def m(self): return self.m{i}().x\n    def m{i}(self): return None\n" for i in range(n)}, f"m{n}.py": f"class C{n}: pass\n"}


def identical(n):
    return {f"m{i}.py": "import os\ndef f(a=[]):\n    a.append(os.environ.get('x').y)\n    return a\n" for i in range(n)}


# Many files of each.
PROJECTS = {
    "imports in a ring": (2_000, ring),
    "star imports of star imports": (1_000, star_chain),
    "a name handed on by all": (2_000, reexports),
    "everybody imports one": (4_000, hub),
    "one imports everybody": (2_000, fan),
    "packages": (1_000, deep_packages),
    "files of one name": (4_000, same_names),
    "classes in a line of files": (1_000, class_chain),
    "the same file again": (4_000, identical),
}


def command(program, folder):
    return [program, "check", "--pedantic", "--min-confidence", "low", "--no-cache", "--threads", "1", "--format", "json", "--project-root", folder, folder]


def work(program, files):
    """The cost of one run in seconds of processor time, its exit status, and the first note."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", newline="") as file:
                file.write(text)
        run = ["bash", "-c", f'ulimit -t {LIMIT}; exec "$@"', "-", *command(program, folder)]
        before = os.times()
        done = subprocess.run(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        after = os.times()
    said = done.stderr.decode(errors="replace")
    cost = after.children_user - before.children_user
    note = next((line.rsplit(": ", 1)[-1][:70] for line in said.splitlines() if line.startswith("pothole: ")), "")
    return cost, done.returncode, note


def verdict(costs, base, codes):
    if any(code in (-9, -24, 137, 152) for code in codes):
        return "LIMIT"
    if any(code not in (0, 1) for code in codes):
        return "BAD"
    _, two, four = [max(cost - base, 0.0) for cost in costs]
    if four > 0.25 and four > RATIO * two:
        return "GROWS"
    return ""


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    base, _, _ = work(program, {"a.py": "x = 1\n"})
    shapes = {name: (n, lambda n, of=of: {"a.py": of(n) + "\n"}) for name, (n, of) in SHAPES.items()} | PROJECTS
    told = 0
    for name, (n, of) in shapes.items():
        if words and not any(word in name for word in words):
            continue
        costs, codes, note = [], [], ""
        for size in (n // 4, n // 2, n):
            cost, code, note = work(program, of(size))
            costs.append(cost)
            codes.append(code)
            if code not in (0, 1):
                costs += [cost] * (3 - len(costs))
                break
        how = verdict(costs, base, codes)
        told += bool(how)
        print(f"{how:6}{name:45}{n:>10}  " + "  ".join(f"{cost:8.2f}" for cost in costs) + f"  {note}", flush=True)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
