"""The WABA: its fields, its numbers, who is subscribed, its templates (reference §3, §6)."""

from __future__ import annotations

from messaging.sandbox import template_life
from messaging.sandbox.errors import GraphError, invalid
from messaging.sandbox.graph import numbers
from messaging.sandbox.graph.call import Call, chosen, paged
from messaging.sandbox.model import JSON, Account, Template

DEFAULT = ("id", "name", "currency", "timezone_id", "message_template_namespace")
NUMBER_DEFAULT = (*numbers.DEFAULT,)
TEMPLATE_DEFAULT = ("name", "parameter_format", "components", "language", "status", "category", "id")
LONGEST_OVERRIDE = 200


def described(account: Account) -> JSON:
    return {
        "id": account.id,
        "name": account.name,
        "currency": account.currency,
        "timezone_id": account.timezone_id,
        "message_template_namespace": f"ns_{account.id}",
        "country": account.country,
        "status": account.status,
        "account_review_status": account.review_status,
        "business_verification_status": "verified",
        "ownership_type": "CLIENT_OWNED",
        "health_status": {
            "can_send_message": "AVAILABLE" if account.status == "ACTIVE" else "BLOCKED",
            "entities": [{"entity_type": "WABA", "id": account.id, "can_send_message": "AVAILABLE"}],
        },
        "is_enabled_for_insights": account.insights_enabled,
        "marketing_messages_onboarding_status": "ONBOARDED",
        "auth_international_rate_eligibility": {},
        "primary_business_location": account.country,
        "whatsapp_business_manager_messaging_limit": account.messaging_limit,
        "disable_marketing_messages_on_cloud_api": account.cloud_marketing_disabled,
    }


def get(call: Call, account: Account) -> JSON:
    return chosen(described(account), call.query.get("fields"), DEFAULT)


async def change(call: Call, account: Account) -> JSON:
    values = {**call.query, **await call.body()}
    if str(values.get("is_enabled_for_insights", "")).lower() == "true":
        account.insights_enabled = True
    if "disable_marketing_messages_on_cloud_api" in values:
        account.cloud_marketing_disabled = str(values["disable_marketing_messages_on_cloud_api"]).lower() == "true"
    call.world.save("account", account)
    return {"success": True}


async def phone_numbers(call: Call, account: Account) -> JSON:
    rows = [
        chosen(numbers.described(call.world, number), call.query.get("fields"), NUMBER_DEFAULT)
        for number in call.world.numbers_of(account.id)
    ]
    return paged(rows, call.query, call.request.path, call.world.base_url)


async def subscribed_apps(call: Call, account: Account) -> JSON:
    """POST with an address overrides the app's for `messages`; an empty POST takes the override away."""
    method = call.request.method
    if method == "GET":
        app: JSON = {"id": account.app_id, "name": "Botschaft", "link": "https://example.com"}
        row: JSON = {"whatsapp_business_api_data": app}
        if account.override_url:
            row["override_callback_uri"] = account.override_url
        return {"data": [row] if account.subscribed else []}
    if method == "DELETE":
        account.subscribed = False
        account.override_url = ""
    else:
        body = await call.body()
        url = str(body.get("override_callback_uri") or "")
        if len(url) > LONGEST_OVERRIDE:
            raise invalid(f"override_callback_uri has at most {LONGEST_OVERRIDE} characters.")
        if url:
            right, why = await call.world.outbox.verify(url, str(body.get("verify_token") or ""))
            if not right:
                raise GraphError(100, f"The callback could not be verified: {why}", subcode=2200, user_title="Callback")
        account.subscribed, account.override_url = True, url
    call.world.save("account", account)
    return {"success": True}


# --- Templates ------------------------------------------------------------------------------------------------------


def template(found: Template) -> JSON:
    whole: JSON = {
        "id": found.id,
        "name": found.name,
        "language": found.language,
        "status": found.status,
        "category": found.category,
        "components": [_read_back(component) for component in found.components],
        "parameter_format": found.parameter_format,
        "quality_score": {"score": found.quality, "date": int(found.created)},
        "rejected_reason": found.rejected_reason,
        "message_send_ttl_seconds": found.ttl or -1,
    }
    for name in ("sub_category", "previous_category", "correct_category"):
        if getattr(found, name):
            whole[name] = getattr(found, name)
    return whole


def _read_back(component: JSON) -> JSON:
    """An OTP button is read back as type URL (§6.1)."""
    if component.get("type") != "BUTTONS":
        return component
    buttons = [
        {"type": "URL", "text": button.get("text", ""), "url": "https://www.whatsapp.com/otp/code/?code=otp{{1}}"}
        if button.get("type") == "OTP"
        else button
        for button in component.get("buttons", [])
    ]
    return {**component, "buttons": buttons}


async def message_templates(call: Call, account: Account) -> JSON:
    method, query = call.request.method, call.query
    if method == "POST":
        made = template_life.create(call.world, account, await call.body())
        return {"id": made.id, "status": made.status, "category": made.category}
    if method == "DELETE":
        if not query.get("name"):
            raise GraphError(100, "The parameter name is required.")
        template_life.delete(call.world, account, query["name"], query.get("hsm_id", ""))
        return {"success": True}
    found = [one for one in call.world.templates_of(account.id) if _wanted(one, query)]
    rows = [chosen(template(one), query.get("fields"), TEMPLATE_DEFAULT) for one in found]
    return paged(rows, query, call.request.path, call.world.base_url)


def _wanted(found: Template, query: dict[str, str]) -> bool:
    text = query.get("name_or_content") or query.get("content") or ""
    content = " ".join(str(row.get("text", "")) for row in found.components)
    return (
        query.get("name", found.name) == found.name
        and query.get("language", found.language) == found.language
        and query.get("category", found.category) == found.category
        and query.get("status", found.status) == found.status
        and query.get("quality_score", found.quality) == found.quality
        and text.lower() in f"{found.name} {content}".lower()
    )


def get_template(call: Call, found: Template) -> JSON:
    return chosen(template(found), call.query.get("fields"), TEMPLATE_DEFAULT)


async def change_template(call: Call, found: Template) -> JSON:
    template_life.edit(call.world, found, await call.body())
    return {"success": True}


async def unpause(call: Call, found: Template) -> JSON:
    template_life.unpause(call.world, found)
    return {"success": True}
