"""PUT /sandbox/api/accounts/{waba}: what the product's demo and the tests hand over, as often as they like."""

from __future__ import annotations

from typing import Any

from messaging.sandbox import dialling, knobs, template_life
from messaging.sandbox.model import FIELDS, JSON, Account, Number, Person, Template, Token
from messaging.sandbox.world import World

NOT_SET = {"id", "account_id", "knobs", "blocked", "service_counts", "register_calls"}


def put(world: World, account_id: str, body: JSON) -> Account:
    """Make or renew; messages, phones and reviewed templates stay. ValueError says what is wrong."""
    account = world.accounts.get(account_id)
    if account is None:
        for needed in ("name", "app_secret"):
            if not body.get(needed):
                raise ValueError(f"{needed} is required.")
        portfolio, app = str(body.get("portfolio_id") or f"5{account_id}"), str(body.get("app_id") or f"7{account_id}")
        account = Account(account_id, body["name"], portfolio, app, body["app_secret"])
        world.accounts[account_id] = account
    _set(account, "account", body)
    world.save("account", account)
    for value in [body["token"]] if body.get("token") else body.get("tokens", ()):
        put_token(world, value, account_id)
    for row in body.get("numbers", ()):
        put_number(world, account, row)
    for row in body.get("templates", ()):
        put_template(world, account, row)
    for row in body.get("people", ()):
        put_person(world, row)
    return account


def _set(thing: Any, kind: str, values: JSON) -> None:
    for name in FIELDS[kind]:
        if name in values and name not in NOT_SET:
            setattr(thing, name, values[name])


def put_token(world: World, value: str, account_id: str) -> None:
    token = world.tokens.setdefault(value, Token(value, []))
    if account_id not in token.account_ids:
        token.account_ids.append(account_id)
    world.save("token", token)


def put_number(world: World, account: Account, row: JSON) -> Number:
    """`display_phone_number` may be written in any way."""
    key = str(row["id"])
    digits = dialling.digits_of(str(row.get("display_phone_number") or row.get("digits") or ""))
    number = world.numbers.get(key)
    if number is None:
        if not digits:
            raise ValueError("display_phone_number is required.")
        number = world.numbers[key] = Number(key, account.id, digits, str(row.get("verified_name") or account.name))
    number.digits = digits or number.digits
    _set(number, "number", {key: value for key, value in row.items() if key != "digits"})
    if "knobs" in row:
        number.knobs = knobs.changed(number.knobs, row["knobs"])
    world.save("number", number)
    return number


def put_template(world: World, account: Account, row: JSON) -> Template:
    """Approved unless it says otherwise; one that is there keeps its state."""
    found = world.template(account.id, row["name"], row["language"])
    if found is None:
        found = template_life.make(world, account, row)
        found.status = row.get("status", "APPROVED")
        found.quality = row.get("quality", "GREEN")
        found.rejected_reason = row.get("rejected_reason", "NONE")
        world.save("template", found)
    return found


def put_person(world: World, row: JSON) -> Person:
    """Found by number, else by user name; a stranger who was only written to gets a name and a phone."""
    phone = dialling.digits_of(str(row.get("phone") or ""))
    known = world.by_phone.get(dialling.wa_id(phone)) if phone else None
    if known is None and not phone and row.get("username"):
        known = next((one.id for one in world.people.values() if one.username == row["username"]), None)
    person = world.people[known] if known else world.add_person(Person("", "", phone=phone, dialled=phone))
    for name in ("name", "language", "username", "hides_phone", "by_hand", "receipts"):
        if name in row:
            setattr(person, name, row[name])
    if row.get("country") and not phone:
        person.country = str(row["country"]).upper()[:2]
    person.listed = bool(row.get("listed", True))
    world.save("person", person)
    return person
