"""The only doors to permission.

Who is signed in on a company's host is a member of that company or on a staff visit there; the middleware has made
sure. These decorators ask for more. What a person may never know of is a 404, fetched through what they may see;
a page their role lacks says so, and who can give it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from tenants.models import Membership, Role, User
from tenants.request import Request, company_of
from tenants.services.audit import Actor

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def role_of(request: HttpRequest) -> Role | None:
    """The role one has here; a staff visit looks at what an admin sees."""
    if getattr(request, "visit", None) is not None:
        return Role.ADMIN
    member: Membership | None = getattr(request, "member", None)
    return Role(member.role) if member else None


def may(request: HttpRequest, role: Role) -> bool:
    """Whether the person here has at least this role."""
    own = role_of(request)
    return own is not None and own.includes(role)


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request, for the audit log."""
    user = request.user if isinstance(request.user, User) else None
    return Actor(user=user, ip=getattr(request, "client_ip", None), visit=getattr(request, "visit", None))


def role_required(role: Role) -> Callable[[View], View]:
    """A page of a company's space for members with at least this role."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request, role):
                return no_permission(request)
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def person_required(view: View) -> View:
    """A page for whoever is signed in, on any host: one's own profile and security."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def staff_required(view: View) -> View:
    """A page of the operator's console: 404 for everybody else, and a second factor is a must."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise Http404
        if not is_mfa_enabled(request.user):
            return redirect("mfa_activate_totp")
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def no_permission(request: Request) -> HttpResponse:
    """Says what is missing and who can give it."""
    admins = Membership.objects.filter(company=company_of(request), role=Role.ADMIN).select_related("user")[:5]
    return render(request, "errors/no_permission.html", {"admins": [admin.user for admin in admins]}, status=403)
