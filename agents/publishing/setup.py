"""The publisher of a BOARD worker, put together from its settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from agents.alerts.freshness import Freshness
from agents.app import StageApp
from agents.metrics import BoardMetrics
from agents.publishing.publisher import Publisher
from agents.publishing.redis_feed import RedisFeed
from config.settings import Settings
from config.topics import Role
from stream.catalogue.catalogue import Catalogue
from views.redis_view import RedisView, connect


def publisher_of(
    settings: Settings, app: StageApp, counts: dict[str, int], metrics: BoardMetrics, catalogue: Catalogue
) -> Publisher:
    """Publishes to the topic of KPIs, and to Redis if there is one; ``counts``: partitions of topics, by role."""
    fresh = Freshness(settings, app.log_port, app.crew, counts[Role.ACTIVITY])
    feed = None
    if settings.redis_url:
        view = RedisView(connect(settings.redis_url), ranks_of(catalogue))
        where = address_of(settings.redis_url)
        feed = RedisFeed(view, app.log_port, metrics, where=where, public_url=settings.public_url)
    return Publisher(settings.topics, app.log_port, app.crew, fresh, metrics, feed)


def ranks_of(catalogue: Catalogue) -> dict[str, str]:
    """By the KPIs that are ranks, what they rank by."""
    return {slug: each.ranks for slug, each in catalogue.definitions.items() if each.ranks is not None}


def address_of(url: str) -> str:
    """A Redis' address without its password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
