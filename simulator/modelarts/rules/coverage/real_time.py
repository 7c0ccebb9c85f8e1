"""The two pages on deploying a real-time service in the console, and the guide to calling it."""

from __future__ import annotations

from simulator.modelarts.rules.common import REAL_TIME_1, REAL_TIME_2
from simulator.modelarts.rules.coverage.reasons import (
    CONSOLE,
    EXPLAINS,
    GATEWAY,
    LIFECYCLE,
    METERED,
    PERMITS,
)
from simulator.rules.coverage import Statement, says

_old = says(REAL_TIME_1)
_new = says(REAL_TIME_2)

_OLD: tuple[Statement, ...] = (
    _old("note", "A user has at most 20 real-time services.", "MA-ADM-014"),
    _old("prerequisites", "The model is in the status Normal.", "MA-ADM-002"),
    _old("procedure, steps 1 to 3", "Where to click.", why=CONSOLE),
    _old("table 1, Name", "The name is as the console demands.", "MA-SVC-002", "MA-SVC-003"),
    _old("table 1, Description", "A short text.", "MA-SVC-004", "MA-SVC-005"),
    _old("table 2, Resource Pool", "The public pool has CPUs and GPUs.", "MA-SVC-051"),
    _old(
        "table 2, Resource Pool",
        "In a dedicated pool, the specification is one of the pool's.",
        why=CONSOLE + ": it offers a choice; by the API, custom or any name is sent",
    ),
    _old("table 2, Model Source", "My AI applications.", why=CONSOLE),
    _old("table 2, AI Application", "Its status is Normal.", "MA-ADM-002"),
    _old("table 2, Traffic Ratio", "Requests are spread by it.", why=GATEWAY),
    _old("table 2, Traffic Ratio", "A version alone has 100%.", "MA-SVC-012", "MA-SVC-014"),
    _old("table 2, Traffic Ratio", "Several add up to 100%.", "MA-SVC-014"),
    _old("table 2, Specifications", "What is grey cannot be used.", "MA-ADM-012"),
    _old("table 2, Compute Nodes", "It is the number of instances.", "MA-SVC-030"),
    _old("table 2, Compute Nodes", "1 is standalone, more is distributed.", why=EXPLAINS),
    _old("table 2, Environment Variable", "They get into the container.", why=LIFECYCLE),
    _old("table 2, Environment Variable", "No plaintext passwords in them.", "MA-SVC-046"),
    _old(
        "table 2, Add AI Application Version and Configuration",
        "Several versions of a model, with a ratio.",
        why=PERMITS,
    ),
    _old(
        "table 2, Add AI Application Version and Configuration",
        "Free specifications cannot be in a gray launch.",
        "MA-SVC-025",
    ),
    _old("procedure, step 4", "A deployment takes minutes.", why=EXPLAINS),
    _old("procedure, step 4", "What is deployed starts at once.", why=LIFECYCLE),
    _old("procedure, step 4", "From Deploying to Running: done.", why=LIFECYCLE),
)

_NEW: tuple[Statement, ...] = (
    _new("constraints", "A user has at most 20 real-time services.", "MA-ADM-014"),
    _new("prerequisites", "The model is in the status Normal.", "MA-ADM-002"),
    _new("note", "In the public pool, failed and stopped ones count.", "MA-ADM-014"),
    _new("quota calculation", "In a dedicated pool none counts.", "MA-ADM-014"),
    _new(
        "quota calculation",
        "In the public pool, the quota changes with the number of instances.",
        "MA-ADM-014",
        why="the page's own number, 20, counts services; instances have a quota of their own: "
        "simulator/facts/quotas.py",
    ),
    _new("metering calculation", "The pool or the specification is metered.", why=METERED),
    _new("procedure, steps 1 to 3", "Where to click.", why=CONSOLE),
    _new("table 1, Name", "The name is as the console demands.", "MA-SVC-002", "MA-SVC-003"),
    _new("table 1, Description", "A short text.", "MA-SVC-004", "MA-SVC-005"),
    _new("table 2, Resource Pool", "The public pool has CPUs and GPUs.", "MA-SVC-051"),
    _new(
        "table 2, Resource Pool",
        "In a dedicated pool, the specification is one of the pool's.",
        why=CONSOLE + ": it offers a choice; by the API, custom or any name is sent",
    ),
    _new("table 2, Resource Pool, note", "Old pools become new ones.", why=CONSOLE),
    _new("table 2, Multi-Pool Load Balancing", "Two dedicated pools.", "MA-SVC-047"),
    _new("table 2, Multi-Pool Load Balancing", "They get equal shares of traffic.", why=GATEWAY),
    _new(
        "table 2, Multi-Pool Load Balancing",
        "The number of instances is a multiple of 2, at least 2.",
        "MA-SVC-048",
    ),
    _new(
        "table 2, Multi-Pool Load Balancing",
        "Dedicated pools only.",
        "MA-SVC-047",
        why="only fields of dedicated pools can name two",
    ),
    _new("table 2, Multi-Pool Load Balancing", "The nodes are alike.", "MA-ADM-011"),
    _new("table 2, Multi-Pool Load Balancing", "Both old or both new.", "MA-ADM-010"),
    _new("table 2, AI Application Source", "My AI applications.", why=CONSOLE),
    _new("table 2, AI Application and Version", "Its status is Normal.", "MA-ADM-002"),
    _new("table 2, Traffic Ratio", "Requests are spread by it.", why=GATEWAY),
    _new("table 2, Traffic Ratio", "A version alone has 100%.", "MA-SVC-012", "MA-SVC-014"),
    _new("table 2, Traffic Ratio", "Several add up to 100%.", "MA-SVC-014"),
    _new("table 2, Specifications", "What is grey cannot be used.", "MA-ADM-012"),
    _new("table 2, Specifications", "Where there is no public pool, none is.", "MA-ADM-012"),
    _new("table 2, Specifications", "A little more is used than is chosen.", why=LIFECYCLE),
    _new("table 2, Compute Nodes", "It is the number of instances.", "MA-SVC-030"),
    _new("table 2, Compute Nodes", "1 is standalone, more is distributed.", why=EXPLAINS),
    _new("table 2, Environment Variable", "They get into the container.", why=LIFECYCLE),
    _new("table 2, Environment Variable", "Nothing sensitive in them.", "MA-SVC-046"),
    _new("table 2, Timeout", "3 to 120 minutes, 20 by default.", "MA-SVC-044"),
    _new("table 2, Timeout", "It is for deployment and start together.", why=LIFECYCLE),
    _new("table 2, WebSocket", "Whether the service speaks WebSocket.", "MA-SVC-071"),
    _new("table 2, WebSocket", "The model is an image that speaks WebSocket.", "MA-ADM-007"),
    _new(
        "table 2, WebSocket",
        "No traffic limit and no data collection then.",
        "MA-SVC-072",
        "MA-SVC-073",
    ),
    _new("table 2, WebSocket", "It cannot be changed after the deployment.", "MA-UPD-006"),
    _new(
        "table 2, Add AI Application Version and Configuration",
        "Several versions of a model, with a ratio.",
        why=PERMITS,
    ),
    _new(
        "table 2, Add AI Application Version and Configuration",
        "Free specifications cannot be in a gray launch.",
        "MA-SVC-025",
    ),
    _new(
        "table 2, Data Collection",
        "Off by default; on, calls are stored.",
        why=GATEWAY,
    ),
    _new("procedure, step 4", "A deployment takes minutes.", why=EXPLAINS),
    _new("procedure, step 4", "What is deployed starts at once.", why=LIFECYCLE),
    _new("procedure, step 4", "From Deploying to Running: done.", why=LIFECYCLE),
)

STATEMENTS = (*_OLD, *_NEW)
