"""Sessions in the shared schema. A session belongs to one company (or to the public host) and is unknown elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from tenants.lib.ids import new_public_id
from tenants.models.company import Company
from tenants.models.user import User


class Session(AbstractBaseSession):
    """What the browser's cookie opens, with what a person needs to recognise it in a list."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # Ending all sessions of a member of one company.
        indexes = [models.Index(fields=["user", "company"], name="session_of_member")]

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(DatabaseSessionStore):
    """Django's database sessions, tied to the company whose host is asked."""

    def __init__(
        self,
        session_key: str | None = None,
        *,
        company_id: int | None = None,
        ip: str | None = None,
        user_agent: str = "",
    ) -> None:
        super().__init__(session_key)
        self.company_id, self.ip, self.user_agent = company_id, ip, user_agent
        self.row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        try:
            self.row = Session.objects.get(
                session_key=self.session_key, company=self.company_id, expire_date__gt=timezone.now()
            )
        except Session.DoesNotExist:
            self._session_key = None
            return None
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        # One row is written over when it is saved again, so what it knew from its beginning is kept.
        created_at = self.row.created_at if self.row else timezone.now()
        public_id = self.row.public_id if self.row else new_public_id()
        self.row = Session(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            company_id=self.company_id,
            user_id=int(data["_auth_user_id"]) if data.get("_auth_user_id") else None,
            ip=self.ip,
            user_agent=self.user_agent[:300],
            created_at=created_at,
            public_id=public_id,
        )
        return self.row

    def cycle_key(self) -> None:
        self.row = None
        super().cycle_key()

    def flush(self) -> None:
        super().flush()
        self.row = None
