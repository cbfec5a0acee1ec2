"""The promises counted a second time, by other means: plain SQL over the history, minutes walked one by one, nothing of `bot.sla`.

It imports nothing of the program, so what the first count gets wrong it does not get wrong in the same way (import-linter holds it to
that). It knows the regulation (R1, R10, R11) and what the history says, not how the program keeps its clocks. `deskbot check --deep`
compares the two, and so do tests; the simulated year takes its nudges from `bot.recount.timeline`.
"""
