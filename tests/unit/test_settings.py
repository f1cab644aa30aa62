"""Settings come from the environment, and a bad one is named."""

from __future__ import annotations

import pytest

from invoice_renderer.errors import SettingsError
from invoice_renderer.settings import LINK_SECONDS_CEILING, Settings

LEAST = {"CARRIERX_TOKEN_SECRET": "carrierx/token", "OUTPUT_BUCKET": "documents"}


def settings_of(**changes: str) -> Settings:
    return Settings.from_environment({**LEAST, **changes})


def test_a_secret_and_a_bucket_are_enough() -> None:
    settings = settings_of()

    assert settings.carrierx_base_url == "https://api.carrierx.com/core/v2"
    assert settings.seller_profile == "example.toml"
    assert settings.partner_claim == "partner_sid"
    assert settings.link_seconds == 900
    assert settings.max_lines == 5_000
    assert settings.intake_bucket == ""


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_what_must_be_there_is_named_where_it_is_missing(name: str, value: str | None) -> None:
    environ = {key: text for key, text in LEAST.items() if key != name}
    if value is not None:
        environ[name] = value

    with pytest.raises(SettingsError, match=f"The setting {name} ") as error:
        Settings.from_environment(environ)

    assert error.value.setting == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINK_SECONDS", "59"),
        ("LINK_SECONDS", str(LINK_SECONDS_CEILING + 1)),
        ("LINK_SECONDS", "canary"),
        ("CARRIERX_PAGE_SIZE", "0"),
        ("CARRIERX_PAGE_SIZE", "1001"),
        ("MAX_LINES", "0"),
        ("MAX_RECEIVES", "0"),
        ("FIRST_SWEEP_DAYS", "-1"),
        ("CARRIERX_BASE_URL", "http://canary.example"),
        ("CARRIERX_BASE_URL", "ftp://canary.example"),
        ("CARRIERX_BASE_URL", "http://127.0.0.1:80@canary.example/"),
        ("CARRIERX_BASE_URL", "https://user:canary@api.carrierx.com"),
        ("CARRIERX_BASE_URL", "https://api.carrierx.com/?canary"),
        ("CARRIERX_BASE_URL", "https://api.carrierx.com/#canary"),
        ("CARRIERX_BASE_URL", "https://api.carrierx.com/core\n/canary"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_never_quoted(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings_of(**{name: value})

    assert error.value.setting == name
    assert "canary" not in error.value.detail


def test_a_refusal_reads_as_a_sentence() -> None:
    with pytest.raises(SettingsError) as error:
        settings_of(LINK_SECONDS="59")

    assert error.value.detail == ("The setting LINK_SECONDS should be greater than or equal to 60.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://api.carrierx.com/core/v2/", "https://api.carrierx.com/core/v2"),
        (" https://proxy.internal:8443 ", "https://proxy.internal:8443"),
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://localhost:5001/core/v2", "http://localhost:5001/core/v2"),
    ],
)
def test_the_address_of_the_api_is_https_or_this_machine(value: str, expected: str) -> None:
    assert expected == settings_of(CARRIERX_BASE_URL=value).carrierx_base_url


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert settings_of(LINK_SECONDS="").link_seconds == 900


def test_variables_that_are_not_ours_are_left_alone() -> None:
    assert settings_of(PATH="/bin", AWS_REGION="us-east-1") == settings_of()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings_of().link_seconds = 1  # type: ignore[misc]
