"""A company's site, at <address name>.<base host>."""

from django.urls import include, path

urlpatterns = [
    path("", include("tenants.urls")),
    path("", include("tenants.urls_person")),
    path("billing/", include("billing.urls")),
    path("broadcasts/", include("messaging.broadcasts.pages.urls")),
    path("channels/", include("messaging.channels.pages.urls")),
    path("templates/", include("messaging.message_templates.pages.urls")),
    path("contacts/", include("messaging.contacts.urls")),
    path("files/", include("messaging.media.urls")),
    path("preferences/", include("messaging.contacts.consent.urls")),
    path("inbox/", include("messaging.inbox.urls")),
]

handler400 = "tenants.views.errors.bad_request"
handler403 = "tenants.views.errors.forbidden"
handler404 = "tenants.views.errors.not_found"
handler500 = "tenants.views.errors.server_error"
