from django.urls import path

from messaging.media import views

urlpatterns = [
    path("<str:public_id>/", views.file, name="file"),
    path("<str:public_id>/thumbnail/", views.thumbnail, name="file_thumbnail"),
]
