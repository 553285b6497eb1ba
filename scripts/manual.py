#!/usr/bin/env python3
"""Builds the manual, a static site in English and Chinese, from what the program says of itself.

    pip install zensical
    scripts/manual.py POTHOLE OUT

Every page comes from `pothole rules` and `pothole explain`, from the README and from docs/: there is no list to keep.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
REPOSITORY = re.search(r'^repository = "(.*)"', (HOME / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
LANGUAGES = {
    "en": {"name": "English", "readme": "README.md", "start": "Start", "rules": "Rules", "rule": "rule", "finds": "what it finds", "editors": "Editors"},
    "zh": {"name": "中文", "readme": "README.zh-CN.md", "start": "开始", "rules": "规则", "rule": "规则", "finds": "发现什么", "editors": "编辑器"},
}


def pothole(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def absolute_links(text):
    """Links to files of the repository lead to the repository; the pictures come along."""
    return re.sub(r"\]\((?!https?://|#|docs/pictures/)([^)]+)\)", lambda link: f"]({REPOSITORY}/blob/main/{link[1]})", text)


def rules_page(words, rules):
    """The list of rules, family by family, in the program's order."""
    lines = [f"# {words['rules']}", ""]
    family = None
    for rule in rules:
        if rule["family"] != family:
            family = rule["family"]
            lines += ["", f"## {family}", "", f"| {words['rule']} | {words['finds']} |", "| --- | --- |"]
        lines.append(f"| [{rule['name']}]({rule['name']}.md) | {rule['summary'].replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def write_pages(program, language, pages):
    words = LANGUAGES[language]
    rules = json.loads(pothole(program, "rules", "--format", "json", "--lang", language))
    readme = (HOME / words["readme"]).read_text(encoding="utf-8")
    (pages / "index.md").write_text(absolute_links(readme), encoding="utf-8")
    shutil.copytree(HOME / "docs" / "pictures", pages / "docs" / "pictures")
    (pages / "rules").mkdir()
    (pages / "rules" / "index.md").write_text(rules_page(words, rules), encoding="utf-8")
    for rule in rules:
        text = pothole(program, "explain", rule["name"], "--lang", language)
        (pages / "rules" / f"{rule['name']}.md").write_text(text, encoding="utf-8")
    (pages / "editors").mkdir()
    for page in sorted((HOME / "docs" / "editors").glob("*.md")):
        name = "index.md" if page.name == "README.md" else page.name
        text = page.read_text(encoding="utf-8").replace("(README.md)", "(index.md)")
        (pages / "editors" / name).write_text(text, encoding="utf-8")
    return navigation(words, rules, sorted(page.name for page in (pages / "editors").iterdir()))


def navigation(words, rules, editors):
    families = {}
    for rule in rules:
        families.setdefault(rule["family"], []).append({rule["name"]: f"rules/{rule['name']}.md"})
    by_family = [{family: pages} for family, pages in families.items()]
    return [
        {words["start"]: "index.md"},
        {words["rules"]: ["rules/index.md", *by_family]},
        {words["editors"]: [f"editors/{name}" for name in sorted(editors, key=lambda name: name != "index.md")]},
    ]


def configuration(language, nav):
    """JSON is YAML: this is the site's mkdocs.yml."""
    palette = [
        {"media": "(prefers-color-scheme: light)", "scheme": "default", "toggle": {"icon": "lucide/sun", "name": "dark"}},
        {"media": "(prefers-color-scheme: dark)", "scheme": "slate", "toggle": {"icon": "lucide/moon", "name": "light"}},
    ]
    return json.dumps(
        {
            "site_name": "pothole",
            "repo_url": REPOSITORY,
            "docs_dir": "pages",
            "site_dir": "site",
            "nav": nav,
            "theme": {"language": language, "palette": palette, "features": ["navigation.indexes", "content.code.copy", "search.highlight"]},
            "extra": {"alternate": [{"name": words["name"], "link": f"../{code}/", "lang": code} for code, words in LANGUAGES.items()]},
            "markdown_extensions": ["tables", "pymdownx.highlight", "pymdownx.superfences"],
        },
        ensure_ascii=False,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pothole", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    if not shutil.which("zensical"):
        sys.exit("zensical is not installed: pip install zensical")
    out = options.out.resolve()
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            pages = Path(folder) / "pages"
            pages.mkdir()
            nav = write_pages(options.pothole.resolve(), language, pages)
            (Path(folder) / "mkdocs.yml").write_text(configuration(language, nav), encoding="utf-8")
            subprocess.run(["zensical", "build", "--strict"], cwd=folder, check=True)
            shutil.copytree(Path(folder) / "site", out / language, dirs_exist_ok=True)
    start = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=en/"><a href="en/">English</a> <a href="zh/">中文</a>\n'
    (out / "index.html").write_text(start, encoding="utf-8")


if __name__ == "__main__":
    main()
