"""pools create | list | resize | lose | restore | delete: dedicated resource pools."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session
from tui.clean import clean_line

app = typer.Typer(help="Dedicated resource pools, which the cloud's console makes.")

PoolArgument = Annotated[
    str, typer.Argument(metavar="POOL", help="Its id: what requests name it by.")
]
SpecificationOption = Annotated[
    str, typer.Option("--spec", help="Specification of its nodes; custom takes any size.")
]
NodesOption = Annotated[int, typer.Option("--nodes", help="How many nodes it has.")]
OldOption = Annotated[
    bool, typer.Option("--old", help="Of the old kind: named by cluster_id, not by pool_name.")
]
CpusOption = Annotated[float | None, typer.Option("--cpus", help="Cores of a custom node.")]
MemoryOption = Annotated[int | None, typer.Option("--memory-mb", help="MB of a custom node.")]
Json = dict[str, Any]


@app.command("create")
def create(
    pool: PoolArgument,
    spec: SpecificationOption = "modelarts.vm.cpu.2u",
    nodes: NodesOption = 1,
    old: OldOption = False,
    cpus: CpusOption = None,
    memory_mb: MemoryOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a pool. Services run in it that name it in pool_name, or cluster_id with --old."""
    wanted: Json = {
        "pool_id": pool,
        "generation": "old" if old else "new",
        "specification": spec,
        "nodes": nodes,
    }
    sizes = {"cpus": cpus, "memory_mb": memory_mb}
    wanted |= {name: value for name, value in sizes.items() if value is not None}
    session = Session(home, as_json)
    with session.server() as server:
        made = server.create_pool(wanted)
    _print_one(session.output, made)


@app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the pools and what is left in them."""
    session = Session(home, as_json)
    with session.server() as server:
        pools = server.pools()
    if session.output.as_json:
        session.output.document(pools)
        return
    session.output.table(
        ["POOL", "KIND", "STATUS", "SPECIFICATION", ">NODES", ">FREE CORES", ">FREE MB"],
        [
            [
                one["pool_id"],
                one["generation"],
                one["status"],
                one["specification"],
                one["node_count"],
                f"{sum(node['free_cpus'] for node in one['nodes']):g}",
                sum(node["free_memory_mb"] for node in one["nodes"]),
            ]
            for one in pools
        ],
    )


@app.command("resize")
def resize(
    pool: PoolArgument,
    nodes: Annotated[int, typer.Argument(metavar="NODES", help="How many nodes it has then.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a pool another number of nodes. Those in use cannot go."""
    _change(pool, {"nodes": nodes}, home, as_json)


@app.command("lose")
def lose(pool: PoolArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Lose a pool: what runs in it ends at once, and nothing can be deployed to it."""
    _change(pool, {"status": "abnormal"}, home, as_json)


@app.command("restore")
def restore(pool: PoolArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring a lost pool back; its services come back by themselves."""
    _change(pool, {"status": "running"}, home, as_json)


@app.command("delete")
def delete(pool: PoolArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete a pool that no service is in."""
    session = Session(home, as_json)
    with session.server() as server:
        server.delete_pool(pool)
    if session.output.as_json:
        session.output.document({"pool_id": pool})
    else:
        session.output.line(f"{clean_line(pool)} is deleted")


def _change(pool: str, changes: Json, home: Any, as_json: bool) -> None:
    session = Session(home, as_json)
    with session.server() as server:
        changed = server.change_pool(pool, changes)
    _print_one(session.output, changed)


def _print_one(output: Output, pool: Json) -> None:
    if output.as_json:
        output.document(pool)
        return
    nodes = pool["node_count"]
    output.line(
        f"{clean_line(str(pool['pool_id']))} is {pool['status']}: {nodes} "
        f"node{'s' if nodes != 1 else ''} of {clean_line(str(pool['specification']))}"
    )
