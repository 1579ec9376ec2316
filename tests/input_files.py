"""Small files of every format, and the messages that refuse unreadable files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.spark.files import find_inputs

HAR = b'{"log": {"version": "1.2", "entries": []}}'
LOGPUSH = b'{"RayID":"1","ClientRequestHost":"a.example","ClientRequestURI":"/","EdgeResponseStatus":200}\n'
COMBINED = b'192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"\n'


def write_file(folder: Path, name: str, content: bytes) -> Path:
    """Writes the file `name` into `folder`, creating the folders on its way."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refusal(*arguments: str | Path, format: str = "auto") -> str:
    """Returns the one-line message with which `arguments` are refused as inputs."""
    with pytest.raises(InputError) as caught:
        find_inputs([str(argument) for argument in arguments], format)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.way_out
    return message
