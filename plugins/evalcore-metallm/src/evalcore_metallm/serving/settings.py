"""The settings of a server: a YAML file that names the upstream of each arm."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, SecretStr, ValidationError

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore.settings import Settings

__all__ = [
    "BreakerSettings",
    "ServeLimits",
    "ServeSettings",
    "UpstreamSettings",
    "read_serve_settings",
]


def _sendable(key: SecretStr) -> SecretStr:
    if not re.fullmatch("[!-~]([ -~]*[!-~])?", key.get_secret_value()):
        raise ValueError(
            "found a character that no header can carry, such as the end of a line, or a space at "
            "either end; expected printable ASCII"
        )
    return key


Key = Annotated[SecretStr, Field(min_length=1), AfterValidator(_sendable)]
"""A bearer token, which is never shown."""


class UpstreamSettings(Settings):
    """Where an arm's answers come from."""

    base_url: str = Field(pattern=r"^https?://[^/?#]+[^?#]*$")
    """What comes before `/chat/completions`, such as `http://127.0.0.1:8001/v1`."""
    model: str = Field(min_length=1)
    """The model's name there."""
    key: Key | None = None
    """Sent as a bearer token; write `${NAME}` to take it from the environment."""
    price: Price | None = None
    """Dollars for a million tokens, where they are not those that the router was made with."""


class BreakerSettings(Settings):
    """When an upstream that only fails is left alone."""

    failures: int = Field(5, ge=1)
    """Failures in a row until it is."""
    pause_seconds: float = Field(5.0, gt=0, allow_inf_nan=False)
    """For how long at first; then one request tries it, and each failed try doubles the pause."""
    longest_pause_seconds: float = Field(300.0, gt=0, allow_inf_nan=False)
    """The longest pause, also of those that an upstream asks for by `Retry-After`."""


class ServeLimits(Settings):
    """What the server takes on, and how long it waits."""

    in_flight: int = Field(1000, ge=1)
    """Requests at a time; more are answered 503."""
    body_bytes: int = Field(10 * 2**20, ge=1)
    """Of a request; a larger one is answered 413."""
    connect_seconds: float = Field(10.0, gt=0, allow_inf_nan=False)
    """To connect to an upstream."""
    silence_seconds: float = Field(300.0, gt=0, allow_inf_nan=False)
    """Without a byte from an upstream, until it counts as failed."""
    stop_seconds: int = Field(30, ge=0)
    """For answers that are being written when the server is told to stop."""


class ServeSettings(Settings):
    """A server."""

    upstreams: dict[str, UpstreamSettings] = Field(min_length=1)
    """The upstream of each arm of the router, by the arm's name."""
    state: Path
    """The file that holds all that the server must not forget; made if it is not there. A relative
    path starts from the settings' folder."""
    name: str = Field("router", min_length=1)
    """The model that clients ask for."""
    host: str = "127.0.0.1"
    """The address to listen at."""
    port: int = Field(8000, ge=0, le=65535)
    """The port; 0 takes any that is free."""
    price: float | None = Field(None, ge=0, allow_inf_nan=False)
    """The price of quality, instead of the router's own."""
    budget: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Dollars that may be spent in all; from then on requests are answered 429. An answer of
    unknown cost, such as one that the client did not hear out, counts here as the dearest of its
    arm so far, or as the router expects of the arm while no cost is known."""
    key: Key | None = None
    """What clients must send as a bearer token."""
    admin_key: Key | None = None
    """What `/v1/router` wants for a bearer token, instead of `key`."""
    log_queries: bool = False
    """Whether the text that a request was routed by is kept in the state."""
    synchronous: Literal["full", "normal"] = "full"
    """`full` waits for the disk, so that what is acknowledged survives a power cut; with `normal`
    it survives the end of the process alone, and answers come some milliseconds sooner."""
    snapshot_every: int = Field(5000, ge=1)
    """Lessons between two snapshots of what was learned: as many are learned again, at most, when
    the server comes back."""
    seed: int = 0
    """Of the choices that are left to chance."""
    breaker: BreakerSettings = BreakerSettings()
    """When an upstream is left alone."""
    limits: ServeLimits = ServeLimits()
    """What the server takes on."""


def read_serve_settings(file: Path) -> ServeSettings:
    """The settings in a YAML file, with `${NAME}` replaced by the environment's value.

    Raises:
        EvalcoreError: if the file cannot be read, is no YAML, or says what no setting allows; the
            text never shows a value, which may be a secret.
    """
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EvalcoreError(f"{file}: cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise EvalcoreError(f"{file}: not YAML{_place_and_problem(error)}") from None
    try:
        settings = ServeSettings.model_validate(_expanded(written, file))
    except ValidationError as error:
        raise EvalcoreError("\n".join(_problems(error, file))) from None
    return settings.model_copy(update={"state": file.parent / settings.state})


def _place_and_problem(error: Exception) -> str:
    """What PyYAML tells, without the line that it quotes, and without names that may be values."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return ": a value of it cannot be read"
    mark = error.problem_mark
    place = f": line {mark.line + 1}, column {mark.column + 1}"
    quotes = error.problem is None or re.search("alias|anchor|tag", error.problem)
    return place if quotes else f"{place}: {error.problem}"


_NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def _expanded(value: Any, file: Path) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, file) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, file) for inner in value]
    if not isinstance(value, str):
        return value
    for name in _NAME.findall(value):
        if name not in os.environ:
            raise EvalcoreError(f"{file}: ${{{name}}} is not set in the environment; set it")
    return _NAME.sub(lambda match: os.environ[match[1]], value)


def _problems(error: ValidationError, file: Path) -> list[str]:
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        f"{file}: {'.'.join(map(str, item['loc'])) or 'the whole'}: {item['msg']}" for item in items
    ]
