"""Pages for a company's customers."""

from django.urls import path

from messaging.contacts.consent import preference_views

urlpatterns = [path("<str:token>/", preference_views.preferences_page, name="contact_preferences")]
