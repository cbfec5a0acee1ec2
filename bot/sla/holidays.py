"""The public holidays of Ukraine, as a suggestion to an administrator: never at computation time, a desk's calendar is what it wrote.

Labour Code article 73, with the dates as changed in 2023 (Christmas on 25 December only, Statehood Day on 15 July, Defenders' Day on
1 October, 8 May). A holiday on a day off moves the rest to the next working day (article 67). While martial law lasts none of this holds
(law 2136-IX, article 6): holidays are working days, and nothing moves. Pure.
"""

from __future__ import annotations

from datetime import date, timedelta

from bot.sla.intervals import DayException

FIXED = {
    (1, 1): "Новий рік",
    (3, 8): "Міжнародний жіночий день",
    (5, 1): "День праці",
    (5, 8): "День пам'яті та перемоги",
    (6, 28): "День Конституції",
    (7, 15): "День Державності",
    (8, 24): "День Незалежності",
    (10, 1): "День захисників і захисниць",
    (12, 25): "Різдво Христове",
}
MOVED = " (перенесено)"


def holidays(year: int) -> list[DayException]:
    """The days off of a year in peace, the moved ones too, for a desk that rests on Saturday and Sunday."""
    days = {date(year, month, day): name for (month, day), name in FIXED.items()}
    easter = orthodox_easter(year)
    days |= {easter: "Великдень", easter + timedelta(days=49): "Трійця"}
    found: dict[date, str] = {}
    for day, name in sorted(days.items()):
        moved = day
        while moved.weekday() > 4 or moved in found:
            moved += timedelta(days=1)
        if moved == day:
            found[day] = name
        else:
            found[moved] = name + MOVED
    return [DayException(on=day, label=label) for day, label in sorted(found.items())]


def orthodox_easter(year: int) -> date:
    """Julian Easter in the Gregorian calendar (Meeus), for 1900 to 2099."""
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)
