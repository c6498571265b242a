from django.urls import path

from messaging.inbox import message_views, template_views, views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("list/", views.list_part, name="inbox_list"),
    path("<str:public_id>/", views.conversation, name="conversation"),
    path("<str:public_id>/thread/", views.thread, name="conversation_thread"),
    path("<str:public_id>/composer/", message_views.composer, name="conversation_composer"),
    path("<str:public_id>/reply/", message_views.reply, name="conversation_reply"),
    path("<str:public_id>/send/<str:key>/", message_views.send, name="conversation_send"),
    path("<str:public_id>/note/", message_views.note, name="conversation_note"),
    path("<str:public_id>/messages/<str:message_id>/", message_views.message, name="conversation_message"),
    path("<str:public_id>/messages/<str:message_id>/react/", message_views.react, name="conversation_react"),
    path("<str:public_id>/messages/<str:message_id>/retry/", message_views.retry, name="conversation_retry"),
    path("<str:public_id>/messages/<str:message_id>/let-be/", message_views.let_be, name="conversation_let_be"),
    path("<str:public_id>/templates/", template_views.choose, name="conversation_templates"),
    path("<str:public_id>/templates/<str:template_id>/", template_views.fill, name="conversation_template"),
    path(
        "<str:public_id>/templates/<str:template_id>/preview/",
        template_views.preview,
        name="conversation_template_preview",
    ),
    path("<str:public_id>/assign/", views.assign, name="conversation_assign"),
    path("<str:public_id>/resolve/", views.resolve, name="conversation_resolve"),
    path("<str:public_id>/reopen/", views.reopen, name="conversation_reopen"),
    path("<str:public_id>/snooze/", views.snooze, name="conversation_snooze"),
    path("<str:public_id>/label/", views.label, name="conversation_label"),
]
