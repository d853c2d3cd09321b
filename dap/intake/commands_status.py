"""The commands `dap status` and `dap intake`: who owes what, and keeping the intake."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dap.errors import ACCEPTED, REJECTED, CouldNotRun, RequestError
from dap.intake.commands_core import CONFIG, settings

if TYPE_CHECKING:
    from dap.intake.obligations import Obligation
    from dap.intake.store import Store

# Written here too, so that asking for help loads nothing.
_STATES = ("reported", "confirmed_zero", "missing", "late", "not_required", "expected", "unknown")


def register(cli: click.Group) -> None:
    """Give the command line these commands."""
    cli.add_command(status)
    cli.add_command(intake)


def _store(config_file: str | None) -> Store:
    config = settings(config_file)
    from dap.intake.store import Store

    return Store.open(config)


@click.command()
@click.option("--district", metavar="CODE", help="One district alone.")
@click.option("--collection", metavar="ID", help="One collection alone.")
@click.option("--period", metavar="PERIOD", help="One school year, such as 2025-26, or one period of it.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES, case_sensitive=False),
    help="Only these (repeatable).",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH", help="Write it there.")
@click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="Also a chart: FILE.svg or FILE.html.",
)
@CONFIG
def status(
    district: str | None,
    collection: str | None,
    period: str | None,
    states: tuple[str, ...],
    form: str,
    output: Path | None,
    chart: Path | None,
    config_file: str | None,
) -> int:
    """Who owes what: where every district stands for every collection and period.

    Exit code 0: nothing of what is shown is missing. 1: something is. 2: wrong request. 3: could not run.
    """
    if chart is not None and chart.suffix not in (".svg", ".html"):
        raise RequestError("The file given with --chart ends in .svg or .html.")
    today = date.today()
    with _store(config_file) as store:
        rows = _rows(store, today, district, collection, period, states)
        version = store.plan.version
    if chart is not None:
        _write(chart, _drawn(rows, today, chart.suffix))
    text = _said(rows, today, version, form, details=district is not None or bool(states))
    if output is None:
        sys.stdout.write(text)
    else:
        _write(output, text)
    return REJECTED if any(row.state == "MISSING" for row in rows) else ACCEPTED


def _rows(
    store: Store, today: date, district: str | None, collection: str | None, period: str | None, states: tuple[str, ...]
) -> list[Obligation]:
    from dap.intake.obligations import obligations
    from dap.intake.statements import statements

    plan = store.plan
    if district is not None and plan.all_districts:
        plan.district(district)
    if collection is not None:
        chosen = plan.collection(collection)
        if not chosen.file_layouts:
            raise RequestError("The collection given with --collection is not submitted as a file.")
    known = store.submissions(district=district, collection=collection, limit=None)
    return [
        row
        for row in obligations(plan, known, statements(store), today, period=period or "")
        if (district is None or row.address.district == district)
        and (collection is None or row.address.collection == collection)
        and (not states or row.state.value.lower() in [each.lower() for each in states])
    ]


def _said(rows: list[Obligation], today: date, version: str, form: str, *, details: bool) -> str:
    from dap.intake import status_text

    if form == "json":
        return status_text.as_json(rows, today, version)
    if form == "csv":
        return status_text.as_csv(rows)
    return status_text.as_text(rows, today, details=details)


def _drawn(rows: list[Obligation], today: date, kind: str) -> str:
    from dap.intake.status_chart import as_page, status_figure

    figure = status_figure(rows, today)
    return figure.svg if kind == ".svg" else as_page(figure)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError:
        raise CouldNotRun("what was asked for could not be written to the file named.") from None


@click.group()
def intake() -> None:
    """Keep the intake: state "nothing to report", back up, restore, and clear away what is past its time."""


@intake.command()
@click.argument("district")
@click.argument("collection")
@click.argument("period")
@click.option("--withdraw", is_flag=True, help="Take the statement back.")
@CONFIG
def nothing(district: str, collection: str, period: str, withdraw: bool, config_file: str | None) -> int:
    """State for a district that it has nothing to report (or take that back)."""
    with _store(config_file) as store:
        from dap.intake.records import Address
        from dap.intake.statements import declare_nothing, withdraw_nothing

        address = Address(district, collection, period)
        entry = (withdraw_nothing if withdraw else declare_nothing)(store, address, by="operator")
    done = "Taken back" if withdraw else "Stated"
    click.echo(f"{done} at {entry['time']}, entry {entry['number']} of the ledger.")
    return ACCEPTED


@intake.command()
@click.argument("folder", type=click.Path(path_type=Path))
@CONFIG
def backup(folder: Path, config_file: str | None) -> int:
    """Write a backup into a new folder while the intake goes on. Exit code 1: a submission's file is nowhere."""
    with _store(config_file) as store:
        from dap.intake.backup import back_up

        saved = back_up(store, folder)
    click.echo(f"Saved: {saved.entries} entries of the ledger, {saved.files} files, {saved.bytes:,} bytes.")
    for id in saved.missing:
        click.echo(f"Not there: the file of {id}")
    click.echo("It holds the state's signing key and pupils' data: keep it encrypted, and away from this machine.")
    return REJECTED if saved.missing else ACCEPTED


@intake.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@CONFIG
def restore(folder: Path, config_file: str | None) -> int:
    """Put a backup back where there is no intake, and prove that ledger and files are whole."""
    config = settings(config_file)
    from dap.intake.backup import restore as put_back

    saved = put_back(folder, config)
    click.echo(f"Back and proved: {saved.entries} entries of the ledger, {saved.files} files. The ledger says so.")
    click.echo("What was received after the backup is not in it: ask districts with later receipts to send again.")
    return ACCEPTED


@intake.command()
@click.option("--delete", is_flag=True, help="Delete them; without it they are only listed.")
@CONFIG
def retire(delete: bool, config_file: str | None) -> int:
    """List (or delete) the files that are past their time, each with a record in the ledger."""
    from datetime import UTC, datetime

    today = datetime.now(UTC).date()
    with _store(config_file) as store:
        from dap.intake import retention

        found = (retention.retire if delete else retention.due_for_destruction)(store, today)
    for each in found:
        click.echo(f"{each.submission.id}  judged {each.submission.judged[:10]}  {each.setting} = {each.days}")
    done = "deleted, each with an entry in the ledger" if delete else "past their time; --delete deletes them"
    click.echo(f"{len(found)} files {done}.")
    return ACCEPTED


@intake.command("settings")
def print_settings() -> int:
    """Print the configuration file with every setting, its default and what it is."""
    from dap.intake.settings_text import as_toml

    sys.stdout.write(as_toml())
    return ACCEPTED
