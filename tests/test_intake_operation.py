"""Operating the intake: statements, health, numbers, log, backup, restore, retention, settings and unit files."""

from __future__ import annotations

import configparser
import io
import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dap.cli import main
from dap.errors import CouldNotRun, RequestError
from dap.intake import backup, operation, retention
from dap.intake.backup import back_up, restore
from dap.intake.config import IntakeConfig, RetentionConfig, read_config
from dap.intake.logs import note
from dap.intake.records import Address, Refused, State
from dap.intake.settings_text import as_toml
from dap.intake.statements import declare_nothing, statements, withdraw_nothing
from dap.intake.store import Store
from dap.intake.verify import verify
from tests.conftest import ROOT, NewPlan
from tests.intake_places import POSTGRES, intakes

YEAR = "2023-24"
ADDRESS = Address("001", "example-roster", YEAR)
DEPLOY = ROOT / "deploy"
LATER = date.today() + timedelta(days=400)


@pytest.fixture
def config(new_plan: NewPlan, tmp_path: Path) -> IntakeConfig:
    """Settings of an intake for the small invented plan."""
    kept = RetentionConfig(accepted_days=0, superseded_days=100, rejected_days=90, quarantine_days=30)
    return IntakeConfig(folder=tmp_path / "intake", plan=new_plan(), retention=kept)


@pytest.fixture
def store(config: IntakeConfig) -> Iterator[Store]:
    """An intake without anything in it."""
    with Store.open(config) as opened:
        yield opened


def send(store: Store, content: bytes, verdict: str = "accepted", *rules: str, address: Address = ADDRESS) -> str:
    """Have an invented file received and, unless the verdict is empty, entered as judged; its id."""
    taken = store.receive(address, [content], extension="csv", channel="http").submission
    if verdict:
        claimed = store.claim("tester")
        assert claimed is not None
        findings = [{"rule": rule, "severity": "error"} for rule in rules]
        report: dict[str, Any] = {
            "verdict": verdict,
            "resource": "roster",
            "plan_version": store.plan.version,
            "suite_sha256": "0" * 64,
            "file": {"rows": 1, "columns": 1},
            "findings": findings,
        }
        store.enter_verdict(claimed.id, "tester", report)
        store.settle(claimed.id)
    return taken.id


def test_a_statement_stands_until_it_is_taken_back(store: Store) -> None:
    entry = declare_nothing(store, ADDRESS, by="operator")
    assert declare_nothing(store, ADDRESS, by="operator") == entry
    assert [each.address for each in statements(store)] == [ADDRESS]
    withdraw_nothing(store, ADDRESS, by="operator")
    assert statements(store) == []
    with pytest.raises(Refused) as refused:
        withdraw_nothing(store, ADDRESS, by="operator")
    assert refused.value.code == "no-statement"
    assert declare_nothing(store, ADDRESS, by="operator")["number"] > entry["number"]


def test_nothing_to_report_is_refused_where_a_file_stands_or_the_plan_knows_no_such_thing(store: Store) -> None:
    with pytest.raises(Refused) as refused:
        declare_nothing(store, Address("001", "example-rooster", YEAR), by="operator")
    assert refused.value.code == "unknown-collection"
    send(store, b"first", "rejected")
    declare_nothing(store, ADDRESS, by="operator")
    withdraw_nothing(store, ADDRESS, by="operator")
    send(store, b"second")
    with pytest.raises(Refused) as refused:
        declare_nothing(store, ADDRESS, by="operator")
    assert refused.value.code == "contradicts"


def test_the_intake_is_well_until_something_waits_too_long(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert operation.health(store) == {
        "status": "ok",
        "checks": {"database": "ok", "folder": "ok", "disk": "ok", "queue": "ok"},
    }
    send(store, b"waits", "")
    monkeypatch.setattr(operation, "STUCK_SECONDS", -1)
    assert operation.health(store)["checks"]["queue"] == "failing"
    (store.folder / ".intake").unlink()
    answer = operation.health(store)
    assert (answer["status"], answer["checks"]["folder"]) == ("failing", "failing")


def test_a_full_disk_is_told_before_uploads_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    assert operation.health(store)["checks"]["disk"] == "failing"


def test_the_numbers_are_openmetrics_and_name_nobody(store: Store) -> None:
    send(store, b"some bytes", "rejected", "V110")
    send(store, b"more", "")
    text = operation.metrics(store)
    assert text.endswith("# EOF\n")
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert samples['dap_submissions{state="rejected"}'] == samples['dap_submissions{state="received"}'] == "1"
    assert samples["dap_submissions_bytes"] == str(len(b"some bytes") + len(b"more"))
    assert int(samples["dap_ledger_entries"]) == store.head().size
    assert set(samples) >= {f'dap_submissions{{state="{state.value}"}}' for state in State}
    assert all(name.split("{")[0].startswith("dap_") for name in samples)
    assert "001" not in text
    assert "example-roster" not in text


def test_a_log_line_holds_names_and_numbers_and_no_sentence() -> None:
    out = io.StringIO()
    note("submission.judged", to=out, id="001-example-roster-2023-24-1-000000000000", state="accepted", seconds=1.23456)
    line = json.loads(out.getvalue())
    assert (line["event"], line["seconds"]) == ("submission.judged", 1.235)
    assert out.getvalue().count("\n") == 1
    for fields in ({"file": "a.csv"}, {"code": "a sentence"}, {"code": 'a"b'}, {"code": "a\nb"}):
        with pytest.raises(ValueError, match="a log line cannot hold this"):
            note("x", to=out, **fields)


def test_what_is_backed_up_comes_back_whole_and_says_so(store: Store, config: IntakeConfig, tmp_path: Path) -> None:
    accepted, waiting = send(store, b"accepted"), send(store, b"waits", "")
    receipt = store.receipt(accepted)
    saved = back_up(store, tmp_path / "saved")
    assert saved.missing == ()
    store.close()
    shutil.move(config.folder, tmp_path / "lost")
    back = restore(tmp_path / "saved", config)
    assert (back.entries, back.files) == (saved.entries, saved.files)
    with Store.open(config) as again:
        assert verify(again, files=True).faults == ()
        assert again.receipt(accepted) == receipt
        paths = [again.path_of(id) for id in (accepted, waiting)]
        assert [path.read_bytes() for path in paths if path] == [b"accepted", b"waits"]
        assert [entry.body["size"] for entry in again.entries((backup.RESTORED,))] == [saved.entries]
        claimed = again.claim("tester")
        assert claimed is not None
        assert claimed.id == waiting


def test_on_postgresql_a_dump_and_a_copy_of_the_folder_come_back_whole(server: str, new_plan: NewPlan) -> None:
    with intakes(new_plan(), server) as make:
        config = make()
        schema = f"{config.folder.parent.name}-1"
        saved, dump = config.folder.with_name("saved"), config.folder.with_name("saved.dump")
        with Store.open(config) as store:
            accepted, waiting = send(store, b"accepted"), send(store, b"waits", "")
            receipt = store.receipt(accepted)
        here = ["--dbname", server]
        subprocess.run(
            [POSTGRES / "pg_dump", *here, "--format=custom", f'--schema="{schema}"', "--file", dump], check=True
        )
        shutil.copytree(config.folder, saved, ignore=shutil.ignore_patterns("tmp"))
        shutil.rmtree(config.folder)
        subprocess.run(
            [
                POSTGRES / "psql",
                *here,
                "--quiet",
                "-c",
                f'SET client_min_messages=error; DROP SCHEMA "{schema}" CASCADE',
            ],
            check=True,
        )
        subprocess.run([POSTGRES / "pg_restore", *here, dump], check=True)
        shutil.copytree(saved, config.folder)
        with Store.open(config) as back:
            assert verify(back, files=True).faults == ()
            assert back.receipt(accepted) == receipt
            claimed = back.claim("tester")
            assert claimed is not None and claimed.id == waiting


def test_a_file_that_moves_during_the_backup_lies_where_the_ledger_has_it(
    store: Store, config: IntakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = send(store, b"moves", "")
    copy = backup._copy_submissions

    def judged_meanwhile(at: Store, part: Path) -> Iterator[str]:
        (config.folder / "new" / f"{id}.csv").rename(config.folder / "accepted" / f"{id}.csv")
        return copy(at, part)

    monkeypatch.setattr(backup, "_copy_submissions", judged_meanwhile)
    assert back_up(store, tmp_path / "saved").missing == ()
    assert (tmp_path / "saved/new" / f"{id}.csv").read_bytes() == b"moves"


def test_a_file_that_is_nowhere_is_named_unless_it_was_retired(store: Store, tmp_path: Path) -> None:
    lost, retired = send(store, b"lost"), send(store, b"retired", "rejected", address=replace(ADDRESS, district="002"))
    path = store.path_of(lost)
    assert path is not None
    path.unlink()
    assert [each.submission.id for each in retention.retire(store, LATER)] == [retired]
    assert back_up(store, tmp_path / "saved").missing == (lost,)


def test_a_backup_that_was_changed_is_not_put_back(store: Store, config: IntakeConfig, tmp_path: Path) -> None:
    id = send(store, b"accepted")
    back_up(store, tmp_path / "saved")
    with pytest.raises(RequestError, match="already"):
        back_up(store, tmp_path / "saved")
    with pytest.raises(RequestError, match="an intake already"):
        restore(tmp_path / "saved", config)
    file = tmp_path / "saved/accepted" / f"{id}.csv"
    file.chmod(0o600)
    file.write_bytes(b"acceptes")
    elsewhere = replace(config, folder=tmp_path / "elsewhere")
    with pytest.raises(CouldNotRun, match="not the one that was saved"):
        restore(tmp_path / "saved", elsewhere)
    assert not elsewhere.folder.exists()
    with pytest.raises(RequestError, match="no backup"):
        restore(tmp_path, elsewhere)


def test_a_manifest_writes_nowhere_else(config: IntakeConfig, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    manifest = {"made": "", "log": "", "size": 0, "root": "", "missing": [], "files": {"../outside": "0" * 64}}
    (tmp_path / "saved/backup.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(RequestError, match="no backup"):
        restore(tmp_path / "saved", config)


def test_what_is_past_its_time_is_deleted_with_a_record(store: Store) -> None:
    first, second = send(store, b"first"), send(store, b"second")
    rejected, private = send(store, b"third", "rejected"), send(store, b"fourth", "rejected", "P101")
    waiting = send(store, b"fifth", "")
    due = {each.submission.id: each.setting for each in retention.due_for_destruction(store, LATER)}
    assert due == {first: "superseded_days", rejected: "rejected_days", private: "quarantine_days"}
    assert list(store.entries((retention.DESTROYED,))) == []
    assert retention.due_for_destruction(store, date.today() + timedelta(days=30)) == []
    retention.retire(store, LATER)
    assert [store.path_of(id) is not None for id in (first, second, rejected, private, waiting)] == [
        *(False, True, False, False, True)
    ]
    assert {entry.body["id"] for entry in store.entries((retention.DESTROYED,))} == set(due)
    assert retention.retire(store, LATER) == []
    assert store.receipt(first) is not None


def test_retention_that_was_stopped_goes_on_without_a_second_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = send(store, b"third", "rejected")

    def fails(_: Path) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("dap.intake.steps.remove", fails)
        with pytest.raises(CouldNotRun):
            retention.retire(store, LATER)
    assert any((store.folder / "rejected").iterdir())
    retention.retire(store, LATER)
    assert store.path_of(id) is None
    assert not any((store.folder / "rejected").iterdir())
    assert len(list(store.entries((retention.DESTROYED,)))) == 1
    assert verify(store, files=True).faults == ()


def test_the_printed_settings_are_the_defaults(new_plan: NewPlan) -> None:
    plan = new_plan()
    text = as_toml()
    assert tomllib.loads(text) == {"http": {}, "retention": {}}
    stated = "\n".join(line[1:] if line[:1] == "#" and line[1:2].isalpha() else line for line in text.splitlines())
    stated = "\n".join(line for line in stated.splitlines() if not line.startswith("plan = "))
    file = plan / "dap-intake.toml"
    file.write_text(stated, "utf-8")
    assert read_config(file) == IntakeConfig(folder=plan / "intake", plan=plan)


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("dap-*.*")))
def test_the_unit_files_are_ones(unit: str, tmp_path: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / unit).read_text("utf-8"))
    if unit.endswith(".service"):
        service = dict(parser["Service"])
        assert service["ExecStart"].startswith("/opt/dap/bin/dap ")
        assert (service["UMask"], service["LimitCORE"], service["User"]) == ("0077", "0", "dap")
    if shutil.which("systemd-analyze") is None:
        return
    # What it starts is not installed here: any program stands for it.
    text = (DEPLOY / unit).read_text("utf-8").replace("/opt/dap/bin/dap", shutil.which("true") or "/bin/true")
    (tmp_path / unit).write_text(text, "utf-8")
    if unit.endswith(".timer"):
        shutil.copy(DEPLOY / unit.replace(".timer", ".service"), tmp_path)
        return
    finished = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    assert unit not in finished.stderr, finished.stderr


def _run(*words: str, folder: Path, expected: int = 0) -> str:
    """Run `dap` in the folder; what it says on both streams."""
    said = io.StringIO()
    with chdir(folder), redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == expected, said.getvalue()
    return said.getvalue()


def test_an_operator_does_all_of_it_by_command(new_plan: NewPlan, tmp_path: Path) -> None:
    root = new_plan()
    place = ("001", "example-roster", YEAR)
    assert "of the ledger" in _run("intake", "nothing", *place, folder=root)
    document = json.loads(_run("status", "--format", "json", "--period", YEAR, folder=root))
    assert [(each["district"], each["state"]) for each in document["obligations"]] == [("001", "CONFIRMED_ZERO")]
    _run("status", "--chart", str(tmp_path / "chart.html"), "--output", str(tmp_path / "status.txt"), folder=root)
    assert "<svg" in (tmp_path / "chart.html").read_text("utf-8")
    assert "Saved: " in _run("intake", "backup", str(tmp_path / "saved"), folder=root)
    assert "already" in _run("intake", "restore", str(tmp_path / "saved"), folder=root, expected=2)
    shutil.rmtree(root / "intake")
    assert "Back and proved" in _run("intake", "restore", str(tmp_path / "saved"), folder=root)
    assert "0 files" in _run("intake", "retire", "--delete", folder=root)
    assert "Taken back" in _run("intake", "nothing", *place, "--withdraw", folder=root)
    said = _run("intake", "nothing", *place, "--withdraw", folder=root, expected=1)
    assert "has not stated" in said


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--collection", "example-rooster"),
        ("status", "--chart", "chart.png"),
        ("status", "--state", "gone"),
        ("intake", "nothing", "001", "example-roster", "2023"),
        ("intake", "restore", "nowhere"),
    ],
)
def test_a_wrong_request_is_no_traceback(new_plan: NewPlan, words: tuple[str, ...]) -> None:
    expected = 1 if "nothing" in words else 2
    said = _run(*words, folder=new_plan(), expected=expected)
    assert "Traceback" not in said
    assert "rooster" not in said
