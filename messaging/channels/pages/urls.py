from django.urls import path

from messaging.channels.pages import changing, testing, views

urlpatterns = [
    path("", views.channels, name="channels"),
    path("connect/", changing.connect, name="channel_connect"),
    path("<str:public_id>/", views.channel, name="channel"),
    path("<str:public_id>/check/", changing.check, name="channel_check"),
    path("<str:public_id>/report/", changing.report, name="channel_report"),
    path("<str:public_id>/pause/", changing.pause, name="channel_pause"),
    path("<str:public_id>/go-on/", changing.go_on, name="channel_go_on"),
    path("<str:public_id>/renew/", changing.renew, name="channel_renew"),
    path("<str:public_id>/rename/", changing.rename, name="channel_rename"),
    path("<str:public_id>/disconnect/", changing.disconnect, name="channel_disconnect"),
    path("<str:public_id>/test/", testing.test, name="channel_test"),
    path("<str:public_id>/test/<str:message_id>/", testing.tested, name="channel_tested"),
]
