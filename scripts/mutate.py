#!/usr/bin/env python3
"""Takes guards out of real functions and counts how many of them pothole misses.

    scripts/mutate.py POTHOLE FOLDER [--count 30] [--seed 1] [--show]

FOLDER is a package, which is copied. Guards are chosen with Python's own `ast`, at random, at most one in a function: a None test, a
test of emptiness or length, a handler, a timeout, an expiry. All of them are taken out of the copy at once, in place, so that no line
moves. A guard counts as missed by its absence where the function has a finding that it did not have before.
"""

import argparse
import ast
import collections
import json
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
HANDLERS = {
    "IndexError": "handler of a boundary", "KeyError": "handler of a boundary", "StopIteration": "handler of a boundary",
    "ZeroDivisionError": "handler of a division",
    "ValueError": "handler of parsing", "UnicodeDecodeError": "handler of parsing", "JSONDecodeError": "handler of parsing",
    "OSError": "handler of IO", "IOError": "handler of IO", "FileNotFoundError": "handler of IO", "error": "handler of IO",
    "ConnectionError": "handler of IO", "TimeoutError": "handler of IO", "RequestException": "handler of IO", "URLError": "handler of IO",
}
CLIENTS = {"requests", "httpx", "urlopen", "smtplib", "ftplib", "socket", "create_connection"}


class Guard:
    """A guard in a function, and the edits that take it out."""

    def __init__(self, kind, function, line, edits):
        self.kind, self.function, self.line, self.edits = kind, function, line, edits


def leaves(body):
    return isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def used(function, name, after, steps):
    """Whether the name is taken apart behind a line: an attribute, an item, a call."""
    for node in ast.walk(function):
        if isinstance(node, steps) and node.lineno > after:
            subject = node.func if isinstance(node, ast.Call) else node.value
            if isinstance(subject, ast.Name) and subject.id == name:
                return True
    return False


def only_item(function, name, after):
    """Whether the first or last item of the name is read behind a line."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and node.lineno > after and isinstance(node.value, ast.Name) and node.value.id == name:
            index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
            if isinstance(index, ast.Constant) and isinstance(index.value, int):
                return True
    return False


def blank(first, last, indent):
    return ("statement", first, last, indent)


def tests(function, node):
    """`if x is None: return`, `if not x: return`, `if len(x) < 2: return`, with a use that needs them behind."""
    if not isinstance(node, ast.If) or node.orelse or not leaves(node.body):
        return
    test, end, edit = node.test, node.end_lineno, blank(node.lineno, node.end_lineno, node.col_offset)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and isinstance(test.left, ast.Name):
        if isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None:
            if used(function, test.left.id, end, (ast.Attribute, ast.Subscript)):
                yield Guard("None test", function, node.lineno, [edit])
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name):
        if only_item(function, test.operand.id, end):
            yield Guard("test of emptiness", function, node.lineno, [edit])
        elif used(function, test.operand.id, end, ast.Attribute):
            yield Guard("truth test", function, node.lineno, [edit])
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Call) and isinstance(test.left.func, ast.Name) and test.left.func.id == "len":
        subject = test.left.args[0] if test.left.args else None
        if isinstance(subject, ast.Name) and only_item(function, subject.id, end):
            yield Guard("test of length", function, node.lineno, [edit])


def handlers(function, node):
    """A try with one handler of a known class and a short body."""
    if not isinstance(node, ast.Try) or node.orelse or node.finalbody or len(node.handlers) != 1 or len(node.body) > 2:
        return
    caught = node.handlers[0].type
    names = [part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in getattr(caught, "elts", [caught]) if part]
    kinds = {HANDLERS[name] for name in names if name in HANDLERS}
    if len(kinds) == 1 and any(isinstance(part, (ast.Call, ast.Subscript, ast.BinOp)) for part in ast.walk(node.body[0])):
        remove = blank(node.handlers[0].lineno, node.end_lineno, node.col_offset)
        yield Guard(kinds.pop(), function, node.lineno, [("word", node.lineno, node.col_offset, "try", "if 1"), remove])


def keywords(function, node):
    """`timeout=…` of a network call, `ex=…` of a redis one."""
    if not isinstance(node, ast.Call):
        return
    words = {part.id if isinstance(part, ast.Name) else part.attr for part in ast.walk(node.func) if isinstance(part, (ast.Name, ast.Attribute))}
    for keyword in node.keywords:
        known = {"timeout": ("timeout", words & CLIENTS), "ex": ("expiry", "set" in words), "px": ("expiry", "set" in words)}
        kind, fits = known.get(keyword.arg, ("", False))
        one_line = keyword.lineno == keyword.end_lineno
        if fits and one_line:
            yield Guard(kind, function, node.lineno, [("keyword", keyword.lineno, keyword.col_offset, keyword.end_col_offset)])


def expiries(function, node):
    """A statement `client.expire(key, …)`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        if node.value.func.attr in ("expire", "pexpire", "expireat"):
            yield Guard("expiry", function, node.lineno, [blank(node.lineno, node.end_lineno, node.col_offset)])


def own_nodes(function):
    """The nodes of a function without those of functions in it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def guards(tree):
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS):
            for node in own_nodes(function):
                for find in (tests, handlers, keywords, expiries):
                    yield from find(function, node)


def apply(lines, edit):
    """One edit, in place; columns are bytes of UTF-8."""
    if edit[0] == "statement":
        _, first, last, indent = edit
        lines[first - 1] = b" " * indent + b"pass\n"
        for row in range(first, last):
            lines[row] = b"\n"
    elif edit[0] == "word":
        _, row, column, old, new = edit
        assert lines[row - 1][column:].startswith(old.encode())
        lines[row - 1] = lines[row - 1][:column] + new.encode() + lines[row - 1][column + len(old) :]
    else:
        _, row, start, end = edit
        line = lines[row - 1]
        before, after = line[:start].rstrip(), line[end:].lstrip(b" ,") if line[:start].rstrip().endswith(b"(") else line[end:]
        lines[row - 1] = (before[:-1] if before.endswith(b",") and before.strip() != b"," else before) + after


def mutate(folder, count, seed):
    """Takes `count` guards of each kind out of the files of a folder."""
    by_kind = collections.defaultdict(list)
    for path in sorted(folder.rglob("*.py")):
        if "test" in str(path.relative_to(folder)):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for guard in guards(tree):
            by_kind[guard.kind].append((path, guard))
    chance = random.Random(seed)
    taken, chosen = set(), []
    for kind in sorted(by_kind):
        chance.shuffle(by_kind[kind])
        fresh = [one for one in by_kind[kind] if (one[0], one[1].function.lineno) not in taken][: count * 2]
        for path, guard in fresh:
            if sum(1 for _, other in chosen if other.kind == kind) == count or (path, guard.function.lineno) in taken:
                continue
            before = path.read_bytes()
            lines = before.splitlines(keepends=True)
            for edit in guard.edits:
                apply(lines, edit)
            try:
                ast.parse(b"".join(lines))
            except (SyntaxError, ValueError):
                continue
            path.write_bytes(b"".join(lines))
            taken.add((path, guard.function.lineno))
            chosen.append((path, guard))
    return chosen


def findings(pothole, folder):
    command = [pothole, "check", "--format", "json", "--exit-zero", "--project-root", folder, folder]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    places = collections.defaultdict(set)
    for finding in json.loads(done.stdout):
        for place in [finding, *(finding.get("related") or [])]:
            places[place["filename"]].add((finding["code"], place["location"]["row"]))
    return places


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pothole", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=30, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="name each guard")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (Path(name) / "package").resolve()
        shutil.copytree(options.folder, folder)
        before = findings(options.pothole, folder)
        mutants = mutate(folder, options.count, options.seed)
        after = findings(options.pothole, folder)
        caught, total = collections.Counter(), collections.Counter()
        for path, guard in mutants:
            span = range(guard.function.lineno, guard.function.end_lineno + 1)
            new = {code for code, row in after[str(path)] - before[str(path)] if row in span}
            total[guard.kind] += 1
            caught[guard.kind] += bool(new)
            if options.show:
                print(f"{guard.kind:22} {path.relative_to(folder)}:{guard.line}  {', '.join(sorted(new)) or '-'}")
    for kind in sorted(total):
        print(f"{kind:22} {caught[kind]:4} of {total[kind]:4}")
    print(f"{'all':22} {sum(caught.values()):4} of {sum(total.values()):4}")


if __name__ == "__main__":
    main()
