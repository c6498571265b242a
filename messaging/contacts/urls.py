from django.urls import path

from messaging.contacts import views
from messaging.contacts.attributes import views as attributes
from messaging.contacts.consent import views as consent
from messaging.contacts.groups import views as groups
from messaging.contacts.imports import views as imports

urlpatterns = [
    path("", views.contacts, name="contacts"),
    path("add/", views.add, name="contact_add"),
    path("lists/", groups.lists, name="contact_lists"),
    path("lists/put/", groups.put, name="contact_list_put"),
    path("lists/<str:public_id>/rename/", groups.rename, name="contact_list_rename"),
    path("lists/<str:public_id>/delete/", groups.remove, name="contact_list_remove"),
    path("attributes/", attributes.attributes, name="attributes"),
    path("attributes/<slug:key>/rename/", attributes.rename, name="attribute_rename"),
    path("attributes/<slug:key>/delete/", attributes.remove, name="attribute_remove"),
    path("import/", imports.imports, name="imports"),
    path("import/<str:public_id>/", imports.one, name="import"),
    path("import/<str:public_id>/check/", imports.check, name="import_check"),
    path("import/<str:public_id>/run/", imports.run, name="import_run"),
    path("import/<str:public_id>/cancel/", imports.cancel, name="import_cancel"),
    path("import/<str:public_id>/progress/", imports.progress, name="import_progress"),
    path("import/<str:public_id>/refused/", imports.refused_lines, name="import_refused"),
    path("<str:public_id>/", views.contact, name="contact"),
    path("<str:public_id>/edit/", views.edit, name="contact_edit"),
    path("<str:public_id>/labels/", groups.labels_of, name="contact_labels"),
    path("<str:public_id>/lists/", groups.lists_of, name="contact_in_lists"),
    path("<str:public_id>/agreed/", consent.agreed, name="contact_agreed"),
    path("<str:public_id>/refused/", consent.refused, name="contact_refused"),
    path("<str:public_id>/block/", views.block, name="contact_block"),
    path("<str:public_id>/unblock/", views.unblock, name="contact_unblock"),
    path("<str:public_id>/remove/", views.remove, name="contact_remove"),
]
