"""The proof of work of the signing form."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from petitions.abuse.proof import Proofs
from petitions.campaigns.defence import WORK
from petitions.clock import utc_now
from petitions.errors import PageNotFound
from petitions.public.campaigns import Visit, visit
from petitions.web.caching import no_store

#: The hidden field that the script fills.
FIELD = "proof"


async def show_challenge(request: Request) -> Response:
    """A new challenge, for one form; 404 while the campaign asks for none."""
    here = await visit(request)
    if here.campaign.defence != WORK:
        raise PageNotFound
    proofs = Proofs(here.site.settings.secret_keys)
    response = JSONResponse(proofs.make(here.campaign.id, utc_now()))
    no_store(response)
    return response


def check_proof(here: Visit, payload: object, now: datetime) -> tuple[bool | None, bytes | None]:
    """Whether a form carries a right proof (None: none is asked for), and what stands for it."""
    if here.campaign.defence != WORK:
        return None, None
    proofs = Proofs(here.site.settings.secret_keys)
    proof = proofs.check(payload, here.campaign.id, now) if isinstance(payload, str) else None
    return proof is not None, proof
