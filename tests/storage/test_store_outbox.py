"""The outbox, on every store: nothing told twice, one word at a time to a route, the newest edit, an unknown outcome repeated once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Contact, Delivery, DeliveryState, Route
from bot.ports import Storage
from tests.storage.making import CHAT, DAY, HOUR, MAIL, MINUTE, NOW, SECOND, delivery, open_tickets, send_out, take

OTHER = Route(channel="telegram", recipient="777")


def keys(deliveries: list[Delivery]) -> list[str]:
    return [each.key for each in deliveries]


async def record(store: Storage, act: str, delivery_id: int, **fields: object) -> None:
    async with store.write() as uow:
        getattr(uow.outbox, act)(delivery_id, **fields)
        await uow.commit()


async def sent(store: Storage, each: Delivery, external_id: str | None = None) -> None:
    await record(store, "sent", each.id, external_id=external_id, now=NOW)


class TestAdd:
    async def test_a_key_is_told_once(self, store: Storage) -> None:
        await send_out(store, delivery("k", body={"text": "first"}), delivery("k", body={"text": "second"}))
        await send_out(store, delivery("k", body={"text": "third"}))
        [taken] = await take(store)
        assert taken.body == {"text": "first"}
        await sent(store, taken)
        await send_out(store, delivery("k"))
        assert await take(store) == []

    async def test_it_comes_back_as_it_was(self, store: Storage) -> None:
        given = delivery(
            "k",
            route=MAIL,
            body={"text": "Вітаємо!", "lines": [1, 2.5, None, True], "more": {"x": "\ud83d"}},
            ticket_ids=(3, 4),
            message_id=9,
            edit_key="card:3",
            urgency=2,
            is_automatic=False,
            previous_external_id="55",
        )
        await send_out(store, given)
        [taken] = await take(store)
        assert taken == replace(given, id=taken.id, state=DeliveryState.SENDING, attempts=1)
        await record(store, "sent", taken.id, external_id="77", now=NOW + SECOND)
        async with store.read() as uow:
            [told] = await uow.outbox.sent_to(MAIL, limit=5)
        assert told == replace(taken, state=DeliveryState.SENT, external_id="77", sent_at=NOW + SECOND)


class TestClaim:
    async def test_most_urgent_first_then_oldest_one_per_route(self, store: Storage) -> None:
        await send_out(store, delivery("a1"), delivery("b1", route=OTHER), delivery("m1", route=MAIL, urgency=0), delivery("a2", urgency=1))
        assert keys(await take(store, limit=2)) == ["m1", "a2"]
        assert keys(await take(store)) == ["b1"]
        assert await take(store) == []

    async def test_a_route_goes_on_when_its_word_arrived(self, store: Storage) -> None:
        await send_out(store, delivery("a1"), delivery("a2"))
        [first] = await take(store)
        await sent(store, first)
        assert keys(await take(store)) == ["a2"]

    async def test_only_channels_asked_for(self, store: Storage) -> None:
        await send_out(store, delivery("a"), delivery("m", route=MAIL))
        assert keys(await take(store, channels=["mail"])) == ["m"]

    async def test_what_waits_holds_back_only_what_is_not_more_urgent(self, store: Storage) -> None:
        late = NOW + HOUR
        await send_out(
            store, delivery("old", urgency=7), delivery("waits", not_before_at=late), delivery("after"), delivery("urgent", urgency=1)
        )
        for expected in ("urgent", "old"):
            [taken] = await take(store)
            assert taken.key == expected
            await sent(store, taken)
        assert await take(store) == []
        async with store.read() as uow:
            assert await uow.outbox.next_due_at(["telegram"]) == late
        for expected in ("waits", "after"):
            [taken] = await take(store, late)
            assert taken.key == expected
            await sent(store, taken)

    async def test_a_held_row_does_not_hold_back_an_older_less_urgent_one(self, store: Storage) -> None:
        await send_out(store, delivery("older", urgency=6), delivery("waits", not_before_at=NOW + HOUR), delivery("held"))
        assert keys(await take(store)) == ["older"]

    async def test_attempts_are_counted_at_the_claim(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        for attempt in (1, 2):
            [taken] = await take(store)
            assert taken.attempts == attempt
            await record(store, "postpone", taken.id, until=NOW, error="busy")
        [taken] = await take(store)
        await record(store, "postpone", taken.id, until=NOW + MINUTE, error="slow down", counts=False)
        assert await take(store) == []
        [taken] = await take(store, NOW + MINUTE)
        assert (taken.attempts, taken.state) == (3, DeliveryState.SENDING)


class TestUnsure:
    async def test_a_lost_lease_comes_back_once_as_unsure_then_it_is_dead(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        [taken] = await take(store)
        assert taken.state is DeliveryState.SENDING
        await record(store, "going_out", taken.id, until=NOW + 2 * MINUTE)
        assert await take(store, NOW + 2 * MINUTE - SECOND) == []
        [again] = await take(store, NOW + 2 * MINUTE)
        assert (again.key, again.state, again.attempts) == ("a", DeliveryState.UNSURE, 2)
        await record(store, "going_out", taken.id, until=NOW + 3 * MINUTE)
        assert await take(store, NOW + HOUR) == []
        async with store.read() as uow:
            assert keys(await uow.outbox.dead_rows()) == ["a"]
            assert await uow.outbox.backlog() == {"new": 0, "sending": 0, "unsure": 0, "dead": 1}

    async def test_what_was_only_in_hand_is_as_it_was_before(self, store: Storage) -> None:
        await send_out(store, delivery("a"), delivery("b", route=OTHER))
        for at in range(3):
            taken = await take(store, NOW + at * MINUTE)
            assert [(each.key, each.state) for each in taken] == [("a", DeliveryState.SENDING), ("b", DeliveryState.SENDING)]
        await record(store, "going_out", taken[1].id, until=NOW + 3 * MINUTE)
        async with store.write() as uow:
            await uow.outbox.release_leases()
            await uow.commit()
        again = await take(store, NOW + 3 * MINUTE)
        assert [(each.key, each.state) for each in again] == [("a", DeliveryState.SENDING), ("b", DeliveryState.UNSURE)]

    async def test_a_part_that_is_recorded_leaves_nothing_unknown(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        [taken] = await take(store)
        await record(store, "going_out", taken.id, until=NOW + MINUTE)
        await record(store, "part_sent", taken.id, progress=["1"])
        [again] = await take(store, NOW + MINUTE)
        assert (again.state, again.progress) == (DeliveryState.SENDING, ("1",))

    async def test_an_unknown_outcome_is_repeated_once(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        [taken] = await take(store)
        await record(store, "unsure", taken.id, until=NOW + MINUTE, error="no answer")
        async with store.read() as uow:
            assert (await uow.outbox.backlog())["unsure"] == 1
        assert await take(store) == []
        [again] = await take(store, NOW + MINUTE)
        assert again.state is DeliveryState.UNSURE
        await record(store, "unsure", again.id, until=NOW + MINUTE, error="no answer again")
        async with store.read() as uow:
            [dead] = await uow.outbox.dead_rows()
        assert (dead.state, dead.error) == (DeliveryState.DEAD, "no answer again")

    async def test_unsure_rows_can_be_left_alone(self, store: Storage) -> None:
        await send_out(store, delivery("a"), delivery("b"))
        [taken] = await take(store)
        await record(store, "unsure", taken.id, until=NOW, error="no answer")
        assert keys(await take(store, include_unsure=False)) == ["b"]

    async def test_a_rate_limit_does_not_make_an_unknown_outcome_known(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        [taken] = await take(store)
        await record(store, "unsure", taken.id, until=NOW, error="no answer")
        [again] = await take(store)
        await record(store, "postpone", again.id, until=NOW, error="slow down", counts=False)
        [third] = await take(store)
        assert (third.state, third.attempts) == (DeliveryState.UNSURE, 2)

    async def test_a_restart_makes_what_was_being_sent_unsure(self, store: Storage) -> None:
        await send_out(store, delivery("a"))
        for expected in (DeliveryState.SENDING, DeliveryState.UNSURE):
            [taken] = await take(store)
            assert taken.state is expected
            await record(store, "going_out", taken.id, until=NOW + MINUTE)
            async with store.write() as uow:
                await uow.outbox.release_leases()
                await uow.commit()
        assert await take(store) == []

    @pytest.mark.parametrize("act", ["postpone", "unsure", "dead"])
    async def test_a_late_answer_does_not_bring_back_what_was_sent(self, store: Storage, act: str) -> None:
        await send_out(store, delivery("a"))
        [taken] = await take(store)
        await sent(store, taken)
        times = {} if act == "dead" else {"until": NOW}
        await record(store, act, taken.id, error="late", **times)
        assert await take(store) == []
        async with store.read() as uow:
            [told] = await uow.outbox.sent_to(CHAT, limit=5)
        assert told.state is DeliveryState.SENT

    async def test_dead_is_the_end(self, store: Storage) -> None:
        await send_out(store, delivery("a"), delivery("b"))
        [taken] = await take(store)
        await record(store, "dead", taken.id, error="blocked")
        assert keys(await take(store)) == ["b"]


class TestEdits:
    async def test_the_newest_unsent_edit_supersedes_older_ones(self, store: Storage) -> None:
        await send_out(store, delivery("v1", edit_key="card:1"), delivery("v2", edit_key="card:1"), delivery("else", edit_key="card:2"))
        await send_out(store, delivery("v3", edit_key="card:1"), delivery("w1", edit_key="card:1", route=OTHER))
        async with store.read() as uow:
            assert keys(await uow.outbox.sent_to(CHAT, limit=9)) == ["else", "v3"]
            assert await uow.outbox.backlog() == {"new": 3, "sending": 0, "unsure": 0, "dead": 0}

    async def test_what_is_in_flight_stays_and_the_edit_knows_what_it_became(self, store: Storage) -> None:
        await send_out(store, delivery("v1", edit_key="card:1"))
        [first] = await take(store)
        assert first.previous_external_id is None
        await send_out(store, delivery("v2", edit_key="card:1"), delivery("v3", edit_key="card:1"))
        assert await take(store) == []
        await sent(store, first, "77")
        [second] = await take(store)
        assert (second.key, second.previous_external_id) == ("v3", "77")
        await sent(store, second, "77")
        await send_out(store, delivery("v4", edit_key="card:1"))
        [third] = await take(store)
        assert third.previous_external_id == "77"

    async def test_a_key_that_was_there_already_supersedes_nothing(self, store: Storage) -> None:
        await send_out(store, delivery("v1", edit_key="card:1"))
        await send_out(store, delivery("v2", edit_key="card:1"))
        await send_out(store, delivery("v1", edit_key="card:1"))
        assert keys(await take(store)) == ["v2"]


class TestLists:
    async def test_a_route_reads_the_newest_words_oldest_first(self, store: Storage) -> None:
        await send_out(
            store, *(delivery(f"k{number}", kind="odd" if number % 2 else "even") for number in range(6)), delivery("m", route=MAIL)
        )
        async with store.read() as uow:
            told = await uow.outbox.sent_to(CHAT, limit=3)
            assert keys(told) == ["k3", "k4", "k5"]
            assert keys(await uow.outbox.sent_to(CHAT, limit=9, after_id=told[1].id)) == ["k5"]
            assert keys(await uow.outbox.sent_to(CHAT, limit=9, kinds=["odd"])) == ["k1", "k3", "k5"]

    async def test_automatic_letters_are_counted(self, store: Storage) -> None:
        ago = NOW - DAY
        await send_out(
            store,
            delivery("a", route=MAIL),
            delivery("b", route=Route(channel="mail", recipient="petro@mill.example")),
            delivery("human", route=MAIL, is_automatic=False),
            delivery("old", route=MAIL, created_at=ago),
            delivery("chat"),
        )
        async with store.write() as uow:
            assert await uow.outbox.count_automatic(since=ago + SECOND) == 2
            assert await uow.outbox.count_automatic(since=ago + SECOND, route=MAIL) == 1
            assert await uow.outbox.count_automatic(since=ago, route=MAIL) == 2
            assert await uow.outbox.count_automatic(since=ago, route=CHAT) == 1
            uow.outbox.add(delivery("c", route=MAIL))
            assert await uow.outbox.count_automatic(since=NOW, route=MAIL) == 2

    async def test_the_next_due_row_is_one_that_can_be_claimed_then(self, store: Storage) -> None:
        async with store.read() as uow:
            assert await uow.outbox.next_due_at(["telegram"]) is None
        await send_out(store, delivery("a"), delivery("b"), delivery("m", route=MAIL, not_before_at=NOW + MINUTE))
        async with store.read() as uow:
            assert await uow.outbox.next_due_at(["telegram", "mail"]) == NOW
            assert await uow.outbox.next_due_at(["mail"]) == NOW + MINUTE
        await take(store, lease=HOUR)
        async with store.read() as uow:
            assert await uow.outbox.next_due_at(["telegram"]) == NOW + HOUR


async def test_a_chat_that_moved_takes_its_words_and_tickets_along(store: Storage, iryna: Contact) -> None:
    await send_out(store, delivery("told"))
    [told] = await take(store)
    await sent(store, told, "1")
    [opened, other] = await open_tickets(store, iryna, 2, route=CHAT)
    async with store.write() as uow:
        uow.outbox.add(delivery("pending"))
        uow.tickets.save(replace(other, route=OTHER))
        assert await uow.tickets.get(opened.id) == opened
        await uow.outbox.rewrite_route(CHAT, Route(channel="telegram", recipient="-100501"))
        found = await uow.tickets.get(opened.id)
        assert found is not None
        assert found.route == Route(channel="telegram", recipient="-100501")
        uow.tickets.save(replace(found, title="still mine to change"))
        await uow.commit()
    async with store.read() as uow:
        assert keys(await uow.outbox.sent_to(CHAT, limit=5)) == ["told"]
        assert keys(await uow.outbox.sent_to(Route(channel="telegram", recipient="-100501"), limit=5)) == ["pending"]
        kept = await uow.tickets.get(other.id)
        assert kept is not None
        assert kept.route == OTHER
