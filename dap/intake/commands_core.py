"""The commands of the intake's core: watching the drop folder, the ledger, receipts."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dap.errors import ACCEPTED, REJECTED, CouldNotRun, RequestError

if TYPE_CHECKING:
    from dap.intake.config import IntakeConfig

CONFIG = click.option(
    "--config", "config_file", metavar="FILE", help="The intake's settings (default: dap-intake.toml here, if any)."
)


def register(cli: click.Group) -> None:
    """Give the command line these commands."""
    for command in (watch, ledger, receipt):
        cli.add_command(command)


def demand_extra() -> None:
    """CouldNotRun, naming the extra, where what the intake needs is not installed."""
    if any(find_spec(name) is None for name in ("sqlalchemy", "cryptography")):
        raise CouldNotRun("the intake needs what is not installed: pip install 'dap[intake]'.")


def settings(config_file: str | None) -> IntakeConfig:
    """The settings that a command was given; CouldNotRun without the extra."""
    from dap.intake.config import read_config

    demand_extra()
    return read_config(Path(config_file) if config_file is not None else None)


@click.command()
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--once", is_flag=True, help="Take and judge what is there, then end.")
@click.option("--again", is_flag=True, help="Judge anew what could not be judged.")
@CONFIG
def watch(folder: str | None, once: bool, again: bool, config_file: str | None) -> int:
    """Take in what districts put into DIR/<district>/<collection>/<period>/, and judge it.

    DIR is the intake's own drop/ where none is given. A file is taken once it has stood still. Its receipt appears in
    the intake's answers/<district>/<collection>/<period>/. Stop it with Ctrl-C or SIGTERM.
    """
    from dap.intake.watch import watch_folder

    config = settings(config_file)
    drop = Path(folder) if folder is not None else config.folder / "drop"
    if folder is not None and not drop.is_dir():
        raise RequestError("There is no such folder.")
    return watch_folder(config, drop, once=once, again=again, say=lambda line: click.echo(line))


@click.group()
def ledger() -> None:
    """Check, show and export the intake's ledger."""


@ledger.command("verify")
@click.option("--receipt", "held", multiple=True, metavar="FILE", help="A receipt or a head that someone holds.")
@click.option("--files", is_flag=True, help="Check every file, receipt and report kept here as well.")
@CONFIG
def verify_ledger(held: tuple[str, ...], files: bool, config_file: str | None) -> int:
    """Is the ledger whole and unchanged? Exit code 0 when it is, 1 when not.

    Only who holds a receipt or a head from later can tell that a ledger was rolled back: name it with --receipt.
    """
    config = settings(config_file)
    from dap.intake.receipts import read_head
    from dap.intake.store import Store
    from dap.intake.verify import verify

    heads = [read_head(Path(each)) for each in held]
    with Store.open(config) as store:
        found = verify(store, heads, files=files)
    for fault in found.faults:
        click.echo(fault)
    if found.elsewhere:
        click.echo(f"The files of {found.elsewhere} submissions are kept by other machines: run it there too.")
    click.echo(f"{found.size} entries, {len(found.faults) or 'no'} fault{'' if len(found.faults) == 1 else 's'}.")
    return REJECTED if found.faults else ACCEPTED


@ledger.command("head")
@CONFIG
def show_head(config_file: str | None) -> int:
    """Print the signed head, to be published: whoever keeps one finds a ledger that is rolled back behind it."""
    config = settings(config_file)
    from dap.intake.store import Store

    with Store.open(config) as store:
        click.echo(json.dumps(store.head().as_dict(), indent=2))
    return ACCEPTED


@ledger.command("export")
@click.argument("output", metavar="FILE", type=click.Path(dir_okay=False))
@CONFIG
def export_ledger(output: str, config_file: str | None) -> int:
    """Write the ledger to FILE: one entry a line, its signed head last; what dap/intake/verifier.py reads."""
    config = settings(config_file)
    from dap.intake.store import Store

    with Store.open(config) as store:
        head = store.head()
        try:
            with Path(output).open("w", encoding="ascii", newline="\n") as file:
                for entry in store.entries():
                    if entry.number < head.size:
                        file.write(f"{entry.text}\n")
                file.write(json.dumps({"head": head.as_dict()}) + "\n")
        except OSError:
            raise CouldNotRun("the ledger could not be written to FILE.") from None
    click.echo(f"{head.size} entries.")
    return ACCEPTED


@click.group()
def receipt() -> None:
    """Check receipts."""


@receipt.command("verify")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
@click.option("--key", "key_file", required=True, metavar="FILE", help="The state's public key, state-key.pub.")
@click.option("--submission", metavar="FILE", help="The file that was sent: is the receipt for it?")
def verify_receipt(file: str, key_file: str, submission: str | None) -> int:
    """Is this receipt the state's, and unchanged? Works without a connection; exit code 0 when it is, 1 when not."""
    import hashlib

    demand_extra()
    from dap.intake.keys import read_public_keys
    from dap.intake.receipts import check_receipt, read_receipt

    keys = read_public_keys(Path(key_file))
    try:
        document = read_receipt(Path(file).read_bytes())
        sent = None if submission is None else hashlib.sha256(Path(submission).read_bytes()).hexdigest()
    except OSError:
        raise RequestError("A file that was named cannot be read.") from None
    faults = list(check_receipt(document, keys).faults)
    body = document["entry"]["body"]
    if sent is not None and sent != body["sha256"]:
        faults.append("The receipt is for another file.")
    for fault in faults:
        click.echo(fault)
    if not faults:
        click.echo(f"genuine: {document['id']}, {body['verdict']}, judged {document['entry']['time']}")
    return REJECTED if faults else ACCEPTED
