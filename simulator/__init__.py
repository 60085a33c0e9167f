"""A loopback telephone network that speaks Twilio's REST API and calls back with signed webhooks.

It is a program of its own: it imports nothing of the service and nothing of the service imports it.
Start it with ``python -m simulator --port 8010``.
"""
