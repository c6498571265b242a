"""The public site, at the base host."""

from django.conf import settings
from django.urls import include, path

from config import site
from tenants.views import design

urlpatterns = [
    path("", site.home, name="site_home"),
    path("prices/", site.prices, name="site_prices"),
    path("imprint/", site.imprint, name="site_imprint"),
    path("privacy/", site.privacy, name="site_privacy"),
    path("", include("tenants.urls_public")),
    path("staff/", include("billing.urls_staff")),
    path("", include("tenants.urls_person")),
    path("webhooks/", include("messaging.webhooks.urls_public")),
    path("design/", design.index, name="design"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("config.demo.urls")))

handler400 = "tenants.views.errors.bad_request"
handler403 = "tenants.views.errors.forbidden"
handler404 = "tenants.views.errors.not_found"
handler500 = "tenants.views.errors.server_error"
