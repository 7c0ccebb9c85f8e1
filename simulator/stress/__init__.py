"""The load test: requests sent by a plan, latencies counted from when they were due.

`engine.running` starts one; `Run.snapshots` tells how it goes, `Run.figures` what came of it. The
requests are sent by a process of its own (`worker`), so that whoever watches, or draws what it sees
in a terminal, does not delay them. docs/stress.md describes the report.
"""
