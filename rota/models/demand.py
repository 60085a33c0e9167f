"""How many people each hour of the week needs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row
from rota.domain.counsellor import Skill
from rota.domain.coverage import DAY_MINUTES, Requirement
from rota.models.columns import one_of


class MinimumRow(Row):
    """How many are on duty at least, whatever the bands say, from a day on."""

    __tablename__ = "minimum_on_duty"
    __table_args__ = (CheckConstraint("people between 1 and 50", name="a_minimum_is_of_people"),)

    first_day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]


class RequirementRow(Row):
    """How many people a band of the local week needs, how many of them with a skill or a language, and since when."""

    __tablename__ = "requirement"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="a_requirement_is_on_a_weekday_from_monday_0"),
        CheckConstraint(
            f"starts >= 0 and starts < ends and ends <= {DAY_MINUTES}", name="a_requirement_lies_inside_one_day"
        ),
        CheckConstraint("at_least >= 0", name="a_requirement_asks_for_people"),
        CheckConstraint(
            "(skill is null and with_skill = 0) or (with_skill between 1 and at_least)",
            name="a_requirement_asks_for_no_more_skilled_people_than_people",
        ),
        CheckConstraint(one_of("skill", Skill), name="a_requirement_has_a_known_skill_or_none"),
        CheckConstraint(
            "(language is null) = (with_language = 0) and with_language between 0 and at_least",
            name="a_requirement_asks_for_no_more_speakers_than_people",
        ),
        CheckConstraint("until_day >= first_day", name="a_requirement_ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int]
    starts: Mapped[int]
    """Wall minutes from midnight."""
    ends: Mapped[int]
    at_least: Mapped[int]
    skill: Mapped[str | None]
    with_skill: Mapped[int] = mapped_column(default=0)
    language: Mapped[str | None]
    """An ISO 639-1 code."""
    with_language: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    first_day: Mapped[date | None]
    """The first day on which it holds; None: since ever."""
    until_day: Mapped[date | None]
    """The first day on which it holds no more; None: for good."""

    def as_requirement(self) -> Requirement:
        """The value that coverage works with."""
        return Requirement(
            self.weekday,
            self.starts,
            self.ends,
            self.at_least,
            Skill(self.skill) if self.skill else None,
            self.with_skill,
            self.language,
            self.with_language,
            self.first_day,
            self.until_day,
        )
