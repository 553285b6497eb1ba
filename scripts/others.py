#!/usr/bin/env python3
"""What other tools say of the places that the rules' pages are about: where they already help, and where they do not.

    scripts/others.py BIN_DIR

BIN_DIR is the `bin` of a virtual environment with some of ruff, pylint, mypy, pyright, ty and pyrefly
(`pip install ruff pylint mypy pyright ty pyrefly`); what is not there is left out. Each example of a page becomes a file. A marked
line counts as reported if the tool says anything about it; an example without a mark is a look-alike, of which nothing should be
said. What is wrong with an example because it is one does not count: names and modules that it does not define.

These are pothole's own examples: the table shows what the tools have in common, not which of them is good.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Of the linters what is about errors, of the type checkers what they do unasked, with functions that have no annotations.
TOOLS = {
    "ruff": ["check", "--isolated", "--no-cache", "--exit-zero", "--output-format=concise", "--select=F,B,PLE,PLW,ASYNC,E722,BLE,S113,RUF006"],
    "pylint": ["--disable=C,R,I", "--score=n", "--persistent=n", "--msg-template={path}:{line}:{column}: {symbol}"],
    "mypy": ["--check-untyped-defs", "--ignore-missing-imports", "--no-error-summary", "--cache-dir=/dev/null", "--scripts-are-modules"],
    "pyright": ["--outputjson"],
    "ty": ["check", "--output-format=concise", "--exit-zero"],
    "pyrefly": ["check", "--preset=default", "--output-format=min-text"],
}

# What an example cannot help.
OF_EXAMPLES = re.compile(
    r"F821|F401|F811|F841|undefined-variable|import-error|no-name-in-module|unused-"
    r"|name-defined|import-not-found|import-untyped|reportUndefinedVariable|reportMissingImports|reportMissingModuleSource"
    r"|reportAttributeAccessIssue.*unknown import|unresolved-import|unresolved-reference|missing-import|unknown-name|untyped-import|missing-module-attribute|missing-source"
)


def examples():
    """Each example with its rule's family, its text and the rows that are marked."""
    families = {path.stem.replace("_", "-"): path.parent.name for path in (ROOT / "src/rules").glob("*/*.rs")}
    for page in sorted((ROOT / "rules").glob("*.md")):
        text = page.read_text().split("## 中文")[0]
        for info, code in re.findall(r"```python([^\n]*)\n(.*?)```", text, re.DOTALL):
            if "2" in info or "pedantic" in info or "todo:" in code:
                continue
            marks = {row for row, line in enumerate(code.splitlines(), 1) if "# expect:" in line}
            yield families[page.stem], re.sub(r"  # expect:.*", "", code), marks  # pothole: ignore[missing-key] a test holds pages to rules


def said(program, name, folder):
    """The places that a tool speaks of, as pairs of a file's name and a row."""
    files = [path.name for path in sorted(folder.glob("*.py"))]
    run = subprocess.run([program, *TOOLS[name], *files], cwd=folder, capture_output=True, text=True, timeout=1800)  # pothole: ignore[missing-key] its callers take names from there
    if name == "pyright":
        found = json.loads(run.stdout)["generalDiagnostics"]
        lines = [f"{one['file']}:{one['range']['start']['line'] + 1}: {one.get('rule')} {one['message']}" for one in found if one["severity"] != "information"]
    else:
        lines = run.stdout.splitlines()
    places = set()
    for line in lines:
        place = re.search(r"(e\d+\.py):(\d+)", line)
        if place and not OF_EXAMPLES.search(line) and ": note:" not in line:
            places.add((place[1], int(place[2])))
    return places


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    programs = {name: pathlib.Path(sys.argv[1]).resolve() / name for name in TOOLS}
    programs = {name: path for name, path in programs.items() if path.exists()}
    for name, program in programs.items():
        version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=120).stdout.splitlines()
        print(version[0] if version else name)
    table = {}
    with tempfile.TemporaryDirectory() as away:
        folder = pathlib.Path(away)
        marked = {}
        for number, (family, code, marks) in enumerate(examples()):
            (folder / f"e{number}.py").write_text(code)
            marked[f"e{number}.py"] = family, marks
        for name, program in programs.items():
            places = said(program, name, folder)
            for file, (family, marks) in marked.items():
                rows = {row for at, row in places if at == file}
                for key in (family, "all"):
                    count = table.setdefault(key, {}).setdefault(name, [0, 0, 0, 0])
                    count[0] += len(marks & rows)
                    count[1] += len(marks)
                    count[2] += not marks and bool(rows)
                    count[3] += not marks
    print("\n| family | lines | " + " | ".join(programs) + " |")
    print("| --- | --- |" + " --- |" * len(programs))
    for family, counts in sorted(table.items(), key=lambda entry: (entry[0] == "all", entry[0])):
        cells = [f"{count[0]} ({count[2]})" for count in counts.values()]
        first = next(iter(counts.values()))
        print(f"| {family} | {first[1]} ({first[3]}) | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
