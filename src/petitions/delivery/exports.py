"""Which lists were written to files here, and how they go again."""

import os
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, delete, literal, select
from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.delivery.models import Export
from petitions.ids import new_id


def record_export(
    session: Session,
    campaign_id: int,
    file: Path,
    rows: int,
    now: datetime,
    replaced: os.stat_result | None = None,
) -> None:
    """Remember a file that was just written, so that it goes with the personal data of its campaign. `replaced`:
    what lay there before; if that was an export as we wrote it, there is nothing left of it to remember."""
    path, found = str(file.absolute()), file.stat()
    if replaced is not None:
        session.execute(
            delete(Export).where(
                *_here(campaign_id),
                Export.path == path,
                Export.size == replaced.st_size,
                Export.modified_ns == replaced.st_mtime_ns,
            )
        )
    session.add(
        Export(
            id=new_id(),
            campaign_id=campaign_id,
            host=socket.gethostname(),
            path=path,
            size=found.st_size,
            modified_ns=found.st_mtime_ns,
            rows=rows,
            made_at=now,
        )
    )


def has_exports(session: Session, campaign_id: int) -> bool:
    """Whether files of the campaign were written on this host."""
    return session.scalar(select(literal(1)).where(*_here(campaign_id)).limit(1)) is not None


def delete_exports(database: Database, campaign_id: int) -> list[str]:
    """Delete the files of a campaign's exports that lie on this host as they were written. Returns where others
    were written that may still be there: moved, changed, not to be deleted, or on another host, whose own worker
    deletes them."""
    with database.reading() as session:
        query = select(Export).where(Export.campaign_id == campaign_id).order_by(Export.made_at, Export.id)
        exports = session.scalars(query).all()
    ours = [export for export in exports if export.host == socket.gethostname()]
    left = [*dict.fromkeys(_delete_files(ours))]
    left += [f"{export.host}:{export.path}" for export in exports if export not in ours]
    with database.writing() as session:
        session.execute(delete(Export).where(Export.id.in_([export.id for export in ours])))
    return left


def _delete_files(exports: Iterable[Export]) -> Iterator[str]:
    for export in exports:
        path = Path(export.path)
        try:
            found = path.lstat()
            if (found.st_size, found.st_mtime_ns) == (export.size, export.modified_ns):
                path.unlink()
                continue
        except OSError:
            pass
        yield export.path


def _here(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Export.campaign_id == campaign_id, Export.host == socket.gethostname())
