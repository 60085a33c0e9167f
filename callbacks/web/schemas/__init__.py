"""What comes in from strangers and what goes back: the shapes of the API, and the same rules for the pages.

The only place of the room that knows pydantic. Everything inside gets `Ask`, `Span`, `SafeContact` and the like.
Refused input never appears in an answer or a log: errors carry the field, a code and our own words.
"""
