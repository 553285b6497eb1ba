#!/usr/bin/env python3
"""Replays merged pull requests: what would `pothole review` have said of each?

    scripts/replay.py POTHOLE REPOSITORY… [--count 10] [--least 0] [--out FOLDER]

For the last merges into the main branch of each repository (a clone or a bare mirror) that change Python files, the merged
branch is compared with the commit it left the main branch at. Prints a line for each, and writes what would have been posted
to FOLDER, for people to judge. --least LINES: only merges that add as many lines of Python, tests aside.
"""

import argparse
import subprocess
from pathlib import Path


def git(repository, *arguments):
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def added(repository, base, branch):
    """How many lines of Python a branch adds, tests aside."""
    total = 0
    for line in git(repository, "diff", "--numstat", base, branch, "--", "*.py").splitlines():
        plus, _, rest = line.partition("\t")
        path = rest.partition("\t")[2]
        total += int(plus) if plus.isdigit() and "test" not in path else 0
    return total


def merges(repository, count, least):
    """The last merges with Python in them: the main branch before, and the merged branch."""
    found = []
    for line in git(repository, "rev-list", "--first-parent", "--merges", "--parents", "--max-count=400", "HEAD").splitlines():
        merge, main, *branches = line.split()  # pothole: ignore[empty-sequence] a merge has parents
        if len(branches) != 1:
            continue
        try:
            base = git(repository, "merge-base", main, branches[0]).strip()
        except subprocess.CalledProcessError:
            continue
        changed = git(repository, "diff", "--name-only", base, branches[0]).splitlines()
        if any(path.endswith(".py") for path in changed) and (not least or added(repository, base, branches[0]) >= least):
            found.append((merge, base, branches[0], len(changed)))
        if len(found) == count:
            break
    return found


def review(pothole, repository, base, head, timeout):
    command = [pothole, "review", "--base", base, "--head", head, "--fail-on", "never", "--lang", "en"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=timeout, check=False)
    return done.stdout if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pothole")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--least", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("replay"))
    parser.add_argument("--timeout", type=int, default=300)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    silent = total = failed = comments = 0
    for repository in options.repositories:
        # A bare mirror may lie in a folder that has the name.
        name = repository.parent.name if repository.name == "repo" else repository.name
        for merge, base, head, changed in merges(repository, options.count, options.least):
            try:
                said = review(str(Path(options.pothole).resolve()), repository, base, head, options.timeout)
            except subprocess.TimeoutExpired:
                said = None
            total += 1
            if said is None:
                failed += 1
                print(f"{name} {merge[:12]} {changed} files: FAILED", flush=True)
                continue
            count = said.count("<!-- pothole:1 finding")
            comments += count
            silent += not said
            print(f"{name} {merge[:12]} {changed} files: {count} comments", flush=True)
            if said:
                (options.out / f"{name}-{merge[:12]}.md").write_text(f"{base}..{head}\n\n{said}")
    print(f"{total} pull requests, {silent} silent, {comments} comments, {failed} failed")


if __name__ == "__main__":
    main()
