"""What leads did as CSV, with the digests by which it is checked."""

import csv
import io
import json
from collections.abc import Iterator

from petitions.audit.models import AuditEntry
from petitions.audit.reading import stream_entries
from petitions.db import Database
from petitions.lists.csv_files import safe_cell

COLUMNS = ("place", "id", "at", "actor", "user", "campaign", "action", "details", "digest")


def write_audit_csv(database: Database, campaign_id: int | None) -> Iterator[bytes]:
    """Everything that was done in a campaign (None: on the whole site), the oldest first, a page at a time.
    What is not sealed yet has neither place nor digest."""
    yield _lines([list(COLUMNS)])
    for entries in stream_entries(database, campaign_id):
        yield _lines([_cells(entry) for entry in entries])


def _cells(entry: AuditEntry) -> list[str]:
    return [
        str(entry.place) if entry.place is not None else "",
        str(entry.id),
        entry.at.isoformat(timespec="microseconds"),
        safe_cell(entry.actor),
        entry.user_id.hex if entry.user_id is not None else "",
        str(entry.campaign_id) if entry.campaign_id is not None else "",
        entry.action,
        safe_cell(json.dumps(entry.details, sort_keys=True, ensure_ascii=False)),
        entry.digest.hex() if entry.digest is not None else "",
    ]


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
