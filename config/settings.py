"""What the operator may set, from the environment or a file named ``.env``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.mail.addresses import parse_sender
from bot.paper_ids import is_category

PREFIX = "PAPERWIRE_"
_ADDRESS = re.compile(r"[!#-;=?-~]+")
"""ASCII without spaces, quotes and angle brackets, which end an address in a header."""


class Settings(BaseSettings):
    """All settings, each with its default. Built once, by ``load``; importing reads nothing."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    discord_token: SecretStr | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("DISCORD_TOKEN", "PAPERWIRE_DISCORD_TOKEN"),
        description="The bot's token from Discord's developer portal. Without it: the sandbox.",
    )
    database: Path = Field(
        default=Path("paperwire.sqlite"),
        description="The one file to back up. The search index beside it can be made anew.",
    )
    refresh_minutes: int = Field(
        default=30,
        ge=5,
        le=1440,
        description="Minutes between two looks at the sources, 5 to 1440.",
    )
    arxiv_categories: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("cs.AI", "cs.CL", "cs.CV", "cs.LG"),
        description="arXiv categories to read each announcement of, with commas between them.",
    )
    hugging_face_token: SecretStr | None = Field(
        default=None,
        repr=False,
        description="A Hugging Face token, for higher limits. Not needed.",
    )
    hugging_face_url: str = Field(
        default="https://huggingface.co", description="Where Hugging Face answers."
    )
    arxiv_url: str = Field(
        default="https://export.arxiv.org", description="Where arXiv's query API answers."
    )
    arxiv_rss_url: str = Field(
        default="https://rss.arxiv.org", description="Where arXiv's announcements are."
    )
    arxiv_oai_url: str = Field(
        default="https://oaipmh.arxiv.org", description="Where arXiv's catalogue is (OAI-PMH)."
    )
    arxiv_pages_url: str = Field(
        default="https://arxiv.org", description="Where arXiv's full texts are, as HTML and PDF."
    )
    full_text_megabytes: int = Field(
        default=64,
        ge=0,
        le=100_000,
        description="Full texts kept for answers, in millions of characters; 0 fetches none.",
    )
    semantic_scholar_key: SecretStr | None = Field(
        default=None,
        repr=False,
        description="A Semantic Scholar key, for summaries and citations. Without it: not asked.",
    )
    semantic_scholar_url: str = Field(
        default="https://api.semanticscholar.org", description="Where Semantic Scholar answers."
    )
    llm_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="An OpenAI-compatible address that words answers. Without it: quotes alone.",
    )
    llm_key: SecretStr | None = Field(
        default=None, repr=False, description="That address's key, if it wants one."
    )
    llm_model: str | None = Field(
        default=None, description="The model, as that address calls it. Needed with the address."
    )
    llm_tokens_person: int = Field(
        default=50_000, ge=0, description="Tokens of the language model a person and day (UTC)."
    )
    llm_tokens_server: int = Field(
        default=500_000, ge=0, description="Tokens of the language model a server and day (UTC)."
    )
    llm_tokens_day: int = Field(
        default=2_000_000, ge=0, description="Tokens of the language model a day (UTC) in all."
    )
    embeddings: str = Field(
        default="wordllama",
        pattern=r"^(wordllama|fastembed|https?://\S+)$",
        description="What reads papers for their meaning: wordllama, fastembed, or where an"
        " OpenAI-compatible API begins, as http://localhost:11434/v1.",
    )
    embeddings_model: str | None = Field(
        default=None,
        description="The model's name, for fastembed or the address. The address needs one.",
    )
    embeddings_key: SecretStr | None = Field(
        default=None, repr=False, description="A key for the address, where it asks for one."
    )
    embeddings_dims: int | None = Field(
        default=None,
        ge=1,
        le=65_536,
        description="How long the address's vectors are. Not set: it is asked when the bot starts.",
    )
    discord_api_url: str | None = Field(
        default=None,
        description="Another address for Discord's HTTP API: a REST proxy, or a test server.",
    )
    message_content: bool = Field(
        default=False,
        description="Answer plain questions in papers' threads too: true or false. Needs the"
        " Message Content Intent in the developer portal.",
    )
    smtp_host: str | None = Field(
        default=None,
        description="The mail server that takes the bot's e-mail. Without it: no e-mail.",
    )
    smtp_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Its port, 1 to 65535; 587, 465 or 25 by PAPERWIRE_SMTP_SECURITY if not set.",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is secured: starttls, tls or none.",
    )
    smtp_user: str | None = Field(
        default=None,
        description="The name to log in with at the mail server. Without it: no log-in.",
    )
    smtp_password: SecretStr | None = Field(
        default=None, repr=False, description="The password that goes with PAPERWIRE_SMTP_USER."
    )
    email_from: str | None = Field(
        default=None,
        description="Who e-mail comes from: an address, or Paperwire <papers@example.org>.",
    )
    web_host: str = Field(default="127.0.0.1", description="What the bot's web server listens on.")
    web_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The web server's port, 1 to 65535. Without it: no web server.",
    )
    web_url: str | None = Field(
        default=None,
        description="Where people reach the web server, such as https://papers.example.org.",
    )
    sandbox_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The sandbox's port on 127.0.0.1; the first free one from 8080 if not set.",
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR.",
    )

    @field_validator("arxiv_categories", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("arxiv_categories")
    @classmethod
    def _are_categories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in value if not is_category(name)]:
            raise ValueError(f"{wrong[0]} is no category")
        return value

    @field_validator("email_from")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            parse_sender(value)
        return value

    @field_validator("web_url")
    @classmethod
    def _is_web_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        if not good or not _ADDRESS.fullmatch(value):
            raise ValueError("no web address")
        return value.rstrip("/")

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return "DISCORD_TOKEN" if name == "discord_token" else PREFIX + name.upper()


def load(**given: object) -> Settings:
    """Return the settings from the environment, ``.env`` and what the command line gave.

    Raises:
        SettingsError: A setting makes no sense; the text names it, never a secret's value.
    """
    try:
        settings = Settings(**given)  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        name = str(problem["loc"][0])
        known = name.lower().removeprefix("paperwire_")
        wanted = Settings.model_fields[known].description or problem["msg"]
        raise SettingsError(f"{variable(known)} makes no sense. It is: {wanted}") from None
    check_together(settings)
    return settings


def check_together(settings: Settings) -> None:
    """Refuse settings of which one needs another.

    Raises:
        SettingsError: One is missing; the text names it.
    """
    for name, needed in _NEEDS:
        if getattr(settings, name) is not None and getattr(settings, needed) is None:
            raise SettingsError(f"{variable(needed)} is missing; {variable(name)} needs it.")


_NEEDS = (
    ("smtp_host", "email_from"),
    ("smtp_user", "smtp_password"),
    ("smtp_password", "smtp_user"),
    ("web_url", "web_port"),
)
