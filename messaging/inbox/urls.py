from django.urls import path

from messaging.inbox import acts, files, views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("list/", views.list_part, name="inbox_list"),
    path("<str:public_id>/", views.conversation, name="conversation"),
    path("<str:public_id>/older/", views.older, name="conversation_older"),
    path("<str:public_id>/thread/", views.thread, name="conversation_thread"),
    path("<str:public_id>/reply/", views.reply, name="conversation_reply"),
    path("<str:public_id>/files/", files.conversation_files, name="conversation_files"),
    path("<str:public_id>/note/", views.note, name="conversation_note"),
    path("<str:public_id>/assign/", acts.assign, name="conversation_assign"),
    path("<str:public_id>/resolve/", acts.resolve, name="conversation_resolve"),
    path("<str:public_id>/reopen/", acts.reopen, name="conversation_reopen"),
    path("<str:public_id>/snooze/", acts.snooze, name="conversation_snooze"),
    path("<str:public_id>/label/", acts.label, name="conversation_label"),
    path("<str:public_id>/unread/", acts.unread, name="conversation_unread"),
    path("<str:public_id>/typing/", acts.typing, name="conversation_typing"),
]
