"""A format is detected by content.

With byte order marks, damaged first lines and unusual tools.
"""

from __future__ import annotations

import pytest

from pipelines.transactions.inputs.compression import HEAD_BYTES
from pipelines.transactions.inputs.detection import describe_content, detect_format, infer_format_from_name

RECORD = b'{"ClientRequestHost":"a","EdgeResponseStatus":200}'
LINE = b'a.example - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"log":{"entries":[]}}', "har"),
        (b'\xef\xbb\xbf\r\n{ "log" :\n {"version":"1.1"', "har"),
        (b'{"exported":"by a tool","log":{"version":"1.2","entries":[', "har"),  # log is not the first member
        ('{"log":{"version":"1.2"'.encode("utf-16"), "har"),
        (b'{"log":{"comment":"RayID","entries":[{"request":{}', "har"),
        (RECORD + b"\n" + RECORD, "logpush"),
        (b"\xef\xbb\xbf\n\n  " + RECORD + b"\r\n", "logpush"),
        (RECORD[:-3] + b"\n" + RECORD + b"\n", "logpush"),  # damaged first record
        (b'{"RayID":"' + b"x" * HEAD_BYTES, "logpush"),  # the first record is longer than the head
        (LINE, "combined"),
        (LINE + b' "-" "curl/8"\r\n', "combined"),
        (b"garbage\n" + LINE + b"\n" + LINE + b"\n", "combined"),
        (b'"GET" garbage\n' * 3 + LINE, None),  # one line that looks right does not make a log
        (b'{"log":"text"}', None),
        (b'{"message":"hello"}\n', None),
        (b"[" + RECORD + b"]", None),
        (RECORD.decode().encode("utf-16"), None),  # line formats are UTF-8
        (b"", None),
        (b"\n\n", None),
        (b"\x00" * 100, None),
    ],
)
def test_format_is_recognised_by_the_first_bytes(head: bytes, expected: str | None) -> None:
    assert detect_format(head[:HEAD_BYTES]) == expected


def test_line_that_the_head_cuts_does_not_vote() -> None:
    head = (LINE + b"\n") * (HEAD_BYTES // (len(LINE) + 1)) + LINE
    assert detect_format(head[:HEAD_BYTES]) == "combined"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.har", "har"), ("a.jsonl", "logpush"), ("access.log", "combined"), ("a.json", None), ("a", None)],
)
def test_name_claims_a_format(name: str, expected: str | None) -> None:
    assert infer_format_from_name(name) == expected


def test_description_shows_only_printable_characters() -> None:
    assert describe_content(b"\x1b[31m\nred") == "unrecognised text (begins with '\\x1b[31m\\nred')"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"[24/Nov/2026:10:00:00 +0000] 203.0.113.7 GET /", "unrecognised text"),
        (b"[error] 1#1: *5 open() failed", "unrecognised text"),
        (b"[nginx] started", "unrecognised text"),
        (b"[]", "a JSON array"),
        (b' [\n {"a":1}', "a JSON array"),
        (b"[1, 2]", "a JSON array"),
        (b"[-1.5e3]", "a JSON array"),
        (b"[null,", "a JSON array"),
        (b'["a"', "a JSON array"),
        (b"[[", "a JSON array"),
        (b"{a}", "unrecognised text"),
        (b'{"a":1}', "JSON with an unrecognised structure"),
        (b"{}", "JSON with an unrecognised structure"),
    ],
)
def test_only_json_is_described_as_json(head: bytes, expected: str) -> None:
    assert describe_content(head).startswith(f"{expected} (")
