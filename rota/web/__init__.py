"""The pages of the rota: coverage, shifts, the team, terms, tables, and a counsellor's own readiness."""

from __future__ import annotations

from flask import Blueprint, Flask

from foundation.web import problems
from rota.web.breaks import breaks
from rota.web.coverage import coverage
from rota.web.demand import demand
from rota.web.drafts import drafts
from rota.web.exchange import exchange
from rota.web.feeds import feeds
from rota.web.holidays import holidays
from rota.web.journal import journal
from rota.web.live import live
from rota.web.mine import mine
from rota.web.patterns import patterns
from rota.web.presence import presence
from rota.web.reports import reports
from rota.web.requests import requests
from rota.web.shifts import rota
from rota.web.stand_ins import stand_ins
from rota.web.team import team
from rota.web.terms import terms
from rota.web.wording import PROBLEMS
from rota.web.working_time import working_time

__all__ = ["blueprints", "init_problems"]


def blueprints() -> list[Blueprint]:
    """The blueprints to register."""
    return [
        coverage,
        demand,
        breaks,
        drafts,
        patterns,
        stand_ins,
        working_time,
        rota,
        team,
        terms,
        exchange,
        holidays,
        presence,
        reports,
        feeds,
        journal,
        mine,
        live,
        requests,
    ]


def init_problems(app: Flask) -> None:
    """Say what the rota's exceptions mean to whoever asked."""
    problems.register(app, PROBLEMS)
