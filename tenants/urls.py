"""A company's space."""

from django.urls import path

from tenants.views import company, enter, team

urlpatterns = [
    path("", company.home, name="home"),
    path("enter/<str:token>/", enter.enter, name="enter"),
    path("invitation/<str:token>/", enter.invitation, name="invitation"),
    path("team/", team.team, name="team"),
    path("team/invite/", team.invite, name="invite"),
    path("team/invitations/<str:public_id>/again/", team.invite_again, name="invite_again"),
    path("team/invitations/<str:public_id>/withdraw/", team.withdraw_invitation, name="withdraw_invitation"),
    path("team/<str:public_id>/role/", team.change_role, name="change_role"),
    path("team/<str:public_id>/remove/", team.remove, name="remove_member"),
    path("settings/", company.details, name="company_settings"),
    path("settings/address/", company.address, name="company_address"),
    path("settings/visits/", company.visits_page, name="company_visits"),
    path("settings/log/", company.audit_log, name="company_audit"),
    path("visit/end/", company.end_visit, name="visit_end"),
]
