#!/usr/bin/env python3
"""Precision and recall of the call graph on a micro-benchmark of small programs.

    call_graph_benchmark.py SNIPPETS [--pothole BINARY] [--verbose]

SNIPPETS holds folders of categories, those hold folders of programs, and each of these a `callgraph.json` with the true
graph beside its modules (the layout of PyCG's micro-benchmark). Calls of builtins and of modules that are not there are
left out: the graph is that of the project's own functions. Lambdas are compared by the function that they stand in.
"""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def graph(pothole, folder):
    """The tool's own graph of a program that is copied away, so that nothing around it counts."""
    with tempfile.TemporaryDirectory() as away:
        root = pathlib.Path(away, "program")
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("callgraph.json"))
        command = [pothole, "check", "--dump", "calls", "--format", "json", str(root), "--project-root", str(root)]
        output = subprocess.run(command, capture_output=True, text=True)
    if not output.stdout.strip():
        sys.exit(f"{' '.join(command)}: {output.stderr}")
    return json.loads(output.stdout)


def edges(calls, known):
    """All calls as pairs, lambdas without their numbers, callees outside the program left out."""
    def plain(name):
        return re.sub(r"<lambda\d*>", "<lambda>", name)

    known = {plain(name) for name in known}
    pairs = {(plain(caller), plain(callee)) for caller, callees in calls.items() for callee in callees}
    return {(caller, callee) for caller, callee in pairs if callee in known}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snippets", type=pathlib.Path)
    parser.add_argument("--pothole", default="pothole")
    parser.add_argument("--verbose", action="store_true", help="print what is missing and what is too much")
    arguments = parser.parse_args()
    totals = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    for truth in sorted(arguments.snippets.glob("*/*/callgraph.json")):
        calls = json.loads(truth.read_text())
        found = graph(arguments.pothole, truth.parent)
        known = set(calls) | set(found)
        wanted, got = edges(calls, known), edges(found, known)
        for row in (totals[truth.parent.parent.name], totals["all"]):
            row[0] += 1
            row[1] += wanted == got
            row[2] += len(wanted & got)
            row[3] += len(wanted)
            row[4] += len(got)
        if arguments.verbose and wanted != got:
            missing, surplus = sorted(wanted - got), sorted(got - wanted)
            print(f"{truth.parent.parent.name}/{truth.parent.name}: missing {missing} surplus {surplus}")
    print(f"{'category':<14}programs  exact  precision  recall")
    for category, (programs, exact, right, wanted, got) in totals.items():
        precision, recall = right / max(got, 1), right / max(wanted, 1)
        print(f"{category:<14}{programs:8}{exact:7}{precision:10.0%}{recall:8.0%}")


if __name__ == "__main__":
    main()
