"""Show the main jobs: a file that is accepted, one that is rejected for three reasons, and the plan as a site."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "psis-october"
DESCRIPTOR = ROOT / "catalog" / "collections" / COLLECTION / "datapackage.json"
EXAMPLE = DESCRIPTOR.with_name("example.csv")
FOLDER = ROOT / "build" / "demo"
SITE = ROOT / "build" / "site"

# The command as it is installed, not a call into the package: the demo shows what a user types.
DAP = Path(sys.executable).parent / "dap"

# Nobody's number: no Social Security number was ever issued with area 000.
INVENTED_NUMBER = "000-12-3456"


def main() -> int:
    """Lint the plan, check both files, and fail when a verdict is not the one that was to be shown."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A district's number, the collection and the year: only a name of this form is printed in a report.
    accepted = FOLDER / "accepted" / f"001-{COLLECTION}-2025-26.csv"
    rejected = FOLDER / "rejected" / f"001-{COLLECTION}-2025-26.csv"
    _write(accepted, EXAMPLE.read_bytes())
    _write(rejected, spoilt(EXAMPLE.read_bytes(), _required_elements()))

    _say("Is the plan sound?")
    _run(["lint"], expected=0)
    _say("A file that is accepted")
    _check(accepted, verdict="accepted", expected=0)
    _say(
        "The same file with a column nobody asked for, a Social Security number, and an empty cell that must be filled"
    )
    _check(rejected, verdict="rejected", expected=1)

    print(
        f"\nBoth files and the full reports (report.json) lie in {FOLDER.relative_to(ROOT)}/accepted and .../rejected."
    )
    _say("The plan as a site for families, clerks and legislators")
    _run(["publish", _shown(SITE)], expected=0)
    print(f"\nOpen {_shown(SITE / 'index.html')} in a browser, or see it follow your changes: make site ARGS=--serve")
    return 0


def spoilt(example: bytes, required: set[str]) -> bytes:
    """Break an accepted file in three ways: a column nobody asked for, a number that may not be sent, and a gap."""
    header, first, second, *others = csv.reader(io.StringIO(example.decode("utf-8-sig"), newline=""))
    second[next(position for position, name in enumerate(header) if name in required)] = ""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*header, "Remarks"])
    table.writerow([*first, INVENTED_NUMBER])
    table.writerows([*row, ""] for row in (second, *others))
    return text.getvalue().encode()


def _check(file: Path, *, verdict: str, expected: int) -> None:
    report = file.with_name("report.json")
    report.unlink(missing_ok=True)
    _run(["check", _shown(file), "--collection", COLLECTION], expected=expected)
    _run(
        ["check", _shown(file), "--collection", COLLECTION, "--format", "json", "--output", _shown(report)],
        expected=expected,
    )
    text = report.read_text(encoding="utf-8")
    if json.loads(text)["verdict"] != verdict:
        raise SystemExit(f"{_shown(report)} does not say {verdict}.")
    if INVENTED_NUMBER in text:
        raise SystemExit(f"{_shown(report)} repeats a value from the file.")


def _run(arguments: list[str], *, expected: int) -> None:
    print(f"\n$ dap {' '.join(arguments)}", flush=True)
    answer = subprocess.run([DAP, *arguments], cwd=ROOT, check=False).returncode
    if answer != expected:
        raise SystemExit(f"dap {arguments[0]} ended with exit code {answer}; {expected} was to be shown.")


def _required_elements() -> set[str]:
    package = json.loads(DESCRIPTOR.read_text(encoding="utf-8"))
    return {
        field["name"]
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
        if field.get("constraints", {}).get("required")
    }


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _shown(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _say(title: str) -> None:
    print(f"\n--- {title} ---", flush=True)


if __name__ == "__main__":
    sys.exit(main())
