"""Reading the forms that browsers send."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from petitions.errors import InvalidRequest
from petitions.web.uploads import NETWORK

#: More fields than any form for visitors has.
_MAX_FIELDS = 100
#: Larger than any body that comes through: what is sent stays in memory, and is gone with the request.
_NEVER_ON_DISK = 64 * 1024 * 1024
_MAX_NAME = 255


@dataclass(frozen=True)
class Upload:
    """A file that was sent, in memory. What it says of itself is only said."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)
    network: str | None = field(default=None, repr=False, compare=False)  # that sent it; see web/uploads.py


async def read_form(request: Request, most: int = _MAX_FIELDS) -> FormData:
    """The fields of a form, `most` of them. Raises InvalidRequest for anything but texts."""
    _check_type(request)
    try:
        data = await request.form(max_files=0, max_fields=most)
    except (ValueError, UnicodeError) as error:
        raise InvalidRequest from error
    if len(data.multi_items()) > most or any(not isinstance(v, str) for _, v in data.multi_items()):
        raise InvalidRequest
    return data


async def read_upload_form(
    request: Request, field: str, most: int = _MAX_FIELDS
) -> tuple[FormData, Upload | None]:
    """The texts of a form, and the one file that may be sent in `field`; None where none was chosen. Nothing is
    written to disk. Raises InvalidRequest for anything else."""
    _check_type(request)
    if not request.headers.get("content-type", "").lower().startswith("multipart"):
        return await read_form(request, most), None
    async with aclosing(request.stream()) as stream:
        parser = _Parser(request.headers, stream, max_files=1, max_fields=most)
        try:
            data = await parser.parse()
            files = [(name, value) for name, value in data.multi_items() if isinstance(value, UploadFile)]
            if not parser.ended or any(name != field for name, _ in files):
                raise InvalidRequest
            upload = await _take(files[0][1], request.scope.get(NETWORK)) if files else None
        except (MultiPartException, FormParserError, ValueError, UnicodeError, KeyError) as error:
            raise InvalidRequest from error
        finally:
            parser.close()  # also where the body stopped half-way
    return FormData([*texts_of(data)]), upload


class _Parser(MultiPartParser):
    """Keeps files in memory, and knows whether the form came to its end: one that was cut off has lost some."""

    spool_max_size = _NEVER_ON_DISK
    ended = False

    def on_end(self) -> None:
        self.ended = True

    def close(self) -> None:
        for file in self._files_to_close_on_error:
            file.close()


async def _take(file: UploadFile, network: str | None) -> Upload | None:
    content = await file.read()
    if not content and not file.filename:
        return None
    return Upload((file.filename or "")[:_MAX_NAME], (file.content_type or "")[:_MAX_NAME], content, network)


def _check_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "").lower()
    if not content_type.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        raise InvalidRequest
    if content_type.startswith("multipart") and "charset" in content_type:
        raise InvalidRequest  # no browser says one; some make half characters, or take long to read


def texts_of(data: FormData) -> Sequence[tuple[str, str]]:
    return [(name, value) for name, value in data.multi_items() if isinstance(value, str)]
