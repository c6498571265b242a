from django.urls import path

from messaging.contacts import views

urlpatterns = [
    path("", views.contacts, name="contacts"),
    path("add/", views.add, name="contact_add"),
    path("<str:public_id>/", views.contact, name="contact"),
    path("<str:public_id>/edit/", views.edit, name="contact_edit"),
    path("<str:public_id>/remove/", views.remove, name="contact_remove"),
]
