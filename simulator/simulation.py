"""The simulation: the parts of one telephone network, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.clock import Clock
from simulator.faults import Faults
from simulator.invariants import Judgement, Terms, judge
from simulator.network import Network
from simulator.schemas import schemas_at_hand
from simulator.settings import Settings
from simulator.trace import Trace
from simulator.webhooks import Courier


class Simulation:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(speed=settings.speed)
        self.trace = Trace(self.clock, file=settings.trace_file)
        self.faults = Faults(self.trace, seed=settings.seed)
        self.courier = Courier(
            clock=self.clock,
            trace=self.trace,
            faults=self.faults,
            auth_token=settings.auth_token,
            seed=settings.seed,
        )
        self.schemas = schemas_at_hand(openapi=settings.openapi, twiml_xsd=settings.twiml_xsd)
        self.network = Network(
            settings=settings,
            clock=self.clock,
            trace=self.trace,
            faults=self.faults,
            courier=self.courier,
            schemas=self.schemas,
        )

    async def open(self) -> None:
        if self.settings.virtual:
            self.clock.stand_still()
        await self.courier.open()

    async def close(self) -> None:
        await self.network.clear()
        await self.courier.close()
        self.trace.close()

    async def reset(self, *, seed: int | None) -> None:
        """Forget calls, texts, habits, log and faults; labels stay. A seed makes what follows repeatable.

        Without one the sids go on from where they were: the customer may still remember the earlier ones.
        """
        await self.network.clear()
        await self.courier.abandon()
        self.clock.forget()
        self.faults.clear()
        self.trace.clear()
        if seed is not None:
            self.settings = replace(self.settings, seed=seed)
            self.network.reseed(seed)
            self.courier.reseed(seed)
            self.faults.reseed(seed)

    def judgement(self, *, forbid: tuple[str, ...], visitors: frozenset[str]) -> list[Judgement]:
        """Judge the run so far by the settings and what is named with the question."""
        terms = Terms(allow=self.settings.allow, forbid=(*self.settings.forbid, *forbid), visitors=visitors)
        return judge(self.trace.entries(), now=self.clock.now(), terms=terms)

    def health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "seed": self.settings.seed,
            "live_calls": sum(call.is_live for call in self.network.calls.values()),
            "clock": self.clock.as_json(),
        }
