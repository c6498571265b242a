from django.urls import path

from config.demo import views

urlpatterns = [
    path("", views.index, name="demo"),
    path("mail/", views.mail_list, name="demo_mail"),
    path("mail/<str:key>/", views.mail_one, name="demo_mail_one"),
    path("mail/<str:key>/html/", views.mail_html, name="demo_mail_html"),
]
