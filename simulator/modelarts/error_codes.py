"""The cloud's error codes that rules answer with: HTTP status, code, meaning in our words.

Source: ModelArts API reference, "Error Codes". The same number can stand for several meanings
there; what is listed here is the one that a rule means.
"""

from __future__ import annotations

from simulator.rules.rule import ErrorCode

INVALID_ARGUMENT = ErrorCode(400, "ModelArts.0101", "an argument is invalid; it is named")
WORKSPACE_MISSING = ErrorCode(400, "ModelArts.0102", "the workspace does not exist")
APP_LIMIT = ErrorCode(400, "ModelArts.0118", "there are as many apps as allowed")
PARAMETER_ERROR = ErrorCode(400, "ModelArts.0104", "the parameters cannot be read")
MODEL_NAME_TAKEN = ErrorCode(409, "ModelArts.3002", "a model of this name and version exists")
CONFIG_JSON = ErrorCode(400, "ModelArts.3015", "config.json does not follow its specification")
CONFIG_JSON_FIELD = ErrorCode(
    400, "ModelArts.3016", "config.json has a field or type that is not supported"
)
SOURCE_LOCATION = ErrorCode(400, "ModelArts.3017", "the model's source location is invalid")
MODEL_PARAMETER = ErrorCode(400, "ModelArts.3037", "a parameter of the model is invalid")
DEPENDENCY = ErrorCode(400, "ModelArts.3040", "the dependency's restraint is not allowed")
NAME_TAKEN = ErrorCode(409, "ModelArts.3503", "a service of this name exists")
MODEL_MISSING = ErrorCode(404, "ModelArts.3507", "the model does not exist")
NO_INPUT_PARAMETERS = ErrorCode(
    400, "ModelArts.3514", "a batch service needs a model that declares its input"
)
MODEL_UNPUBLISHED = ErrorCode(400, "ModelArts.3515", "the model is not published")
SAME_VERSION = ErrorCode(400, "ModelArts.3516", "a model version stands in the service twice")
STATUS_FORBIDS = ErrorCode(400, "ModelArts.3519", "the service's status does not allow this")
SERVICE_LIMIT = ErrorCode(400, "ModelArts.3520", "there are as many services as allowed")
INSTANCE_LIMIT = ErrorCode(400, "ModelArts.3522", "there are as many instances as allowed")
SECURITY_GROUP = ErrorCode(
    400, "ModelArts.3534", "the security group must let TCP 8080 in from everywhere"
)
POOL_MISSING = ErrorCode(400, "ModelArts.3547", "the resource pool does not exist")
OBJECT_PATH_MISSING = ErrorCode(400, "ModelArts.3551", "the object path does not exist")
DUE_TIME_PAST = ErrorCode(400, "ModelArts.3562", "the due time is not in the future")
OBJECT_URL = ErrorCode(400, "ModelArts.3572", "the object path is invalid")
INSTALL_TYPE = ErrorCode(400, "ModelArts.3589", "the model is not meant for this kind of service")
HEALTH = ErrorCode(400, "ModelArts.3592", "the health check is not configured rightly")
FREE_SERVICE = ErrorCode(400, "ModelArts.3856", "a free service cannot do this")
FLAVOR_UNAVAILABLE = ErrorCode(400, "ModelArts.3976", "the specification is not available")
BODY_TOO_LARGE = ErrorCode(413, "ModelArts.4104", "the request body is too large")
TOO_MANY_REQUESTS = ErrorCode(429, "ModelArts.4206", "the service's traffic limit is reached")
PREDICTION_TIMEOUT = ErrorCode(504, "ModelArts.4503", "the service did not answer in time")
BATCH_ITEM = ErrorCode(
    200, "", "no answer of its own: the item's line in the output manifest is FAILED"
)
