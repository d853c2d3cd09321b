"""The commands of the intake's HTTP service: serving, and the districts' tokens."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import click

from dap.errors import ACCEPTED, CouldNotRun, RequestError
from dap.intake.commands_core import CONFIG, settings


def register(cli: click.Group) -> None:
    """Give the command line these commands."""
    for command in (serve, token):
        cli.add_command(command)


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen (default: the settings', 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="On which port (default: the settings', 8600).")
@CONFIG
def serve(host: str | None, port: int | None, config_file: str | None) -> int:
    """Take submissions in by HTTP, judge them, and give receipts; with a page for those who use a browser.

    It speaks plain HTTP on this machine: a reverse proxy in front of it speaks TLS (docs/http.md).
    """
    config = settings(config_file)
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise CouldNotRun("dap serve needs what is not installed: pip install 'dap[intake]'.")
    from dap.intake.http.serving import serve as run

    http = replace(
        config.http,
        host=config.http.host if host is None else host,
        port=config.http.port if port is None else port,
    )
    run(replace(config, http=http), lambda line: click.echo(line, err=True))
    return ACCEPTED


@click.group()
def token() -> None:
    """Issue, list and revoke the tokens that districts send with."""


@token.command("new")
@click.option("--district", metavar="CODE", help="Whose token it is.")
@click.option("--operator", is_flag=True, help="A token for /metrics alone, of no district.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    type=click.Choice(["submit", "check", "read"]),
    help="What it is for; may be given several times (default: all).",
)
@click.option("--days", type=click.IntRange(1, 1100), default=400, show_default=True, help="How long it holds.")
@click.option("--note", default="", metavar="TEXT", help="Who holds it, for your own list.")
@CONFIG
def new_token(
    district: str | None, operator: bool, actions: tuple[str, ...], days: int, note: str, config_file: str | None
) -> int:
    """Issue a token and show it, this once: only its hash is kept. The token alone goes to standard output."""
    config = settings(config_file)
    from dap.intake import tokens
    from dap.intake.store import Store

    if operator == (district is not None):
        raise RequestError("Name either the district (--district CODE) or --operator.")
    whose = tokens.OPERATOR if district is None else district
    with Store.open(config) as store:
        if district is not None:
            _demand_known(store.plan, district)
        text, issued = tokens.issue(store, whose, actions=actions or tokens.DISTRICT_ACTIONS, days=days, note=note)
    click.echo(text)
    click.echo(
        f"dap: token {issued.id} is for {', '.join(issued.actions)} until {issued.expires:%Y-%m-%d}. "
        "It is shown this once; hand it over on a safe way.",
        err=True,
    )
    return ACCEPTED


def _demand_known(plan: object, district: str) -> None:
    known = {each.code for each in getattr(plan, "all_districts", ())}
    if known and district not in known:
        raise RequestError("The plan's districts have no such code (catalog/districts.csv).")


@token.command("list")
@click.option("--district", metavar="CODE", help="Only that district's.")
@CONFIG
def list_tokens(district: str | None, config_file: str | None) -> int:
    """List every token ever issued: id, district, state, days, actions, note; never the token itself."""
    config = settings(config_file)
    from datetime import UTC, datetime

    from dap.intake import tokens
    from dap.intake.store import Store

    now = datetime.now(UTC)
    with Store.open(config) as store:
        found = tokens.tokens(store, district)
    for each in found:
        whose = each.district or "operator"
        days = f"{each.issued:%Y-%m-%d} to {each.expires:%Y-%m-%d}"
        line = f"{each.id}  {whose:<10}  {each.state(now):<7}  {days}  {' '.join(each.actions)}  {each.note}"
        click.echo(line.rstrip())
    if not found:
        click.echo("No token was issued yet: dap token new --district CODE.", err=True)
    return ACCEPTED


@token.command("revoke")
@click.argument("id", metavar="ID")
@CONFIG
def revoke_token(id: str, config_file: str | None) -> int:
    """Revoke a token by the id that `dap token list` shows: it opens nothing from the next request on."""
    config = settings(config_file)
    from dap.intake import tokens
    from dap.intake.store import Store

    with Store.open(config) as store:
        tokens.revoke(store, id)
    click.echo("The token is revoked.")
    return ACCEPTED
