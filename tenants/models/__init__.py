"""The shared schema: who is who, and what the installation has still to do."""

from tenants.models.audit import AuditEntry
from tenants.models.company import Company, CompanyKey, CompanyState, Domain
from tenants.models.due import DueWork, ParkedTask
from tenants.models.files import LooseFile
from tenants.models.limits import Attempt
from tenants.models.mail import Mail, MailState
from tenants.models.member import Invitation, Membership, Role
from tenants.models.route import ProviderRoute, UnroutedAccount, UnroutedWebhook
from tenants.models.schema import SchemaMigrationResult
from tenants.models.session import Session
from tenants.models.sign_up import EnterLink, SignUp
from tenants.models.user import Theme, User
from tenants.models.visit import StaffVisit

__all__ = [
    "Attempt",
    "AuditEntry",
    "Company",
    "CompanyKey",
    "CompanyState",
    "Domain",
    "DueWork",
    "EnterLink",
    "Invitation",
    "LooseFile",
    "Mail",
    "MailState",
    "Membership",
    "ParkedTask",
    "ProviderRoute",
    "Role",
    "SchemaMigrationResult",
    "Session",
    "SignUp",
    "StaffVisit",
    "Theme",
    "UnroutedAccount",
    "UnroutedWebhook",
    "User",
]
