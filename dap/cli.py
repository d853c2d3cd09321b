"""The `dap` command: reports go to standard output, our own trouble to standard error, and the exit code says which."""

from __future__ import annotations

import json
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dap.errors import ACCEPTED, COULD_NOT_RUN, REJECTED, WRONG_REQUEST, CouldNotRun, DapError, RequestError
from dap.intake.commands_core import register as register_intake
from dap.intake.commands_http import register as register_http
from dap.intake.commands_status import register as register_status

if TYPE_CHECKING:
    from dap.plan import Plan
    from dap.report import Report
    from dap.scan import Screened
    from dap.spreadsheet.taking import Proposal

_PLAN = click.option(
    "--plan", "plan_folder", metavar="DIR", help="The plan's folder (default: here, or the nearest above)."
)

# What dap.listing lists; written here too, so that asking for help does not load it.
_LISTED = (
    *("collections", "elements", "mandates", "codes"),
    *("asked-twice", "ask-once", "unsupported", "calendar", "load", "confidence", "laws", "jurisdictions"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    sys.excepthook = _silent
    try:
        code = cli.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except DapError as error:
        code = _say(str(error), error.exit_code)
    except click.UsageError as error:
        code = _say(f"{_wrong_use(error)}\nTry `dap --help`.", WRONG_REQUEST)
    except (click.Abort, KeyboardInterrupt):
        code = _say("Stopped.", COULD_NOT_RUN)
    except Exception as error:
        code = _say(_unexpected(error), COULD_NOT_RUN)
    sys.exit(code or ACCEPTED)


def _say(message: str, code: int) -> int:
    click.echo(f"dap: {message}", err=True)
    return code


def _silent(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    click.echo(f"dap: {_unexpected(error)}", err=True)


def _unexpected(error: BaseException) -> str:
    """An error of ours as its type and place: its own words may quote a value from a file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}dap{os.sep}" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"could not run: an unexpected {type(error).__name__}{place}. Please report it; the file was not accepted."


def _wrong_use(error: click.UsageError) -> str:
    # Click repeats arguments in its messages, and a file's name may hold what must not be said.
    if isinstance(error, click.NoSuchOption):
        return "there is no such option."
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.opts[0]
        return f"missing: {name if name.startswith('-') else error.param.human_readable_name}."
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"wrong value for {'/'.join(error.param.opts)}."
    return "the command is not one dap knows, or has too many or too few arguments."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dap", prog_name="dap")
def cli() -> None:
    """Keep a state education department's Data Acquisition Plan, and check submissions against it."""


@cli.command()
@_PLAN
@click.option("--format", "form", type=click.Choice(["text", "sarif"]), default="text", show_default=True)
@click.option("--open", "show_open", is_flag=True, help="List the plan's open questions instead.")
@click.option("--examples/--no-examples", default=True, help="Run the examples' own suites (default: yes).")
def lint(plan_folder: str | None, form: str, show_open: bool, examples: bool) -> int:
    """Is the plan sound? Exit code 0 when it is, 1 when there are findings."""
    from dap.engine.starting import own_process
    from dap.lint import lint as lint_plan
    from dap.terminal import for_terminal, problems_text

    own_process()
    root = _root(plan_folder)
    if show_open:
        return _print_open(root)
    with _progress("Reading the plan and running the examples"):
        problems = lint_plan(root, examples=examples)
    if form == "sarif":
        from importlib.metadata import version

        from dap.sarif import as_sarif

        _deliver(as_sarif(problems, root, version("dap")), None)
        return REJECTED if problems else ACCEPTED
    if problems:
        click.echo(problems_text(problems, colour=for_terminal()), nl=False)
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        click.echo(f"\n{many}. `dap explain RULE` tells more.")
        return REJECTED
    click.echo(_sound(_plan(plan_folder)))
    return ACCEPTED


@cli.command()
@_PLAN
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a suite is stale.")
def build(plan_folder: str | None, only_check: bool) -> int:
    """Write expectations/ from the catalog (or say whether it is stale)."""
    from dap.suites import stale_suites, write_suites

    plan = _plan(plan_folder)
    paths = stale_suites(plan) if only_check else write_suites(plan)
    for path in paths:
        click.echo(
            f"{'stale' if only_check else 'written' if path.exists() else 'deleted'}: {_within(path, plan.root)}"
        )
    if not paths:
        click.echo("The suites are those of the catalog.")
    return REJECTED if only_check and paths else ACCEPTED


def _rows_wanted(context: click.Context, parameter: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    if not value.isascii() or not value.isdigit():
        raise click.BadParameter("a number, or all", ctx=context, param=parameter)
    return int(value)


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--collection", required=True, metavar="ID|auto", help="What the files are sent for.")
@click.option("--resource", metavar="NAME", help="The layout, where the collection has several.")
@click.option("--period", metavar="YEAR", help="The school year, such as 2025-26.")
@click.option("--district", metavar="CODE", help="The district that sends the files.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "csv", "html", "xlsx"]),
    default="text",
    show_default=True,
    help="The report's form; xlsx is a workbook and needs --output.",
)
@click.option(
    "--rows", default="100", callback=_rows_wanted, metavar="N|all", help="How many row numbers a finding lists."
)
@click.option("--output", type=click.Path(dir_okay=False), metavar="PATH", help="Write the report there.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "pandas", "polars", "spark"]),
    default="auto",
    show_default=True,
    help="What runs the suite.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="What makes exit code 1.",
)
@_PLAN
def check(
    files: tuple[str, ...],
    collection: str,
    resource: str | None,
    period: str | None,
    district: str | None,
    form: str,
    rows: int | None,
    output: str | None,
    engine: str,
    fail_on: str,
    plan_folder: str | None,
) -> int:
    """Judge one or more files (or folders of files, or - for standard input) without submitting them.

    Exit code 0: all accepted. 1: one was rejected or unreadable. 2: wrong request. 3: one could not be judged.
    """
    from dap.engine.starting import own_process
    from dap.gate import AUTO, SPARK
    from dap.gate import check as check_file

    if form == "xlsx" and output is None:
        raise RequestError("A workbook is not printed: say with --output where it is to be written.")
    own_process()
    plan = _plan(plan_folder)
    if collection != AUTO:
        chosen = plan.collection(collection)
        if resource is not None:
            chosen.layout(resource)
    paths, folder_given = _every_file(files, urls=engine == SPARK)
    reports: list[Report] = []
    failures: list[DapError] = []
    with _progress("Checking", len(paths)) as advance:
        for number, path in enumerate(paths, start=1):
            try:
                report = check_file(
                    sys.stdin.buffer if path is None else path,
                    collection,
                    resource=resource,
                    plan=plan,
                    period=period,
                    district=district,
                    rows=rows,
                    number=number,
                    engine=engine,
                )
            except DapError as error:
                # One file that nobody can judge keeps no other from being judged.
                failures.append(error)
            else:
                reports.append(report)
            advance()
    if not reports:
        raise _worst(failures)
    if form == "xlsx" and output is not None:
        from dap.report_files import as_xlsx

        _write(as_xlsx(reports), output)
    else:
        several = folder_given or len(paths) > 1
        _deliver(_as_text(reports, form, always_list=several, to_file=output is not None), output)
    for failure in failures:
        _say(str(failure), failure.exit_code)
    return max((*(_exit_code(report, fail_on) for report in reports), *(each.exit_code for each in failures)))


def _worst(failures: Sequence[DapError]) -> DapError:
    """What to end with where no file could be judged: all that was said, once each, under the worst exit code."""
    said = "\n".join(dict.fromkeys(str(each) for each in failures))
    worst = max(failures, key=lambda each: each.exit_code)
    return worst if len(failures) == 1 else (CouldNotRun if worst.exit_code == COULD_NOT_RUN else RequestError)(said)


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--rows", default="100", callback=_rows_wanted, metavar="N|all", help="How many row numbers a finding lists."
)
@click.option("--output", type=click.Path(dir_okay=False), metavar="PATH", help="Write the answer there.")
def scan(files: tuple[str, ...], form: str, rows: int | None, output: str | None) -> int:
    """Search any files (or folders of files) for Social Security numbers alone; no plan is needed.

    Exit code 0: none was found. 1: one was found, or a file could not be searched. 2: wrong request.
    """
    from dap.scan import CLEAN, as_json
    from dap.scan import scan as scan_file
    from dap.terminal import for_terminal, scan_text

    if "-" in files:
        raise RequestError("dap scan reads files only, not standard input.")
    paths, folder_given = _every_file(files)
    screened: list[Screened] = []
    failures: list[DapError] = []
    with _progress("Scanning", len(paths)) as advance:
        for number, path in enumerate((each for each in paths if isinstance(each, Path)), start=1):
            try:
                screened.append(scan_file(path, number=number, rows=rows))
            except DapError as error:
                failures.append(error)
            advance()
    if not screened:
        raise _worst(failures)
    if form == "json":
        text = as_json(screened, always_list=folder_given or len(paths) > 1)
    else:
        text = scan_text(screened, colour=for_terminal() and output is None)
    _deliver(text, output)
    for failure in failures:
        _say(str(failure), failure.exit_code)
    found = ACCEPTED if all(each.status == CLEAN for each in screened) else REJECTED
    return max((found, *(each.exit_code for each in failures)))


def _exit_code(report: Report, fail_on: str) -> int:
    if report.verdict is None:
        return COULD_NOT_RUN
    if not report.accepted or (fail_on == "warning" and report.count("warning")):
        return REJECTED
    return ACCEPTED


def _as_text(reports: list[Report], form: str, *, always_list: bool, to_file: bool) -> str:
    if form == "json":
        from dap.report import as_json

        return as_json(reports, always_list=always_list)
    if form == "csv":
        from dap.report import as_csv

        return as_csv(reports)
    if form == "junit":
        from dap.report_files import as_junit

        return as_junit(reports)
    if form == "html":
        from dap.report_files import as_html

        return as_html(reports)
    from dap.terminal import for_terminal, report_text

    return report_text(reports, colour=for_terminal() and not to_file)


def _deliver(text: str, output: str | None) -> None:
    if output is None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            # Click would end with 1, which says rejected; and Python would try to write the rest once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CouldNotRun("whoever was to read the report has left, so nobody knows the verdict.") from None
        return
    _write(text.encode("utf-8"), output)


def _write(content: bytes, output: str) -> None:
    try:
        Path(output).write_bytes(content)
    except OSError:
        raise CouldNotRun("the report could not be written to the file given with --output.") from None


def _every_file(names: Sequence[str], *, urls: bool = False) -> tuple[list[str | Path | None], bool]:
    """The files named (None for standard input), and those in the folders named; and whether a folder was named.

    The files of a folder come in the order of their names. With `urls` a name such as `s3a://bucket/file.csv` is
    handed on as it is.
    RequestError, with all that is wrong, before anything is judged. What is left out of a folder is said on stderr.
    """
    paths: list[str | Path | None] = []
    faults: list[str] = []
    folder_given = False
    for number, name in enumerate(names, start=1):
        if urls and "://" in name:
            paths.append(name)
            continue
        path = Path(name)
        if name == "-":
            if None in paths:
                faults.append(f"argument {number}: standard input can be read only once.")
            paths.append(None)
            continue
        try:
            if not path.is_dir() or path.is_symlink():
                if fault := _fault(path):
                    faults.append(f"file {len(paths) + 1}: {fault}")
                paths.append(path)
                continue
            entries = sorted(path.iterdir())
        except OSError:
            faults.append(f"argument {number}: it cannot be opened.")
            continue
        folder_given = True
        inside = [
            each for each in entries if each.is_file() and not each.is_symlink() and not each.name.startswith(".")
        ]
        if not inside:
            faults.append(f"argument {number}: the folder holds no file.")
        elif len(inside) < len(entries):
            left_out = f"{len(entries) - len(inside)} of {len(entries)} entries"
            click.echo(
                f"dap: left out of the folder, as hidden, folders, links or no regular files: {left_out}.", err=True
            )
        paths += inside
    if faults:
        raise RequestError("\n".join(faults))
    return paths, folder_given


def _fault(path: Path) -> str:
    if path.is_symlink():
        return "a link to a file. Name the file itself."
    if path.is_file():
        return ""
    return "not a regular file." if path.exists() else "there is no such file."


@cli.command()
@click.argument("collection")
@click.option("--resource", metavar="NAME", help="The layout, where the collection has several.")
@click.option("--rows", type=click.IntRange(1), default=5, show_default=True, help="How many rows.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other rows.")
@click.option("--output", type=click.Path(dir_okay=False), metavar="PATH", help="Write the file there.")
@_PLAN
def example(
    collection: str, resource: str | None, rows: int, seed: int, output: str | None, plan_folder: str | None
) -> int:
    """Invented rows that pass, derived from the descriptor alone."""
    from dap.examples import example_text
    from dap.gate import file_layout

    plan = _plan(plan_folder)
    owner = plan.collection(collection)
    _deliver(example_text(plan, owner, file_layout(owner, resource), rows, seed), output)
    return ACCEPTED


@cli.command()
@click.argument("name", metavar="RULE|COLLECTION|ELEMENT|MANDATE|CODES")
@_PLAN
def explain(name: str, plan_folder: str | None) -> int:
    """What a rule means and what to do; or what the plan knows of a collection, element, mandate or code list."""
    from dap.explain import explain as explain_in_plan
    from dap.rules import is_rule_id, page, rule

    _deliver(page(rule(name)) if is_rule_id(name) else explain_in_plan(_plan(plan_folder), name), None)
    return ACCEPTED


@cli.command("list")
@click.argument("kind", type=click.Choice(_LISTED), metavar="[KIND]", default="collections")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with that value (~ for a text within).")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("--school-year", metavar="YEAR", help="Of calendar and load: that school year alone, such as 2025-26.")
@_PLAN
def list_(kind: str, where: tuple[str, ...], form: str, school_year: str | None, plan_folder: str | None) -> int:
    """The plan as tables; csv and json give every column.

    KIND is what the plan holds (collections, elements, mandates, codes) or what follows from it: asked-twice (elements
    that ask for the same fact), ask-once (where each such fact could be asked), unsupported (elements without law or
    use), calendar, load (of a district, by month), confidence, laws and jurisdictions (what each demands).
    """
    from dap.listing import listing

    _deliver(listing(_plan(plan_folder), kind, where, form, school_year), None)
    return ACCEPTED


@cli.command()
@click.argument("workbook", type=click.Path(dir_okay=False), metavar="PLAN.xlsx")
@click.option("--force", is_flag=True, help="Write over a workbook that is there already.")
@_PLAN
def export(workbook: str, force: bool, plan_folder: str | None) -> int:
    """The plan as an Excel workbook to edit: collections, elements, mandates, codes and windows."""
    from dap.spreadsheet.export import export_workbook

    path = _workbook(workbook)
    if path.exists() and not force:
        raise RequestError("the workbook exists already. Another name keeps the changes in it; --force gives them up.")
    if not path.parent.is_dir():
        raise RequestError("the workbook's folder does not exist.")
    plan = _plan(plan_folder)
    with _progress("Writing the workbook"):
        export_workbook(plan, path)
    click.echo("Written. Edit it in Excel, save it, and take the changes over with: dap import PLAN.xlsx")
    return ACCEPTED


@cli.command("import")
@click.argument("workbook", type=click.Path(dir_okay=False), metavar="PLAN.xlsx")
@click.option("--yes", is_flag=True, help="Write the changes without asking.")
@_PLAN
def import_(workbook: str, yes: bool, plan_folder: str | None) -> int:
    """Take an edited workbook over into the catalog: shows what would change, and asks before it writes.

    Exit code 0: taken over, or only shown. 1: something in it is wrong, so nothing is written.
    """
    from dap.spreadsheet.taking import propose
    from dap.terminal import edits_text, faults_text, for_terminal

    path = _workbook(workbook)
    if fault := _fault(path):
        raise RequestError(f"the workbook: {fault}")
    plan = _plan(plan_folder)
    with _progress("Comparing the workbook with the plan"):
        proposal = propose(plan, path)
    if proposal.faults:
        click.echo(faults_text(proposal.faults, colour=for_terminal()), nl=False)
        click.echo(
            f"\n{_many(len(proposal.faults), 'fault')}, so nothing was written. Mend the workbook, and import it again."
        )
        return REJECTED
    if not proposal.edits:
        click.echo("The workbook holds what the plan holds: nothing to change.")
        return ACCEPTED
    click.echo(edits_text(proposal.edits, colour=for_terminal()), nl=False)
    click.echo(f"\n{_counted_edits(proposal)}.")
    if not yes and not _agreed():
        click.echo("Nothing was written. `dap import --yes` writes without asking.")
        return ACCEPTED
    for name in proposal.write():
        click.echo(f"written: {name}")
    click.echo("Next: dap build, then dap lint.")
    return ACCEPTED


def _workbook(name: str) -> Path:
    path = Path(name)
    if path.suffix.casefold() != ".xlsx":
        raise RequestError("a workbook's name ends in .xlsx.")
    return path


def _agreed() -> bool:
    """Whether the person at the terminal wants the changes; nobody can say so in a pipe."""
    return sys.stdin.isatty() and sys.stdout.isatty() and click.confirm("Write these changes into the catalog?")


def _counted_edits(proposal: Proposal) -> str:
    from dap.spreadsheet.changes import counted

    count = counted(proposal.edits)
    return ", ".join(f"{_many(count[kind], 'entry')} {kind}" for kind in ("changed", "new", "removed") if count[kind])


def _many(count: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", metavar="TEXT", help="The plan's title (default: an invented state's).")
@click.option("--publisher", metavar="TEXT", help="The department that publishes it.")
def init(folder: Path, title: str | None, publisher: str | None) -> int:
    """Write a new plan for another state into an empty or new folder, with one invented collection."""
    from dap.skeleton import NEXT, write_plan

    with _progress("Writing the plan"):
        written = write_plan(folder, title, publisher)
    click.echo("\n".join(f"written: {path}" for path in written))
    click.echo(f"\n{len(written)} files. Everything in them is invented: README.md says what to replace. Next:\n")
    if folder.resolve() != Path.cwd():
        click.echo(f"    cd {shlex.quote(str(folder))}")
    for command, what in NEXT:
        click.echo(f"    {command:<24}# {what}")
    return ACCEPTED


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--address", metavar="URL", help="Where the site will stand (default: the plan's homepage); for feeds.")
@click.option("--pdf/--no-pdf", default=False, help="Also a PDF of each collection and of the plan (default: no).")
@click.option("--notebooks/--no-notebooks", default=False, help="Also the plan's notebooks, executed (default: no).")
@click.option("--serve", is_flag=True, help="Then show it on this machine, and reload it when the plan changes.")
@click.option(
    "--port", type=click.IntRange(1024, 65535), default=8000, show_default=True, help="Where --serve shows it."
)
@_PLAN
def publish(
    folder: str, address: str | None, pdf: bool, notebooks: bool, serve: bool, port: int, plan_folder: str | None
) -> int:
    """The public plan: write its site into an empty folder (or one that holds an earlier site)."""
    from dap.publish import publish as publish_site
    from dap.publish import show

    root = _root(plan_folder)
    plan = _plan(plan_folder)
    with _progress("Building the site") as advance:
        done = publish_site(plan, Path(folder), address or "", pdf=pdf, notebooks=notebooks, advance=advance)
    for line in done:
        click.echo(line)
    if serve:
        show(root, port, lambda line: click.echo(line, err=True))
    return ACCEPTED


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "id", metavar="ID", help="The collection's id (default: the folder of --output).")
@click.option("--title", metavar="TEXT", help="The collection's title.")
@click.option("--delimiter", type=click.Choice([",", ";", "tab", "|"]), help="The separator, where it cannot be told.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook: its name, or its number from 1.")
@click.option("--header", is_flag=True, help="The first row is a header, though nothing in the file proves it.")
@click.option("--output", type=click.Path(path_type=Path), metavar="PATH", help="Write the draft there: a new file.")
def describe(
    file: Path,
    id: str | None,
    title: str | None,
    delimiter: str | None,
    sheet: str | None,
    header: bool,
    output: Path | None,
) -> int:
    """Draft a collection's descriptor from a CSV, Excel or OpenDocument file.

    It holds names, types and lengths; no value of the file but codes that many rows share, and none of a column that
    may identify somebody. What the file cannot tell is an open question. Exit code 1: the file cannot be described.
    """
    from dap.describe import ID
    from dap.describe import describe as draft_of
    from dap.submission import load

    if output is not None and output.exists():
        raise RequestError("The file given with --output is there already, and was not touched. Name a new one.")
    if id is None and output is not None and output.name == "datapackage.json" and ID.fullmatch(output.parent.name):
        id = output.parent.name
    content = load(file, "file 1")
    if content.refused:
        raise RequestError("file 1: larger than any file that is taken.")
    with _progress("Reading the file"):
        draft = draft_of(
            content.data,
            id or "draft-collection",
            title,
            delimiter="\t" if delimiter == "tab" else delimiter,
            sheet=sheet,
            header=header,
            file_name=file.name,
        )
    text = json.dumps(draft.descriptor, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        _deliver(text, None)
    else:
        _write_new(output, text)
    for note in draft.notes:
        click.echo(f"dap: {note}", err=True)
    columns = len(draft.descriptor["resources"][0]["schema"]["fields"])
    click.echo(
        f"dap: drafted from {draft.rows} rows and {columns} columns. Read every line of it before it goes anywhere: "
        "names of columns are shown as the file has them.",
        err=True,
    )
    if output is not None:
        name = draft.descriptor["name"]
        click.echo(f"Next, with the draft in catalog/collections/{name}/:\n\n    dap build", err=True)
        click.echo(f"    dap example {name} --output catalog/collections/{name}/example.csv", err=True)
        click.echo(f"    dap lint\n    dap check FILE --collection {name}", err=True)
    return ACCEPTED


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError:
        raise CouldNotRun("the draft could not be written to the file given with --output.") from None


@cli.command()
@click.option("--browser/--no-browser", default=True, help="Open a browser window (default: yes).")
@_PLAN
def lab(browser: bool, plan_folder: str | None) -> int:
    """JupyterLab on the notebooks, on this machine only."""
    from dap.lab import open_lab

    return open_lab(_root(plan_folder), browser)


register_intake(cli)
register_http(cli)
register_status(cli)


def _root(folder: str | None) -> Path:
    from dap.catalog import CATALOG, PLAN_FILE, find_plan

    if folder is None:
        return find_plan(Path.cwd())
    if not (Path(folder) / CATALOG / PLAN_FILE).is_file():
        raise RequestError(f"The folder given with --plan holds no {CATALOG}/{PLAN_FILE}.")
    return Path(folder)


def _plan(folder: str | None) -> Plan:
    from dap.catalog import open_plan

    return open_plan(_root(folder))


def _within(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _sound(plan: Plan) -> str:
    counted = {
        "collection": len(plan.all_collections),
        "element": sum(1 for _ in plan.every_element()),
        "mandate": len(plan.all_mandates),
        "open question": len(plan.open_questions),
    }
    *facts, questions = (f"{many} {what}" if many == 1 else f"{many} {what}s" for what, many in counted.items())
    return f"The plan is sound: {plan.title} {plan.version}, {', '.join(facts)}; {questions} (dap lint --open)."


def _print_open(root: Path) -> int:
    from dap.catalog import open_plan

    questions = open_plan(root).open_questions
    for row in questions.to_dict("records"):
        where = "/".join(row[part] for part in ("collection", "layout", "element", "code_list", "mandate") if row[part])
        click.echo(f"{where}: {row['about']}: {row['why']}")
    click.echo(f"\n{len(questions)} open questions.")
    return ACCEPTED


class _Progress:
    """A progress line on standard error while work runs; silent where that is no terminal."""

    def __init__(self, what: str, steps: int | None) -> None:
        self.what, self.steps = what, steps
        self.stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Callable[[], None]:
        if not sys.stderr.isatty():
            return lambda: None
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = [SpinnerColumn(), TextColumn("{task.description}")]
        counted = [BarColumn(), MofNCompleteColumn()] if self.steps else []
        shown = Progress(*columns, *counted, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        task = shown.add_task(self.what, total=self.steps)
        shown.start()
        self.stop = shown.stop
        return lambda: shown.advance(task)

    def __exit__(self, *_: object) -> None:
        self.stop()


def _progress(what: str, steps: int | None = None) -> _Progress:
    return _Progress(what, steps)
