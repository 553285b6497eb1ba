#!/usr/bin/env python3
"""What pothole says of well-known packages, before and after a change, and how right it is. See ecosystem/README.md.

    scripts/ecosystem.py fetch FOLDER [PACKAGE…]          the pinned packages, from the registry
    scripts/ecosystem.py run POTHOLE FOLDER REPORTS [PACKAGE…]    one report for each package
    scripts/ecosystem.py compare FOLDER BEFORE AFTER       findings that went and came, with their source
    scripts/ecosystem.py density REPORTS                   findings per thousand lines
    scripts/ecosystem.py judged REPORTS                    the kept judgements against these reports
    scripts/ecosystem.py draw FOLDER REPORTS [--count 10] [--seed 1]    findings nobody judged yet, at random, to judge
"""

import argparse
import collections
import csv
import hashlib
import io
import json
import random
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent / "ecosystem"
CONFIDENCES = ["high", "medium", "low"]
VERDICTS = ["right", "arguable", "wrong"]


def rows(name):
    with open(HOME / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def chosen(names):
    packages = rows("packages.tsv")
    unknown = set(names) - {package["name"] for package in packages}
    if unknown:
        sys.exit(f"not in packages.tsv: {', '.join(sorted(unknown))}")
    return [package for package in packages if not names or package["name"] in names]


def folder_name(package):
    return f"{package['name']}-{package['version']}"


# --- fetch


def download(package):
    """The archive that the table pins by its digest."""
    index = f"https://pypi.org/simple/{package['project'].lower().replace('.', '-')}/"
    request = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer).get("files", [])
    for file in files:
        if file["filename"] == package["archive"]:
            with urllib.request.urlopen(file["url"], timeout=300) as answer:
                data = answer.read()
            if hashlib.sha256(data).hexdigest() != package["sha256"]:
                sys.exit(f"{package['archive']}: its digest is not the pinned one")
            return data
    sys.exit(f"{package['archive']} is not in the registry")


def python_files(name, data):
    """The Python files of an archive: path without the folder of an sdist, and content."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.namelist():
                if entry.endswith(".py"):
                    yield entry, archive.read(entry)
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isfile() and entry.name.endswith(".py") else None
            if content:
                yield entry.name.partition("/")[2], content.read()


def fetch(options):
    for package in chosen(options.packages):
        root = (options.folder / folder_name(package)).resolve()
        if root.exists():
            continue
        for path, content in python_files(package["archive"], download(package)):
            target = (root / path).resolve()
            if not target.is_relative_to(root):
                sys.exit(f"{package['archive']}: {path} leaves the archive")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        print(folder_name(package), flush=True)


# --- run and read reports


def count_lines(root):
    return sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py"))


def run(options):
    options.reports.mkdir(parents=True, exist_ok=True)
    for package in chosen(options.packages):
        root = (options.folder / folder_name(package)).resolve()
        if not root.exists():
            sys.exit(f"{root} is missing: fetch it first")
        command = [options.pothole, "check", "--format", "json", "--lang", "en", "--project-root", root, root]
        if options.arguments:
            command[2:2] = options.arguments.split()
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{folder_name(package)}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
        findings = [finding for finding in json.loads(done.stdout) if finding["code"] != "invalid-file"]
        for finding in findings:
            finding["filename"] = str(Path(finding["filename"]).relative_to(root))
        report = {"package": folder_name(package), "lines": count_lines(root), "findings": findings}
        (options.reports / f"{folder_name(package)}.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        print(f"{folder_name(package):30} {len(findings):6} findings", flush=True)


def read(folder):
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return {report["package"]: report for report in reports}


def key(package, finding):
    return package, finding["filename"], finding["location"]["row"], finding["code"]


def by_key(reports):
    return {key(name, finding): finding for name, report in reports.items() for finding in report["findings"]}


# --- what a person reads


def show(folder, where, finding, mark):
    package, file, line, code = where
    print(f"{mark} {code} ({finding['confidence']})  {package}  {file}:{line}\n    {finding['message']}")
    text = (folder / package / file).read_bytes().decode("utf-8", "replace").splitlines()
    for number in range(max(1, line - 3), min(len(text), line + 3) + 1):
        print(f"  {'>' if number == line else ' '} {number:5} {text[number - 1][:150]}")
    for related in finding.get("related") or []:
        print(f"    {Path(related['filename']).name}:{related['location']['row']}: {related['message']}")
    print()


def compare(options):
    before, after = read(options.before), read(options.after)
    common = before.keys() & after.keys()
    old = by_key({name: before[name] for name in common})
    new = by_key({name: after[name] for name in common})
    went, came = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    for where in went:
        show(options.folder, where, old[where], "-")
    for where in came:
        show(options.folder, where, new[where], "+")
    rules = collections.Counter(where[3] for where in went), collections.Counter(where[3] for where in came)
    for rule in sorted(rules[0].keys() | rules[1].keys()):
        print(f"{rule:28} -{rules[0][rule]:<5} +{rules[1][rule]}")
    print(f"{len(old)} findings before, {len(new)} after, in {len(common)} packages")


def density(options):
    reports = read(options.reports)
    lines = sum(report["lines"] for report in reports.values())
    for name, report in reports.items():
        print(f"{name:32} {report['lines']:9} lines {len(report['findings']):6}  {per_thousand(len(report['findings']), report['lines'])}")
    rules = collections.Counter(where[3] for where in by_key(reports))
    for rule, count in rules.most_common():
        print(f"{rule:32} {count:22}  {per_thousand(count, lines)}")
    total = sum(rules.values())
    print(f"{'all':32} {lines:9} lines {total:6}  {per_thousand(total, lines)} per thousand lines")


def per_thousand(count, lines):
    return f"{1000 * count / max(1, lines):.3f}"


# --- judgements


def judgements():
    return {(f"{row['package']}-{row['version']}", row["file"], int(row["line"]), row["rule"]): row for row in rows("judgements.tsv")}


def share(counts):
    total = sum(counts.values())
    return f"{100 * counts['right'] / total:.0f} %" if total else ""


def judged(options):
    """Precision of what is still said, per rule and confidence, and the wrong ones that are said again."""
    reports = read(options.reports)
    said = by_key(reports)
    kept = {where: row for where, row in judgements().items() if where[0] in reports}
    tables = collections.defaultdict(collections.Counter)
    silent = collections.Counter()
    wrong = []
    for where, row in sorted(kept.items()):
        if where not in said:
            silent[row["verdict"]] += 1
            continue
        confidence = said[where]["confidence"]
        for name in (where[3], f"all, {confidence}", "all"):
            tables[name][row["verdict"]] += 1
        if row["verdict"] == "wrong":
            wrong.append((where, row["reason"]))
    for (package, file, line, rule), reason in wrong:
        print(f"still wrong: {rule}  {package}  {file}:{line}  {reason}")
    print(f"\n{'':28} {'right':>6} {'arguable':>9} {'wrong':>6}")
    for name in sorted(tables, key=lambda name: (name.startswith("all"), name)):
        counts = tables[name]
        print(f"{name:28} {counts['right']:6} {counts['arguable']:9} {counts['wrong']:6}  {share(counts)}")
    print("no longer said: " + ", ".join(f"{silent[verdict]} {verdict}" for verdict in VERDICTS))
    twice = [row for row in kept.values() if row["second"]]
    agreed = sum(row["second"] == row["verdict"] for row in twice)
    print(f"read twice, by two people: {len(twice)}, of which they agree on {agreed}")


def draw(options):
    known = judgements()
    by_rule = collections.defaultdict(list)
    for where, finding in sorted(by_key(read(options.reports)).items()):
        if where not in known:
            by_rule[where[3]].append((where, finding))
    chance = random.Random(options.seed)
    for rule in sorted(by_rule):
        for where, finding in chance.sample(by_rule[rule], min(options.count, len(by_rule[rule]))):
            show(options.folder, where, finding, "?")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(action, *paths):
        added = commands.add_parser(action.__name__)
        added.set_defaults(action=action)
        for path in paths:
            added.add_argument(path, type=Path)
        return added

    command(fetch, "folder").add_argument("packages", nargs="*")
    runs = command(run, "pothole", "folder", "reports")
    runs.add_argument("packages", nargs="*")
    runs.add_argument("--arguments", help="more arguments for `pothole check`")
    command(compare, "folder", "before", "after")
    command(density, "reports")
    command(judged, "reports")
    draws = command(draw, "folder", "reports")
    draws.add_argument("--count", type=int, default=10, help="of each rule")
    draws.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
