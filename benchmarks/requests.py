"""The requests as a browser sends them, in files for wrk."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from benchmarks.people import make_person
from benchmarks.servers import Server

#: Different forms that take turns.
_FORMS = 500


def browser_headers(server: Server, *, gzip: bool = True) -> dict[str, str]:
    """The headers of a usual browser."""
    return {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "en-GB,en;q=0.7,es;q=0.3",
        "Accept-Encoding": "gzip, deflate, br, zstd" if gzip else "identity",
    }


def form_headers(server: Server) -> dict[str, str]:
    """Those of a browser that posts one of our forms."""
    return browser_headers(server) | {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": server.origin,
        "Referer": f"{server.origin}/c/benchmark",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "same-origin",
    }


def write_get(file: Path, server: Server, path: str, *, gzip: bool, more: Mapping[str, str] | None = None) -> Path:
    """A whole GET, with `more` headers."""
    headers = browser_headers(server, gzip=gzip) | dict(more or {})
    file.write_text(f"GET {path} HTTP/1.1\r\n{_lines(headers)}\r\n", newline="")
    return file


def write_head(file: Path, server: Server, request_line: str = "") -> Path:
    """The head of a POST without its length; without a request line the headers alone."""
    first = f"{request_line}\r\n" if request_line else ""
    file.write_text(first + _lines(form_headers(server)), newline="")
    return file


def write_headers(file: Path, server: Server) -> Path:
    """The headers of a GET."""
    file.write_text(_lines(browser_headers(server)), newline="")
    return file


def _lines(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def write_forms(file: Path, statement_id: int) -> Path:
    """Forms without the mail address, one in each line."""
    file.write_text("".join(f"{form}\n" for form in make_forms(statement_id)))
    return file


def make_forms(statement_id: int) -> list[str]:
    """Forms without the mail address, as a browser encodes them."""
    random = Random(1871)
    return [_form(random, statement_id) for _ in range(_FORMS)]


def _form(random: Random, statement_id: int) -> str:
    person = make_person(random)
    fields = {
        "visibility": person.visibility,
        "name": person.name or "",
        "country": person.country,
        "city": person.city or "",
        "q_union_local": person.union_local or "",
        "comment": person.comment or "",
        "statement": str(statement_id),
        "email_checked": "",
        "website": "",
    }
    return urlencode(fields | ({"updates": "y"} if person.updates else {}))
