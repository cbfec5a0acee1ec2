"""Reply tokens: what was signed is recognised, in any letter case, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail.tokens import Tokens

TOKENS = Tokens(b"0123456789abcdef")
OTHERS = Tokens(b"fedcba9876543210")


def found(tokens: Tokens, *, to: str = "", ids: tuple[str, ...] = (), subject: str = "") -> int | None:
    return tokens.ticket_of(recipients=[to] if to else [], message_ids=ids, subject=subject)


@given(st.integers(min_value=1, max_value=10**17))
def test_all_three_kinds_lead_back(ticket_id: int) -> None:
    address = TOKENS.reply_address("support@desk.example", ticket_id)
    message_id = TOKENS.message_id("message:7:answer", "desk.example", ticket_id)
    tag = TOKENS.subject_tag(ticket_id)
    assert found(TOKENS, to=address) == ticket_id
    assert found(TOKENS, to=address.upper()) == ticket_id
    assert found(TOKENS, ids=(message_id,)) == ticket_id
    assert found(TOKENS, subject=f"Re: Каса {tag} (2)") == ticket_id
    assert len(address.partition("@")[0]) <= 64  # RFC 5321, 4.5.3.1.1
    for forged in ({"to": address}, {"ids": (message_id,)}, {"subject": tag}):
        assert found(OTHERS, **forged) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "forged",
    [
        {"to": "support+t12.aaaaaaaaaaaaaaaa@desk.example"},
        {"to": "support+12@desk.example"},
        {"ids": ("<t12.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@desk.example>",)},
        {"ids": ("<12@desk.example>", "t12", "")},
        {"subject": "[#12-aaaaaaaa]"},
        {"subject": "[#12]"},
    ],
)
def test_forged_tokens_name_nothing(forged: dict[str, object]) -> None:
    assert found(TOKENS, **forged) is None  # type: ignore[arg-type]


def test_a_token_of_another_ticket_cannot_be_moved() -> None:
    address = TOKENS.reply_address("support@desk.example", 12).replace("+t12.", "+t13.")
    assert found(TOKENS, to=address) is None
    assert found(TOKENS, subject=TOKENS.subject_tag(12).replace("#12", "#13")) is None


def test_the_stronger_proof_wins() -> None:
    assert found(TOKENS, to=TOKENS.reply_address("s@d.example", 1), ids=(TOKENS.message_id("k", "d", 2),)) == 1
    assert found(TOKENS, ids=(TOKENS.message_id("k", "d", 2),), subject=TOKENS.subject_tag(3)) == 2
    assert found(TOKENS, ids=(TOKENS.message_id("k", "d", 0),), subject=TOKENS.subject_tag(3)) == 3


def test_a_message_id_is_stable_and_our_own() -> None:
    assert TOKENS.message_id("key", "desk.example", 5) == TOKENS.message_id("key", "desk.example", 5)
    assert TOKENS.message_id("key", "desk.example") != TOKENS.message_id("other", "desk.example")
    assert TOKENS.is_own_message(TOKENS.message_id("key", "desk.example"))
    assert not OTHERS.is_own_message(TOKENS.message_id("key", "desk.example"))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        Tokens(b"short")
