"""Which telephone numbers exist, what kind they are, and what Twilio says about the impossible ones."""

from __future__ import annotations

import re

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
ALPHANUMERIC_SENDER = re.compile(r"^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$")
MESSAGING_SERVICE = re.compile(r"^MG[0-9a-fA-F]{32}$")

# Ofcom's numbers for drama: nobody has them, so nobody can be rung by accident (020 7946 0xxx included).
DRAMA_NUMBERS = ("+447700900", "+441632960", "+442079460")

# Twilio's magic numbers: https://www.twilio.com/docs/iam/test-credentials
MAGIC_SENDER = "+15005550006"
MAGIC_CALL_FAULTS = {
    "+15005550001": (21217, "Phone number does not appear to be valid"),
    "+15005550002": (21214, "'To' phone number cannot be reached"),
    "+15005550003": (21215, "Account not authorized to call"),
    "+15005550004": (21216, "Account not allowed to call"),
}
MAGIC_TEXT_FAULTS = {
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' phone number is not currently reachable via SMS."),
    "+15005550003": (
        21408,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    ),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}
MAGIC_SENDER_FAULTS = {
    "+15005550001": (21212, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."),
    "+15005550007": (21606, "The 'From' phone number is not a valid, SMS-capable inbound phone number or short code."),
    "+15005550008": (21611, "This 'From' number has exceeded the maximum number of queued messages"),
}


def is_e164(number: str) -> bool:
    return E164.match(number) is not None


def is_uk_landline(number: str) -> bool:
    """True for 01, 02 and 03 numbers: a text to one is read aloud by the carrier's voice."""
    return number.startswith(("+441", "+442", "+443"))


def is_within(number: str, prefixes: tuple[str, ...]) -> bool:
    return number.startswith(prefixes)


def normalised(text: str) -> str | None:
    """A number typed by a person or standing in a URL (``447700900001``), as E.164; None if it is none."""
    digits = re.sub(r"[\s().-]", "", text)
    if digits.startswith("0") and not digits.startswith("00"):
        digits = "+44" + digits[1:]  # typed as in Britain
    if not digits.startswith("+"):
        digits = "+" + digits.removeprefix("00")
    return digits if is_e164(digits) else None
