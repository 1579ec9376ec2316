"""Names of OpenAPI, for packages that read or write documents."""

from __future__ import annotations

from typing import Final

PATH_ITEM_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""Fields of a Path Item that hold an operation, in its order (OpenAPI 3.0.3 s. 4.7.9.1, 3.1.0 s. 4.8.9.1)."""
CENSUS: Final = "x-census"
"""Evidence of a document, an operation, a parameter or a schema (`openapi.census` has its members)."""
EVIDENCE: Final = ".evidence"
"""Ending of the stem of files of evidence next to documents: HOST.evidence.json."""
CENSUS_METHODS: Final = "x-census-methods"
"""Operations of methods that a Path Item has no field for, so that no observed operation is lost."""
