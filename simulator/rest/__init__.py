"""Twilio's side of the simulator: the REST API of 2010-04-01, as far as a callback service needs it."""
