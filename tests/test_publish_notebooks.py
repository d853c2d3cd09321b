"""Executed notebooks as pages: offline, the same each time, without a barrier, and refused where they tell too much."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser

from dap.catalog import open_plan
from dap.errors import RequestError
from dap.publish import notebooks, publish
from dap.publish.cells import markdown
from tests.browsing import site_barriers
from tests.conftest import NewPlan
from tests.test_publish import Links, target

ADDRESS = "notebooks/01-what-is-asked.html"
TEXT = """# What is asked <twice>?

See [the collections](../build/site/collections.html), [another plan](https://example.org/) and [nothing](gone.md).

<details>
<summary>Show a solution</summary>

```python
len(plan.elements)
```

</details>"""
DRAWN = """import dap
from dap import charts

charts.notebook_setup()
plan = dap.open_plan()
charts.elements_by_frequency(plan.elements, plan.collections)"""
PANDAS = """import pandas as pd

pd.DataFrame({"a <b>": [1, 2]})"""


def write(root: Path, name: str, *cells: str) -> None:
    """A notebook in the plan: the first cell is text, the others are code."""
    folder = root / "notebooks"
    folder.mkdir(exist_ok=True)
    made = [nbformat.v4.new_code_cell(each, id=f"code-{number}") for number, each in enumerate(cells)]  # type: ignore[no-untyped-call]
    text = nbformat.v4.new_markdown_cell(TEXT, id="text")  # type: ignore[no-untyped-call]
    whole = nbformat.v4.new_notebook(cells=[text, *made])  # type: ignore[no-untyped-call]
    (folder / name).write_text(nbformat.writes(whole), "utf-8")  # type: ignore[no-untyped-call]


@pytest.fixture
def with_notebook(new_plan: NewPlan) -> Callable[..., Path]:
    def make(*cells: str) -> Path:
        root = new_plan()
        write(root, "01-what-is-asked.ipynb", *cells)
        return root

    return make


@pytest.fixture(scope="module")
def one_kernel() -> Iterator[None]:
    """One kernel for every plan of these tests: its start, and that of the libraries, is what takes the time."""
    km, stop = notebooks._kernel(), notebooks._stop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "_kernel", lambda: km)
        patch.setattr(notebooks, "_stop", lambda km: None)
        yield
    stop(km)


@pytest.fixture(scope="module")
def published(_sound_plan: Path, tmp_path_factory: pytest.TempPathFactory, one_kernel: None) -> tuple[Path, Path]:
    """The folders of one plan's site, built twice."""
    root = tmp_path_factory.mktemp("plan") / "sound"
    shutil.copytree(_sound_plan, root)
    write(root, "01-what-is-asked.ipynb", DRAWN, PANDAS)
    folders = tmp_path_factory.mktemp("first") / "site", tmp_path_factory.mktemp("second") / "site"
    for folder in folders:
        publish(open_plan(root), folder, notebooks=True)
    return folders


def test_an_executed_notebook_is_a_page_in_each_language_the_same_each_time(published: tuple[Path, Path]) -> None:
    first, second = published
    there = {path.relative_to(first).as_posix() for path in first.rglob("*") if path.is_file()}
    for here in (ADDRESS, f"es/{ADDRESS}", "notebooks.html", "es/notebooks.html", "data.html"):
        text = (first / here).read_text("utf-8")
        assert text == (second / here).read_text("utf-8")
        page = Links(text)
        assert (page.inline, page.doubled) == ([], [])
        ways = [target(here, href)[0] for href, _ in page.links if "://" not in href and not href.startswith("mailto:")]
        assert [each for each in ways if each not in there] == []
    said = (first / ADDRESS).read_text("utf-8")
    assert "<h1>What is asked &lt;twice&gt;?</h1>" in said
    assert "<summary>Show a solution</summary>" in said and 'role="img"' in said and "</desc>" in said
    assert '<th scope="col">a &lt;b&gt;</th>' in said and "<th></th>" not in said
    assert "gone.md" not in said
    assert ADDRESS in (first / "sitemap.xml").read_text("utf-8")
    assert ADDRESS in (first / "assets/search-index.es.js").read_text("utf-8")
    assert (first / "downloads/notebooks/01-what-is-asked.ipynb").is_file()


@pytest.mark.browser
def test_axe_finds_no_barrier_on_its_page_in_light_and_dark_on_a_phone_and_nothing_is_refused_by_the_policy(
    browser: Browser, published: tuple[Path, Path]
) -> None:
    pages = [language + here for language in ("", "es/") for here in ("notebooks.html", ADDRESS)]
    assert site_barriers(browser, published[0], pages) == []


ROW = "Quillon,Zebulah,Marrowfield"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["print('000-12' + '-3456')"], "Social Security number"),
        (["import pathlib\nprint(pathlib.Path(INVENTED).read_text().splitlines()[1])"], "a row of"),
        (["1 / 0"], "stops with an error in cell 2"),
        (["import socket\nsocket.create_connection(('192.0.2.1', 80), 1)"], "stops with an error in cell 2"),
    ],
    ids=["number", "row", "error", "connection"],
)
def test_what_tells_too_much_or_fails_refuses_the_site_and_is_not_repeated(
    with_notebook: Callable[..., Path], tmp_path: Path, one_kernel: None, cells: list[str], said: str
) -> None:
    invented = tmp_path / "invented.csv"
    invented.write_text(f"last,first,town\n{ROW}\n", "utf-8")
    cells = [each.replace("INVENTED", repr(str(invented))) for each in cells]
    with pytest.raises(RequestError, match=said) as refused:
        publish(open_plan(with_notebook(*cells)), tmp_path / "site", notebooks=True)
    assert "Notebook 01" in str(refused.value) and "3456" not in str(refused.value)
    assert "Quillon" not in str(refused.value)
    assert not (tmp_path / "site").exists()


def test_without_notebooks_or_what_runs_them_the_site_is_built_and_says_so(
    with_notebook: Callable[..., Path], new_plan: NewPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notebooks.missing(open_plan(new_plan())) == "the plan has no numbered notebooks in notebooks/."
    monkeypatch.setattr("dap.publish.notebooks.find_spec", lambda name: None if name == "nbclient" else object())
    said = publish(open_plan(with_notebook(DRAWN)), tmp_path / "site", "https://example.org/", notebooks=True)
    assert said[1].startswith("No notebook was included: nbclient is not installed")
    assert not (tmp_path / "site" / "notebooks.html").exists()
    assert "notebooks.html" not in (tmp_path / "site" / "data.html").read_text("utf-8")


def test_html_in_a_notebooks_text_is_shown_as_text() -> None:
    assert "<script" not in markdown("a <script>alert(1)</script> [x](javascript:alert(1))", lambda target: None)
