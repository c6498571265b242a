from django.urls import path

from messaging.inbox import files, views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("list/", views.list_part, name="inbox_list"),
    path("<str:public_id>/", views.conversation, name="conversation"),
    path("<str:public_id>/thread/", views.thread, name="conversation_thread"),
    path("<str:public_id>/reply/", views.reply, name="conversation_reply"),
    path("<str:public_id>/files/", files.conversation_files, name="conversation_files"),
    path("<str:public_id>/note/", views.note, name="conversation_note"),
    path("<str:public_id>/assign/", views.assign, name="conversation_assign"),
    path("<str:public_id>/resolve/", views.resolve, name="conversation_resolve"),
    path("<str:public_id>/reopen/", views.reopen, name="conversation_reopen"),
    path("<str:public_id>/snooze/", views.snooze, name="conversation_snooze"),
    path("<str:public_id>/label/", views.label, name="conversation_label"),
]
