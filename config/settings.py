"""Settings: the only reader of the environment. `salespulse settings` prints this file's table."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.allowed import mail_address, mail_server, said_of, web_address, web_address_needed
from config.reports import Address, ReportName, ScheduledReport
from config.topics import Topics

PREFIX = "SALESPULSE_"
VARIABLES = {"kafka_brokers": "KAFKA_BROKERS"}
PORT_MAX = 65_535
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_BROKER = re.compile(r"[^\s,:]+:(\d{1,5})", re.ASCII)
SECRETS = tuple(
    PREFIX + name for name in ("SIGNING_KEY", "API_KEYS", "SCREEN_TOKENS", "WEBHOOK_SECRET", "SMTP_URL", "REDIS_URL")
)
TenantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
ScreenToken = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{16,128}$")]


class BadSettings(Exception):
    """Settings that can't be used. The text has one line for each: which, what was found, what is allowed."""


class Publisher(BaseModel):
    """What an API key stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    may_backfill: bool = False
    operator: bool = False


def _of(default: Any, meaning: str, unit: str = "", **limits: Any) -> Any:
    """A setting with its meaning and unit, both shown by `salespulse settings`."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limits)


class Settings(BaseSettings):
    """Frozen; durations and sizes carry their unit in the name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True)

    kafka_brokers: str = Field(
        "127.0.0.1:9092",
        validation_alias=AliasChoices("KAFKA_BROKERS", "SALESPULSE_KAFKA_BROKERS"),
        description="Kafka to connect to, host:port separated by commas",
    )
    host: str = _of("127.0.0.1", "address the gateway listens on", min_length=1)
    port: int = _of(8080, "port of the gateway", ge=0, le=65535)
    topic_prefix: str = _of("", "put before every topic, group and transactional id", pattern=r"^[A-Za-z0-9._-]{0,60}$")
    native: bool = _of(True, "whether workers use the compiled core where `salespulse native` has built it")
    activity_partitions: int = _of(
        8, "partitions of the activity topic when it is created", "partitions", ge=1, le=1024
    )
    cells_partitions: int = _of(
        4, "partitions of the cells and organisation topics when they are created", "partitions", ge=1, le=256
    )
    generation: int = _of(4, "which build of derived state is run", ge=1, le=1_000_000)
    epoch_ms: int = _of(200, "how long an epoch gathers before it is committed", "ms", ge=100, le=1000)
    epoch_records: int = _of(50_000, "records after which an epoch is committed at once", "records", ge=1, le=1_000_000)
    flush_after_s: float = _of(5.0, "a changed state row is written at the latest after this time", "s", ge=0, le=3600)
    refold_limit_records: int = _of(
        100_000, "records a restart may have to fold again per partition", "records", ge=0, le=100_000_000
    )
    session_timeout_s: float = _of(
        6.0, "silence after which a worker's partitions are given to others", "s", ge=1, le=300
    )
    commit_timeout_s: float = _of(30.0, "a transaction that takes longer ends the worker", "s", ge=1, le=600)
    liveness_timeout_s: float = _of(
        60.0, "a worker whose offsets stand still so long although records wait is ended", "s", ge=5, le=3600
    )
    metrics_port_accounts: int = _of(
        9101, "metrics of an ACCOUNTS worker; 0 = off; taken: the next free one", ge=0, le=65535
    )
    metrics_port_board: int = _of(9102, "metrics of a BOARD worker; 0 = off; taken: the next free one", ge=0, le=65535)
    signing_key: str = _of("", "secret that makes a received-at header trusted; empty: none is")
    api_keys: dict[str, Publisher] = _of(
        {},
        'who may publish: JSON {"KEY": {"tenant": "acme", "may_backfill": false, "operator": false}}; none: tenant '
        '"default". An operator sees and sends every dead letter',
    )
    screen_tokens: dict[ScreenToken, TenantName] = _of(
        {},
        'screens that may read one tenant\'s numbers: JSON {"TOKEN": "acme"}; none: whoever reaches the gateway reads',
    )
    allow_backfill: bool = _of(False, "backfill is accepted from anybody; else of tenants of which a key may backfill")
    stale_after_s: float = _of(10.0, "a value is stale when a record has waited longer than this", "s", gt=0, le=86_400)
    settle_after_d: int = _of(36, "touches older than this on the log clock settle", "d", ge=36, le=3650)
    accounts_memory_mb: int = _of(
        1_280,
        "what the accounts of a worker may take; the least recent ones are kept as bytes",
        "MiB",
        ge=16,
        le=1_000_000,
    )
    alerting: bool = _of(True, "whether BOARD judges alerts; off for a generation that is built beside another")
    tick_every_s: float = _of(1.0, "published values of a tenant are computed at most this often", "s", ge=0.2, le=3600)
    published_series_max: int = _of(
        50_000, "values of a tenant that are published, company first, reps last; more are counted", "values", ge=1
    )
    alertmanager_url: str = _of("", "Alertmanager that is told of alerts, such as http://127.0.0.1:9093; empty: none")
    alertmanager_hold_s: int = _of(
        3600, "Alertmanager keeps an alert so long when it hears nothing more of it", "s", ge=120, le=86_400
    )
    webhook_url: str = _of("", "where each alert is posted as JSON; empty: nowhere")
    webhook_secret: str = _of("", "signs what is posted there; empty: not signed")
    smtp_url: str = _of("", "mail server, smtp[s]://[user:password@]host:port, starttls where offered; empty: none")
    mail_from: str = _of("salespulse@localhost", "sender of mails")
    alert_mail_to: dict[str, list[Address]] = _of(
        {}, 'who gets mails of alerts: JSON {"acme/North": ["a@b.c"], "acme": [], "*": []}; the first that fits counts'
    )
    redis_url: str = _of(
        "",
        "Redis that shows the latest values and open alerts, such as redis://127.0.0.1:6379/0; empty: none",
        pattern=r"^$|^(rediss?|unix)://\S+$",
    )
    reports: dict[ReportName, ScheduledReport] = _of(
        {},
        'reports sent by `salespulse reports`: JSON {"leads": {"tenant": "acme", "preset": "leads", "to": ["a@b.c"]}}; '
        "presets are leads (weekly) and locations (monthly)",
    )
    gateway_url: str = _of("http://127.0.0.1:8080", "gateway that reports are asked of")
    public_url: str = _of("http://127.0.0.1:8080", "address of the gateway in links")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _of("INFO", "what is logged")
    log_format: Literal["text", "json"] = _of("text", "how it is logged")

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, level: object) -> object:
        # What isn't a level stays as it was given, for the complaint to show.
        return level.upper() if isinstance(level, str) and level.upper() in LOG_LEVELS else level

    @field_validator("kafka_brokers")
    @classmethod
    def _reachable(cls, brokers: str) -> str:
        for broker in brokers.split(","):
            found = _BROKER.fullmatch(broker)
            if found is None or not 1 <= int(found[1]) <= PORT_MAX:
                raise ValueError(
                    f"each broker has to be host:port with a port from 1 to {PORT_MAX}, such as 127.0.0.1:9092"
                )
        return brokers

    _web = field_validator("alertmanager_url", "webhook_url")(web_address)
    _own = field_validator("gateway_url", "public_url")(web_address_needed)
    _server = field_validator("smtp_url")(mail_server)
    _sender = field_validator("mail_from")(mail_address)

    @property
    def topics(self) -> Topics:
        """Names and declarations of the topics under these settings."""
        return Topics(self.topic_prefix, self.generation, self.activity_partitions, self.cells_partitions)


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, ``overrides`` before it. Raises BadSettings, one line for each wrong setting."""
    from pydantic_settings import SettingsError

    try:
        return Settings(**overrides)
    except ValidationError as exc:
        raise BadSettings("\n".join(_complaint(error) for error in exc.errors())) from None
    except SettingsError as exc:
        raise BadSettings(_no_json(str(exc))) from None


def _no_json(said: str) -> str:
    """One line on a setting whose text is no JSON at all, of which pydantic says no more than the field."""
    name = next((name for name in Settings.model_fields if f'"{name}"' in said), "")
    variable = PREFIX + name.upper()
    found = "***" if variable in SECRETS else repr(os.environ.get(variable, ""))
    return f"setting {variable} is {found}; has to be a JSON object ({Settings.model_fields[name].description})"


def _complaint(error: Any) -> str:
    """One line on one error of pydantic's. Secrets, and API keys are some, are not repeated."""
    name = str(error["loc"][0])
    variable = name if name.isupper() else PREFIX + name.upper()
    field = next(
        (f for n, f in Settings.model_fields.items() if variable in (VARIABLES.get(n), PREFIX + n.upper())), None
    )
    inner = [str(part) for part in error["loc"][2:]] if variable in (PREFIX + "API_KEYS", PREFIX + "REPORTS") else []
    found = "***" if variable in SECRETS else repr(error["input"])
    meaning = f" ({field.description})" if field is not None else ""
    where = f" in {'.'.join(inner)} of an entry" if inner else ""
    text = said_of(error, field.annotation if field else None, field.metadata if field else [])
    return f"setting {variable} is {found}{where}; {text}{meaning}"


def unknown_variables() -> str | None:
    """One line that names the variables that look like settings and are none; None if there are none.

    Their values are not repeated: one may be a secret under a mistyped name.
    """
    # Without the prefix, which would make any two names look alike.
    known = {variable.removeprefix(PREFIX): variable for variable, *_ in table()}
    named = []
    for name in sorted(os.environ):
        own = name.upper().removeprefix(PREFIX)
        if name.upper().startswith(PREFIX) and own not in known:
            nearest = get_close_matches(own, known, n=1)
            named.append(f"{name} (did you mean {known[nearest[0]]}?)" if nearest else name)
    if not named:
        return None
    return f"ignored, no settings of these names: {', '.join(named)}; `salespulse settings` lists all"


def table() -> list[tuple[str, str, str, str]]:
    """Every setting as (variable, default, unit, meaning), in the order of declaration."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable = VARIABLES.get(name, PREFIX + name.upper())
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        rows.append((variable, str(field.default), unit, field.description or ""))
    return rows
