"""Files of the process backend: a directory and a socket for each instance, and who owns them.

    <run_dir>/instances/<instance id>/instance.json    owner, pid and start time of the process
                                      output.log       see `backends.process_log`
                                      work/            working directory and HOME of the process
                                      tmp/             its TMPDIR
    <run_dir>/s/<n>.sock                               where it listens; in the temporary
                                                       directory if that path is too long

A directory belongs to the installation named in its `instance.json`; those of other installations
are never touched. All functions do file I/O: call them in a thread.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from backends import process_table
from backends.errors import BackendError, NameConflict, StartFailed

SOCKET_PATH_LIMIT_BYTES = 100
"""Longest path that every supported system accepts in `sockaddr_un` (macOS: 104 with the NUL)."""

_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Record:
    """What `instance.json` holds.

    Attributes:
        pid: process and session id of the running instance; None while it does not run.
        started_at: its start time as the system tells it, epoch seconds.
    """

    installation: str
    instance_id: str
    pid: int | None = None
    started_at: float | None = None


@dataclass(frozen=True)
class InstanceFiles:
    """Paths of one instance."""

    directory: Path
    socket: Path

    @property
    def work(self) -> Path:
        return self.directory / "work"

    @property
    def tmp(self) -> Path:
        return self.directory / "tmp"

    def create(self, record: Record) -> None:
        """Make the directories and write the record; all or nothing.

        Raises:
            NameConflict: the directory is there already. It is left alone.
            OSError: no space, no permission.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise NameConflict(
                f"{self.directory} exists and belongs to another installation",
                hint="Remove that directory, or use another data directory.",
            ) from None
        try:
            self.work.mkdir()
            self.tmp.mkdir()
            self.write(record)
        except OSError:
            remove_tree(self.directory)
            raise

    def write(self, record: Record) -> None:
        """Replace the record in one step: a reader sees the old or the new one."""
        path = self.directory / "instance.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(path)

    def remove(self) -> None:
        """Remove everything of the instance; absent is no error."""
        self.socket.unlink(missing_ok=True)
        remove_tree(self.directory)


class RunDirectory:
    """Lays out the files of all instances of one installation."""

    def __init__(self, installation: str, root: Path) -> None:
        self.installation = installation
        self._root = root.absolute()
        self._instances = self._root / "instances"
        self._sockets = self._choose_socket_directory()
        self._socket_count = 0

    def files_for(self, instance_id: str) -> InstanceFiles:
        """Paths for a new instance.

        Raises:
            StartFailed: the id cannot be the name of a directory.
        """
        if not _INSTANCE_ID.fullmatch(instance_id):
            raise StartFailed(
                f"{instance_id!r} cannot be an instance id",
                hint="Use up to 128 letters, digits, dots, dashes and underscores.",
            )
        self._socket_count += 1
        socket = self._sockets / f"{self._socket_count}.sock"
        return InstanceFiles(self._instances / instance_id, socket)

    def ensure_sockets(self) -> None:
        """Make the directory of the sockets, which only this user can enter.

        Raises:
            StartFailed: something that is not ours has its name.
        """
        self._sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(self._sockets):
            raise StartFailed(
                f"{self._sockets} is not a directory that only this user can enter",
                hint=f"Remove {self._sockets} and try again.",
            )

    def recover(self) -> list[str]:
        """End and remove what a killed server left behind; returns the ids of those instances."""
        removed = []
        for directory in self._own_directories():
            record = _read_record(directory)
            if record is not None:
                _end(record)
            remove_tree(directory)
            removed.append(directory.name)
        self._remove_sockets()
        return removed

    def remove_everything(self) -> None:
        """Remove the directories of this installation's instances and its sockets."""
        for directory in self._own_directories():
            remove_tree(directory)
        self._remove_sockets()
        for path in (self._instances, self._root):
            try:
                path.rmdir()
            except OSError:
                return  # holds something that is not ours, or has gone already

    def _own_directories(self) -> list[Path]:
        try:
            entries = sorted(self._instances.iterdir())
        except FileNotFoundError:
            return []
        records = {entry: _read_record(entry) for entry in entries}
        return [
            entry
            for entry, record in records.items()
            if record is None or record.installation == self.installation
        ]

    def _choose_socket_directory(self) -> Path:
        name = hashlib.sha256(f"{self.installation}\0{self._root}".encode()).hexdigest()[:12]
        private = f"drydock-{os.getuid()}-{name}"
        candidates = [self._root / "s", Path(tempfile.gettempdir()) / private]
        for directory in candidates:
            if len(os.fsencode(directory / "999999.sock")) <= SOCKET_PATH_LIMIT_BYTES:
                return directory
        return Path("/tmp") / private

    def _remove_sockets(self) -> None:
        if _is_private(self._sockets):
            remove_tree(self._sockets)


def remove_tree(path: Path) -> None:
    """Remove a directory that a model wrote to; absent is no error.

    Raises:
        BackendError: something in it cannot be removed.
    """
    try:
        try:
            shutil.rmtree(path)
        except PermissionError:
            for directory, _, _ in os.walk(path):
                Path(directory).chmod(0o700)
            shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BackendError(
            f"{path} cannot be removed: {error.strerror or error}",
            hint=f"Remove {path} by hand.",
        ) from error


def _end(record: Record) -> None:
    if record.pid is None or record.started_at is None:
        return
    if process_table.is_same_process(record.pid, record.started_at):
        process_table.kill_session(record.pid)


def _read_record(directory: Path) -> Record | None:
    try:
        held = json.loads((directory / "instance.json").read_bytes())
        return Record(
            installation=str(held["installation"]),
            instance_id=str(held["instance_id"]),
            pid=None if held["pid"] is None else int(held["pid"]),
            started_at=None if held["started_at"] is None else float(held["started_at"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None  # the server died before it had written the record


def _is_private(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    private = stat.S_ISDIR(status.st_mode) and not stat.S_IMODE(status.st_mode) & 0o077
    return private and status.st_uid == os.getuid()
