"""What modbot.toml says of the registry of pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from modbot.settings.section import Section, as_tuple

_Folder = Annotated[str, Field(min_length=2, max_length=1_000, pattern=r"^/[^\x00-\x1f]+$")]


class RegistrySection(Section):
    """Where tokens may be that are named in the review room; the command line may name others."""

    token_folders: Annotated[tuple[_Folder, ...], BeforeValidator(as_tuple)] = (
        *("/etc/modbot/tokens", "/run/secrets"),
    )
    token_variables: str = Field("MODBOT_TOKEN_", pattern=r"^[A-Za-z_][A-Za-z0-9_]{3,63}$")
