"""Reading forms with a file, and how large a body may be."""

import asyncio
import tempfile
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request

from petitions.errors import InvalidRequest
from petitions.web.bodies import Upload, read_upload_form, texts_of

_BOUNDARY = b"-----------------------------7"
_TYPE = b"multipart/form-data; boundary=" + _BOUNDARY


def part(name: str, content: bytes, filename: str | None = None, content_type: str = "") -> bytes:
    said = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    typed = f"\r\nContent-Type: {content_type}" if content_type else ""
    head = f"Content-Disposition: {said}{typed}\r\n\r\n".encode()
    return b"--" + _BOUNDARY + b"\r\n" + head + content + b"\r\n"


def read(
    *parts: bytes, content_type: bytes = _TYPE, ended: bool = True, most: int = 100
) -> tuple[FormData, Upload | None]:
    """What `read_upload_form` makes of a body, with the file in "logo"."""
    body = b"".join(parts) + (b"--" + _BOUNDARY + b"--\r\n" if ended and parts else b"")
    pieces = [body[start : start + 70_000] for start in range(0, len(body), 70_000)] or [b""]

    async def receive() -> Any:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type)]}
    return asyncio.run(read_upload_form(Request(scope, receive), "logo", most))


def test_a_form_with_a_file_is_texts_and_the_file() -> None:
    content = bytes(range(256)) * 8_000  # past what Starlette keeps in memory
    data, upload = read(
        part("name", "Ünion".encode()),
        part("logo", content, "lögo.png", "image/png"),
        part("name", b"again"),
    )
    assert texts_of(data) == [("name", "Ünion"), ("name", "again")]
    assert upload == Upload("lögo.png", "image/png", content)
    assert "\\x01" not in repr(upload)


def test_nothing_is_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    _data, upload = read(part("logo", b"x" * 2_600_000, "a.png", "image/png"))
    assert upload is not None
    assert len(upload.data) == 2_600_000


def test_no_file_is_none() -> None:
    assert read(part("name", b"a"), part("logo", b"", "", "application/octet-stream"))[1] is None
    assert read(part("name", b"a"))[1] is None
    # One that was chosen and is empty is a file about which something can be said.
    assert read(part("logo", b"", "a.png", "image/png"))[1] == Upload("a.png", "image/png", b"")


def test_a_form_without_files_may_come_as_browsers_send_those() -> None:
    data, upload = read(b"name=%C3%9Cnion&name=b", content_type=b"application/x-www-form-urlencoded", ended=False)
    assert (texts_of(data), upload) == ([("name", "Ünion"), ("name", "b")], None)


@pytest.mark.parametrize(
    ("parts", "content_type", "ended"),
    [
        ([part("logo", b"a", "a.png"), part("logo", b"b", "b.png")], _TYPE, True),
        ([part("other", b"a", "a.png")], _TYPE, True),
        ([part("name", b"a")] * 101, _TYPE, True),
        ([part("name", b"a" * 1_100_000)], _TYPE, True),
        ([b"--" + _BOUNDARY + b"\r\nContent-Disposition: form-data\r\n\r\na\r\n"], _TYPE, True),
        ([b"nonsense"], _TYPE, True),
        ([part("name", b"a")], b"multipart/form-data", True),
        ([part("name", b"a")], _TYPE + b"; charset=utf-16", True),
        ([b"{}"], b"application/json", False),
        ([part("name", b"a"), part("logo", b"a" * 100, "a.png")], _TYPE, False),
    ],
    ids=[
        "two files",
        "another field",
        "fields",
        "long",
        "no name",
        "nonsense",
        "bare",
        "charset",
        "json",
        "texts",
    ],
)
def test_what_no_form_of_ours_sends_is_refused(parts: Sequence[bytes], content_type: bytes, ended: bool) -> None:
    with pytest.raises(InvalidRequest):
        read(*parts, content_type=content_type, ended=ended)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(body: bytes, begun: bool) -> None:
    start = part("logo", b"", "a.png")[:-2] if begun else b""
    try:
        data, upload = read(start + body)
    except InvalidRequest:
        return
    assert all(isinstance(value, str) for _, value in data.multi_items())
    assert upload is None or body.startswith(upload.data)


MULTIPART = {"Content-Type": _TYPE.decode()}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/c/free-boris/organisations", 2560 * 1024),
        ("POST", "/organisation/some.token-of_ours/edit", 2560 * 1024),
        ("PUT", "/c/free-boris/organisations", 64 * 1024),
        ("POST", "/c/free-boris/signatures", 64 * 1024),
        ("POST", "/c/free-boris/organisations/link", 64 * 1024),
        ("POST", "/c/free-boris/x/organisations", 64 * 1024),
        ("POST", "/organisation/some.token-of_ours/answer", 64 * 1024),
        ("POST", "/organisation/a/b/edit", 64 * 1024),
    ],
)
async def test_only_forms_with_a_logo_may_be_large(
    app_and_client: tuple[Starlette, httpx.AsyncClient], method: str, path: str, most: int
) -> None:
    _app, client = app_and_client
    fits = await client.request(method, path, content=b"x" * most, headers=MULTIPART)
    assert fits.status_code != 413
    too_large = await client.request(method, path, content=b"x" * (most + 1), headers=MULTIPART)
    assert too_large.status_code == 413
