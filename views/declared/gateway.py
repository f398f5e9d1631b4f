"""What a gateway counts about itself. KPIs are shown by BOARD workers only."""

from __future__ import annotations

from views.families import Family

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


EVENTS = Family(
    "salespulse_gateway_events_total",
    "counter",
    "events",
    ("code",),
    "Events received over HTTP by verdict. Many refusals: a publisher breaks the contract, see dead letters.",
    "verdicts",
)
PUBLISH_SECONDS = Family(
    "salespulse_gateway_publish_seconds",
    "histogram",
    "seconds",
    (),
    "Time from a request's last byte to its verdicts. Rising: the broker is slow or the gateway full.",
    buckets=SECONDS,
)
LETTERS_SENT = Family(
    "salespulse_gateway_letters_sent_total",
    "counter",
    "letters",
    ("code",),
    "Dead letters that somebody sent again over HTTP, by outcome. Refusals: the letters need a patch first.",
    "verdicts",
)
REPLICA_READY = Family(
    "salespulse_gateway_replica_ready_bool",
    "gauge",
    "1",
    (),
    "1 once the replica has caught up with the log. 0 for minutes: is the broker there, are the topics?",
)
REPLICA_RECORDS = Family(
    "salespulse_gateway_replica_records_total",
    "counter",
    "records",
    ("source",),
    "Records the replica has taken, by source. Standing still while others move: look for errors in the log.",
    "sources of BOARD",
)
STALE = Family(
    "salespulse_gateway_stale_bool",
    "gauge",
    "1",
    (),
    "1 while values are served as stale: a record waits longer than allowed for a worker or for the replica.",
)
OLDEST_WAIT = Family(
    "salespulse_gateway_oldest_wait_seconds",
    "gauge",
    "seconds",
    ("stage",),
    "How long the oldest record has waited to be folded, by stage. Rising: workers are too few or stand still.",
    "stages",
)
STREAMS_OPEN = Family(
    "salespulse_gateway_streams_open", "gauge", "streams", (), "Open event streams, one for each page on show."
)
FRAMES_DROPPED = Family(
    "salespulse_gateway_frames_dropped_total",
    "counter",
    "frames",
    (),
    "Frames that a slow client of an event stream never got. It still gets the newest.",
)

GATEWAY = (
    *(EVENTS, PUBLISH_SECONDS, LETTERS_SENT, REPLICA_READY, REPLICA_RECORDS, STALE, OLDEST_WAIT, STREAMS_OPEN),
    FRAMES_DROPPED,
)
"""Of a gateway."""
