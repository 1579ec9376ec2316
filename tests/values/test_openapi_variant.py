"""Documents name their variant, whichever step writes them. No Spark."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame

from pipelines.changes.spark import documents
from pipelines.changes.spark.changes import Evidence
from pipelines.openapi import spark
from pipelines.runtime.settings import load_settings
from pipelines.selection.variant import Variant
from tests.values.test_openapi_bodies import BODY
from tests.values.test_openapi_document import endpoint

NOTHING = cast(DataFrame, None)


@pytest.mark.parametrize("variant", ["ml", "session"])
def test_a_document_says_its_variant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variant: Variant
) -> None:
    given = endpoint("GET", "/x", parameters=BODY)
    monkeypatch.setattr(spark, "_by_host", lambda *_: iter([("h", [given])]))
    [(_, found)] = spark.build_documents(NOTHING, NOTHING, variant)
    assert found["x-census"]["variant"] == variant
    monkeypatch.setattr(documents, "latest", lambda schemas: schemas)
    evidence = cast(Evidence, SimpleNamespace(inventory=NOTHING, schemas=NOTHING))
    written = documents.write_first_documents(evidence, tmp_path, load_settings().export, variant)
    assert [one.file.parent.relative_to(tmp_path).parts[0] for one in written] == ["after", "after"]
    has_variant: list[Any] = [f"variant: {variant}" in one.file.read_text() for one in written]
    assert has_variant == [True, True]
