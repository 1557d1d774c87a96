"""The sections of `central.toml` about who vouches for logins, and where medics' own keys are."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from central.core.config_section import Port, Section

SAFE_HOSTS = ("127.0.0.1", "localhost", "::1")
"""Of the machine itself: what goes there need not be encrypted."""


class OidcConfig(Section):
    """A provider of logins by OpenID Connect. Rights stay in our accounts: it says only who somebody is."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What the button on the login page calls it."""
    issuer: str
    """As the provider writes it into its tokens; its discovery document is below it."""
    client_id: Annotated[str, Field(min_length=1)]
    client_secret_file: Path | None = None
    """One line; readable by the service's user only. Without it the centre is a public client, which PKCE protects alone."""
    scopes: tuple[str, ...] = ("openid",)
    subject_claim: Annotated[str, Field(min_length=1)] = "sub"
    """The claim of the token that an administrator enters on the account: one that the provider never gives to another person."""
    clock_skew_s: Annotated[int, Field(ge=0, le=300)] = 60
    """How far the provider's clock may be from ours."""
    fresh_login: bool = True
    """Whether the provider is to ask for the login anew each time: workplaces are shared, and its own session outlives ours."""

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        found = urlsplit(value)
        if found.scheme != "https" and not (found.scheme == "http" and found.hostname in SAFE_HOSTS):
            raise ValueError("must begin with https://")
        if found.query or found.fragment or not found.hostname:
            raise ValueError("must be an address without ? and #")
        return value

    @field_validator("scopes")
    @classmethod
    def _openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("openid must be among the scopes")
        return value


class EsiaConfig(Section):
    """ЕСИА as a provider of medics' logins. They are matched to the register by SNILS; no password of the portal comes here."""

    name: Annotated[str, Field(min_length=1, max_length=60)] = "ЕСИА"
    """What the button on the login page calls it."""
    base: str = "https://esia.gosuslugi.ru"
    """Of the portal; `https://esia-portal1.test.gosuslugi.ru` is its trial."""
    issuer: str = "http://esia.gosuslugi.ru/"
    """As its tokens name it; also what an account keeps of who vouches."""
    variant: Literal["raw", "pkcs7"] = "raw"
    """`raw`: `v2/ac` and `v3/te` with a raw signature, the present one. `pkcs7`: `ac` and `te` with a detached CMS."""
    client_id: Annotated[str, Field(min_length=1)]
    """The mnemonic of the organisation's information system."""
    scopes: tuple[str, ...] = ("openid", "snils")
    certificate_file: Path
    """Of the system's key, by ГОСТ Р 34.10-2012 with 256 bits, PEM, as it was entered at ЕСИА."""
    key_file: Path
    """PKCS#8, PEM; readable by the service's user only."""
    token_certificate_file: Path
    """ЕСИА's own, by which its tokens are checked, PEM. The trial's is another one than the portal's."""
    clock_skew_s: Annotated[int, Field(ge=0, le=300)] = 60

    @field_validator("base")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        found = urlsplit(value)
        if found.scheme != "https" and not (found.scheme == "http" and found.hostname in SAFE_HOSTS):
            raise ValueError("must begin with https://")
        return value.rstrip("/")

    @field_validator("scopes")
    @classmethod
    def _says_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not {"openid", "snils"} <= set(value):
            raise ValueError("openid and snils must be among the scopes")
        return value


class LdapConfig(Section):
    """A directory that says whether a password is right, by a bind as that person. Groups and rights are not read."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What pages call it."""
    host: Annotated[str, Field(min_length=1)]
    port: Port = 636
    tls: Literal["implicit", "starttls"] = "implicit"
    """`implicit` is TLS from the first byte (port 636), `starttls` begins in clear and turns to TLS (port 389)."""
    ca_file: Path | None = None
    """Authorities that the directory's certificate must lead to, PEM; without it those of the machine."""
    user_dn: str | None = None
    """The entry of a person by name, for example `uid={name},ou=people,dc=example,dc=org`; or, without it, by a search:"""
    search_base: str | None = None
    search_filter: str = "(uid={name})"
    bind_dn: str | None = None
    """The entry that may search, with its password."""
    bind_password_file: Path | None = None
    """One line; readable by the service's user only."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.user_dn is None) == (self.search_base is None):
            raise ValueError("set either user_dn or search_base")
        named = self.user_dn if self.user_dn is not None else self.search_filter
        if named.count("{name}") != 1:
            raise ValueError("{name} must stand once in user_dn or search_filter")
        if (self.bind_dn is None) != (self.bind_password_file is None):
            raise ValueError("bind_dn and bind_password_file belong together")
        return self


class LoginConfig(Section):
    """Who vouches for accounts besides their own passwords."""

    oidc: OidcConfig | None = None
    esia: EsiaConfig | None = None
    ldap: LdapConfig | None = None
    ebs: dict[str, str] | None = None
    """The state's biometric system: no contract of its server is published, so whoever asks for it is told that it is not there."""

    @model_validator(mode="after")
    def _one_provider(self) -> Self:
        if self.oidc is not None and self.esia is not None:
            raise ValueError("set either login.oidc or login.esia: one provider vouches")
        if self.ebs is not None:
            raise ValueError("ЕБС is not connected: no contract of its server is published; take login.ebs out")
        return self


class SignerConfig(Section):
    """Keys that lie at the medics' workplaces: where their pages find the program that signs, or a plug-in of the browser."""

    port: Port = 47100
    """On the loopback of the medic's own computer (`dopusk signer`)."""
    plugin_script_file: Path | None = None
    """The maker's script of the КриптоПро ЭЦП Browser plug-in (`cadesplugin_api.js`); it does not ship. Not tried against the real
    plug-in."""
