"""Rules beside the usual promises: which one wins and why, what a ticket keeps of it, and what moves when the policy changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import InvalidConfig, build_policy, load
from bot.model import Actor, Category, Client, ClockKind, Plan, Priority, Terms
from bot.ports import Storage
from bot.promises import Promises
from bot.sla.policy import PRESETS, InvalidPolicy, Policy, Target
from bot.sla.reminders import upcoming
from bot.sla.rules import Rule, Subject, fitting, strangers
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.sla.builders import clock, target_of
from tests.sla.calendars import kyiv
from tests.sla.desk import TickingDesk

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REACTION = ClockKind.REACTION


def rule(name: str, minutes: int = 30, **conditions: object) -> Rule:
    return Rule(name=name, targets={REACTION: Target(time=minutes * MINUTE, calendar="desk")}, **conditions)  # type: ignore[arg-type]


SHOP = Subject(priority=Priority.HIGH, category=Category.INCIDENT, channel="phone", client="Крамниця", plan="Золотий")


def winner(*rules: Rule) -> str:
    return fitting(rules, REACTION, SHOP)[0].name


def test_a_client_beats_a_plan_and_a_plan_beats_everything_else() -> None:
    everything = rule("решта", categories=(Category.INCIDENT,), channels=("phone",), priorities=(Priority.HIGH,))
    assert winner(everything, rule("тариф", plans=("Золотий",)), rule("клієнт", clients=("Крамниця",))) == "клієнт"
    assert winner(everything, rule("тариф", plans=("Золотий",))) == "тариф"


def test_among_equals_more_conditions_win_and_then_the_one_written_first() -> None:
    one, two = rule("один", clients=("Крамниця",)), rule("два", clients=("Крамниця",), channels=("phone",))
    assert winner(one, two) == "два"
    assert winner(one, replace(one, name="пізніше")) == "один"


def test_names_compare_without_case_and_space_and_an_unknown_client_fits_no_name() -> None:
    by_name = rule("клієнт", clients=("  КРАМНИЦЯ ",))
    assert by_name.fits(SHOP)
    assert not by_name.fits(replace(SHOP, client=""))
    assert not rule("тариф", plans=("Золотий",)).fits(replace(SHOP, plan=""))
    assert not rule("категорія", categories=(Category.INCIDENT,)).fits(replace(SHOP, category=None))


def test_the_winner_says_why_and_whom_it_beat() -> None:
    policy = Policy(rules=(rule("телефон", channels=("phone",)), rule("договір", clients=("Крамниця",), priorities=(Priority.HIGH,))))
    chosen = policy.chosen(REACTION, SHOP)
    assert chosen is not None
    assert (chosen.rule_name, [each.name for each in chosen.beaten]) == ("договір", ["телефон"])
    assert chosen.rule is not None
    assert list(chosen.rule.conditions(SHOP)) == [("client", "Крамниця"), ("priority", "high")]


def test_each_kind_of_clock_is_looked_up_on_its_own() -> None:
    solving = Rule(name="вирішення", targets={ClockKind.SOLUTION: Target(time=8 * HOUR, calendar="desk")}, clients=("Крамниця",))
    policy = Policy(rules=(solving, rule("телефон", channels=("phone",))))
    assert target_of(policy, REACTION, SHOP) == Target(time=30 * MINUTE, calendar="desk")
    assert target_of(policy, ClockKind.SOLUTION, SHOP) == Target(time=8 * HOUR, calendar="desk")
    assert target_of(policy, ClockKind.SOLUTION, Priority.LOW) is None


def test_a_rule_of_zero_promises_nothing() -> None:
    assert target_of(Policy(rules=(rule("ніколи", 0, channels=("phone",)),)), REACTION, SHOP) is None


def test_the_ladder_of_a_clock_is_its_rules_own() -> None:
    often = Target(time=2 * HOUR, calendar="desk", ladder=replace(Target(time=HOUR, calendar="desk").ladder, before=(5 * MINUTE,)))
    policy = Policy(rules=(Rule(name="часто", targets={REACTION: often}, priorities=(Priority.LOW,)),))
    running = clock("2026-11-24 10:00", Priority.LOW, policy=policy)
    assert running.terms == Terms(time=2 * HOUR, calendar="desk", rule="часто")
    assert next(at for _, at in upcoming(policy, running, after=running.started_at)) == kyiv("2026-11-24 11:55")


def test_three_presets_read_the_regulation() -> None:
    assert {name: (t[Priority.URGENT].calendar, t[Priority.LOW].calendar) for name, t in PRESETS.items()} == {
        "regulation": ("desk", "weekdays"),
        "literal": ("always", "always"),
        "working_hours": ("desk", "desk"),
    }


def test_mistakes_of_rules_are_told_at_once_and_useless_ones_warned_of() -> None:
    bad = Rule(name="", targets={REACTION: Target(time=-HOUR, calendar="nowhere")})
    with pytest.raises(InvalidPolicy) as caught:
        Policy(rules=(bad, rule("двічі", channels=("phone",)), rule("двічі", channels=("mail",))))
    assert len(caught.value.mistakes) == 4
    shadowed = Policy(rules=(rule("перше", channels=("phone",)), rule("друге", 60, channels=("phone",))))
    assert "друге" in str(next(iter(shadowed.warnings())))


# --- from the configuration ---


def settings_of(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    settings = load(file, environ={})
    return build_policy(settings.sla, zone=settings.desk.zone)


def test_a_contract_in_the_configuration(tmp_path: Path) -> None:
    text = """
    [sla]
    preset = "literal"
    [[sla.policy]]
    name = "Золотий"
    plan = "Золотий"
    priority = ["urgent", "high"]
    reaction = { target = "20m", calendar = "desk" }
    """
    policy = settings_of(tmp_path, text)
    target = target_of(policy, REACTION, SHOP)
    assert target is not None
    # The urgent ladder, without what a promise of twenty minutes has no room for; next answers as reactions.
    assert (target.time, target.ladder.before, target.ladder.every) == (20 * MINUTE, (10 * MINUTE,), 30 * MINUTE)
    assert target_of(policy, ClockKind.NEXT_ANSWER, SHOP) == target
    assert target_of(policy, REACTION, Priority.URGENT) == PRESETS["literal"][Priority.URGENT]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('name = "a"\nreaction = { target = "1h" }', "без умов"),
        ('name = "a"\nchannel = "phone"', "нічого не обіцяє"),
        ('name = "a"\nchannel = "fax"\nreaction = { target = "1h" }', "sla.policy[0].channel"),
        ('name = "a"\nchannel = "phone"\nreaction = { calendar = "desk" }', "бракує target"),
        ('name = "a"\nchannel = "phone"\nreaction = { target = "1h", calendar = "nights" }', "немає календаря «nights»"),
        ('name = "a"\nchannel = "phone"\nreaction = { target = "1h", before = ["2h"] }', "коротші за сам строк"),
        ('name = "a"\nclients = "X"\nchannel = "phone"\nreaction = { target = "1h" }', "client"),
    ],
)
def test_every_mistake_in_a_rule_has_its_sentence(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        settings_of(tmp_path, f"[[sla.policy]]\n{rule}\n")
    assert said in str(caught.value)


def test_all_mistakes_of_two_rules_come_together(tmp_path: Path) -> None:
    text = '[[sla.policy]]\nname = "a"\n[[sla.policy]]\nname = "a"\nchannel = "phone"\nreaction = { target = "1h", calendar = "nights" }\n'
    with pytest.raises(InvalidConfig) as caught:
        settings_of(tmp_path, text)
    assert len(caught.value.mistakes) == 4


# --- on a desk ---

GOLD = rule("Золотий", plans=("Золотий",))


async def with_plan(storage: Storage, client_name: str, plan: str) -> None:
    async with storage.write() as uow:
        client = await uow.people.client_named(client_name)
        assert client is not None
        await uow.people.save_client(replace(client, plan=Plan(name=plan, monthly_time=10 * HOUR)))
        await uow.commit()


async def test_a_ticket_of_a_client_with_a_plan_is_promised_by_its_rule() -> None:
    desk = await TickingDesk.on(MemoryStorage(), policy=Policy(rules=(GOLD,)))
    await with_plan(desk.world.storage, "Крамниця", "Золотий")
    [ticket] = await desk.arrive(Priority.LOW)
    promised = await desk.clock_of(ticket)
    assert (promised.due_at, promised.terms) == (TUESDAY + 30 * MINUTE, Terms(time=30 * MINUTE, calendar="desk", rule="Золотий"))


async def test_a_plan_that_changes_moves_running_deadlines_within_a_minute_and_breaches_nothing() -> None:
    desk = await TickingDesk.on(MemoryStorage(), policy=Policy(rules=(GOLD,)))
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick(after=2 * HOUR)
    await with_plan(desk.world.storage, "Крамниця", "Золотий")
    await desk.tick(after=MINUTE)
    moved = await desk.clock_of(ticket)
    # From the receipt it would have been over for an hour and a half.
    assert moved.due_at == kyiv("2026-11-24 12:01") + 30 * MINUTE + HOUR
    assert [each.because for each in await desk.events_of(ticket, "clock_moved")] == ["policy"]


async def test_a_category_or_a_client_found_later_moves_the_deadline_but_nothing_is_born_breached() -> None:
    incidents = rule("інциденти", categories=(Category.INCIDENT,), clients=("Млин",))
    desk = await TickingDesk.on(MemoryStorage(), policy=Policy(rules=(incidents,)))
    world = desk.world
    [ticket] = await desk.arrive(Priority.LOW)
    world.clock.advance(2 * HOUR)
    async with world.storage.write() as uow:
        await world.desk.identify(uow, world.iryna.id, world.mill.id, Actor.agent(world.taras), is_move=True)
        await uow.commit()
    assert (await desk.clock_of(ticket)).due_at == TUESDAY + 2 * HOUR + 30 * MINUTE
    async with world.storage.write() as uow:
        await world.desk.set_category(uow, ticket.id, Category.CHANGE_REQUEST, Actor.agent(world.taras))
        await uow.commit()
    later = await desk.clock_of(ticket)
    assert (later.due_at, later.terms) == (TUESDAY + 24 * HOUR, Terms(time=24 * HOUR, calendar="weekdays"))


async def test_edited_targets_move_what_runs_and_leave_what_is_over() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    [ticket], [done] = await desk.arrive(Priority.LOW), await desk.arrive(Priority.LOW)
    await desk.tick()
    async with desk.world.storage.write() as uow:
        await desk.world.desk.reply(uow, done.id, desk.world.olena, "Готово.")
        await uow.commit()
    desk.world.promises.policy = Policy(reaction={each: Target(time=4 * HOUR, calendar="desk") for each in Priority})
    await desk.tick(after=MINUTE)
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-24 15:01")
    assert (await desk.clock_of(done)).due_at == TUESDAY + 24 * HOUR


async def test_a_raise_outlives_an_edit_of_the_targets() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick(after=3 * HOUR + 30 * MINUTE)
    async with world.storage.write() as uow:
        await world.desk.set_priority(uow, ticket.id, Priority.URGENT, Actor.agent(world.taras))
        await uow.commit()
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-24 14:30")
    world.promises.policy = Policy(reaction={each: Target(time=2 * HOUR, calendar="desk") for each in Priority})
    await desk.tick(after=MINUTE)
    # Two hours from the raise, not from the receipt.
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-24 15:30")


def test_names_that_nobody_has_are_told() -> None:
    clients = [Client(id=1, name="Крамниця", plan=Plan(name="Золотий", monthly_time=HOUR)), Client(id=2, name="Млин")]
    rules = [rule("одне", clients=("крамниця", "Кравниця")), rule("друге", plans=("ЗОЛОТИЙ", "Срібний"))]
    assert [str(each) for each in strangers(rules, clients)] == [
        "правило «одне»: клієнта «Кравниця» серед клієнтів немає",
        "правило «друге»: тарифу «Срібний» немає в жодного клієнта",
    ]


async def test_a_process_with_older_rules_does_not_move_clocks_back() -> None:
    older = Policy(rules=(rule("Золотий", 60, plans=("Золотий",)),))
    desk = await TickingDesk.on(MemoryStorage(), policy=older)
    world = desk.world
    await with_plan(world.storage, "Крамниця", "Золотий")
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick()
    newer = TickingDesk(replace(world, promises=Promises(Policy(rules=(GOLD,)), now=world.clock.now)))
    await newer.tick(after=MINUTE)
    moved = (await desk.clock_of(ticket)).due_at
    for _ in range(5):
        await desk.tick(after=MINUTE)
        await newer.tick()
    assert (await desk.clock_of(ticket)).due_at == moved
