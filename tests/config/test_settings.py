"""Settings: what is wrong is said in one line each, with the name to set."""

from __future__ import annotations

import pytest

from cli.main import run
from config.settings import BadSettings, load_settings, table, unknown_variables


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
        ("KAFKA_BROKERS", "nohost", "setting KAFKA_BROKERS is 'nohost'; each broker has to be host:port"),
        ("KAFKA_BROKERS", "127.0.0.1:99999", "with a port from 1 to 65535, such as 127.0.0.1:9092 ("),
        ("KAFKA_BROKERS", "a:1,b:0", "setting KAFKA_BROKERS is 'a:1,b:0'; each broker"),
        ("KAFKA_BROKERS", "a:1,", "setting KAFKA_BROKERS is 'a:1,'; each broker"),
        ("KAFKA_BROKERS", "", "setting KAFKA_BROKERS is ''; each broker"),
        ("SALESPULSE_LOG_LEVEL", "loud", "setting SALESPULSE_LOG_LEVEL is 'loud'; "),
        (
            "SALESPULSE_PORT",
            "70000",
            "setting SALESPULSE_PORT is '70000'; has to be a whole number from 0 to 65,535 (port",
        ),
        ("SALESPULSE_STALE_AFTER_S", "0", "is '0'; has to be a number above 0 up to 86,400 (a value is stale"),
        ("SALESPULSE_PUBLISHED_SERIES_MAX", "many", "is 'many'; has to be a whole number from 1 (values of"),
        ("SALESPULSE_ALLOW_BACKFILL", "perhaps", "is 'perhaps'; has to be true or false (backfill"),
        ("SALESPULSE_TOPIC_PREFIX", "a b", "is 'a b'; string should match pattern"),
        ("SALESPULSE_API_KEYS", "{", "setting SALESPULSE_API_KEYS is ***; has to be a JSON object (who may publish"),
        ("SALESPULSE_API_KEYS", "[]", "setting SALESPULSE_API_KEYS is ***; has to be a JSON object (who may publish"),
        ("SALESPULSE_REPORTS", "weekly", "setting SALESPULSE_REPORTS is 'weekly'; has to be a JSON object (reports"),
        ("SALESPULSE_WEBHOOK_URL", "127.0.0.1:80", "is '127.0.0.1:80'; has to be an address such as http://"),
        ("SALESPULSE_PUBLIC_URL", "http://a b/", "is 'http://a b/'; has to be an address such as http://"),
        ("SALESPULSE_ALERTMANAGER_URL", "http://a:99999", "has to be an address such as http://"),
        ("SALESPULSE_GATEWAY_URL", "https://", "has to be an address such as http://"),
        (
            "SALESPULSE_SMTP_URL",
            "http://u:secret-key@m",
            "setting SALESPULSE_SMTP_URL is ***; has to be an address such as smtp",
        ),
        ("SALESPULSE_PUBLIC_URL", "", "is ''; has to be an address such as http://"),
        (
            "SALESPULSE_ALERT_MAIL_TO",
            '{"*": ["ann"]}',
            "setting SALESPULSE_ALERT_MAIL_TO is 'ann'; string should match",
        ),
        ("SALESPULSE_MAIL_FROM", "sales", "is 'sales'; has to be an address of mail such as sales@example.org"),
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


def test_variables_that_are_no_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SALESPULSE_PORT", "SALESPULSE_KAFKA_BROKERS", "salespulse_epoch_ms", "SALESPULSEFUL"):
        monkeypatch.setenv(name, "1")
    assert unknown_variables() is None
    for name in ("SALESPULSE_EPOCHMS", "SALESPULSE_QQQ", "SALESPULSE_SIGNINGKEY"):
        monkeypatch.setenv(name, "hush")
    assert unknown_variables() == (
        "ignored, no settings of these names: SALESPULSE_EPOCHMS (did you mean SALESPULSE_EPOCH_MS?), SALESPULSE_QQQ, "
        "SALESPULSE_SIGNINGKEY (did you mean SALESPULSE_SIGNING_KEY?); `salespulse settings` lists all"
    )


@pytest.mark.parametrize(("arguments", "warned"), [(["settings"], 1), (["settings", "--supervised-by", "1"], 0)])
def test_unknown_variables_are_named_once_at_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], warned: int
) -> None:
    monkeypatch.setenv("SALESPULSE_EPOCHMS", "300")
    monkeypatch.setattr("sys.argv", ["salespulse", *arguments])
    with pytest.raises(SystemExit):
        run()
    assert capsys.readouterr().err.count("SALESPULSE_EPOCHMS (did you mean SALESPULSE_EPOCH_MS?)") == warned


@pytest.mark.parametrize("level", ["warning", "WARNING", "Warning"])
def test_a_log_level_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setenv("SALESPULSE_LOG_LEVEL", level)
    assert load_settings().log_level == "WARNING"
