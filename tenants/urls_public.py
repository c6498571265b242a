"""The public host: sign-up, the way into one's companies, the operator's console, health."""

from django.urls import path

from tenants.views import health, person, sign_up, staff, unrouted

urlpatterns = [
    path("sign-up/", sign_up.sign_up, name="sign_up"),
    path("sign-up/<str:public_id>/sent/", sign_up.sent, name="sign_up_sent"),
    path("sign-up/<str:public_id>/again/", sign_up.send_again, name="sign_up_again"),
    path("sign-up/confirm/<str:token>/", sign_up.confirm, name="sign_up_confirm"),
    path("companies/", person.companies, name="companies"),
    path("companies/<str:public_id>/enter/", person.enter_company, name="enter_company"),
    path("companies/invitations/<str:public_id>/accept/", person.accept_invitation, name="accept_invitation"),
    path("staff/", staff.companies, name="staff_companies"),
    path("staff/log/", staff.audit_log, name="staff_audit"),
    path("staff/webhooks/", unrouted.accounts, name="staff_webhooks"),
    path("staff/webhooks/<int:pk>/dismiss/", unrouted.dismiss, name="dismiss_unrouted"),
    path("staff/system/", staff.system, name="staff_system"),
    path("staff/system/parked/<int:pk>/dismiss/", staff.dismiss_parked, name="dismiss_parked"),
    path("staff/system/mail/<int:pk>/again/", staff.send_mail_again, name="send_mail_again"),
    path("staff/companies/<str:public_id>/", staff.company, name="staff_company"),
    path("staff/companies/<str:public_id>/suspend/", staff.suspend, name="staff_suspend"),
    path("staff/companies/<str:public_id>/lift/", staff.lift, name="staff_lift"),
    path("staff/companies/<str:public_id>/visit/", staff.visit, name="staff_visit"),
    path("staff/companies/<str:public_id>/open/", staff.open_again, name="staff_open_again"),
    path("staff/visits/<str:public_id>/end/", staff.end_visit, name="staff_end_visit"),
    path("health/deep", health.deep, name="health_deep"),
    path("metrics", health.exposition, name="metrics"),
]
