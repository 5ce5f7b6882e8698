"""policy.toml, checked and turned into the Policy that decide() reads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from modbot.domain import Category
from modbot.policy import NEVER, Approval, CategoryPolicy, Policy, ReviewRules
from modbot.settings.section import Section
from modbot.settings.toml_file import misplaced, parse

# The bot leaves these up whatever their score; see docs/policy.md.
NEVER_HIDDEN = frozenset({Category.CRISIS, Category.OFF_TOPIC})


class CategoryEntry(Section):
    """One [categories.NAME] table; its keys are those of CategoryPolicy."""

    review: float = Field(ge=0, le=1)
    hide: float = Field(ge=0, le=1)
    may_hide: bool
    urgent: bool
    clause: str = Field(min_length=1, max_length=200)
    clause_text: str = Field(min_length=1, max_length=2_000)
    model_review: float = Field(1.0, ge=0, le=1)
    model_hide: float = Field(NEVER, ge=0, le=1)
    model_alert: float = Field(0.0, ge=0, le=1)
    model_lifts: bool = False
    reply: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.hide < self.review:
            raise ValueError("hide must not be less than review")
        if self.model_hide < self.model_review:
            raise ValueError("model_hide must not be less than model_review")
        if self.model_alert > self.model_hide:  # hidden as a threat, and nobody would be told
            raise ValueError("model_alert must not be more than model_hide")
        return self


class ThreatEntry(CategoryEntry):
    """What may be about officials has a threshold of its own."""

    model_hide_official: float = Field(NEVER, ge=0, le=1)

    @model_validator(mode="after")
    def _stricter_about_officials(self) -> Self:
        if self.model_hide_official < self.model_hide:
            raise ValueError("model_hide_official must not be less than model_hide")
        return self


class OffensiveEntry(ThreatEntry):
    """Insults have a second one, from which a person looks."""

    model_review_official: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _seen_before_it_is_hidden(self) -> Self:
        looks = self.model_review_official
        if looks is not None and not self.model_review <= looks <= self.model_hide_official:
            raise ValueError(
                "model_review_official must lie between model_review and model_hide_official"
            )
        return self


class _StaysUpEntry(CategoryEntry):
    may_hide: Literal[False]


def _entry_of(category: Category) -> type[CategoryEntry]:
    if category is Category.OFFENSIVE:
        return OffensiveEntry
    if category is Category.THREAT:
        return ThreatEntry
    return _StaysUpEntry if category in NEVER_HIDDEN else CategoryEntry


_fields: dict[str, Any] = {c.value: (_entry_of(c), ...) for c in Category}
Categories: type[BaseModel] = create_model("Categories", __base__=Section, **_fields)


class ApprovalEntry(Section):
    """Who approved a switch, and when."""

    by: str = Field(min_length=1, max_length=200, pattern=r"\S")
    on: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$")


class Approvals(Section):
    """The switches that may not be on without a name."""

    officials_insult: ApprovalEntry | None = None  # before "hide"
    profanity_may_hide: ApprovalEntry | None = None


def _told(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


_CASES = "|".join(category.value for category in Category)
_Case = Annotated[str, Field(pattern=rf"^(allow|hide|escalate)(\.({_CASES}))?$")]
_Reason = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")
]
_ReasonList = Annotated[tuple[_Reason, ...], BeforeValidator(_told), Field(max_length=20)]


class UsualReasons(Section):
    """What is offered beside the free text, by verdict."""

    allow: _ReasonList = (
        "Criticism or opinion: it stays up",
        "The words are quoted, not said",
        "A false alarm",
        "An approved fundraiser",
        "An exaggeration, not a threat",
        "Somebody is already looking after this",
    )
    hide: _ReasonList = (
        "Swear words or obscene remarks",
        "Attacks a person or a group",
        "Private facts about a child or another person",
        "A personal case: it belongs with the school office",
        "Sales or promotion that is not approved",
        "Not about what the page shares",
    )
    escalate: _ReasonList = (
        "A child may be in danger",
        "A threat that others have to judge",
        "A question for counsel",
        "The district should answer",
    )


class ReviewEntry(Section):
    """What a person's verdict has to come with."""

    reason_required: Annotated[tuple[_Case, ...], BeforeValidator(_told)] = (
        "hide.personal_issue",
        "hide.off_topic",
        "allow.threat",
        "allow.crisis",
        "escalate",
    )
    reasons: UsualReasons = UsualReasons()


class PolicyFile(Section):
    """The whole of policy.toml; every category has to be there."""

    officials_insult: Literal["hide", "review"] = "review"
    approvals: Approvals = Approvals()
    review: ReviewEntry = ReviewEntry()
    categories: Categories

    @model_validator(mode="after")
    def _approved(self) -> Self:
        profanity: CategoryEntry = getattr(self.categories, Category.PROFANITY.value)
        thrown = {
            "officials_insult": (("officials_insult",), self.officials_insult == "hide"),
            "profanity_may_hide": (("categories", "profanity", "may_hide"), profanity.may_hide),
        }
        for switch, (key, on) in thrown.items():
            if on and getattr(self.approvals, switch) is None:
                raise misplaced(
                    f"nobody has approved it: [approvals.{switch}] must say by whom and on what"
                    " day",
                    *key,
                )
        return self


def read_policy(data: bytes, path: Path) -> Policy:
    """The policy in a policy.toml. Raises BadConfig with file, line and key."""
    file = parse(data, path, PolicyFile)
    entries = {c: getattr(file.categories, c.value) for c in Category}
    return Policy(
        categories={
            category: CategoryPolicy(category=category, **entry.model_dump())
            for category, entry in entries.items()
        },
        officials_insult=file.officials_insult,
        approvals={
            switch: Approval(**entry)
            for switch, entry in file.approvals.model_dump(exclude_none=True).items()
        },
        review=ReviewRules(
            reason_required=frozenset(file.review.reason_required),
            reasons=file.review.reasons.model_dump(),
        ),
        sha256=hashlib.sha256(data).hexdigest(),
    )
