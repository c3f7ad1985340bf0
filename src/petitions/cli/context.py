"""What commands share: settings, the store, and errors in words."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from sqlalchemy.exc import DBAPIError

from petitions import log, schema
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import (
    CampaignFileError,
    CampaignPurged,
    NotFound,
    PetitionsError,
    SettingsError,
    StoreError,
)
from petitions.settings import Settings, load_settings


class Exit(IntEnum):
    """Exit codes; see docs/operating.md."""

    OK = 0
    FAILED = 1  # something unforeseen
    USAGE = 2  # the command line is wrong
    SETTINGS = 3  # the environment is wrong
    STORE = 4  # the store is away, locked, full, or of another schema
    INPUT = 5  # a file or a slug that was named is wrong or not there
    DRIFT = 6  # recount found a count that is wrong
    BROKEN = 7  # the chain over the log is not as it was sealed, a pack not as it was signed
    UNCHECKED = 8  # a pack is whole, but nobody said whose key it must be


def fail(message: str, code: Exit) -> typer.Exit:
    """Say what is wrong on standard error; raise what it returns."""
    print(message, file=sys.stderr)  # noqa: T201 - a command speaks to its user
    return typer.Exit(code)


def read_settings() -> Settings:
    """The settings, or an end with every problem named."""
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        raise fail("The settings are wrong:\n" + "\n".join(error.problems), Exit.SETTINGS) from None
    log.configure(settings.log_level)
    return settings


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that a user can mend into one line and an exit code."""
    try:
        yield
    except CampaignFileError as error:
        raise fail(str(error), Exit.INPUT) from None
    except CampaignPurged as error:
        raise fail(str(error), Exit.INPUT) from None
    except NotFound as error:
        raise fail(f"There is no campaign {error}. `petitions campaign list` shows all.", Exit.INPUT) from None
    except StoreError as error:
        raise fail(f"The store cannot be used: {error}", Exit.STORE) from None
    except PetitionsError as error:
        raise fail(str(error), Exit.FAILED) from None
    except DBAPIError as error:
        # The driver's message may repeat a row, and so a name.
        raise fail(f"The store refuses ({type(error.orig).__name__}).", Exit.STORE) from None


@contextmanager
def opened_store(settings: Settings, *, prepared: bool = True) -> Iterator[Database]:
    """The store, of the right schema (unless it is to be made so), with errors in words."""
    with explained():
        try:
            database = Database(settings.database_url)
        except OSError as error:
            raise fail(f"The store cannot be used: {error.strerror}", Exit.STORE) from None
        try:
            if prepared:
                schema.prepare(database, utc_now())
                schema.check_email_key(database, settings.email_key)
            yield database
        finally:
            database.close()
