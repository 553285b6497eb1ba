#!/usr/bin/env python3
"""Compares where variables live, as the lowering says, with what CPython's own compiler says.

Usage: symtable_compare.py TOOL FOLDER...

TOOL is the `scopes` example, built: `cargo build --release --example scopes`. Files that this Python does not compile are
skipped. Names that only the lowering sees are fine where they can come out of an annotation in quotes.
"""

import collections
import pathlib
import subprocess
import sys
import symtable
import warnings

SCOPES = {1: "local", 2: "global", 3: "global", 4: "free", 5: "local"}
COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
BATCH = 200


def plain(name, classes):
    """The name without the mangling of private names."""
    for owner in classes:
        prefix = "_" + owner.lstrip("_") + "__"
        if name.startswith(prefix):
            return name[len(prefix) - 2 :]
    return name


def comprehension(table):
    return table.get_type() == "function" and table.get_name() in COMPREHENSIONS


def names_of(table, classes, found, globals_declared, inside=False):
    """Adds the names that the code of a table mentions, those of its comprehensions included."""
    for symbol in table.get_symbols():
        name = plain(symbol.get_name(), classes)
        scope = SCOPES[symbol._Symbol__scope]
        if symbol._Symbol__scope == 2:
            globals_declared.add(name)
        if symbol.get_name() == ".0" or name == "__class__":
            continue
        bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_annotated() or symbol.is_namespace()
        if not (symbol.is_referenced() or bound or symbol.is_parameter()):
            continue
        if inside and scope == "local":
            scope = "comprehension"
        elif symbol.is_parameter():
            scope = "parameter"
        elif inside and scope == "free":
            # Resolved where the comprehension stands; what matters there is the function's own entry.
            continue
        if not (inside and scope == "global" and (name, "local") in found):
            found.add((name, scope))
    for child in table.get_children():
        if comprehension(child):
            names_of(child, classes, found, globals_declared, True)


def collect(table, classes, tables, globals_declared):
    kind = table.get_type()
    name = table.get_name()
    if kind == "class":
        classes = [*classes, name]
    if not comprehension(table):
        if kind == "module":
            key = ("module", "<module>", 1)
        elif kind == "class":
            key = ("class", name, table.get_lineno())
        elif name == "lambda":
            key = ("lambda", "<lambda>", table.get_lineno())
        else:
            key = ("def", plain(name, classes), table.get_lineno())
        found = set()
        names_of(table, classes, found, globals_declared)
        tables[key].append(found)
    for child in table.get_children():
        collect(child, classes, tables, globals_declared)


def expected(source, path):
    tables, globals_declared = collections.defaultdict(list), set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collect(symtable.symtable(source, path, "exec"), [], tables, globals_declared)
    return tables, globals_declared


def said(tool, paths):
    """What the tool says of each file."""
    output = subprocess.run([tool, *paths], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    files, tables, current = {}, collections.defaultdict(list), set()
    for line in output.split("\n"):
        if line.startswith("== "):
            tables = files[line[3:]] = collections.defaultdict(list)
        elif line.strip():
            row, kind, name, variable, scope = line.split("\t")
            if not scope:
                current = set()
                tables[kind, name, int(row)].append(current)
            else:
                current.add((variable, scope))
    return files


def compare(path, wanted, globals_declared, got):
    for key in sorted(wanted.keys() | got.keys()):
        left, right = wanted.get(key, []), got.get(key, [])
        if len(left) != len(right):
            yield f"{path}: {key}: {len(left)} in Python, {len(right)} here"
            continue
        # Python files names under the module, too, that a function declares global.
        artificial = {"__class__", *(globals_declared if key[0] == "module" else ())}
        missing = set().union(*left) - set().union(*right)
        extra = set().union(*right) - set().union(*left)
        for name, scope in sorted(missing):
            if name not in artificial:
                yield f"{path}: {key}: {name} is {scope}, not {[other for known, other in extra if known == name]}"
        for name, scope in sorted(extra):
            if scope in ("local", "parameter", "comprehension") and name not in artificial:
                yield f"{path}: {key}: {name} is not {scope}"


def main():
    tool, *folders = sys.argv[1:]
    paths = [str(path) for folder in folders for path in sorted(pathlib.Path(folder).rglob("*.py")) if path.is_file()]
    files = skipped = functions = differences = 0
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        answers = said(tool, batch)
        for path in batch:
            try:
                wanted, globals_declared = expected(pathlib.Path(path).read_bytes(), path)
            except (SyntaxError, ValueError, RecursionError):
                skipped += 1
                continue
            files += 1
            functions += sum(map(len, wanted.values()))
            for line in compare(path, wanted, globals_declared, answers[path]):
                differences += 1
                print(line)
    print(f"{files} files, {functions} bodies, {skipped} files skipped, {differences} differences")


if __name__ == "__main__":
    main()
