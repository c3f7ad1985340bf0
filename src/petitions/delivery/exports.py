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
    session: Session, campaign_id: int, file: Path, found: os.stat_result, rows: int, now: datetime
) -> None:
    """Remember a file that is about to get this name, so that it goes with the personal data of its campaign."""
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


def forget_replaced(session: Session, campaign_id: int, file: Path, replaced: os.stat_result) -> None:
    """Another file has this name now. If what lay there before was an export as we wrote it, there is nothing left
    of it to remember."""
    found = file.stat()
    if (found.st_size, found.st_mtime_ns) == (replaced.st_size, replaced.st_mtime_ns):
        return  # the clock of this disk is coarse, and nobody can tell the two apart
    session.execute(
        delete(Export).where(
            *_here(campaign_id),
            Export.path == str(file.absolute()),
            Export.size == replaced.st_size,
            Export.modified_ns == replaced.st_mtime_ns,
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
