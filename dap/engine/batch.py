"""One batch as the Polars engine holds it: columns that Polars reads, and the same in pandas, made only when asked.

A batch is one piece in memory, or many that are read one after the other: what a rule asks is asked of each piece.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
import polars as pl
from great_expectations.execution_engine import ExecutionEngine
from great_expectations.execution_engine.pandas_batch_data import PandasBatchData


class Parts(Protocol):
    """A table in pieces: columns of text, and how to read a piece, or some columns of it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        ...

    @property
    def heights(self) -> tuple[int, ...]:
        """How many rows each piece has."""
        ...

    def load(self, number: int, names: Sequence[str] | None, /) -> pl.DataFrame:
        """A piece, counted from 0, with those columns (all for None)."""
        ...


class Memo:
    """What texts were read as, in each manner, for as long as they are few enough to be kept."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, ...], dict[str, Any]] = {}

    def read(
        self, texts: Sequence[str], how: tuple[str, ...], reader: Callable[[Sequence[str]], Iterable[Any]]
    ) -> list[Any]:
        """What the reader makes of each text; of one that is known it is not asked again."""
        known = self._read.setdefault(how, {})
        new = [text for text in texts if text not in known]
        if len(known) + len(new) > _MOST_KEPT:
            known.clear()
            new = list(texts)
        known.update(zip(new, reader(new), strict=True))
        return [known[text] for text in texts]


_MOST_KEPT = 500_000
# Of half a million rows, the different texts are found in 3 ms where they are 100, in 6 where they are 20,000 and in 18
# where they are 200,000; a regular expression is searched in all rows in 7 to 10 ms.
_SAMPLE, _WORTH, _ROWS_A_TEXT = 2_000, 5, 25


class Piece:
    """Rows of a batch that are in memory: `frame` holds them, `offset` rows of the batch stand before them."""

    def __init__(self, frame: pl.DataFrame, number: int, offset: int, memo: Memo) -> None:
        self.frame, self.number, self.offset = frame, number, offset
        self._memo = memo
        self._distinct: dict[str, pl.Series] = {}
        self._listed: dict[str, list[str]] = {}
        self._sampled: set[str] = set()

    @cached_property
    def kinds(self) -> Mapping[str, pl.DataType]:
        """The columns of the frame, which Polars lists anew whenever it is asked, with their types.

        Those whose names Polars takes for patterns of names are left out, and so to pandas.
        """
        return {name: dtype for name, dtype in self.frame.schema.items() if not _is_pattern(name)}

    def is_text(self, name: str) -> bool:
        """Whether every value of the column is a text or missing."""
        return self.kinds.get(name) == pl.String

    def is_number(self, name: str) -> bool:
        """Whether the column holds floats, or whole numbers of which none is missing, of 64 bits as numpy has them."""
        dtype = self.kinds.get(name)
        return dtype == pl.Float64 or (dtype == pl.Int64 and self.frame[name].null_count() == 0)

    def distinct(self, names: Iterable[str], perhaps: Iterable[str] = ()) -> None:
        """Find the different texts of several columns in one pass, and those of the columns `perhaps` that have few."""
        new = [name for name in dict.fromkeys(perhaps) if name not in self._sampled]
        self._sampled.update(new)
        names = [*names, *filter(self._has_few, new)]
        wanted = [name for name in dict.fromkeys(names) if name not in self._distinct and self.is_text(name)]
        if wanted:
            # Without the optimiser, which would have one found after the other.
            found = self.frame.select(pl.col(name).drop_nulls().unique().implode() for name in wanted)
            self._distinct |= {name: found[name][0] for name in wanted}

    def _has_few(self, name: str) -> bool:
        """Whether a sample over the whole column says so: to find them is quicker then than to search each row."""
        step = self.frame.height // _SAMPLE
        if step < _WORTH or not self.is_text(name):
            return False
        times = self.frame[name].gather_every(step).unique_counts()
        once, twice = int((times == 1).sum()), int((times == 2).sum())
        # Chao's estimate, https://en.wikipedia.org/wiki/Unseen_species_problem: how many there are that were not met.
        return self._are_few(len(times) + once * (once - 1) / (2 * (twice + 1)))

    def _are_few(self, texts: float) -> bool:
        return texts * _ROWS_A_TEXT <= self.frame.height

    def known_texts(self, name: str) -> pl.Series | None:
        """The different texts of a column, in no order, where `distinct` found them and they are few."""
        found = self._distinct.get(name)
        return found if found is not None and self._are_few(len(found)) else None

    def texts_of(self, name: str) -> list[str]:
        """The different texts of a column, in no order."""
        self.distinct([name])
        if name not in self._listed:
            self._listed[name] = self._distinct[name].to_list()
        return self._listed[name]

    def read(self, name: str, how: tuple[str, ...], reader: Callable[[Sequence[str]], Iterable[Any]]) -> list[Any]:
        """What the reader makes of each of `texts_of(name)`, in their order.

        A text is read once a batch in each manner (`how`), whichever columns hold it and however many rules ask.
        """
        return self._memo.read(self.texts_of(name), how, reader)


def _is_pattern(name: str) -> bool:
    return name == "*" or (name.startswith("^") and name.endswith("$"))


Visit = Callable[[Piece], None]
"""Is shown each piece of a batch, in order."""


class PolarsBatchData(PandasBatchData):
    """The data of one batch.

    `schema` has the columns that conditions can be computed on: text, whole numbers and floats, with null for a
    missing value and for NaN. `columns` names all, in order. `labels` are the numbers of the rows, None where they have
    names or are no numbers. `dataframe` is the batch as pandas has it; a batch that came from pandas keeps its own.
    `attrs` are those of each pandas frame made of it. `most` says how many rows a table metric need name (None: all);
    `controls` is False where no cell of `data` can hold a control character or a line break.
    """

    def __init__(
        self,
        execution_engine: ExecutionEngine[Any],
        data: pl.DataFrame | pd.DataFrame | Parts,
        rows: Sequence[int] | None = None,
        attrs: Mapping[str, Any] | None = None,
        most: int | None = None,
        *,
        controls: bool = True,
    ) -> None:
        # What the parent would keep is made on demand.
        super().__init__(execution_engine=execution_engine, dataframe=pd.DataFrame())
        self._pandas_columns: dict[str, pd.Series[Any]] = {}
        self._attrs = dict(attrs or {})
        self._original = data if isinstance(data, pd.DataFrame) else None
        self._source = pl.DataFrame()
        self._parts: Parts | None = None
        self._memo = Memo()
        self._waiting: list[Visit] = []
        self.most = most
        self.controls = controls
        if isinstance(data, pd.DataFrame):
            self._take(from_pandas(data))
            self.columns, self.height = tuple(data.columns), len(data)
            self.labels = _labels(data.index)
            return
        if isinstance(data, pl.DataFrame):
            self._source = data
            self.columns, self.height = tuple(data.columns), data.height
            known = [_computable(name, dtype) for name, dtype in data.schema.items() if _known(dtype)]
            self._take(data.select(known))
        else:
            self._parts = data
            self.columns, self.height = tuple(data.names), sum(data.heights)
            self.heights = tuple(data.heights)
            # Stands for any piece where only the kinds of the columns are asked.
            self.probe = Piece(pl.DataFrame(schema=dict.fromkeys(data.names, pl.String)), -1, 0, self._memo)
        self.labels = np.arange(self.height) if rows is None else np.asarray(rows, dtype=np.int64)
        self._numbers = pd.Index(self.labels)

    def _take(self, frame: pl.DataFrame) -> None:
        self.heights = (frame.height,)
        self.probe = Piece(frame, 0, 0, self._memo)

    def release(self) -> None:
        """Let go of the table, after the last question about it."""
        self._original = self._parts = None
        self._source = pl.DataFrame()
        self._pandas_columns.clear()
        self._memo = Memo()
        self.__dict__.pop("_whole", None)
        self.probe = Piece(pl.DataFrame(schema=dict(self.schema)), 0, 0, self._memo)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The columns that can be computed on, with their types."""
        return self.probe.kinds

    @property
    def in_memory(self) -> bool:
        """Whether the batch is one piece that stays."""
        return self._parts is None

    def pieces(self, names: Iterable[str] | None = None, numbers: Sequence[int] | None = None) -> Generator[Piece]:
        """The pieces in order, or those of the numbers, each with at least the named columns (all for None)."""
        if self._parts is None:
            yield self.probe
            return
        parts, wanted = self._parts, None if names is None else [each for each in self.columns if each in set(names)]
        asked = range(len(self.heights)) if numbers is None else numbers
        starts = np.cumsum([0, *self.heights])
        # While one piece is looked at the next is read.
        with ThreadPoolExecutor(1) as reader:
            ahead = [reader.submit(parts.load, number, wanted) for number in asked[:1]]
            for place, number in enumerate(asked):
                frame = ahead.pop().result()
                ahead += [reader.submit(parts.load, each, wanted) for each in asked[place + 1 : place + 2]]
                yield Piece(frame, number, int(starts[number]), self._memo)
                del frame

    def wait(self, visit: Visit) -> None:
        """Have a look at each piece with the next pass that is made over all of them."""
        self._waiting.append(visit)

    def sweep(self, visit: Visit | None = None, before: Visit | None = None) -> None:
        """Make a pass over all pieces, and show each to all who wait, at the same time; `before` sees it first."""
        visits, self._waiting = [*self._waiting, *([visit] if visit else [])], []
        # They know nothing of each other, and each leaves a processor idle for a part of its time.
        with ThreadPoolExecutor(max(1, len(visits))) as pool:

            def all_of_them(piece: Piece) -> None:
                if before:
                    before(piece)
                for done in [pool.submit(each, piece) for each in visits]:
                    done.result()

            self.show(all_of_them)

    def show(self, visit: Visit, names: Iterable[str] | None = None) -> None:
        """Make a pass over all pieces for one alone, with at least the named columns (all for None)."""
        with closing(self.pieces(names)) as pieces:
            for piece in pieces:
                visit(piece)

    def sweep_for(self, visit: Visit) -> None:
        """Make the pass that a look still waits for, if it does."""
        if visit in self._waiting:
            self.sweep()

    @cached_property
    def _whole(self) -> pd.DataFrame:
        if self._original is not None:
            return self._original
        return self._frame_of(self.columns)

    @property
    def dataframe(self) -> pd.DataFrame:
        """The whole batch in pandas: text as objects with None, numbers with NaN where one is missing."""
        return self._whole

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return self._original.index if self._original is not None else self._numbers

    def narrow(self, columns: Iterable[str]) -> pd.DataFrame:
        """These columns in pandas, in the batch's order, without making the others."""
        wanted = set(columns)
        if self._original is not None:
            return self._original[[name for name in self.columns if name in wanted]]
        return self._frame_of([name for name in self.columns if name in wanted])

    def _frame_of(self, names: Iterable[str]) -> pd.DataFrame:
        made = pd.DataFrame({name: self.pandas_column(name) for name in names}, index=self._index)
        made.attrs.update(self._attrs)
        return made

    def pandas_column(self, name: str) -> pd.Series[Any]:
        """One column in pandas."""
        if self._original is not None:
            return self._original[name]
        if self._parts is not None:
            # Not kept: of a batch in pieces it is large.
            return _as_pandas(pl.concat([piece.frame[name] for piece in self.pieces([name])]), self._index)
        if name not in self._pandas_columns:
            self._pandas_columns[name] = _as_pandas(self._source[name], self._index)
        return self._pandas_columns[name]

    def values(self, name: str, positions: np.ndarray[Any, Any]) -> list[Any]:
        """The values of a column at ascending places, as pandas has them."""
        if self._parts is None:
            return list(self.pandas_column(name).iloc[positions])
        starts = np.cumsum([0, *self.heights])
        where = np.searchsorted(starts, positions, side="right") - 1
        found: list[Any] = []
        for piece in self.pieces([name], sorted({int(each) for each in where})):
            found += piece.frame[name].gather(positions[where == piece.number] - piece.offset).to_list()
        return found

    def dtypes(self) -> Mapping[str, Any]:
        """The type of each column in pandas, read off without making text columns."""
        if self._original is not None:
            return dict(zip(self.columns, self._original.dtypes, strict=True))
        text = np.dtype(object)
        return {name: text if self.is_text(name) else self.pandas_column(name).dtype for name in self.columns}

    def is_text(self, name: str) -> bool:
        """Whether every value of the column is a text or missing."""
        return self.probe.is_text(name)


def from_pandas(data: pd.DataFrame) -> pl.DataFrame:
    """The columns of a pandas frame that Polars can compute on exactly as pandas would; the others are left out."""
    if not data.columns.is_unique or not all(isinstance(name, str) for name in data.columns):
        return pl.DataFrame()
    columns = (_as_polars(str(name), data[name]) for name in data.columns)
    return pl.DataFrame([column for column in columns if column is not None])


def _as_polars(name: str, column: pd.Series[Any]) -> pl.Series | None:
    if column.dtype == np.int64:
        return pl.Series(name, column.to_numpy())
    if column.dtype == np.float64:
        return pl.Series(name, column.to_numpy(), nan_to_null=True)
    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return None
    values = column.to_numpy(dtype=object).tolist()
    if isinstance(column.dtype, pd.StringDtype):
        values = [value if isinstance(value, str) else None for value in values]
    try:
        return pl.Series(name, values, dtype=pl.String, strict=True)
    except (TypeError, UnicodeEncodeError, pl.exceptions.PolarsError):
        # Something that is no text stands among the texts: pandas alone knows how its metrics treat it.
        return None


def _known(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Int64, pl.Float64)


def _computable(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(name).fill_nan(None) if dtype == pl.Float64 else pl.col(name)


def _as_pandas(column: pl.Series, index: pd.Index[Any]) -> pd.Series[Any]:
    """Text as objects with None; numbers with NaN where one is missing; the rest as numpy has it, or as objects."""
    if column.dtype.is_numeric() and not column.dtype.is_decimal():
        return pd.Series(column.to_numpy(), index=index, name=column.name)
    if column.dtype.is_temporal() or (column.dtype == pl.Boolean and not column.null_count()):
        return pd.Series(column.to_numpy(), index=index, name=column.name)
    return pd.Series(column.to_list(), index=index, name=column.name, dtype=object)


def _labels(index: pd.Index[Any]) -> np.ndarray[Any, Any] | None:
    plain = index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)
    return index.to_numpy() if plain else None
