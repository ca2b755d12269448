"""Signing in by a university's own accounts: OpenID Connect (code flow with PKCE), by Authlib."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any, cast

import httpx2 as httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from grader.errors import BadInput
from grader.server.problem import NotNow
from grader.server.settings import Oidc

DISCOVERY = "/.well-known/openid-configuration"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by a key that only the provider has; never `none`, nor the client's own secret."""
LEEWAY = 60
TIMEOUT = 10.0
AGAIN = "sign in again from this service's own page"


@dataclass(frozen=True)
class Claims:
    """What the provider says of somebody."""

    issuer: str
    subject: str
    email: str | None
    """Only one that the provider has verified."""


@dataclass(frozen=True)
class Journey:
    """What the browser keeps while it is at the provider: whoever comes back without it did not set out from here."""

    state: str
    nonce: str
    verifier: str

    def text(self) -> str:
        """As a cookie's value."""
        return "~".join((self.state, self.nonce, self.verifier))

    @classmethod
    def read(cls, text: str) -> Journey:
        """From a cookie's value. Raises BadInput."""
        parts = text.split("~")
        if len(parts) != 3 or not all(parts):
            raise BadInput("this browser did not set out from here to sign in, or took too long", AGAIN)
        return cls(*parts)


class Provider:
    """The provider of the settings."""

    def __init__(self, settings: Oidc, back: str) -> None:
        """`back` is the address of ours to which it sends people back."""
        self._settings, self._back = settings, back
        self._found: dict[str, Any] = {}

    def set_out(self) -> tuple[str, Journey]:
        """Where to send a browser, and what it must bring back. Raises NotNow when the provider is away."""
        journey = Journey(*(secrets.token_urlsafe(32) for _ in range(3)))
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"), state=journey.state, nonce=journey.nonce,
                code_verifier=journey.verifier,
            )  # fmt: skip
        return str(url), journey

    def come_back(self, address: str, journey: Journey) -> Claims:
        """Who it is, by the address with which the browser came back. Raises BadInput for anything that isn't whole and
        signed, NotNow when the provider is away."""
        try:
            with self._client(state=journey.state) as client:
                token = client.fetch_token(
                    self._endpoint("token_endpoint"), authorization_response=address, code_verifier=journey.verifier
                )  # fmt: skip
            return self._claims(token, journey.nonce)
        except httpx.HTTPError as error:
            raise NotNow("your university's sign-in can't be reached just now") from error
        except (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError) as error:
            raise BadInput("your university's sign-in did not say who you are", AGAIN) from error

    def _claims(self, token: dict[str, Any], nonce: str) -> Claims:
        keys = KeySet.import_key_set(cast("KeySetSerialization", self._get(self._endpoint("jwks_uri"))))
        read = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS)
        own = self._settings.client_id
        options = {"iss": {"essential": True, "value": self._settings.issuer}, "aud": {"essential": True, "value": own}}
        found = CodeIDToken(read.claims, read.header, options, {"nonce": nonce, "client_id": own})
        found.validate(leeway=LEEWAY)
        claims = dict(read.claims)
        if claims.get("nonce") != nonce:
            raise ValueError("another nonce")
        if "email" not in claims:
            claims |= self._userinfo(token, claims["sub"])
        verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
        return Claims(self._settings.issuer, str(claims["sub"]), claims["email"] if verified else None)

    def _userinfo(self, token: dict[str, Any], subject: str) -> dict[str, Any]:
        """What the provider says beside the signed token, of the same person; nothing where it says nothing."""
        if "userinfo_endpoint" not in self._configuration():
            return {}
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        said = self._get(self._endpoint("userinfo_endpoint"), bearer)
        return {k: said.get(k) for k in ("email", "email_verified")} if said.get("sub") == subject else {}

    def _configuration(self) -> dict[str, Any]:
        if not self._found:
            found = self._get(self._settings.issuer.rstrip("/") + DISCOVERY)
            if found.get("issuer") != self._settings.issuer:
                raise NotNow("your university's sign-in is set up wrongly here")
            self._found = found
        return self._found

    def _endpoint(self, name: str) -> str:
        return str(self._configuration()[name])

    def _get(self, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = httpx.get(url, headers=headers, timeout=TIMEOUT).raise_for_status()
            said = json.loads(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise NotNow("your university's sign-in can't be reached just now") from error
        return said if isinstance(said, dict) else {}

    def _client(self, state: str | None = None) -> OAuth2Client:
        s = self._settings
        return OAuth2Client(
            s.client_id, s.client_secret, scope="openid email", redirect_uri=self._back, state=state,
            code_challenge_method="S256", timeout=TIMEOUT,
        )  # fmt: skip
