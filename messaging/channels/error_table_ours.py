"""Refusals that carry no code of the provider's, or come from our own checks before anything was sent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from messaging.channels.error_rules import ErrorClass, ErrorRule, Mender, Retry

ROWS = [
    ErrorRule(
        ["http_429"],
        ErrorClass.SLOW_NUMBER,
        retry=Retry(tries=6, first=1),
        what=_("More was sent than the provider takes at once."),
        todo=_("Nothing to do. Sending slows down and goes on by itself."),
    ),
    ErrorRule(
        ["http_401", "http_403"],
        ErrorClass.RECONNECT,
        mender=Mender.ADMIN,
        waits=True,
        what=_("The provider no longer accepts our access to this channel."),
        todo=_("Connect the channel again. Messages wait until then."),
    ),
    ErrorRule(
        ["no_address"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("The contact has no address on this channel."),
        todo=_("Add a telephone number, or reach the person another way."),
    ),
    ErrorRule(
        ["unsupported_type"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("This kind of message cannot be sent on this channel."),
        todo=_("Write it as a text instead."),
    ),
    ErrorRule(
        ["bad_content", "bad_id"],
        ErrorClass.OPERATOR,
        mender=Mender.STAFF,
        what=_("The message was not put together correctly. Nothing was sent."),
        todo=_("The operator has to look at it. Give them the error code."),
    ),
    ErrorRule(
        ["too_large"],
        ErrorClass.CONTENT,
        mender=Mender.AGENT,
        what=_("The file is larger than allowed."),
        todo=_("Ask for a smaller file, or for a link to it."),
    ),
    ErrorRule(
        ["foreign_host"],
        ErrorClass.OPERATOR,
        mender=Mender.STAFF,
        what=_("The file lies at an address that is not the provider's. It was not fetched."),
        todo=_("Ask the person to send it again. If it happens again, tell the operator."),
    ),
    ErrorRule(
        ["http_404", "http_410"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("The provider no longer has what was asked for."),
        todo=_("Ask the person to send it again."),
    ),
    ErrorRule(
        ["poisoned"],
        ErrorClass.OPERATOR,
        mender=Mender.STAFF,
        what=_("Sending broke off several times. Nobody knows whether the message arrived."),
        todo=_("Ask the person whether it arrived before you send it again."),
    ),
    ErrorRule(
        ["given_up"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("The provider never said whether the message arrived, and it was left at that."),
        todo=_("Ask the person whether it arrived before you send it again."),
    ),
    ErrorRule(
        ["opted_out"],
        ErrorClass.OPTED_OUT,
        what=_("The person had opted out of such messages before this was sent."),
        todo=_("Nothing to do. They get such messages again when they agree again."),
    ),
    ErrorRule(
        ["blocked"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.AGENT,
        what=_("The contact was blocked before this was sent."),
        todo=_("Unblock the contact before you write again."),
    ),
    ErrorRule(
        ["not_agreed"],
        ErrorClass.NEVER_FOR_CONTACT,
        mender=Mender.AGENT,
        what=_("The person had not agreed to such messages when this was to be sent."),
        todo=_("Ask the person first. That they agreed is recorded on the contact's page."),
    ),
    ErrorRule(
        ["cancelled"],
        ErrorClass.NEVER,
        mender=Mender.AGENT,
        what=_("The broadcast was ended before this was sent."),
        todo=_("Write to the person yourself if it still matters."),
    ),
    ErrorRule(
        ["channel_gone"],
        ErrorClass.NEVER,
        mender=Mender.ADMIN,
        what=_("The number was disconnected before this was sent."),
        todo=_("Write it again when the number is connected again, or on another channel."),
    ),
    ErrorRule(
        ["upload_failed"],
        ErrorClass.RETRY_LATER,
        mender=Mender.AGENT,
        # Half an hour in all, so that nobody waits for an answer that never leaves.
        retry=Retry(tries=6, first=5, most=1800),
        what=_("The file could not be handed to the provider, although it was tried for a while. Nothing was sent."),
        todo=_("Send it again in a moment."),
    ),
    ErrorRule(
        ["file_missing"],
        ErrorClass.OPERATOR,
        mender=Mender.STAFF,
        what=_("The stored file is gone. Nothing was sent."),
        todo=_("Choose the file again. If it happens again, tell the operator."),
    ),
]
