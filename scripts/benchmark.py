#!/usr/bin/env python3
"""Whole processes side by side on real packages: how much time and memory each takes, as multiples of parsing alone.

    scripts/benchmark.py --corpus DIR [--fetch] [--tools BIN_DIR] [--rounds N] [--size small|medium|large] [--threads N]

`--fetch` downloads the packages of each size from the package index into DIR, with pip. `--tools` is the `bin` of a virtual
environment with ruff, ty, pyrefly, mypy and pyright (`pip install ruff ty pyrefly mypy pyright`); what is not there is
left out. Build first: `cargo build --release --bin pothole --example parse_only`.

All commands of a size take turns, so that whatever else the machine does disturbs them alike; the table holds medians.
CPU is user and system time of the process and its children; the ratio is to `parse only` of the same size.
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target/release"
SIZES = {
    "small": ["httpx==0.28.1"],
    "medium": ["django==5.2.19", "celery==5.7.0", "redis==8.1.0", "scrapy==2.19.0"],
    "large": ["homeassistant==2024.3.3", "ansible-core==2.19.14", "apache-airflow-core==3.3.2"],
}


def fetch(corpus, size):
    """Downloads and unpacks the packages of a size, unless they are there."""
    folder = corpus / size
    for requirement in SIZES[size]:
        target = folder / requirement.replace("==", "-")
        if target.exists():
            continue
        with tempfile.TemporaryDirectory() as away:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", away, requirement]
            subprocess.run(command, check=True)
            archive = next(pathlib.Path(away).iterdir())  # pothole: ignore[empty-sequence] pip has put one file there
            with tarfile.open(archive) as tar:
                tar.extractall(away, filter="data")
            unpacked = next(path for path in pathlib.Path(away).iterdir() if path.is_dir())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(unpacked, target)


def lines_of(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py") if path.is_file())


def measure(command, folder, environment):
    """Wall seconds, CPU seconds and peak MiB of one run. What it prints goes nowhere."""
    start = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(command, cwd=folder, stdout=nowhere, stderr=nowhere, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        return None
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def touch_one(folder):
    """Changes one file of a project a little; returns how to undo that."""
    path = max(folder.rglob("*.py"), key=lambda path: path.stat().st_size)
    before = path.read_bytes()
    path.write_bytes(before + f"\n\ndef changed_{time.monotonic_ns()}(value):\n    return value\n".encode())
    return lambda: path.write_bytes(before)


def commands(folder, tools, threads, cache):
    """Name, command and what to prepare before each run, of everything that is there."""
    pothole = [str(RELEASE / "pothole"), "check", "--quiet", "--format", "concise", "--project-root", str(folder), "--threads", str(threads), str(folder)]
    empty = lambda: shutil.rmtree(cache, ignore_errors=True)
    rows = [
        ("parse only", [str(RELEASE / "examples/parse_only"), "--threads", str(threads), str(folder)], None),
        ("pothole, no cache", [*pothole, "--no-cache"], None),
        ("pothole, cold cache", pothole, empty),
        ("pothole, warm, nothing changed", pothole, None),
        ("pothole, warm, one file changed", pothole, "touch"),
    ]
    others = {
        "ruff --select ALL": ["ruff", "check", "--no-cache", "--isolated", "--select", "ALL", "--output-format", "concise", str(folder)],
        "ty": ["ty", "check", "--output-format", "concise", str(folder)],
        "pyrefly": ["pyrefly", "check", str(folder)],
        "mypy": ["mypy", "--cache-dir", os.devnull, "--ignore-missing-imports", "--explicit-package-bases", "--namespace-packages", str(folder)],
        "pyright": ["pyright", str(folder)],
    }
    for name, (program, *arguments) in others.items():
        found = shutil.which(program, path=f"{tools}:{os.environ['PATH']}" if tools else None)
        if found:
            rows.append((name, [found, *arguments], None))
    return rows


def run(size, corpus, options):
    folder = (corpus / size).resolve()
    cache = pathlib.Path(tempfile.mkdtemp(prefix="pothole-cache-"))
    environment = {"POTHOLE_CACHE_DIR": str(cache / "pothole"), "NO_COLOR": "1"}
    rows = commands(folder, options.tools, options.threads, cache / "pothole")
    rows = [row for row in rows if not options.only or re.search(options.only, row[0])]
    results = {name: [] for name, _, _ in rows}
    for _ in range(options.rounds):
        for name, command, prepare in rows:
            undo = None
            if prepare == "touch":
                undo = touch_one(folder)
            elif prepare:
                prepare()
            result = measure(command, folder, environment)
            if undo:
                undo()
            if result:
                results[name].append(result)
    shutil.rmtree(cache, ignore_errors=True)
    lines = lines_of(folder)
    print(f"\n{size}: {', '.join(SIZES[size])}: {lines:,} lines\n")
    print("| | wall s | CPU s | CPU / parse only | peak MiB |\n| --- | --- | --- | --- | --- |")
    base = statistics.median(cpu for _, cpu, _ in results["parse only"])
    for name, measured in results.items():
        if not measured:
            print(f"| {name} | – | – | – | – |")
            continue
        wall, cpu, peak = (statistics.median(column) for column in zip(*measured))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {cpu / base:.2f} | {peak:.0f} |")
    sys.stdout.flush()


def versions(tools):
    for program in ("ruff", "ty", "pyrefly", "mypy", "pyright"):
        found = shutil.which(program, path=f"{tools}:{os.environ['PATH']}" if tools else None)
        if found:
            answer = subprocess.run([found, "--version"], capture_output=True, text=True)
            yield answer.stdout.strip().splitlines()[-1] if answer.stdout.strip() else program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--tools", help="a folder of programs to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", help="a regular expression over the names of the rows")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores; {', '.join(versions(options.tools))}")
    for size in options.size or SIZES:
        if options.fetch:
            fetch(options.corpus, size)
        run(size, options.corpus, options)


if __name__ == "__main__":
    main()
