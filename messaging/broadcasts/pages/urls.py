from django.urls import path

from messaging.broadcasts.pages import export, listing, people, report, sending, steps, testing

urlpatterns = [
    path("", listing.broadcasts, name="broadcasts"),
    path("new/", listing.new, name="broadcast_new"),
    path("<str:public_id>/", report.broadcast, name="broadcast"),
    path("<str:public_id>/progress/", report.progress, name="broadcast_progress"),
    path("<str:public_id>/rows.csv", export.rows, name="broadcast_csv"),
    path("<str:public_id>/rename/", listing.rename, name="broadcast_rename"),
    path("<str:public_id>/duplicate/", listing.duplicate, name="broadcast_duplicate"),
    path("<str:public_id>/delete/", listing.delete, name="broadcast_delete"),
    path("<str:public_id>/audience/", steps.audience, name="broadcast_audience"),
    path("<str:public_id>/audience/people/", people.people, name="broadcast_people"),
    path("<str:public_id>/message/", steps.message, name="broadcast_message"),
    path("<str:public_id>/preview/", steps.preview, name="broadcast_preview"),
    path("<str:public_id>/timing/", steps.timing, name="broadcast_timing"),
    path("<str:public_id>/review/", steps.review, name="broadcast_review"),
    path("<str:public_id>/test/", testing.test, name="broadcast_test"),
    path("<str:public_id>/send/", sending.send, name="broadcast_send"),
    path("<str:public_id>/unschedule/", sending.unschedule, name="broadcast_unschedule"),
    path("<str:public_id>/pause/", sending.pause, name="broadcast_pause"),
    path("<str:public_id>/resume/", sending.resume, name="broadcast_resume"),
    path("<str:public_id>/cancel/", sending.cancel, name="broadcast_cancel"),
]
