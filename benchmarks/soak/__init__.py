"""The soak: a seeded week through the real processes, with everything going wrong now and then. `make soak`.

`week` decides who asks for what and when, `place` runs and kills the processes on one fast clock, `people` ask, talk
and record outcomes, and `verdict` counts, from what the telephone network saw, what must never have happened.
"""
