"""Files come and go: asked for when one waits, asked again by the sweep. They may be slow, so they have own workers."""

from __future__ import annotations

from functools import partial

from messaging.media import fetching, uploading
from messaging.messages.nudging import FETCH, UPLOAD
from tenants.company_task import CompanyTask, company_task
from tenants.models import Company
from tenants.services import due

# A large file takes longer than other work; still less than until the broker thinks the task lost.
LONGEST = 240


@company_task(queue="files")
def fetch_media(company: Company) -> None:
    """Fetch files that people sent."""
    if fetching.fetch(company):
        fetch_media.nudge(company)


@company_task(queue="files")
def upload_media(company: Company) -> None:
    """Hand files over that are to be sent."""
    if uploading.upload(company):
        upload_media.nudge(company)


# What people send to a suspended company is still kept: their provider forgets it after a week.
fetch_media.runs_while_suspended = True
fetch_media.time_limit = upload_media.time_limit = LONGEST


def _nudge(task: CompanyTask, company: Company | None) -> None:
    if company is not None:
        task.nudge(company)


due.on_due(FETCH, partial(_nudge, fetch_media))
due.on_due(UPLOAD, partial(_nudge, upload_media))
