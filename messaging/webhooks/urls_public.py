from django.urls import path

from messaging.webhooks import views

urlpatterns = [
    path("<slug:kind>/", views.platform_address, name="webhook_platform"),
    path("<slug:kind>/<str:key>/", views.channel_address, name="webhook_channel"),
]
