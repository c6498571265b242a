"""Paging by key: every row once, in order, however rows share their times."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies as st

from tenants.lib.paging import page_by_key
from tenants.models import Company, StaffVisit, User

ORDER = ("-started_at", "-pk")


def make(company: Company, staff: User, minutes: list[int]) -> None:
    now = timezone.now()
    StaffVisit.objects.all().delete()
    StaffVisit.objects.bulk_create(
        StaffVisit(company=company, staff=staff, reason="r", started_at=_at(now, offset), ends_at=now)
        for offset in minutes
    )


def _at(now: datetime, offset: int) -> datetime:
    return now - timedelta(minutes=offset)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 3), max_size=25), size=st.integers(1, 7))
def test_walking_forward_meets_every_row_once_in_order(
    acme: Company, staff: User, minutes: list[int], size: int
) -> None:
    make(acme, staff, minutes)
    wanted = [row.pk for row in StaffVisit.objects.order_by(*ORDER)]
    met: list[int] = []
    after = ""
    while True:
        page = page_by_key(StaffVisit.objects.all(), ORDER, after=after, size=size)
        met += [row.pk for row in page.rows]
        after = page.after
        if not after:
            break
    assert met == wanted


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 3), min_size=3, max_size=25), size=st.integers(1, 5))
def test_a_step_forward_and_back_shows_the_same_page(acme: Company, staff: User, minutes: list[int], size: int) -> None:
    make(acme, staff, minutes)
    first = page_by_key(StaffVisit.objects.all(), ORDER, size=size)
    if not first.after:
        return
    second = page_by_key(StaffVisit.objects.all(), ORDER, after=first.after, size=size)
    back = page_by_key(StaffVisit.objects.all(), ORDER, before=second.before, size=size)
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]


def test_an_unknown_key_gives_the_first_page(acme: Company, staff: User) -> None:
    make(acme, staff, [1, 2, 3])
    assert len(page_by_key(StaffVisit.objects.all(), ORDER, after="gone")) == 3


def test_an_empty_list_has_no_way_on(db: None) -> None:
    page = page_by_key(StaffVisit.objects.all(), ORDER)
    assert (len(page), page.before, page.after) == (0, "", "")


@pytest.mark.parametrize("size", [1, 2])
def test_the_first_page_has_no_way_back(acme: Company, staff: User, size: int) -> None:
    make(acme, staff, [1, 2, 3])
    assert page_by_key(StaffVisit.objects.all(), ORDER, size=size).before == ""
