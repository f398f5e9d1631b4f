"""Settings: what is wrong is said in one line each, with the name to set."""

from __future__ import annotations

import pytest

from config.settings import BadSettings, load_settings, table


def test_defaults_are_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BROKERS", raising=False)
    settings = load_settings()
    assert (settings.kafka_brokers, settings.port, settings.epoch_ms) == ("127.0.0.1:9092", 8080, 200)
    rows = {variable: default for variable, default, _, _ in table()}
    assert rows["KAFKA_BROKERS"] == "127.0.0.1:9092"
    assert rows["SALESPULSE_PORT"] == "8080"
    assert all(meaning for *_, meaning in table())


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", "a:1,b:2")
    monkeypatch.setenv("SALESPULSE_API_KEYS", '{"k": {"tenant": "acme", "may_backfill": true}}')
    settings = load_settings()
    assert settings.kafka_brokers == "a:1,b:2"
    assert settings.api_keys["k"].tenant == "acme"
    assert settings.api_keys["k"].may_backfill


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SALESPULSE_EPOCH_MS", "5", "setting SALESPULSE_EPOCH_MS is '5'; "),
        ("SALESPULSE_PORT", "x", "setting SALESPULSE_PORT is 'x'; "),
        ("KAFKA_BROKERS", "nohost", "setting KAFKA_BROKERS is 'nohost'; "),
        ("SALESPULSE_LOG_LEVEL", "loud", "setting SALESPULSE_LOG_LEVEL is "),
        ("SALESPULSE_API_KEYS", "{", "SALESPULSE_API_KEYS has to be a JSON object"),
        ("SALESPULSE_API_KEYS", '{"secret-key": {"tenant": ""}}', "SALESPULSE_API_KEYS"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert said in str(caught.value)
    assert "secret-key" not in str(caught.value)
