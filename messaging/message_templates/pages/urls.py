from django.urls import path

from messaging.message_templates.pages import views

urlpatterns = [
    path("", views.templates, name="templates"),
    path("fetch/", views.fetch, name="templates_fetch"),
    path("<str:public_id>/", views.template, name="template"),
]
