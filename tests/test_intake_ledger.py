"""The ledger tells on whoever changes it, and receipts can be checked far from it."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exc, select, text

from dap.cli import cli
from dap.errors import RequestError
from dap.intake import merkle
from dap.intake.config import IntakeConfig, read_config
from dap.intake.database import ledger, network_file_system, reading, writing
from dap.intake.judge import work_once
from dap.intake.keys import read_public_keys
from dap.intake.receipts import as_html, as_json, check_receipt, read_receipt
from dap.intake.records import SignedHead
from dap.intake.store import Store
from dap.intake.verify import verify
from tests.conftest import ROOT, NewConfig, NewPlan
from tests.intake_places import OTHER_ADDRESS, PART, PARTS, ROSTER_ADDRESS, STRESS, intakes, plan_once, quick, send

Count = Callable[[str, object], None]
VERIFIER = ROOT / "dap" / "intake" / "verifier.py"


def _fill(config: IntakeConfig) -> IntakeConfig:
    """Make an intake with two judged submissions."""
    with plan_once(Store.open(config)) as store:
        for address in (ROSTER_ADDRESS, OTHER_ADDRESS):
            send(store, address, b"sent\n")
            work_once(store, judge=quick)
    return config


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, _sound_plan: Path) -> IntakeConfig:
    """An intake with two judged submissions, for many tests to copy."""
    return _fill(IntakeConfig(folder=tmp_path_factory.mktemp("filled") / "i", plan=_sound_plan))


@pytest.fixture
def config(tmp_path: Path, filled: IntakeConfig) -> IntakeConfig:
    """An intake with two judged submissions, which a test may change."""
    shutil.copytree(filled.folder, tmp_path / "i")
    return replace(filled, folder=tmp_path / "i")


def _change(store: Store, *statements: str) -> None:
    with writing(store.engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _faults(config: IntakeConfig, held: tuple[SignedHead, ...] = ()) -> tuple[str, ...]:
    with Store.open(config) as store:
        return verify(store, held).faults


def test_an_untouched_ledger_has_no_fault(config: IntakeConfig) -> None:
    with Store.open(config) as store:
        assert verify(store, [store.head()], files=True).faults == ()


def test_every_flipped_bit_of_every_entry_is_found(new_config: NewConfig, record_property: Count) -> None:
    step = PARTS if STRESS else 151
    tried = refused = 0
    with plan_once(Store.open(_fill(new_config()))) as store:
        with reading(store.engine) as connection:
            rows = connection.execute(select(ledger.c.number, ledger.c.entry, ledger.c.kind)).all()
        for number, entry, kind in rows:
            for column, content in (("entry", entry.encode()), ("kind", kind.encode())):
                for bit in range((number + PART - 1) % step, 8 * len(content), step):
                    changed = bytearray(content)
                    changed[bit // 8] ^= 1 << bit % 8
                    tried += 1
                    if not _put(store, column, number, bytes(changed)):
                        refused += 1
                        continue
                    assert verify(store).faults, f"bit {bit} of the {column} of entry {number}"
                    _put(store, column, number, content)
        assert verify(store).faults == ()
    assert tried - refused > 100
    left_out = f", and {refused:,} that the database does not take" if refused else ""
    record_property("counted", f"{tried - refused:,} bits of {len(rows)} entries flipped, all found{left_out}")


def _put(store: Store, column: str, number: int, content: bytes) -> bool:
    """Write bytes where a text is kept; False where the database takes none that are no text."""
    on_postgres = store.engine.dialect.name == "postgresql"
    made = "convert_from(:content, 'UTF8')" if on_postgres else "CAST(:content AS TEXT)"
    statement = text(f"UPDATE ledger SET {column} = {made} WHERE number = :number")
    try:
        with writing(store.engine) as connection:
            connection.execute(statement, {"content": content, "number": number})
    except exc.DataError:
        return False
    return True


CHANGES: list[tuple[str, ...]] = [
    ("DELETE FROM ledger WHERE number = 5",),
    ("DELETE FROM ledger WHERE number = 2",),
    ("INSERT INTO ledger SELECT 6, kind, replace(entry, 'r\":5', 'r\":6') FROM ledger WHERE number = 5",),
    (
        "UPDATE ledger SET number = 90 WHERE number = 2",
        "UPDATE ledger SET number = 2 WHERE number = 4",
        "UPDATE ledger SET number = 4 WHERE number = 90",
    ),
    ("UPDATE ledger_head SET size = 5",),
    ("UPDATE ledger_head SET signature = replace(signature, substr(signature, 1, 1), 'x')",),
    ("UPDATE ledger_head SET time = '2030-01-01T00:00:00Z'",),
    ("UPDATE ledger_head SET peaks = ''",),
    ("DELETE FROM ledger_head",),
    ("UPDATE ledger_node SET hash = '00' WHERE level = 1 AND place = 0",),
    ("DELETE FROM ledger_node WHERE level = 0 AND place = 0",),
    ("UPDATE submission SET state = 'rejected' WHERE sequence = 1 AND district = '001'",),
    ("UPDATE submission SET superseded_by = id",),
    ("DELETE FROM submission WHERE district = '002'",),
]


@pytest.mark.parametrize("statements", CHANGES)
def test_what_is_changed_added_taken_out_or_moved_is_found(config: IntakeConfig, statements: tuple[str, ...]) -> None:
    with Store.open(config) as store:
        _change(store, *statements)
        assert verify(store).faults


def test_the_same_is_found_on_postgresql(server: str, new_plan: NewPlan, record_property: Count) -> None:
    chosen = CHANGES if STRESS else CHANGES[3::5]
    with intakes(new_plan(), server) as make:
        for statements in chosen:
            with plan_once(Store.open(_fill(make()))) as store:
                assert verify(store, files=True).faults == ()
                _change(store, *statements)
                assert verify(store).faults, statements
    record_property("counted", f"{len(chosen)} of {len(CHANGES)} changes made, all found")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE receipt SET receipt = replace(receipt, '\"rows\": 1', '\"rows\": 2')", "receipt"),
        ("UPDATE receipt SET receipt = (SELECT max(receipt) FROM receipt)", "receipt"),
        ("DELETE FROM receipt", "receipt"),
        ("UPDATE report SET report = replace(report, '\"findings\": []', '\"findings\": [1]')", "report"),
        ("DELETE FROM report", "report"),
    ],
)
def test_a_kept_receipt_or_report_that_is_not_the_one_that_was_given_is_found(
    config: IntakeConfig, statement: str, what: str
) -> None:
    with Store.open(config) as store:
        _change(store, statement)
        faults = verify(store, files=True).faults
        assert faults and all(f"The {what} o" in each for each in faults)


@pytest.mark.parametrize("name", ["receipts", "reports"])
def test_the_file_of_a_receipt_or_report_is_checked_like_the_database(config: IntakeConfig, name: str) -> None:
    file = next((config.folder / name).glob("*.json"))
    kept = file.read_bytes()
    with Store.open(config) as store:
        for change in (lambda: file.write_bytes(kept + b" "), file.unlink):
            change()
            assert len(verify(store, files=True).faults) == 1
        file.write_bytes(kept)
        assert verify(store, files=True).faults == ()


def test_a_ledger_that_is_rolled_back_or_forked_is_found_by_whoever_holds_a_later_receipt(config: IntakeConfig) -> None:
    saved = config.folder.with_name("saved")
    with Store.open(config):
        pass
    shutil.copytree(config.folder, saved)
    with Store.open(config) as store:
        send(store, ROSTER_ADDRESS, b"later\n")
        later = work_once(store, judge=quick)
        assert later is not None
        receipt = store.receipt(later.id)
        assert receipt is not None
    shutil.rmtree(config.folder)
    shutil.copytree(saved, config.folder)
    held = SignedHead(**receipt["head"])
    assert _faults(config) == ()
    assert any("rolled back" in fault for fault in _faults(config, (held,)))
    with Store.open(config) as store:
        for number in range(3):
            store.append("test.other", {"number": number})
    assert _faults(config) == ()
    assert any("forked" in fault for fault in _faults(config, (held,)))


def _receipt(config: IntakeConfig) -> bytes:
    with Store.open(config) as store:
        receipt = store.receipt(store.submissions()[0].id)
        assert receipt is not None
        assert receipt["id"] in as_html(receipt)
        return as_json(receipt).encode()


def test_a_receipt_is_checked_with_nothing_but_the_public_key_and_any_change_is_found(config: IntakeConfig) -> None:
    content = _receipt(config)
    keys = read_public_keys(config.folder / "keys" / "state-key.pub")
    assert check_receipt(read_receipt(content), keys).genuine
    assert not check_receipt(read_receipt(content), {}).genuine
    for old, new in ((b'"accepted"', b'"rejected"'), (b'"rows": 1', b'"rows": 2'), (b'"001"', b'"009"')):
        assert old in content
        assert not check_receipt(read_receipt(content.replace(old, new)), keys).genuine


def _independently(*arguments: object) -> int:
    command = [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def test_the_independent_verifier_needs_nothing_and_finds_the_same(config: IntakeConfig, tmp_path: Path) -> None:
    source = VERIFIER.read_text("utf-8")
    assert len(source.splitlines()) <= 200
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert imported <= sys.stdlib_module_names
    with Store.open(config) as store:
        lines = [entry.text for entry in store.entries()] + [json.dumps({"head": store.head().as_dict()})]
    key, export, receipt = config.folder / "keys" / "state-key.pub", tmp_path / "l.jsonl", tmp_path / "r.json"
    receipt.write_bytes(_receipt(config))
    head = json.dumps({**json.loads(lines[-1])["head"], "time": "2030-01-01T00:00:00Z"})
    changes: list[Callable[[], list[str]]] = [
        lambda: [lines[0], *lines[2:]],
        lambda: [lines[1], lines[0], *lines[2:]],
        lambda: [*lines[:3], lines[2], *lines[3:]],
        lambda: [each.replace("accepted", "rejected") for each in lines],
        lambda: [*lines[:-1], json.dumps({"head": json.loads(head)})],
        lambda: lines[:-1],
    ]
    export.write_text("\n".join(lines) + "\n", "utf-8")
    assert _independently("--key", key, "--ledger", export, "--receipt", receipt) == 0
    for number, change in enumerate(changes):
        export.write_text("\n".join(change()) + "\n", "utf-8")
        assert _independently("--key", key, "--ledger", export) == 1, number
    receipt.write_bytes(_receipt(config).replace(b'"rows": 1', b'"rows": 2'))
    assert _independently("--key", key, "--receipt", receipt) == 1


def _dap(*arguments: object) -> int | None:
    code: int | None = cli.main([str(each) for each in arguments], standalone_mode=False)
    return code


def test_the_commands_take_in_judge_and_prove(tmp_path: Path, new_plan: NewPlan) -> None:
    plan, settings_file = new_plan(), tmp_path / "dap-intake.toml"
    settings_file.write_text(f'folder = "i"\nplan = {json.dumps(str(plan))}\nsettle_seconds = 0\n', "utf-8")
    config = ("--config", settings_file)
    assert not _dap("ledger", "head", *config)
    folder = tmp_path / "i" / "drop" / "001" / "example-roster" / "2025-26"
    folder.mkdir(parents=True)
    sent = tmp_path / "sent.csv"
    sent.write_bytes(b"no such header\n1\n")
    shutil.copy(sent, folder / "Example, Name.csv")
    assert not _dap("watch", "--once", *config)
    answers = sorted((tmp_path / "i" / "answers").rglob("*.receipt.json"))
    assert len(answers) == 1 and not any(folder.iterdir())
    key = tmp_path / "i" / "keys" / "state-key.pub"
    assert not _dap("receipt", "verify", answers[0], "--key", key, "--submission", sent)
    assert _dap("receipt", "verify", answers[0], "--key", key, "--submission", key) == 1
    assert not _dap("ledger", "verify", "--files", "--receipt", answers[0], *config)
    assert not _dap("ledger", "export", tmp_path / "l.jsonl", *config)
    assert _independently("--key", key, "--ledger", tmp_path / "l.jsonl", "--receipt", answers[0]) == 0
    kept = b"".join(
        each.read_bytes() for each in (tmp_path / "i").rglob("*") if each.is_file() and each.suffix != ".csv"
    )
    assert b"no such header" not in kept and b"Example, Name" not in kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workes = 1", 'setting 1: there is no such setting. Did you mean "workers"?'),
        ("[http]\nport = 'x'", "In the configuration, table [http], setting 1 (port): this is a whole number"),
        ("workers = -1", "setting 1 (workers): this is a whole number, 0 or more."),
        ("x", "not TOML"),
    ],
)
def test_a_wrong_setting_is_told_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(text, "utf-8")
    with pytest.raises(RequestError) as error:
        read_config(tmp_path / "c.toml")
    assert said in str(error.value)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.data())
def test_proofs_hold_for_what_is_so_and_for_nothing_else(size: int, data: st.DataObject) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    peaks: list[bytes] = []
    roots = [merkle.EMPTY]
    for number in range(size):
        made = merkle.add_leaf(peaks, number, merkle.leaf_hash(b"%d" % number))
        nodes |= {(level, place): each for level, place, each in made}
        roots.append(merkle.root_of(peaks))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    def node(level: int, place: int) -> bytes:
        return nodes[level, place]

    path = merkle.inclusion_proof(node, index, size)
    leaf = merkle.leaf_hash(b"%d" % index)
    assert merkle.includes(leaf, index, size, path, roots[size])
    assert not merkle.includes(merkle.leaf_hash(b"x"), index, size, path, roots[size])
    assert not merkle.includes(leaf, index, size, [*path, leaf], roots[size])
    proof = merkle.consistency_proof(node, old, size)
    assert merkle.extends(old, roots[old], size, roots[size], proof)
    assert not merkle.extends(old, merkle.leaf_hash(b"x"), size, roots[size], proof)


def test_sqlite_is_refused_on_a_network_share(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("a / ext4 rw 0 0\nhost:/x /data nfs4 rw 0 0\n", "utf-8")
    assert network_file_system(Path("/data/intake"), mounts) == "nfs4"
    assert network_file_system(Path("/database"), mounts) == ""
