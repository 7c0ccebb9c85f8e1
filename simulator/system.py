"""The composition root: every part of a running Drydock, made and started in order."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections import deque
from dataclasses import replace
from pathlib import Path

from backends.base import Backend
from simulator.clock import PlatformClock, real_ms
from simulator.config import BackendChoice, Settings
from simulator.engine import Engine, Told
from simulator.errors import ConfigError
from simulator.gateway.state import GatewayState, ServiceRoute
from simulator.gateway.supervise import Gateway
from simulator.iam.directory import Directory
from simulator.iam.identity import default_identity
from simulator.iam.tokens import TokenSigner, load_or_create_key
from simulator.modelarts import wire
from simulator.modelarts.models import Publisher
from simulator.store.queries import Store
from simulator.traffic import Traffic

logger = logging.getLogger(__name__)
