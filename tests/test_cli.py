"""The command as people and scripts meet it: exit codes, streams, the JSON contract."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from dap.cli import main
from tests.broken_rows import ROOT

DAP = Path(sys.executable).with_name("dap")
SCHEMA = Draft7Validator(json.loads((ROOT / "schemas/report.schema.json").read_text("utf-8")))
EXAMPLE = ROOT / "catalog/collections/psis-october/example.csv"
AGREED = "001-psis-october-2025-26.csv"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / AGREED))


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(EXAMPLE.read_text("utf-8").replace("0000000001", "000-12-3456", 1), "utf-8")
    return path


def _real(*arguments: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    words = [str(each) for each in arguments]
    return subprocess.run([DAP, *words], capture_output=True, text=True, cwd=folder, check=False)


def _here(capsys: pytest.CaptureFixture[str], *arguments: object, plan: Path = ROOT) -> tuple[int, str, str]:
    """The same command within this process: its exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main([*(str(each) for each in arguments), "--plan", str(plan)])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def _check(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any, str]:
    code, out, err = _here(capsys, "check", *arguments, "--collection", "psis-october", "--format", "json")
    document = json.loads(out)
    SCHEMA.validate(document)
    return code, document, err


def test_an_accepted_file_exits_0_through_the_real_command(good: Path) -> None:
    finished = _real("check", good, "--collection", "psis-october", "--format", "json")
    report = json.loads(finished.stdout)
    SCHEMA.validate(report)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert (report["verdict"], report["findings"], report["broken"]) == ("accepted", [], [])
    assert report["file"]["name"] == AGREED
    assert report["file"]["bytes"] == good.stat().st_size


def test_a_rejected_and_an_unreadable_file_exit_1_through_the_real_command(bad: Path, tmp_path: Path) -> None:
    unreadable = tmp_path / "empty.csv"
    unreadable.write_bytes(b"")
    finished = _real("check", bad, unreadable, "--collection", "psis-october", "--format", "json")
    first, second = reports = json.loads(finished.stdout)
    SCHEMA.validate(reports)
    assert (finished.returncode, finished.stderr) == (1, "")
    assert (first["verdict"], second["verdict"]) == ("rejected", "unreadable")
    assert (first["file"]["name"], second["file"]["name"]) == ("file 1", "file 2")
    assert first["findings"][0] | {"message": "", "fix": ""} == {
        "rule": "P101",
        "name": "ssn.separated",
        "severity": "error",
        "field": "SASID",
        "column": 1,
        "rows": [2],
        "count": 1,
        "message": "",
        "fix": "",
        "mandate": first["findings"][0]["mandate"],
        "labels": ["ssn-shaped"],
    }


def test_a_wrong_request_exits_2_and_says_nothing_on_standard_output(good: Path, tmp_path: Path) -> None:
    for arguments in (
        ("check", good, "--collection", "psis-octobre"),
        ("check", tmp_path / "nothing.csv", "--collection", "psis-october"),
    ):
        finished = _real(*arguments)
        assert (finished.returncode, finished.stdout) == (2, "")
        assert finished.stderr.startswith("dap: ")
        assert "Traceback" not in finished.stderr


def test_what_could_not_run_exits_3_and_gives_no_verdict(good: Path, copy: Path) -> None:
    path = copy / "expectations/psis-october/october.json"
    path.write_text(path.read_text("utf-8").replace("[0-9]{10}", "[0-9]{11}"), "utf-8")
    finished = _real("check", good, "--collection", "psis-october", "--format", "json", "--plan", copy)
    assert (finished.returncode, finished.stdout) == (3, "")
    assert "dap build" in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "{good}", "--collection", "psis-octobre"), 'Did you mean "psis-october"?'),
        (("check", "{good}", "--collection", "psis-october", "--resource", "octobre"), 'Did you mean "october"?'),
        (("check", "{good}", "--collection", "psis-october", "--period", "2025"), "2025-26"),
        (("check", "{good}", "--collection", "psis-october", "--district", "0 1"), "letters and digits"),
        (("check", "{good}", "--collection", "psis-october", "--format", "yaml"), "--format"),
        (("check", "{good}", "--collection", "psis-october", "--rows", "many"), "--rows"),
        (("check", "{good}", "--colection", "psis-october"), "no such option"),
        (("check", "{good}"), "--collection"),
        (("check", "--collection", "psis-october"), "FILE"),
        (("check", "{folder}/missing.csv", "--collection", "psis-october"), "file 1: there is no such file"),
        (("check", "{folder}/empty", "--collection", "psis-october"), "the folder holds no file"),
        (("chek", "{good}"), "dap --help"),
        (("example", "edsight-chronic-absenteeism"), "--resource"),
        (("explain", "P10"), 'no such rule. Did you mean "P1'),
    ],
)
def test_a_wrong_request_says_what_to_do(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    words = [each.format(good=good, folder=tmp_path) for each in arguments]
    code, out, err = _here(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_without_a_plan_the_request_is_wrong(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    code, out, err = _here(capsys, "check", good, "--collection", "psis-october", plan=tmp_path)
    assert (code, out) == (2, "")
    assert "catalog/datapackage.json" in err
    finished = _real("lint", folder=tmp_path)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "--plan" in finished.stderr


def test_a_broken_plan_is_told_whole_and_gives_no_verdict(
    capsys: pytest.CaptureFixture[str], good: Path, copy: Path
) -> None:
    path = copy / "catalog/collections/psis-october/datapackage.json"
    path.write_text(path.read_text("utf-8").replace('"cgs-10-10i"', '"cgs-10-10x"'), "utf-8")
    code, out, err = _here(capsys, "check", good, "--collection", "psis-october", plan=copy)
    assert (code, out) == (3, "")
    assert err.count('no mandate "cgs-10-10x"') > 1
    code, out, _ = _here(capsys, "lint", plan=copy)
    assert code == 1
    assert "L110" in out


def test_several_files_and_a_folder_give_a_list_and_the_worst_exit_code(
    capsys: pytest.CaptureFixture[str], good: Path, bad: Path
) -> None:
    code, reports, _ = _check(capsys, good, bad)
    assert (code, [each["verdict"] for each in reports]) == (1, ["accepted", "rejected"])
    bad.unlink()
    code, reports, _ = _check(capsys, good.parent)
    assert (code, [each["verdict"] for each in reports]) == (0, ["accepted"])


def test_all_that_is_wrong_with_the_files_named_is_said_before_any_is_judged(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    names = (good, tmp_path / "missing.csv", tmp_path / "empty", tmp_path / ("n" * 5000))
    code, out, err = _here(capsys, "check", *names, "--collection", "psis-october")
    assert (code, out) == (2, "")
    assert "file 2: there is no such file." in err
    assert "argument 3: the folder holds no file." in err
    assert "argument 4: it cannot be opened." in err


def test_what_is_left_out_of_a_folder_is_said(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    (good.parent / "older").mkdir()
    (good.parent / ".hidden.csv").write_text("", "utf-8")
    code, reports, err = _check(capsys, good.parent)
    assert (code, len(reports)) == (0, 1)
    assert "2 of 3 entries" in err


def test_a_layout_is_named_with_auto_only_where_there_is_one(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    arguments = ("check", good, "--collection", "auto", "--resource")
    assert _here(capsys, *arguments, "october")[0] == 0
    assert _here(capsys, *arguments, "octobre")[:2] == (2, "")


def test_a_year_or_district_that_cannot_be_compared_is_said(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    code, report, _ = _check(capsys, good, "--period", "2025-26", "--district", "999")
    assert (code, report["not_asked"], report["period"]) == (0, ["V161"], "2025-26")
    _, out, _ = _here(capsys, "check", good, "--collection", "psis-october", "--period", "2025-26")
    assert "Not compared: the sending district (give --district) and the school year (the file has no column" in out
    public = ROOT / "tests/data/edsight-chronic-absenteeism/chronic-absenteeism__2018-19_grade.csv"
    arguments = ("check", public, "--collection", "edsight-chronic-absenteeism", "--period")
    assert _here(capsys, *arguments, "2018-19")[0] == 0
    code, out, err = _here(capsys, *arguments, "2025-26")
    assert (code, out) == (2, "")
    assert "2018-19, 2019-20" in err


def test_warnings_refuse_only_when_asked_to(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "warned.csv"
    path.write_text(EXAMPLE.read_text("utf-8").replace("\n", "\n\n", 1), "utf-8")
    code, report, _ = _check(capsys, path)
    assert (code, report["verdict"], [each["rule"] for each in report["findings"]]) == (0, "accepted", ["S111"])
    code, report, _ = _check(capsys, path, "--fail-on", "warning")
    assert (code, report["verdict"]) == (1, "accepted")


def test_the_text_report_says_the_verdict_first_then_where_and_what_to_do(
    capsys: pytest.CaptureFixture[str], good: Path, bad: Path
) -> None:
    code, out, err = _here(capsys, "check", bad, "--collection", "psis-october")
    lines = out.splitlines()
    assert (code, err) == (1, "")
    assert "REJECTED" in lines[0]
    assert lines[3].startswith("P101  ")
    assert "row 2 · column A" in lines[4]
    assert "What to do: " in lines[5]
    assert max(map(len, lines)) <= 100
    code, out, _ = _here(capsys, "check", good, bad, "--collection", "psis-october")
    assert "1 of 2 files accepted." in out


def test_the_csv_report_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str], good: Path, bad: Path) -> None:
    _, out, _ = _here(capsys, "check", bad, good, "--collection", "psis-october", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(each["file"], each["verdict"], each["rule"], each["row"]) for each in rows] == [
        ("file 1", "rejected", "P101", "2"),
        ("file 1", "rejected", "V120", "2"),
        (AGREED, "accepted", "", ""),
    ]


def test_a_report_goes_to_the_file_asked_for(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "report.json"
    arguments = ("check", good, "--collection", "psis-october", "--format", "json", "--output")
    code, out, _ = _here(capsys, *arguments, wanted)
    assert (code, out) == (0, "")
    SCHEMA.validate(json.loads(wanted.read_text("utf-8")))
    code, out, err = _here(capsys, *arguments, tmp_path / "no such folder" / "report.json")
    assert (code, out) == (3, "")
    assert "--output" in err


def test_lint_and_build_say_whether_plan_and_suites_are_in_order(
    capsys: pytest.CaptureFixture[str], copy: Path
) -> None:
    code, out, _ = _here(capsys, "lint", "--no-examples", plan=copy)
    assert code == 0
    assert out.startswith("The plan is sound")
    assert _here(capsys, "build", "--check", plan=copy)[0] == 0
    path = copy / "catalog/collections/tcs/datapackage.json"
    path.write_text(path.read_text("utf-8").replace('"maxLength": 5', '"maxLength": 6', 1), "utf-8")
    code, out, _ = _here(capsys, "build", "--check", plan=copy)
    assert (code, out) == (1, "stale: expectations/tcs/tcs.json\n")
    code, out, _ = _here(capsys, "lint", "--no-examples", plan=copy)
    assert code == 1
    assert "L172" in out
    code, out, _ = _here(capsys, "build", plan=copy)
    assert (code, out) == (0, "written: expectations/tcs/tcs.json\n")
    assert _here(capsys, "build", "--check", plan=copy)[0] == 0


def test_open_questions_are_a_list_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _here(capsys, "lint", "--open")
    assert code == 0
    assert "psis-october/october/nexusDistrict: " in out


def test_example_writes_the_same_file_for_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("example", "psis-october", "--rows", "3")
    first, again, other = (_here(capsys, *arguments, "--seed", seed)[1] for seed in (1, 1, 2))
    assert first == again != other
    assert len(first.splitlines()) == 4


def test_explain_prints_the_rules_page(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _here(capsys, "explain", "p101")
    assert (code, out) == (0, (ROOT / "docs/rules/P101.md").read_text("utf-8"))


def test_an_element_added_to_the_plan_is_accepted_after_a_build(
    capsys: pytest.CaptureFixture[str], good: Path, copy: Path
) -> None:
    lines = good.read_text("utf-8").splitlines()
    good.write_text("\n".join([lines[0] + ",busRider", *(line + ",Y" for line in lines[1:])]) + "\n", "utf-8")
    arguments = ("check", good, "--collection", "psis-october", "--format", "json")
    code, out, _ = _here(capsys, *arguments, plan=copy)
    assert (code, [each["rule"] for each in json.loads(out)["findings"]]) == (1, ["P201"])

    path = copy / "catalog/collections/psis-october/datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    resource = package["resources"][0]
    resource["schema"]["fields"].append(
        {
            "name": "busRider",
            "title": "Bus rider",
            "type": "string",
            "description": "Whether the student rides a school bus.",
            "example": "Y",
            "sources": [{"title": "Invented for a test"}],
            "acquisition": {"sensitivity": "indirect-identifier", "codes": "yes-no"},
        }
    )
    resource["acquisition"]["optional"].append("busRider")
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert _here(capsys, "lint", "--no-examples", plan=copy)[0] == 1
    assert _here(capsys, "build", plan=copy)[0] == 0
    assert _here(capsys, "lint", "--no-examples", plan=copy)[0] == 0
    code, out, _ = _here(capsys, *arguments, plan=copy)
    assert (code, json.loads(out)["verdict"]) == (0, "accepted")


def test_help_names_every_command() -> None:
    finished = _real("--help")
    assert finished.returncode == 0
    for command in ("build", "check", "example", "explain", "lab", "lint", "list"):
        assert f"  {command} " in finished.stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_a_closed_pipe_ends_quietly_and_is_no_acceptance(good: Path) -> None:
    command = f'"{DAP}" check "{good}" --collection psis-october --format json; echo "code $?" >&2'
    finished = subprocess.run(
        ["bash", "-c", f"({command}) | true"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert finished.stderr.splitlines()[-1] == "code 3"
    assert "Traceback" not in finished.stderr
