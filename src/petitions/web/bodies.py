"""Reading the forms that browsers send."""

from collections.abc import Sequence

from starlette.datastructures import FormData
from starlette.requests import Request

from petitions.errors import InvalidRequest

#: More fields than any form for visitors has.
_MAX_FIELDS = 100


async def read_form(request: Request, most: int = _MAX_FIELDS) -> FormData:
    """The fields of a form, `most` of them. Raises InvalidRequest for anything but texts."""
    content_type = request.headers.get("content-type", "").lower()
    if not content_type.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        raise InvalidRequest
    if content_type.startswith("multipart") and "charset" in content_type:
        raise InvalidRequest  # no browser says one; some make half characters, or take long to read
    try:
        data = await request.form(max_files=0, max_fields=most)
    except (ValueError, UnicodeError) as error:
        raise InvalidRequest from error
    if len(data.multi_items()) > most or any(not isinstance(v, str) for _, v in data.multi_items()):
        raise InvalidRequest
    return data


def texts_of(data: FormData) -> Sequence[tuple[str, str]]:
    return [(name, value) for name, value in data.multi_items() if isinstance(value, str)]
