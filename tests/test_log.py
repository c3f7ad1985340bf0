"""Logs: one JSON object a line, an event and ids, never what somebody typed."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from petitions import log
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import store_drafts
from tests.factories import make_draft

NAME = "Planted Sánchez"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is written, while the process logs as it does in service."""
    written = StringIO()
    root, own, access = logging.getLogger(), logging.getLogger("petitions"), logging.getLogger("uvicorn.access")
    kept = root.handlers, root.level, own.level, access.disabled
    monkeypatch.setattr(sys, "stderr", written)
    log.configure("info")
    yield written
    root.handlers, access.disabled = kept[0], kept[3]
    root.setLevel(kept[1])
    own.setLevel(kept[2])


def read(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_is_an_event_with_its_fields(lines: StringIO) -> None:
    log.info("serving", store="sqlite", port=8000)
    (line,) = read(lines)
    assert line.pop("at").endswith("+00:00")
    assert line == {"level": "info", "event": "serving", "store": "sqlite", "port": 8000}


def test_a_line_knows_its_request(lines: StringIO) -> None:
    token = log.request_id.set("r-1")
    log.warning("odd")
    log.request_id.reset(token)
    log.warning("even")
    assert [(line["event"], line.get("request")) for line in read(lines)] == [("odd", "r-1"), ("even", None)]


def test_the_level_is_kept(lines: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    log.debug("quiet")
    assert read(lines) == []
    monkeypatch.setattr(sys, "stderr", lines)
    log.configure("debug")
    log.debug("loud")
    assert [line["event"] for line in read(lines)] == ["loud"]


def fail(what: str) -> None:
    raise ValueError(f"{what} is wrong")


def test_an_error_is_named_and_placed_without_its_words(lines: StringIO) -> None:
    try:
        fail(NAME)
    except ValueError as error:
        log.error("failed", error, intake="signing")
    (line,) = read(lines)
    assert (line["event"], line["error"], line["intake"]) == ("failed", "ValueError", "signing")
    assert line["where"].startswith("test_log.py:")
    assert line["where"].split(" > ")[-1].split(":")[2] == "fail"
    assert "Planted" not in lines.getvalue()


def test_a_long_way_to_an_error_is_cut(lines: StringIO) -> None:
    def deeper(levels: int) -> None:
        if not levels:
            fail(NAME)
        deeper(levels - 1)

    try:
        deeper(30)
    except ValueError as error:
        log.error("failed", error)
    assert len(read(lines)[0]["where"].split(" > ")) == 8


def test_an_error_of_the_store_says_nothing_of_the_row(
    lines: StringIO, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = make_draft(campaign, settings, name=NAME, email="planted@example.org", statement_id=999_999)
    try:
        with database.writing() as session:
            store_drafts(session, [draft], None)
    except IntegrityError as error:
        log.error("intake_item_rejected", error)
    (line,) = read(lines)
    assert line["error"] == "IntegrityError"
    assert "planted" not in lines.getvalue().lower()


def test_other_programs_errors_say_nothing_either(lines: StringIO) -> None:
    """asyncio repeats an exception that nobody looked at, with its text."""

    async def leave_behind() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(ValueError(NAME))
        del future

    asyncio.run(leave_behind())
    try:
        fail(NAME)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert [line["event"] for line in read(lines)] == [
        "Future exception was never retrieved",
        "Exception in ASGI application",
    ]
    assert "Planted" not in lines.getvalue()


def test_the_server_s_own_access_log_is_off(lines: StringIO) -> None:
    logging.getLogger("uvicorn.access").error("GET /confirm/token")
    assert read(lines) == []


def test_letters_of_every_script_are_written_as_they_are(lines: StringIO) -> None:
    log.info("site", name="Ελλάς")
    assert "Ελλάς" in lines.getvalue()
