"""A Great Expectations datasource on Polars, `context.data_sources.add_polars(name)`: frames and delimited files."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
import polars as pl
from great_expectations.compatibility import pydantic
from great_expectations.core.batch import LegacyBatchDefinition
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.datasource.fluent import BatchRequest
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource, TestConnectionError
from great_expectations.exceptions.exceptions import BuildBatchRequestError

from dap.engine import own
from dap.engine.batch import PolarsBatchData
from dap.engine.execution import PolarsExecutionEngine

__all__ = ["PolarsCSVAsset", "PolarsDataFrameAsset", "PolarsDatasource", "own"]


class _PolarsAsset(DataAsset[Any, Any]):
    """What both kinds of asset share: one batch, all of the data."""

    def test_connection(self) -> None:
        """Nothing to test where the data comes with the request."""

    def add_batch_definition_whole_dataframe(self, name: str) -> BatchDefinition[Any]:
        """Add a definition of a batch of all rows, named as in GX's own data sources of frames."""
        return self.add_batch_definition(name=name)

    def _frame(self, options: dict[str, Any]) -> Any:
        raise NotImplementedError

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        return ()

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[dict[str, Any]]:
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """The asset's data as one batch."""
        self._validate_batch_request(batch_request)
        options = dict(batch_request.options)
        spec = RuntimeDataBatchSpec(batch_data=self._frame(options))
        engine = self.datasource.get_execution_engine()
        data, markers = engine.get_batch_data_and_markers(batch_spec=spec)
        # GX wants this definition beside the batch for a validator of its older interface.
        definition = LegacyBatchDefinition(
            datasource_name=self.datasource.name,
            data_connector_name="fluent",
            data_asset_name=self.name,
            batch_identifiers=make_batch_identifier(options),
            batch_spec_passthrough=None,
        )
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=data,
            metadata=self._get_batch_metadata_from_batch_request(batch_request, ignore_options=("dataframe",)),
            batch_markers=markers,
            batch_spec=spec,
            batch_definition=definition,
        )


class PolarsDataFrameAsset(_PolarsAsset):
    """Frames that the caller has: `batch_parameters={"dataframe": frame}`, of Polars or pandas."""

    type: Literal["dataframe"] = "dataframe"

    class Config:
        extra = pydantic.Extra.forbid

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        return ("dataframe",)

    def build_batch_request(
        self, options: dict[str, Any] | None = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """A request for a batch of the frame under `dataframe` in `options`."""
        if batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a frame is one batch: no slice, no partitioner.")
        if not options or set(options) != {"dataframe"} or not isinstance(options["dataframe"], _FRAMES):
            raise BuildBatchRequestError(message="options must hold `dataframe`, a frame of Polars or pandas.")
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options=options)

    def _validate_batch_request(self, batch_request: BatchRequest[Any]) -> None:
        self.build_batch_request(dict(batch_request.options))

    def _frame(self, options: dict[str, Any]) -> Any:
        return options["dataframe"]


class PolarsCSVAsset(_PolarsAsset):
    """A delimited file, every column as text: leading zeros stay, and an empty cell is missing."""

    type: Literal["csv"] = "csv"
    path: Path
    separator: str = ","
    # GX asks for the batch again with each validation; the file is read again only when it has changed.
    _kept: Any = pydantic.PrivateAttr(default=None)

    class Config:
        extra = pydantic.Extra.forbid

    def test_connection(self) -> None:
        """TestConnectionError where there is no such file."""
        if not self.path.is_file():
            raise TestConnectionError("there is no file at the asset's path.")

    def build_batch_request(
        self, options: dict[str, Any] | None = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """A request for the one batch that the file is."""
        if options or batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a file is one batch: no options, no slice, no partitioner.")
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options={})

    def _validate_batch_request(self, batch_request: BatchRequest[Any]) -> None:
        self.build_batch_request(dict(batch_request.options))

    def _frame(self, options: dict[str, Any]) -> Any:
        state = self.path.stat()
        known = (self.path, self.separator, state.st_mtime_ns, state.st_size)
        if self._kept is None or self._kept[0] != known:
            read = pl.read_csv(self.path, separator=self.separator, infer_schema=False, null_values=[""])
            self._kept = known, PolarsBatchData(self.datasource.get_execution_engine(), read)
        return self._kept[1]


_FRAMES = (pl.DataFrame, pd.DataFrame, PolarsBatchData)


class PolarsDatasource(Datasource[Any, PolarsExecutionEngine]):
    """Data judged by the Polars engine. Importing this module makes `context.data_sources.add_polars` available."""

    asset_types: ClassVar[list[type[DataAsset[Any, Any]]]] = [PolarsDataFrameAsset, PolarsCSVAsset]

    type: Literal["polars"] = "polars"
    assets: list[Any] = []  # noqa: RUF012

    @property
    def execution_engine_type(self) -> builtins.type[PolarsExecutionEngine]:
        """The engine that computes the metrics."""
        return PolarsExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """TestConnectionError where a file of an asset is not there."""
        if test_assets:
            for asset in self.assets:
                asset.test_connection()

    def add_dataframe_asset(self, name: str, batch_metadata: dict[str, Any] | None = None) -> PolarsDataFrameAsset:
        """Add an asset for frames that come with each run."""
        asset = PolarsDataFrameAsset(name=name, batch_metadata=batch_metadata or {})
        return self._add_asset(asset)  # type: ignore[no-any-return]

    def add_csv_asset(self, name: str, path: str | Path, separator: str = ",") -> PolarsCSVAsset:
        """Add an asset for a delimited file."""
        return self._add_asset(PolarsCSVAsset(name=name, path=Path(path), separator=separator))  # type: ignore[no-any-return]
