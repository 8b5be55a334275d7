"""Model `bedrock`: what Amazon Bedrock serves through its Converse API."""

from __future__ import annotations

import asyncio
import os
from functools import cached_property, partial
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel, TransientError
from evalcore.prices import read_prices
from evalcore_bedrock.converse import asked, generated, stops, together
from evalcore_bedrock.failures import SDK_ERRORS, explained
from evalcore_bedrock.settings import BedrockSettings
from evalcore_bedrock.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_bedrock_runtime.type_defs import ConverseRequestTypeDef

    from evalcore.data import Generation, Request
    from evalcore.prices import Price

__all__ = ["Bedrock"]

_API_KEY = "AWS_BEARER_TOKEN_BEDROCK"
_GEOGRAPHIES = ("apac", "eu", "global", "us")
"""What the id of an inference profile that spans regions begins with."""


class Bedrock(LanguageModel[BedrockSettings]):
    """Asks a model on Amazon Bedrock, with the credentials that the AWS SDK finds.

    Converse takes no seed, and one call gives one answer: `Request.seed` is not used, and several
    answers are several calls side by side.
    """

    seconds: ClassVar[float | None] = 600

    def __init__(self, settings: BedrockSettings) -> None:
        super().__init__(settings)
        self._client: BedrockRuntimeClient | None = None

    def preflight(self) -> None:
        """Find credentials and region as the SDK does; whether they are accepted is not asked.

        Where nothing else has credentials, the SDK asks the machine that it runs on, if that is one
        of Amazon's.

        Raises:
            EvalcoreError: if there are no credentials, no region, or no such profile.
        """
        self._connect().close()

    async def open(self) -> None:
        """Find the credentials and the endpoint; nothing is called yet.

        Raises:
            EvalcoreError: as of `preflight`.
        """
        self._threads = Threads(self.settings.connections)
        self._client = await asyncio.to_thread(self._connect)

    async def generate(self, request: Request) -> Generation:
        """Ask as many times as answers are wanted.

        Raises:
            EvalcoreError: if the request wants what Converse does not offer, or is refused.
            TransientError: if the same request may succeed later.
        """
        parameters = asked(self.settings, request)
        stop = stops(self.settings, request)
        if request.n == 1:
            return await self._ask(parameters, stop)
        calls = (self._ask(parameters, stop) for _ in range(request.n))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        return together([_given(answer) for answer in answers])

    def identity(self) -> str:
        """The model, the region and the endpoint that answer."""
        assert self._client
        endpoint = urlsplit(self._client.meta.endpoint_url)
        host = endpoint.netloc.rpartition("@")[2]
        return f"{self.settings.model} {self._client.meta.region_name} {endpoint.scheme}://{host}"

    def secrets(self) -> Iterator[str]:
        """The credentials that the AWS SDK finds, and the API key of Bedrock."""
        if key := os.environ.get(_API_KEY):
            yield key
        try:
            credentials = self._session.get_credentials()
            found = credentials.get_frozen_credentials() if credentials else ()
        except (*SDK_ERRORS, EvalcoreError):  # `open` says what is wrong
            return
        yield from filter(None, found[:3])  # the access key, the secret key, the session's token

    def price(self) -> Price | None:
        """The price in `prices.toml`, where the model has one in the region called."""
        model = self.settings.model.rpartition("/")[2]
        geography, _, rest = model.partition(".")
        if geography in _GEOGRAPHIES:
            model = rest
        with as_file(files("evalcore_bedrock") / "prices.toml") as path:
            return read_prices(path).get(f"{self._session.region_name}/{model}")

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            self._client.close()

    @cached_property
    def _session(self) -> boto3.Session:
        try:
            return boto3.Session(
                profile_name=self.settings.profile, region_name=self.settings.region
            )
        except SDK_ERRORS as error:
            raise explained(error) from None

    def _connect(self) -> BedrockRuntimeClient:
        settings = self.settings
        try:
            if not os.environ.get(_API_KEY) and self._session.get_credentials() is None:
                raise NoCredentialsError
            client: BedrockRuntimeClient = self._session.client(
                "bedrock-runtime",
                endpoint_url=settings.endpoint_url,
                config=Config(
                    max_pool_connections=settings.connections,
                    read_timeout=settings.timeout,
                    retries={"total_max_attempts": 1},
                ),
            )
        except SDK_ERRORS as error:
            raise explained(error) from None
        except ValueError as error:  # the SDK's word on an endpoint that is no URL
            raise EvalcoreError(f"Bedrock: {error}; check `endpoint_url`") from None
        return client

    async def _ask(self, parameters: ConverseRequestTypeDef, stop: tuple[str, ...]) -> Generation:
        assert self._client
        try:
            response = await self._threads.run(partial(self._client.converse, **parameters))
        except SDK_ERRORS as error:
            raise explained(error) from None
        except (AttributeError, TypeError, ValueError) as error:
            # The SDK's parser takes it for granted that an answer is of the service's form.
            raise TransientError(f"the answer could not be read: {error!r}") from None
        return generated(response, stop)


def _given(answer: Generation | BaseException) -> Generation:
    if isinstance(answer, BaseException):
        raise answer
    return answer
