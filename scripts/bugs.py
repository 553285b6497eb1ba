#!/usr/bin/env python3
"""How many of known, fixed bugs of real projects pothole finds, and whether it is quiet at their fixes.

    scripts/bugs.py fetch FOLDER [--mirrors FOLDER] [--only REGEX] [--set SET]
    scripts/bugs.py measure POTHOLE FOLDER [--only REGEX] [--set SET] [--misses] [--arguments "--pedantic"]

ecosystem/bugs.tsv names each bug: the commits with it and with its fix, the file, and the lines where a finding is due, one being
enough (`lines`), or ought to be gone (`fixed_lines`). `level` says what it takes to see it: one function (local), other functions of
the file (file), other files (project), knowledge of a library (library), what only a run shows (untyped). `set` says what a number
is worth: the rules were mended by the bugs that are `learned`, and nobody looked at those `held back`; whoever reads one of these
to mend a rule moves it over.

A hit is a finding at default settings, of a rule that fits the class, whose place or path touches these lines. `fetch` writes the
Python files of both commits, from GitHub or from bare clones in FOLDER/owner+name/repo.
"""

import argparse
import collections
import csv
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "ecosystem" / "bugs.tsv"
SETS = ["learned", "held back"]
LEVELS = ["local", "file", "library", "project", "untyped"]
NAMES = {"type-change", "overwritten-parameter", "overwriting-target", "shadowed-import", "shadowed-builtin", "redefined-function"}
NONE = {"none-argument", "none-result", "none-variable", "none-attribute", "late-check", "misplaced-guard"}
GUARDED = {
    "unguarded-network", "unguarded-database", "unguarded-file", "unguarded-parse", "unguarded-division", "handler-misses-error",
    "unreachable-handler", "bare-except", "swallowed-exception", "broad-try", "exit-in-finally", "missing-timeout",
}
BOUNDARY = {"empty-sequence", "missing-key", "off-by-one", "math-domain", "unguarded-parse", "unguarded-division", "late-check", "misplaced-guard"}
FITTING = {"R1": NAMES, "UB": {"possibly-unbound"}, "R2": NONE, "R3": GUARDED, "R3b": GUARDED, "R3c": GUARDED, "R4": BOUNDARY, "TY": NAMES | NONE}


def cases(options):
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if re.search(options.only, row["id"]) and options.set in (None, row["set"])]


def git(folder, *arguments):
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def repository(case, mirrors, scratch):
    """A bare repository that holds both commits."""
    if mirrors:
        return mirrors / case["repository"].replace("/", "+") / "repo"
    git(scratch, "init", "-q", "--bare")
    git(scratch, "fetch", "-q", "--depth", "1", f"https://github.com/{case['repository']}", case["buggy"], case["fixed"])
    return scratch


def fetch(options):
    for case in cases(options):
        for side in ("buggy", "fixed"):
            target = options.folder / case["id"] / side
            if target.exists():
                continue
            with tempfile.TemporaryDirectory() as scratch:
                archive = git(repository(case, options.mirrors, Path(scratch)), "archive", case[side], "--", ":(glob)**/*.py")
            with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                files.extractall(target, filter="data")
        print(case["id"], flush=True)


def rows(text):
    """`44-45,209` as a set of rows."""
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def touching(pothole, tree, case, column, arguments):
    """The fitting rules with a place or a step of their path on the case's lines."""
    file, wanted = (tree / case["file"]).resolve(), rows(case[column])
    command = [pothole, "check", "--format", "json", "--exit-zero", *arguments, "--project-root", tree, file]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True, timeout=900)
    return {
        finding["code"]
        for finding in json.loads(done.stdout)
        for place in [finding, *(finding.get("related") or [])]
        if finding["code"] in FITTING[case["class"]]
        and place["location"]["row"] in wanted
        and Path(place["filename"]).resolve() == file
    }


def measure(options):
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    for case in cases(options):
        trees = {side: options.folder / case["id"] / side for side in ("buggy", "fixed")}
        if not trees["buggy"].exists():
            sys.exit(f"{case['id']} is missing: fetch it first")
        arguments = options.arguments.split()
        hit = touching(options.pothole, trees["buggy"], case, "lines", arguments)
        still = hit & touching(options.pothole, trees["fixed"], case, "fixed_lines", arguments) if hit else set()
        if not options.misses or not hit:
            print(f"{'hit ' if hit else 'miss'} {case['class']:4} {case['level']:8} {case['id']}  {case['file']}:{case['lines']}  {', '.join(sorted(hit))}", flush=True)
        for key in ((case["class"], case["level"]), (case["class"], "all"), ("all", case["level"]), ("all", "all")):
            counts = table[key]
            counts[0] += 1
            counts[1] += bool(hit)
            if hit and case["at_fix"] == "quiet":
                counts[2] += 1
                counts[3] += not still
    print(f"\n{'class':6}{'level':10}{'bugs':>6}{'found':>7}{'quiet at the fix':>18}")
    for (kind, level), counts in sorted(table.items(), key=lambda item: (item[0][0] == "all", item[0][0], [*LEVELS, "all"].index(item[0][1]))):
        print(f"{kind:6}{level:10}{counts[0]:6}{counts[1]:7}{f'{counts[3]} of {counts[2]}':>18}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    fetches = commands.add_parser("fetch")
    fetches.set_defaults(action=fetch)
    fetches.add_argument("folder", type=Path)
    fetches.add_argument("--mirrors", type=Path)
    measures = commands.add_parser("measure")
    measures.set_defaults(action=measure)
    measures.add_argument("pothole", type=Path)
    measures.add_argument("folder", type=Path)
    measures.add_argument("--misses", action="store_true", help="name the misses alone")
    measures.add_argument("--arguments", default="", help="more arguments for `pothole check`")
    for command in (fetches, measures):
        command.add_argument("--only", default="", help="a regular expression that a bug's id must contain")
        command.add_argument("--set", choices=SETS)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
