"""What the ModelArts API answers about apps, as schemas: the fields that `app_wire.py` writes."""

from __future__ import annotations

from simulator.modelarts.schema_parts import instant, page
from simulator.openapi import array, count, flag, record, text, word
from simulator.rules.openapi import Schema, reference

_APP = record(
    "An app, which calls services by its key or a code.",
    {
        "app_id": text("Id of the app."),
        "app_name": text("Its name."),
        "app_remark": text("Remarks."),
        "app_type": word("Which gateway it is registered at.", "APIG"),
        "app_key": text("What it shows, or signs with."),
        "app_secret": text("What it signs with; ****** in lists that do not ask for it."),
        "app_codes": array({"type": "string"}, "Codes that it can show, the oldest first."),
        "user_id": text("Who made it."),
        "project_id": text("Project of the app."),
        "bounded_api_count": count("How many APIs it may call."),
        "created_at": instant("When it was made"),
        "updated_at": instant("When its codes or its secret were last changed"),
    },
)
_API = record(
    "An API of a service.",
    {
        "api_id": text("Id of the API."),
        "api_name": text("Its name."),
        "api_remark": text("Remarks."),
        "api_method": word("Every method.", "ANY"),
        "auth_type": word("Who may call it.", "APP", "IAM"),
        "predict_url": text("The service's address."),
        "service_id": text("Id of the service."),
        "service_name": text("Its name."),
        "support_app_code": flag("Apps may show a code in place of a signature."),
    },
)
_GRANT = record(
    "What became of granting an API to an app, or of taking it back.",
    {
        "api_id": text("Id of the API."),
        "app_id": text("Id of the app."),
        "auth_id": text("Id of the grant; empty where there is none."),
        "success": flag("Whether it was done."),
        "reason": text("Why not; empty where it was."),
    },
)
_GRANTS = array(reference("AppGrant"), "One for each app.")

APP_ANSWERS: dict[str, Schema] = {
    "App": _APP,
    "AppShown": record("An app.", {"app": reference("App")}),
    "AppList": page("Apps.", "apps", "App"),
    "AppExists": record("Whether there is one.", {"exists": flag("Whether there is one.")}),
    "AppDeleted": record("Done.", {}),
    "AppApi": _API,
    "AppApiShown": record("An API.", {"api": reference("AppApi")}),
    "AppApiList": page("APIs.", "apis", "AppApi"),
    "AppGrant": _GRANT,
    "AppApiGranted": record(
        "The new API, and who may call it.", {"api": reference("AppApi"), "auth_result": _GRANTS}
    ),
    "AppsGranted": record("Of each app, whether it may call the API.", {"auth_result": _GRANTS}),
    "AppsRevoked": record("Of each app, whether it was done.", {"unauth_result": _GRANTS}),
    "AppAuthorization": record(
        "An app.",
        {"app": reference("App"), "authed": flag("Whether it may call the API.")},
    ),
    "AppAuthorizationList": page("Apps.", "auths", "AppAuthorization"),
    "AppAccess": record(
        "Whether and how apps may call a service.",
        {
            "enable_app_auth": flag("Whether the service has an API for apps."),
            "app_auth_api": record(
                "That API.",
                {
                    "api_id": text("Id of the API."),
                    "authed_apps": array(reference("App"), "The apps that may call it."),
                },
            ),
        },
        optional=["app_auth_api"],
    ),
}
"""By name."""
