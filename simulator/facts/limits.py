"""Documented limits and defaults, each with its source. Seconds, MB and counts as named."""

from __future__ import annotations

DEPLOY_TIMEOUT_DEFAULT_S = 1200
"""Deployment and start-up together. Source: Deploying as a Real-Time Service, table 2 (20 min)."""

DEPLOY_TIMEOUT_MIN_S = 180
DEPLOY_TIMEOUT_MAX_S = 7200
"""Source: Deploying as a Real-Time Service, table 2 (3 to 120 minutes)."""

INSTANCES_PER_MODEL = 5
"""Source: Deploying Services, table 5, instance_count."""

INSTANCES_LARGEST = 128
"""The largest number that any edition states for it. Source: API definition, instance_count."""

REAL_TIME_SERVICES = 20
"""Real-time services a user may have. Source: Deploying as a Real-Time Service, constraints."""

REQUEST_BODY_MAX_BYTES = 12 * 1024 * 1024
"""Source: inference access guide (12 MB by API)."""

TRAFFIC_LIMIT_PER_S = 100
"""Requests a second that a service takes by default. Source: inference access guide."""

TERMINATION_GRACE_MIN_S = 30
TERMINATION_GRACE_MAX_S = 300
TERMINATION_GRACE_DEFAULT_S = 240
"""Source: ModelArts API reference, termination_grace_period_seconds (30 to 300, default 240)."""

HEALTH_PERIOD_S = 5
HEALTH_TIMEOUT_S = 5
HEALTH_INITIAL_DELAY_S = 12
HEALTH_FAILURE_THRESHOLD = 12
"""Source: model import console guide, health check defaults (/health, 5 s, 12 s, 12 failures)."""

LOG_ID_CHARACTERS = 64
"""Length of the ids of log groups and log streams. Source: Deploying Services, table 13."""

BATCH_SERVICES = 1000
"""Batch services a user may have. Source: Deploying as a Batch Service, context."""

APPS = 5
"""Apps a user may have. Source: App Authentication Management, Creating an App."""

BATCH_IMAGE_BELOW_BYTES = 10 * 1024 * 1024
"""An image that a batch service reads is smaller. Source: Deploying as a Batch Service, table 1."""

BATCH_CSV_MAX_BYTES = 12 * 1024 * 1024
"""Source: Deploying as a Batch Service, table 1 (a CSV file does not exceed 12 MB)."""

LIST_LIMIT = 1000
"""Default page of the list calls. Source: Querying Services, limit."""

MAX_SURGE_DEFAULT = 1.0
MAX_UNAVAILABLE_DEFAULT = 0.0
"""Below 1 a share of the instances, from 1 on a count. Source: Deploying Services, table 7."""

TAGS_PER_SERVICE = 20
TAG_KEY_CHARACTERS = 128
TAG_VALUE_CHARACTERS = 255
"""Source: Adding a Resource Tag (lengths), quotas (tags of a service)."""

CASCADE_VERSIONS = 20
"""Versions that one cascading deletion removes. Source: Deleting an AI Application, cascade."""
