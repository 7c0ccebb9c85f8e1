"""nginx in front of the same recorders, for comparison."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.simulator.gateway.conftest import free_port
from tests.simulator.gateway.malformed.stage import SERVICE, Stage, recorders

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
START_S = 10.0

_CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 12m;
    client_header_timeout 10s;
    upstream instance {{ server unix:{instance}; keepalive 16; }}
    upstream control {{ server unix:{control}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{http2_port} http2;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        location {service}/ {{ proxy_pass http://instance/; }}
        location / {{ proxy_pass http://control; proxy_request_buffering off; }}
    }}
}}
"""


@asynccontextmanager
async def nginx(directory: Path) -> AsyncIterator[Stage]:
    """nginx with the service's prefix and body limit; it checks no token."""
    assert PROGRAM, "nginx is not installed"
    port, http2_port = free_port(), free_port()
    async with recorders(directory) as (instance, control):
        config = directory / "nginx.conf"
        config.write_text(
            _CONFIG.format(
                # the workers must reach the sockets; other users cannot change theirs anyway
                user="user root;" if directory.owner() == "root" else "",
                directory=directory,
                instance=instance.path,
                control=control.path,
                port=port,
                http2_port=http2_port,
                service=SERVICE,
            )
        )
        arguments = ["-p", str(directory), "-c", str(config), "-e", str(directory / "error.log")]
        process = await asyncio.create_subprocess_exec(PROGRAM, *arguments)
        try:
            await _until_it_listens(process, port)
            yield Stage(port, http2_port, "", instance, control)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until_it_listens(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(START_S):
        while True:
            assert process.returncode is None, f"nginx ended with {process.returncode}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
