"""What messaging adds to a company's set-up guide."""

from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.models import Contact
from tenants.services import checklist

checklist.register(
    checklist.Step(
        "channel",
        35,
        _("Connect a channel"),
        _("A WhatsApp number of yours, so that customers reach you here and you reach them."),
        "channel_connect",
        lambda company, user: Channel.objects.usable().exists(),
    )
)
checklist.register(
    checklist.Step(
        "contact",
        40,
        _("Add a first contact"),
        _("The people you talk to, each found by any form of their number."),
        "contact_add",
        lambda company, user: Contact.objects.exists(),
    )
)
