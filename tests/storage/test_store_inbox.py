"""The inbox, on every store: nothing twice, in order, whole bursts, and every row accounted for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.errors import Conflict
from bot.ports import Disposition, InboxItem, InboxResult, Storage
from tests.storage.making import DAY, HOUR, MINUTE, NOW, SECOND, claim, event, line, put


async def finish(store: Storage, *results: InboxResult, now: datetime = NOW) -> None:
    async with store.write() as uow:
        uow.inbox.finish(results, now=now)
        await uow.commit()


def ticketed(item_id: int | None) -> InboxResult:
    assert item_id is not None
    return InboxResult(item_id=item_id, disposition=Disposition.TICKETED, ticket_ids=(1, 2))


class TestPut:
    async def test_an_event_is_stored_once(self, store: Storage) -> None:
        first = await put(store, event("a"), event("b"))
        again = await put(store, event("c"), event("a"), event("c"), event("d", source="other"), event("a", channel="mail"))
        assert [given is None for given in again] == [False, True, True, False, False]
        ids = [given for given in first + again if given]
        assert ids == sorted(set(ids))

    async def test_it_comes_back_as_it_was(self, store: Storage) -> None:
        raw = bytes(range(256)) * 300
        [item_id] = await put(store, event("a", raw=raw, received_at=NOW - HOUR), now=NOW + MINUTE)
        assert item_id
        async with store.read() as uow:
            expected = InboxItem(
                id=item_id,
                channel="telegram",
                source="bot",
                external_id="a",
                conversation="501",
                raw=raw,
                received_at=NOW - HOUR,
                arrived_at=NOW + MINUTE,
            )
            assert await uow.inbox.get(item_id) == expected
            assert await uow.inbox.get(item_id + 1) is None

    async def test_nothing_is_nothing(self, store: Storage) -> None:
        assert await put(store) == []

    async def test_any_text_can_be_a_key(self, store: Storage) -> None:
        await put(store, event("\ud83d lone \0 nul"))
        assert len(await claim(store)) == 1

    async def test_more_than_one_statement_holds(self, store: Storage) -> None:
        ids = await put(store, *(event(str(number), conversation=str(number)) for number in range(2_500)))
        assert None not in ids
        assert ids == sorted(ids, key=lambda given: given or 0)


class TestClaim:
    async def test_a_conversation_comes_in_order_and_is_not_shared(self, store: Storage) -> None:
        await put(store, event("a1"), event("b1", conversation="b"), event("a2"))
        assert await claim(store) == [["a1", "a2"], ["b1"]]
        await put(store, event("a3"), event("c1", conversation="c"))
        assert await claim(store) == [["c1"]]

    async def test_the_limit_counts_rows(self, store: Storage) -> None:
        await put(store, *(event(f"a{number}") for number in range(4)), event("b", conversation="b"))
        assert await claim(store, limit=3) == [["a0", "a1", "a2"]]
        assert await claim(store, limit=3) == [["b"]]

    async def test_only_channels_asked_for(self, store: Storage) -> None:
        await put(store, event("a"), event("m", channel="mail"))
        assert await claim(store, channels=["mail", "phone"]) == [["m"]]
        assert await claim(store) == [["a"]]

    async def test_one_conversation_name_in_two_channels_is_two(self, store: Storage) -> None:
        await put(store, event("a"), event("m", channel="mail"))
        assert await claim(store) == [["a"], ["m"]]

    async def test_a_lease_that_ran_out_gives_the_row_back_and_counts(self, store: Storage) -> None:
        await put(store, event("a"))
        assert await claim(store, lease=MINUTE) == [["a"]]
        assert await claim(store, NOW + MINUTE - SECOND) == []
        async with store.write() as uow:
            [[item]] = await uow.inbox.claim(now=NOW + MINUTE, limit=1, lease=MINUTE)
            assert item.attempts == 1
            await uow.commit()
        assert await claim(store, NOW + MINUTE) == []

    async def test_a_restart_gives_every_lease_back(self, store: Storage) -> None:
        await put(store, event("a"), event("b", conversation="b"))
        await claim(store)
        async with store.write() as uow:
            await uow.inbox.release_leases()
            await uow.commit()
        assert await claim(store) == [["a"], ["b"]]

    async def test_a_claim_that_was_not_committed_is_none(self, store: Storage) -> None:
        await put(store, event("a"))
        async with store.write() as uow:
            assert await uow.inbox.claim(now=NOW, limit=1, lease=MINUTE)
        assert await claim(store) == [["a"]]


class TestBursts:
    async def test_lines_become_ready_together_after_the_last(self, store: Storage) -> None:
        await put(store, line("one"))
        await put(store, line("two"), now=NOW + 15 * SECOND)
        assert await claim(store, NOW + 34 * SECOND) == []
        async with store.read() as uow:
            assert await uow.inbox.next_ready_at() == NOW + 35 * SECOND
        assert await claim(store, NOW + 35 * SECOND) == [["one", "two"]]

    async def test_somebody_who_never_pauses_is_heard_after_the_limit(self, store: Storage) -> None:
        for number in range(9):
            at = NOW + 15 * number * SECOND
            if number < 8:
                assert await claim(store, at) == []
            await put(store, line(str(number)), now=at)
        assert await claim(store, NOW + 2 * MINUTE) == [[str(number) for number in range(9)]]

    async def test_an_event_without_a_gap_ends_the_burst_before_it(self, store: Storage) -> None:
        await put(store, line("one"), line("two"), event("/my"))
        assert await claim(store) == [["one", "two", "/my"]]

    async def test_what_comes_after_the_end_is_a_burst_of_its_own(self, store: Storage) -> None:
        await put(store, line("one"), event("/my"), line("two"))
        assert await claim(store) == [["one", "/my"]]
        async with store.write() as uow:
            await uow.inbox.release_leases()
            await uow.commit()
        assert await claim(store, NOW + 20 * SECOND) == [["one", "/my", "two"]]

    async def test_other_conversations_are_not_held_up(self, store: Storage) -> None:
        await put(store, line("one"), event("other", conversation="b"))
        assert await claim(store) == [["other"]]

    async def test_a_line_told_twice_does_not_prolong_the_burst(self, store: Storage) -> None:
        await put(store, line("one"))
        await put(store, line("one"), now=NOW + 15 * SECOND)
        assert await claim(store, NOW + 20 * SECOND) == [["one"]]

    async def test_a_line_during_the_work_waits_for_it_and_starts_anew(self, store: Storage) -> None:
        [one] = await put(store, line("one"))
        assert await claim(store, NOW + 20 * SECOND) == [["one"]]
        await put(store, line("two"), now=NOW + 21 * SECOND)
        assert await claim(store, NOW + 50 * SECOND) == []
        await finish(store, ticketed(one))
        assert await claim(store, NOW + 50 * SECOND) == [["two"]]

    async def test_the_cut_of_a_batch_never_falls_inside_a_burst(self, store: Storage) -> None:
        await put(store, event("a", conversation="a"), line("b1"), line("b2"), line("b3"))
        assert await claim(store, NOW + MINUTE, limit=3) == [["a"]]
        assert await claim(store, NOW + MINUTE, limit=3) == [["b1", "b2", "b3"]]


class TestEnds:
    async def test_finished_rows_are_gone_and_let_the_next_through(self, store: Storage) -> None:
        [a1] = await put(store, event("a1"))
        await claim(store)
        await put(store, event("a2"))
        assert await claim(store) == []
        await finish(store, ticketed(a1))
        assert await claim(store) == [["a2"]]

    async def test_a_row_ends_once(self, store: Storage) -> None:
        [item_id] = await put(store, event("a"))
        await finish(store, ticketed(item_id))
        with pytest.raises(Conflict):
            await finish(store, ticketed(item_id))

    async def test_setting_aside_needs_a_reason(self, store: Storage) -> None:
        [item_id] = await put(store, event("a"))
        assert item_id
        with pytest.raises(ValueError, match="reason"):
            await finish(store, InboxResult(item_id=item_id, disposition=Disposition.SET_ASIDE))

    async def test_a_retry_waits_and_holds_back_what_follows(self, store: Storage) -> None:
        [a1, _] = await put(store, event("a1"), event("a2"))
        await claim(store)
        async with store.write() as uow:
            assert a1
            uow.inbox.retry([a1], at=NOW + MINUTE, error="no line")
            await uow.commit()
        assert await claim(store, NOW + 59 * SECOND) == []
        async with store.write() as uow:
            await uow.inbox.release_leases()
            assert await uow.inbox.next_ready_at() == NOW + MINUTE
            await uow.commit()
        async with store.write() as uow:
            [batch] = await uow.inbox.claim(now=NOW + MINUTE, limit=5, lease=MINUTE)
        assert [(item.external_id, item.attempts) for item in batch] == [("a1", 1), ("a2", 1)]

    async def test_quarantine_lets_the_conversation_go_on_and_replay_brings_it_back(self, store: Storage) -> None:
        [bad, worse, good] = await put(store, event("bad"), event("worse", conversation="b"), event("good"))
        assert bad
        assert worse
        assert good
        await claim(store)
        async with store.write() as uow:
            uow.inbox.quarantine([bad, worse], error="boom", now=NOW)
            uow.inbox.finish([ticketed(good)], now=NOW)
            await uow.commit()
        async with store.write() as uow:
            kept = await uow.inbox.quarantined()
            assert [(row.id, row.external_id, row.attempts, row.error) for row in kept] == [
                (bad, "bad", 1, "boom"),
                (worse, "worse", 1, "boom"),
            ]
            assert [row.id for row in await uow.inbox.quarantined(limit=1)] == [bad]
            assert await uow.inbox.next_ready_at() is None
            assert await uow.inbox.replay([bad, good, 999], now=NOW) == 1
            await uow.commit()
        async with store.write() as uow:
            [[item]] = await uow.inbox.claim(now=NOW, limit=5, lease=MINUTE)
            assert (item.external_id, item.attempts) == ("bad", 0)
            assert await uow.inbox.replay(None, now=NOW) == 1
            assert await uow.inbox.quarantined() == []


class TestSums:
    async def test_every_row_is_accounted_for(self, store: Storage) -> None:
        yesterday = NOW - DAY
        ids = await put(store, *(event(str(number), conversation=str(number)) for number in range(9)))
        await put(store, event("old"), now=yesterday)
        await put(store, event("mail", channel="mail"))
        one, two, three, four, five, six, *_ = [given for given in ids if given]
        async with store.write() as uow:
            uow.inbox.finish([ticketed(one), ticketed(two)], now=NOW)
            uow.inbox.finish([InboxResult(item_id=three, disposition=Disposition.FOLLOW_UP, ticket_ids=(1,))], now=NOW)
            aside = [
                InboxResult(item_id=each, disposition=Disposition.SET_ASIDE, because=why)
                for each, why in ((four, "button"), (five, "staff"))
            ]
            uow.inbox.finish(aside, now=NOW)
            uow.inbox.quarantine([six], error="boom", now=NOW)
            await uow.commit()
        async with store.read() as uow:
            lines = await uow.inbox.accounting(since=NOW.date())
            assert [(each.channel, each.day) for each in lines] == [("mail", NOW.date()), ("telegram", NOW.date())]
            chat = lines[1]
            assert (chat.received, chat.ticketed, chat.follow_ups, chat.set_aside, chat.waiting, chat.quarantined) == (9, 2, 1, 2, 3, 1)
            assert chat.set_aside_reasons == {"button": 1, "staff": 1}
            assert sum(each.received for each in await uow.inbox.accounting(since=yesterday.date())) == 11

    async def test_the_day_is_that_of_utc(self, store: Storage) -> None:
        await put(store, event("late"), now=datetime(2026, 11, 24, 23, 59, tzinfo=UTC))
        await put(store, event("early"), now=datetime(2026, 11, 25, 0, 1, tzinfo=UTC))
        async with store.read() as uow:
            days = [each.day for each in await uow.inbox.accounting(since=date(2026, 11, 1))]
        assert days == [date(2026, 11, 24), date(2026, 11, 25)]

    async def test_the_next_ready_row_is_one_that_can_be_claimed_then(self, store: Storage) -> None:
        async with store.read() as uow:
            assert await uow.inbox.next_ready_at() is None
        await put(store, event("a1"), event("a2"))
        async with store.read() as uow:
            assert await uow.inbox.next_ready_at() == NOW
        await claim(store, lease=HOUR)
        async with store.read() as uow:
            assert await uow.inbox.next_ready_at() == NOW + HOUR


class TestSetAside:
    async def test_what_was_set_aside_is_shown_newest_first_and_can_be_let_in(self, store: Storage) -> None:
        names = ("a", "b", "c", "d")
        ids = [each for each in await put(store, *(event(name, channel="mail", conversation=name) for name in names)) if each]
        [other] = await put(store, event("e"))
        assert other
        await claim(store)
        aside = {item_id: InboxResult(item_id=item_id, disposition=Disposition.SET_ASIDE, because="spam") for item_id in (*ids[:3], other)}
        await finish(store, *aside.values(), ticketed(ids[3]))
        async with store.write() as uow:
            shown = await uow.inbox.set_aside("mail")
            assert [(row.id, row.conversation, row.because) for row in shown] == [
                (ids[2], "c", "spam"),
                (ids[1], "b", "spam"),
                (ids[0], "a", "spam"),
            ]
            assert [row.id for row in await uow.inbox.set_aside("mail", limit=1)] == [ids[2]]
            # Neither what became a ticket nor another channel's row is let in.
            assert await uow.inbox.let_in("mail", [ids[0], ids[3], other], now=NOW) == 1
            await uow.commit()
        async with store.write() as uow:
            [[again]] = await uow.inbox.claim(now=NOW, limit=10, lease=MINUTE)
            await uow.commit()
        assert (again.id, again.is_let_in, again.attempts) == (ids[0], True, 0)
        await finish(store, ticketed(ids[0]))
        async with store.read() as uow:
            found = await uow.inbox.get(ids[0])
            assert found
            assert not found.is_let_in
            assert len(await uow.inbox.set_aside("mail")) == 2
