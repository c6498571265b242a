"""WhatsApp's error codes (§7) and what we do about each."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from messaging.channels.error_rules import ErrorClass, ErrorRule, Mender, Retry

SOON = Retry(tries=6, first=1)
MINUTES = Retry(tries=6, first=60, factor=2, most=3600)
DAY = 24 * 60 * 60


def numbers(first: int, last: int) -> list[str]:
    return [str(code) for code in range(first, last + 1)]


# --- Again by itself --------------------------------------------------------------------------------------------------

PASSING = [
    ErrorRule(
        ["1"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=3, first=4),
        what=_("WhatsApp could not read the request, or had a fault of its own."),
        todo=_("It is tried again by itself. If it fails for good, give the operator the error code."),
    ),
    ErrorRule(
        ["2", "131016", "133004"],
        ErrorClass.RETRY_LATER,
        retry=SOON,
        what=_("WhatsApp is not available for the moment."),
        todo=_("Nothing to do. It is tried again by itself."),
    ),
    ErrorRule(
        ["131000"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=4, first=4),
        what=_("Something went wrong at WhatsApp; it does not say what."),
        todo=_("It is tried again by itself. If it fails for good, send it once more later."),
    ),
    ErrorRule(
        ["4", "80007"],
        ErrorClass.SLOW_NUMBER,
        retry=MINUTES,
        what=_("WhatsApp's limit for requests of this account is reached."),
        todo=_("Nothing to do. Sending pauses for some minutes and goes on by itself."),
    ),
    ErrorRule(
        ["130429"],
        ErrorClass.SLOW_NUMBER,
        retry=SOON,
        what=_("More messages were sent than this number may send per second."),
        todo=_("Nothing to do. Sending slows down and goes on by itself."),
    ),
    ErrorRule(
        ["131056"],
        ErrorClass.RETRY_LATER,
        # 4 to the power of n seconds, for this person only; everybody else's messages go on.
        retry=Retry(tries=6, first=4),
        what=_("Too many messages in a short time to this one person."),
        todo=_("Nothing to do. It is tried again by itself, a little later."),
    ),
    ErrorRule(
        ["131057", "2494100"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=6, first=60, factor=2),
        what=_("WhatsApp is working on this number, for instance raising its speed."),
        todo=_("Nothing to do. It is tried again in a minute."),
    ),
    ErrorRule(
        ["134101"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=4, first=180, factor=2),
        what=_("The template is new and still on its way through WhatsApp's marketing interface."),
        todo=_("Nothing to do. It is tried again within ten minutes."),
    ),
    ErrorRule(
        ["139102", "139103"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=3, first=4),
        what=_("WhatsApp was changing its list of blocked people at the same time."),
        todo=_("Nothing to do. It is tried again by itself."),
    ),
    ErrorRule(
        ["131049"],
        ErrorClass.RETRY_LATER,
        retry=Retry(tries=3, first=DAY, factor=1, most=DAY),
        what=_("WhatsApp held this marketing message back: the person gets enough advertising, or may not get any."),
        todo=_("It is not charged and tried again after a day. Reach the person another way if it cannot wait."),
    ),
]

# --- This person ------------------------------------------------------------------------------------------------------

PEOPLE = [
    ErrorRule(
        ["130472"],
        ErrorClass.NEVER_FOR_CONTACT,
        what=_("WhatsApp leaves this person out of marketing for a study of its own."),
        todo=_("It is not charged and not tried again. Reach the person another way."),
    ),
    ErrorRule(
        ["130497"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.ADMIN,
        what=_("WhatsApp does not let this business write to people in this country."),
        todo=_("Leave this country out, or reach the person another way."),
    ),
    ErrorRule(
        ["131021"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.AGENT,
        what=_("Sender and recipient are the same number."),
        todo=_("Correct the contact's number."),
    ),
    ErrorRule(
        ["131026"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.AGENT,
        what=_("WhatsApp cannot reach this number: no WhatsApp, an old version, new terms not accepted, or blocked."),
        todo=_("Check the number, or reach the person another way."),
    ),
    ErrorRule(
        ["131030"],
        ErrorClass.NEVER,
        mender=Mender.ADMIN,
        what=_("This is a test number, and the recipient is not on its list."),
        todo=_("Add the recipient to the list at Meta, or use a real number."),
    ),
    ErrorRule(
        ["131050"],
        ErrorClass.OPTED_OUT,
        what=_("The person has switched off your marketing messages in WhatsApp."),
        todo=_("Nothing to do. The person counts as opted out and gets no more marketing."),
    ),
    ErrorRule(
        ["131062"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("This kind of message needs a telephone number, and this person is known by a user name only."),
        todo=_("Ask the person for their number, or send another kind of message."),
    ),
    ErrorRule(
        ["137000"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.AGENT,
        what=_("The person's WhatsApp was set up anew; it may be somebody else by now."),
        todo=_("Make sure who it is before you write anything confidential, then write it anew."),
    ),
    ErrorRule(
        ["139100"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("The person could not be blocked or unblocked."),
        todo=_("Only people who wrote in the last 24 hours can be blocked."),
    ),
    ErrorRule(
        ["139101"],
        ErrorClass.NEVER,
        mender=Mender.ADMIN,
        what=_("The list of blocked people is full."),
        todo=_("Unblock somebody first."),
    ),
]

# --- What was written -------------------------------------------------------------------------------------------------

CONTENT = [
    ErrorRule(
        ["131047"],
        ErrorClass.WINDOW_CLOSED,
        mender=Mender.AGENT,
        what=_("The person last wrote more than 24 hours ago, so only a template may be sent."),
        todo=_("Choose a template."),
    ),
    ErrorRule(
        ["100"],
        ErrorClass.CONTENT,
        mender=Mender.STAFF,
        what=_("WhatsApp does not accept a field of this request."),
        todo=_("Check the content. If it looks right, give the operator the error code."),
    ),
    ErrorRule(
        ["131008"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("Something WhatsApp needs is missing from the message."),
        todo=_("Write it anew with what is missing."),
    ),
    ErrorRule(
        ["131009"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("A value in the message is not valid, or the message you react to is too old or deleted."),
        todo=_("Write it anew with a correct value."),
    ),
    ErrorRule(
        ["131051"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("WhatsApp does not know this type of message."),
        todo=_("Write it as a text instead."),
    ),
    ErrorRule(
        ["131052"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("The file the person sent could not be fetched; it may be larger than 100 MB."),
        todo=_("Ask the person to send it again, or smaller."),
    ),
    ErrorRule(
        ["131053"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        retry=Retry(tries=2, first=16),
        what=_("WhatsApp could not process the file: its type or its size does not fit."),
        todo=_("Send the file in another format."),
    ),
    ErrorRule(
        ["132000"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("The number of values does not match the template's placeholders."),
        todo=_("Choose the template again and fill in every placeholder."),
    ),
    ErrorRule(
        ["132005"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("With the values filled in, the template's text is too long."),
        todo=_("Choose the template again and use shorter values."),
    ),
    ErrorRule(
        ["132008", "132012", "132018"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("A value does not fit its place in the template, for instance because of a line break or many spaces."),
        todo=_("Choose the template again and correct the value."),
    ),
    ErrorRule(
        ["135000"],
        ErrorClass.NEVER,
        mender=Mender.STAFF,
        what=_("WhatsApp refused the message without giving a reason."),
        todo=_("Check the content. If it looks right, give the operator the error code."),
    ),
]

# --- Templates --------------------------------------------------------------------------------------------------------

TEMPLATES = [
    ErrorRule(
        ["132001"],
        ErrorClass.PAUSE_TEMPLATE,
        mender=Mender.ADMIN,
        what=_("The template does not exist in this language, or is not approved."),
        todo=_("Check the template's name, language and approval."),
    ),
    ErrorRule(
        ["132007"],
        ErrorClass.PAUSE_TEMPLATE,
        mender=Mender.ADMIN,
        what=_("The template's content breaks WhatsApp's rules."),
        todo=_("Write the template anew and have it approved."),
    ),
    ErrorRule(
        ["132015"],
        ErrorClass.PAUSE_TEMPLATE,
        mender=Mender.ADMIN,
        waits=True,
        what=_("WhatsApp has paused the template because people complained about it."),
        todo=_("Wait until it is approved again, improve it, or use another template."),
    ),
    ErrorRule(
        ["132016"],
        ErrorClass.PAUSE_TEMPLATE,
        mender=Mender.ADMIN,
        what=_("WhatsApp has switched the template off for good."),
        todo=_("Use another template."),
    ),
    ErrorRule(
        ["132068", "132069"],
        ErrorClass.PAUSE_TEMPLATE,
        mender=Mender.ADMIN,
        what=_("The form behind this message is blocked or slowed down by WhatsApp."),
        todo=_("Check the form at Meta, then send again."),
    ),
    ErrorRule(
        ["131055", "131063", "134100", "134102"],
        ErrorClass.OPERATOR,
        mender=Mender.STAFF,
        what=_("This account has to send this category of message another way."),
        todo=_("The operator has to change how it is sent. Give them the error code."),
    ),
]

# --- The number, the account, the access ------------------------------------------------------------------------------

ACCOUNT = [
    ErrorRule(
        ["0", "190"],
        ErrorClass.RECONNECT,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Meta no longer accepts our access to this number: it has expired or was withdrawn."),
        todo=_("Connect the number again. Messages wait until then."),
    ),
    ErrorRule(
        ["3", "10", *numbers(200, 299), "131005"],
        ErrorClass.RECONNECT,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Our access to this number lacks a permission."),
        todo=_("Connect the number again and grant all permissions. Messages wait until then."),
    ),
    ErrorRule(
        ["33"],
        ErrorClass.RECONNECT,
        mender=Mender.ADMIN,
        waits=True,
        what=_("The number was deleted at Meta, or we may no longer see it."),
        todo=_("Connect the number again, or another one. Messages wait until then."),
    ),
    ErrorRule(
        ["368", "131031"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Meta has restricted or locked the account."),
        todo=_("Look up the reason in Meta's Business Manager and appeal there. Sending is paused."),
    ),
    ErrorRule(
        ["131037"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.ADMIN,
        waits=True,
        what=_("The number's display name is not approved yet."),
        todo=_("Have the display name approved at Meta. Sending is paused."),
    ),
    ErrorRule(
        ["131042"],
        ErrorClass.MONEY,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Meta cannot charge the account: the payment method is missing or was refused."),
        todo=_("Set up payment at Meta. No template is sent until then."),
    ),
    ErrorRule(
        ["131045", *(code for code in numbers(133000, 133015) if code != "133004")],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.STAFF,
        waits=True,
        what=_("The number is not registered correctly at WhatsApp."),
        todo=_("The operator has to register it again. Sending is paused."),
    ),
    ErrorRule(
        ["133016"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.STAFF,
        waits=True,
        what=_("The number was registered too often in a short time."),
        todo=_("Wait 72 hours; the operator registers it then. Sending is paused."),
    ),
    ErrorRule(
        ["131048"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Too many people have blocked or reported this number."),
        todo=_("Sending is paused. Check who gets what, and go on after some hours with fewer messages."),
    ),
    ErrorRule(
        ["131064"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.ADMIN,
        waits=True,
        what=_("Meta has lowered the sending limit because templates had the wrong category."),
        todo=_("Sending is paused. Correct the categories of the templates at Meta."),
    ),
    ErrorRule(
        ["134011"],
        ErrorClass.PAUSE_NUMBER,
        mender=Mender.ADMIN,
        waits=True,
        what=_("WhatsApp's terms for payments are not accepted."),
        todo=_("Accept the terms at Meta."),
    ),
]

ROWS = [*PASSING, *PEOPLE, *CONTENT, *TEMPLATES, *ACCOUNT]
