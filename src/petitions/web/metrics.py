"""Prometheus figures: routes, states and times; never a slug's visitor, a token or an address."""

import hmac
import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from petitions.errors import PageNotFound
from petitions.web.site import site_of

REQUESTS = Counter("petitions_requests", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "petitions_request_seconds",
    "Time from request to answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
DRAFTS = Counter("petitions_drafts", "Forms that were found right and stored.")
CONFIRMATIONS = Counter("petitions_confirmations", "Buttons pressed, by what came of it.", ["outcome"])
WAITING = Gauge("petitions_intake_waiting", "Items waiting for a commit.", ["intake"], multiprocess_mode="sum")

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def route_of(scope: Scope) -> str:
    """The pattern of the route that answers ("/confirm/{token}"), never the address itself."""
    return str(getattr(scope.get("route"), "path", "other"))


def observe(scope: Scope, status: int, seconds: float) -> None:
    """Count a request under its route's pattern, so that no token becomes a label."""
    observe_route(route_of(scope), scope["method"], status, seconds)


def observe_route(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request of a route."""
    key = (route, method if method in _METHODS else "other", status)
    children = _children.get(key)
    if children is None:
        children = _children[key] = (REQUESTS.labels(*key[:2], str(status)), SECONDS.labels(route))
    children[0].inc()
    children[1].observe(seconds)


async def show_metrics(request: Request) -> Response:
    """Figures for who has the token; 404 for everybody else."""
    site = site_of(request)
    wanted = site.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if wanted is None or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise PageNotFound
    for intake in site.intakes:
        WAITING.labels(intake.name).set(intake.depth)
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(
        generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )
