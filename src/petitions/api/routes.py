"""The addresses of the public JSON."""

from starlette.routing import BaseRoute, Route

from petitions.api import campaigns, count, deliveries, openapi, organisations

ROUTES: list[BaseRoute] = [
    Route("/api/v1/campaigns", campaigns.list_campaigns),
    Route("/api/v1/campaigns/{slug}", campaigns.show_campaign),
    Route("/api/v1/campaigns/{slug}/count", count.show_count),
    Route("/api/v1/campaigns/{slug}/organisations", organisations.show_organisations),
    Route("/api/v1/campaigns/{slug}/deliveries", deliveries.show_deliveries),
    Route("/api/openapi.json", openapi.show_openapi),
]
