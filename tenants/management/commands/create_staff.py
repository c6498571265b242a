from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.forms import ValidationError
from django.urls import reverse
from django.utils.http import int_to_base36

from tenants.models import User
from tenants.services import audit, mail
from tenants.sign_in import CompanyTokenGenerator


class Command(BaseCommand):
    help = "Makes a staff member of the operator and mails a link to set a password; a second factor is asked for next."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address.") from None
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=options["name"])
        User.objects.filter(pk=user.pk).update(is_staff=True)
        audit.record(audit.SYSTEM, "staff.created", target=email)
        self._send_link(user)
        self.stdout.write(f"{email} is staff. A link to set the password is on its way.")

    def _send_link(self, user: User) -> None:
        proof = [int_to_base36(user.pk), CompanyTokenGenerator().make_token(user)]
        path = reverse("account_reset_password_from_key", args=proof, urlconf=settings.PUBLIC_URLCONF)
        link = f"{settings.SCHEME}://{settings.BASE_HOST}{path}"
        mail.queue_mail("password_reset", to=user.email, context={"person": user, "link": link}, language=user.language)
