"""Write docs/rules/ from the table of rules: a page for each rule, and the list of all of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dap.rules import index, page, rules

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"


def rule_pages() -> Mapping[str, str]:
    """Make every page from the table, by its file name."""
    return {"README.md": index()} | {f"{id}.md": page(rule) for id, rule in rules().items()}


def main() -> int:
    """Write the pages that changed, and delete those of rules that no longer exist."""
    pages = rule_pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
    print(f"docs/rules/ holds {len(pages) - 1} rules and their list.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
