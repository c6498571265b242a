"""Templates from their first review to their end (reference §6.2, §6.3, §8.5)."""

from __future__ import annotations

from functools import partial

from messaging.sandbox import ids, reports
from messaging.sandbox.errors import GraphError
from messaging.sandbox.model import JSON, Account, Template
from messaging.sandbox.template_rules import check_components, check_envelope, check_ttl, refused
from messaging.sandbox.world import MONTH, World

MOST_TEMPLATES = 6000
EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}
DAY = 86_400.0
STATES = {
    *("APPROVED PENDING REJECTED PAUSED DISABLED IN_APPEAL PENDING_DELETION DELETED LIMIT_EXCEEDED ARCHIVED".split()),
}
PAUSES = (("FIRST_PAUSE", 3), ("SECOND_PAUSE", 6))


def create(world: World, account: Account, body: JSON) -> Template:
    check_envelope(body)
    name, language = body["name"], body["language"]
    if world.template(account.id, name, language):
        raise refused(f"There is already {language} content for this template.", 2388024, "Content already exists")
    if world.deleted_names.get((account.id, name), 0.0) > world.now() - MONTH:
        raise refused("This name was deleted; it can be used again after 30 days.", 2388023, "Name is being deleted")
    if len(world.templates_of(account.id)) >= MOST_TEMPLATES:
        raise refused("The account has too many templates.", 2388019, "Too many templates")
    template = make(world, account, body)
    review_later(world, account, template)
    return template


def make(world: World, account: Account, body: JSON) -> Template:
    """Checked and kept; PENDING unless the body says otherwise."""
    form = body.get("parameter_format", "POSITIONAL")
    if form not in {"POSITIONAL", "NAMED"}:
        raise refused("parameter_format must be POSITIONAL or NAMED.")
    category = body["category"]
    template = Template(
        id=str(body.get("id") or ids.numeric(15)),
        account_id=account.id,
        name=body["name"],
        language=body["language"],
        category=category,
        components=check_components(category, body.get("components"), form, body["language"]),
        status="PENDING",
        parameter_format=form,
        sub_category=body.get("sub_category", ""),
        ttl=body.get("message_send_ttl_seconds") or 0,
        created=world.now(),
    )
    world.take_in("template", template)
    world.save("template", template)
    return template


def review_later(world: World, account: Account, template: Template) -> None:
    world.schedule.after(account.review_ms / 1000, partial(review, world, template))


def review(world: World, template: Template) -> None:
    """By its name: `…reject…` is rejected, a utility `…promo…` becomes marketing; all else is approved."""
    if world.templates.get(template.id) is not template or template.status != "PENDING":
        return
    if "promo" in template.name and template.category == "UTILITY":
        recategorise(world, template, "MARKETING")
    if "reject" in template.name:
        set_status(world, template, "REJECTED", "INVALID_FORMAT")
    else:
        set_status(world, template, "APPROVED")


def set_status(world: World, template: Template, status: str, reason: str = "", title: str = "") -> None:
    before, template.status = template.status, status
    template.rejected_reason = reason or "NONE"
    event, also = status, None
    if status == "PAUSED":
        template.pauses += 1
        name, hours = PAUSES[min(template.pauses, 2) - 1]
        also = {"other_info": {"title": title or name, "description": f"Paused for {hours} hours"}}
    elif status == "APPROVED" and before == "PAUSED":
        also = {"other_info": {"title": "UNPAUSE", "description": "The template can be sent again."}}
    elif status == "DISABLED":
        also = {"disable_info": {"disable_date": str(int(world.now()))}}
    elif status == "REJECTED":
        also = {
            "rejection_info": {"reason": template.rejected_reason, "recommendation": "Change the text, send it again."}
        }
    world.save("template", template)
    account = world.accounts[template.account_id]
    value = reports.template_event(template, event, reason, also)
    reports.report_event(world, account, "message_template_status_update", value)


def _names(template: Template) -> JSON:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def set_quality(world: World, template: Template, score: str) -> None:
    value = {"previous_quality_score": template.quality, "new_quality_score": score, **_names(template)}
    template.quality = score
    world.save("template", template)
    reports.report_event(world, world.accounts[template.account_id], "message_template_quality_update", value)


def recategorise(world: World, template: Template, category: str, *, warning: bool = False) -> None:
    """At once, or as the notice of 24 hours in which `new_category` is still the old one."""
    value = _names(template)
    if warning:
        template.correct_category = category
        value |= {
            "new_category": template.category,
            "correct_category": category,
            "category_update_timestamp": int(world.now() + DAY),
        }
        world.schedule.at(world.now() + DAY, partial(recategorise, world, template, category))
    else:
        template.previous_category, template.category = template.category, category
        template.correct_category = ""
        value |= {"previous_category": template.previous_category, "new_category": category}
    world.save("template", template)
    reports.report_event(world, world.accounts[template.account_id], "template_category_update", value)


def edit(world: World, template: Template, body: JSON) -> None:
    account, now = world.accounts[template.account_id], world.now()
    if template.status not in EDITABLE:
        raise refused(f"A template that is {template.status} cannot be edited.", 2388072, "Cannot be edited")
    if template.status == "APPROVED":
        recent = [moment for moment in template.edits if moment > now - MONTH]
        if len(recent) >= 10 or any(moment > now - DAY for moment in recent):
            raise refused(
                "An approved template is edited once a day and 10 times in 30 days.", 2388072, "Too many edits"
            )
        if body.get("category") and body["category"] != template.category:
            raise refused("An approved template cannot change its category.", 2388072, "Cannot be edited")
        template.edits = [*recent, now]
    category = body.get("category") or template.category
    if body.get("message_send_ttl_seconds") is not None:
        check_ttl(category, body["message_send_ttl_seconds"])
        template.ttl = body["message_send_ttl_seconds"]
    if body.get("components") is not None:
        template.components = check_components(
            category, body["components"], template.parameter_format, template.language
        )
        template.category, template.status = category, "PENDING"
        review_later(world, account, template)
        reports.report_event(world, account, "message_template_components_update", _components_event(template))
    world.save("template", template)


def _components_event(template: Template) -> JSON:
    found = {str(row.get("type", "")).upper(): row for row in template.components}
    value = _names(template)
    for kind, key in (("HEADER", "title"), ("BODY", "element"), ("FOOTER", "footer")):
        if found.get(kind, {}).get("text"):
            value[f"message_template_{key}"] = found[kind]["text"]
    if "BUTTONS" in found:
        value["message_template_buttons"] = [
            {
                "message_template_button_type": button.get("type"),
                "message_template_button_text": button.get("text", ""),
                **({"message_template_button_url": button["url"]} if button.get("url") else {}),
            }
            for button in found["BUTTONS"].get("buttons", [])
        ]
    return value


def delete(world: World, account: Account, name: str, template_id: str = "") -> None:
    wanted = [
        template
        for template in world.templates_of(account.id)
        if template.name == name and template_id in {"", template.id}
    ]
    if not wanted:
        raise GraphError(100, f"There is no message template {name}.", subcode=2593002, user_title="Not found")
    if any(template.status == "DISABLED" for template in wanted):
        raise refused("A disabled template cannot be deleted.", 2388072, "Cannot be deleted")
    for template in wanted:
        del world.templates[template.id]
        del world.by_name[account.id, template.name, template.language]
        world.save("template", template)
        value = reports.template_event(template, "PENDING_DELETION")
        reports.report_event(world, account, "message_template_status_update", value)
    if not any(template.name == name for template in world.templates_of(account.id)):
        world.deleted_names[account.id, name] = world.now()


def unpause(world: World, template: Template) -> None:
    if template.status != "PAUSED":
        raise GraphError(100, "Only a paused template can be unpaused.")
    set_status(world, template, "APPROVED")
