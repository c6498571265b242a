from __future__ import annotations

from functools import cached_property
from typing import NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.lib.ids import new_public_id, new_schema_name


class CompanyState(models.TextChoices):
    OPENING = "opening", _("Opening")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")


class CompanyQuerySet(models.QuerySet["Company"]):
    def with_address(self) -> CompanyQuerySet:
        """Each with its domains, so that `address_name` asks nothing more."""
        return self.prefetch_related("domains")

    def found_by(self, words: str) -> CompanyQuerySet:
        """Those whose name, address name, VAT id or public id holds `words`."""
        match = (
            models.Q(name__icontains=words)
            | models.Q(vat_id__icontains=words)
            | models.Q(public_id=words)
            | models.Q(pk__in=Domain.objects.filter(domain__icontains=words).values("tenant"))
        )
        return self.filter(match)


class Company(TenantMixin):
    """A company that uses Botschaft, with a PostgreSQL schema of its own.

    opening ─► active ⇄ suspended. `opening_step` tells how far opening came; every step can be run again.
    """

    auto_create_schema = False
    auto_drop_schema = False

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    schema_name = models.CharField(max_length=63, unique=True, default=new_schema_name, editable=False)
    name = models.CharField(_("company name"), max_length=120)
    country = models.CharField(_("country"), max_length=2)
    vat_id = models.CharField(_("VAT id"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    state = models.CharField(max_length=12, choices=CompanyState.choices, default=CompanyState.OPENING)
    opening_step = models.CharField(max_length=20, default="reserved")
    opening_attempts = models.PositiveSmallIntegerField(default=0)
    opening_error = models.TextField(blank=True)
    suspension_reason = models.TextField(blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        # The operator's list of companies, newest first.
        indexes = [models.Index(fields=["-created_at", "-id"], name="company_newest")]

    def __str__(self) -> str:
        return self.name

    def __enter__(self) -> NoReturn:
        # django-tenants keeps the previous tenant in a list shared by all threads: another company would be left open.
        raise RuntimeError("Use tenants.context.company_context(company), not `with company:`")

    @cached_property
    def address_name(self) -> str:
        """The name before the base host: `<address name>.<base>`."""
        return str(next(domain.domain for domain in self.domains.all() if domain.is_primary))

    @property
    def host(self) -> str:
        return f"{self.address_name}.{settings.BASE_HOST}"

    @property
    def url(self) -> str:
        """Where the company's space is, without a trailing slash."""
        return f"{settings.SCHEME}://{self.host}"

    def is_open(self) -> bool:
        return self.state == CompanyState.ACTIVE


class Domain(DomainMixin):
    """An address name of a company. Only the primary one is shown; a former one still leads there.

    `domain` holds the name before the base host alone, so that an installation may move to another base.
    """

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_primary=True), name="domain_one_primary"),
        ]


class CompanyKey(models.Model):
    """A company's data key, wrapped by the master key `master_id`. The newest encrypts; all decrypt."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="keys")
    master_id = models.CharField(max_length=32)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["master_id"], name="company_key_master")]
