"""Where the handlers find the simulation in the web application."""

from __future__ import annotations

from aiohttp import web

from simulator.simulation import Simulation

SIMULATION = web.AppKey("simulation", Simulation)
