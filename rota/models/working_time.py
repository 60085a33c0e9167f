"""The working-time numbers and bank holidays of a site."""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row
from rota.domain.rules import Limits, Site
from rota.models.columns import one_of


class LocalHolidayRow(Row):
    """A bank holiday of one site that the calendar does not know, added by a supervisor."""

    __tablename__ = "local_holiday"
    __table_args__ = (CheckConstraint(one_of("site", Site), name="a_local_holiday_is_at_a_known_site"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class SiteLimitsRow(Row):
    """The working-time numbers of a site where a supervisor made them stricter than the law; lengths in minutes."""

    __tablename__ = "site_limits"
    __table_args__ = (
        CheckConstraint(one_of("site", Site), name="limits_are_of_a_known_site"),
        CheckConstraint("daily_rest between 660 and 1440", name="a_daily_rest_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("weekly_rest between 2100 and 10080", name="a_weekly_rest_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("fortnight_rest between 3540 and 20160", name="a_fortnight_rest_is_no_shorter_than_the_law"),
        CheckConstraint("average_hours between 0 and 2880", name="an_average_week_is_no_longer_than_the_law_has_it"),
        CheckConstraint("reference_weeks between 1 and 26", name="a_reference_period_is_at_most_26_weeks"),
        CheckConstraint("night_work between 1 and 180", name="night_work_counts_from_three_hours_at_the_latest"),
        CheckConstraint("night_hours between 0 and 480", name="night_hours_are_no_more_than_the_law_has_them"),
        CheckConstraint("consecutive_days between 1 and 12", name="days_in_a_row_leave_two_rests_in_a_fortnight"),
        CheckConstraint("break_after between 1 and 360", name="a_break_is_due_after_six_hours_at_the_latest"),
        CheckConstraint("break_length between 20 and 120", name="a_break_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("night_starts >= '20:00' and night_ends between '05:00' and '10:00'",
                        name="night_time_holds_the_hours_from_midnight_to_five"),
        CheckConstraint("night_ends >= night_starts - interval '17 hours'", name="night_time_is_at_least_seven_hours"),
    )  # fmt: skip

    site: Mapped[str] = mapped_column(primary_key=True)
    daily_rest: Mapped[int]
    weekly_rest: Mapped[int]
    fortnight_rest: Mapped[int]
    average_hours: Mapped[int]
    reference_weeks: Mapped[int]
    night_starts: Mapped[time]
    night_ends: Mapped[time]
    night_work: Mapped[int]
    night_hours: Mapped[int]
    is_hazardous: Mapped[bool]
    consecutive_days: Mapped[int]
    break_after: Mapped[int]
    break_length: Mapped[int]

    def as_limits(self) -> Limits:
        """The value that the rules work with."""
        return Limits(
            site=Site(self.site),
            daily_rest=timedelta(minutes=self.daily_rest),
            weekly_rest=timedelta(minutes=self.weekly_rest),
            fortnight_rest=timedelta(minutes=self.fortnight_rest),
            average_hours=timedelta(minutes=self.average_hours),
            reference_weeks=self.reference_weeks,
            night_starts=self.night_starts,
            night_ends=self.night_ends,
            night_work=timedelta(minutes=self.night_work),
            night_hours=timedelta(minutes=self.night_hours),
            is_hazardous=self.is_hazardous,
            consecutive_days=self.consecutive_days,
            break_after=timedelta(minutes=self.break_after),
            break_length=timedelta(minutes=self.break_length),
        )
