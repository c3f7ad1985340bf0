"""Which lists were written to files here, and how they go again."""

import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.delivery.models import Export
from petitions.ids import new_id


def record_export(session: Session, campaign_id: int, file: Path, rows: int, now: datetime) -> None:
    """Remember a file that was just written, so that it goes with the personal data of its campaign."""
    found = file.stat()
    session.add(
        Export(
            id=new_id(),
            campaign_id=campaign_id,
            host=socket.gethostname(),
            path=str(file.absolute()),
            size=found.st_size,
            modified_ns=found.st_mtime_ns,
            rows=rows,
            made_at=now,
        )
    )


def delete_exports(database: Database, campaign_id: int) -> list[str]:
    """Delete the files of a campaign's exports that lie on this host as they were written. Returns where others
    were written that may still be there: moved, changed, of another host, or not to be deleted."""
    with database.reading() as session:
        query = select(Export).where(Export.campaign_id == campaign_id).order_by(Export.made_at, Export.id)
        exports = session.scalars(query).all()
    left = list(_delete_files([export for export in exports if export.host == socket.gethostname()]))
    left += [f"{export.host}:{export.path}" for export in exports if export.host != socket.gethostname()]
    with database.writing() as session:
        session.execute(delete(Export).where(Export.id.in_([export.id for export in exports])))
    return left


def _delete_files(exports: list[Export]) -> Iterator[str]:
    latest = {export.path: export for export in exports}  # an export over an earlier one is the one that counts
    for path, export in sorted(latest.items()):
        try:
            found = Path(path).lstat()
            if (found.st_size, found.st_mtime_ns) != (export.size, export.modified_ns):
                yield path
            else:
                Path(path).unlink()
        except OSError:
            yield path
