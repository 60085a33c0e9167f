"""What a visitor has answered so far, carried by their own browser: one encrypted cookie, nothing on the server.

Nothing is stored until the person asks for the call. The draft's key makes a double click, a reload, the Back button
and a second tab one request. After an hour without an answer the cookie cannot be opened any more, by anybody.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Final, Self, TypedDict

from flask import Response, current_app, request

from callbacks.domain.codes import PhoneOwner
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from callbacks.web.choices import end_of_day, last_day
from foundation import sealed
from foundation.language import ENGLISH
from foundation.web.times import service_zone

COOKIE: Final = "draft"
UNSENT: Final = "unsent"
"""What was typed on one page and not taken yet; `unsent.py` reads and writes it."""
LEFT: Final = "left"
"""A cookie that says: somebody has just left these pages in a hurry. It says nothing else."""
LEFT_FOR_S: Final = 1800  # half an hour: as long as whoever came into the room may stay and press Back
KEPT_FOR_S: Final = 3600  # an hour: time to be interrupted, not time for the next person at the same computer


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers so far; empty where nothing was answered."""

    key: str
    answered: tuple[str, ...] = ()
    """The pages that have been answered; a name may be skipped, so an empty name says nothing."""
    name: str = ""
    voicemail: str = MessageRule.NO
    sms: str = MessageRule.NO
    third_party: str = ""
    """Preset by the answer to the first question: it depends on whether there is a name to ask for."""
    phone_owner: str = ""
    safe_word: str = ""
    not_after: str = ""
    """The last day on which we may ring or text, as an ISO date; empty for no such day."""
    phone: str = ""
    """As it was typed, to be shown back as it was typed."""
    may_ask: bool = False
    """They said that we may ask the questions about safety."""
    flags: dict[str, str | list[str]] = field(default_factory=dict)
    """Answers by flag code, as triage reads them."""
    substances: tuple[str, ...] = ()
    counsellor: str = "any"
    """Whom they would like to talk to: a key of `choices.COUNSELLORS`."""
    language: str = ""
    """The code of the language to speak in; empty while nobody was asked."""
    when: str = ""
    """ "asap", or two instants with a slash between them."""
    until: str = ""
    """For a call as soon as possible: the instant until which it is safe to ring; empty for all day."""
    others: tuple[str, ...] = ()
    """Other times when it is safe, each two instants with a slash between them."""
    is_gone: bool = False
    """The time that had been chosen was taken by somebody else meanwhile."""
    agreed_to: str = ""
    """The version of the consent sentence that was ticked."""
    token: str = ""
    """The key to the request, once it is made."""

    @property
    def spoken(self) -> str:
        """The language to speak in."""
        return self.language or ENGLISH

    def as_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError when the text is from an older release and has other fields."""
        given = json.loads(text)
        if set(given) != {each.name for each in fields(cls)}:
            raise ValueError("a draft of another release")
        return cls(**(given | {name: tuple(given[name]) for name in ("answered", "substances", "others")}))

    def seal_of_answers(self) -> str:
        """Says whether two pages show the same answers, and nothing about them."""
        return sealed.digest(self.as_json()).hex()

    def as_form(self) -> dict[str, str]:
        """The permissions as a form holds them."""
        return {
            "voicemail": self.voicemail,
            "sms": self.sms,
            "third_party": self.third_party,
            "phone_owner": self.phone_owner,
            "safe_word": self.safe_word,
            "not_after": self.not_after,
        }

    def with_contact(self, contact: SafeContact) -> Self:
        """The draft with these permissions."""
        return replace(
            self,
            voicemail=contact.voicemail.value,
            sms=contact.sms.value,
            third_party=contact.third_party.value,
            phone_owner=contact.phone_owner.value if contact.phone_owner else "",
            safe_word=contact.safe_word or "",
            not_after=last_day(contact.do_not_contact_after, zone=service_zone()),
        )

    def contact(self) -> SafeContact:
        """The permissions."""
        return SafeContact(
            voicemail=MessageRule(self.voicemail),
            sms=MessageRule(self.sms),
            third_party=ThirdParty(self.third_party),
            phone_owner=PhoneOwner(self.phone_owner) if self.phone_owner else None,
            safe_word=self.safe_word or None,
            do_not_contact_after=end_of_day(self.not_after, zone=service_zone()),
        )


def new_draft() -> Draft:
    """An empty one, with a key that nobody can guess."""
    return Draft(key=secrets.token_urlsafe(18))


def present_draft() -> Draft | None:
    """The draft that came with this request; None when there is none, or none that can be opened any more."""
    sealed_draft = request.cookies.get(COOKIE)
    if not sealed_draft:
        return None
    try:
        return Draft.from_json(sealed.unseal(sealed_draft.encode(), within_s=KEPT_FOR_S))
    except (sealed.CannotUnseal, ValueError):
        return None


def keep(response: Response, draft: Draft) -> Response:
    """Send the draft back with an answer. The cookie ends with the browser's session and never reaches a script."""
    value = sealed.seal(draft.as_json()).decode()
    response.set_cookie(COOKIE, value, path="/", httponly=True, **scope())
    return response


def drop(response: Response) -> Response:
    """Take the draft away from the browser, and what was typed and not taken."""
    for name in (COOKIE, UNSENT):
        response.delete_cookie(name, path="/", httponly=True, **scope())
    return response


def forget(response: Response) -> Response:
    """Take the draft away, from a frame on another site too, and remember for a while that somebody has just left."""
    drop(response)
    if _is_https():
        for name in (COOKIE, UNSENT):
            response.delete_cookie(name, path="/", httponly=True, **_FRAMED)
    response.set_cookie(LEFT, "1", max_age=LEFT_FOR_S, path="/", httponly=True, **scope())
    return response


def has_left() -> bool:
    """Whether somebody has just left these pages, so that Back must not show them again."""
    return LEFT in request.cookies


def come_back(response: Response) -> Response:
    """They mean to be here."""
    response.delete_cookie(LEFT, path="/", httponly=True, **scope())
    return response


class Scope(TypedDict):
    """The attributes of a cookie that say where it is sent."""

    samesite: str
    secure: bool
    partitioned: bool


_FRAMED: Final = Scope(samesite="None", secure=True, partitioned=True)


def _is_https() -> bool:
    return bool(current_app.config["PUBLIC_BASE_URL"].startswith("https://"))


def scope() -> Scope:
    """Where the browser sends the cookie: to our own pages; from a frame in another site, to that frame there only."""
    is_framed = request.headers.get("Sec-Fetch-Dest") == "iframe" and bool(current_app.config["EMBED_ORIGINS"])
    return _FRAMED if _is_https() and is_framed else Scope(samesite="Lax", secure=_is_https(), partitioned=False)
