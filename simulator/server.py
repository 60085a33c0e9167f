"""The web server: both sides of the simulator on one loopback address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from simulator.faults import BadPlan
from simulator.habits import BadHabit
from simulator.keys import SIMULATION
from simulator.loopback import check_bind_host, is_loopback_host
from simulator.people import handsets, levers, pages
from simulator.people.bodies import BadBody, is_from_page
from simulator.phones import NotPossible
from simulator.rest import routes
from simulator.settings import Settings
from simulator.simulation import Simulation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a form's own Origin would be null, and turned away
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Running:
    """A simulator that is up; ``address`` has no slash at its end."""

    address: str
    simulation: Simulation


def create_app(simulation: Simulation) -> web.Application:
    app = web.Application(middlewares=[only_this_machine, plain_errors])
    app[SIMULATION] = simulation
    routes.add_routes(app)
    pages.add_routes(app)
    levers.add_routes(app)
    handsets.add_routes(app)
    return app


@asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[Running]:
    """Run the simulator while the block runs; port 0 takes any free one. Raises NotLoopback and OSError."""
    host = check_bind_host(settings.host)
    simulation = Simulation(settings)
    await simulation.open()
    runner = web.AppRunner(create_app(simulation), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, settings.port, backlog=512).start()
        port = runner.addresses[0][1]
        yield Running(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", simulation)
    finally:
        await simulation.close()
        await runner.cleanup()


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away pages of other sites that try to reach this address through a browser."""
    origin = request.headers.get("Origin")
    came_by = [urlsplit(f"//{request.host}").hostname]
    if origin is not None:
        came_by.append(urlsplit(origin).hostname)
    if not all(is_loopback_host(host) for host in came_by):
        return web.json_response({"error": "this simulator only serves its own machine"}, status=403)
    response = await handler(request)
    response.headers.update(PAGE_HEADERS)
    return response


@web.middleware
async def plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (BadBody, BadHabit, BadPlan) as error:
        return _refusal(request, 400, str(error))
    except NotPossible as error:
        return _refusal(request, 409, str(error))


def _refusal(request: web.Request, status: int, why: str) -> web.Response:
    if is_from_page(request):
        return web.Response(text=pages.problem_page(why), status=status, content_type="text/html")
    return web.json_response({"error": why}, status=status)
