"""What must happen over time, as pure functions: no I/O, no clock, no globals.

Times are integers: epoch milliseconds of the platform clock.
"""
