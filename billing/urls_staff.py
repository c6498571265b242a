"""The operator's invoice desk, below /staff/ on the public host."""

from django.urls import path

from billing.views.staff import books, cards, company, invoice_steps, invoices, month, payments, prices

INVOICE = "billing/invoices/<str:public_id>/"
CARD = "billing/cards/<str:public_id>/"
PAYMENT = "billing/payments/<str:public_id>/"
COMPANY = "companies/<str:public_id>/billing/"

urlpatterns = [
    path("billing/", month.month, name="staff_billing"),
    path("billing/begin/", month.begin, name="staff_billing_begin"),
    path("billing/approve/", month.approve, name="staff_billing_approve"),
    path("billing/months/<int:pk>/again/", month.again, name="staff_billing_again"),
    path("billing/months/<int:pk>/collect/", month.collect, name="staff_billing_collect"),
    path("billing/invoices/", invoices.invoices, name="staff_billing_invoices"),
    path(INVOICE, invoices.invoice, name="staff_billing_invoice"),
    path(INVOICE + "pdf/", invoices.pdf, name="staff_billing_pdf"),
    path(INVOICE + "xml/", invoices.xml, name="staff_billing_xml"),
    path(INVOICE + "lines/<int:position>/", invoices.line, name="staff_billing_line"),
    path(INVOICE + "lines/<int:position>/csv/", invoices.line_csv, name="staff_billing_line_csv"),
    path(INVOICE + "approve/", invoice_steps.approve_correction, name="staff_billing_approve_correction"),
    path(INVOICE + "withdraw/", invoice_steps.withdraw, name="staff_billing_withdraw"),
    path(INVOICE + "correct/", invoice_steps.correct, name="staff_billing_correct"),
    path(INVOICE + "cancel/", invoice_steps.cancel, name="staff_billing_cancel"),
    path(INVOICE + "drop/", invoice_steps.drop, name="staff_billing_drop"),
    path(INVOICE + "write-off/", invoice_steps.write_off, name="staff_billing_write_off"),
    path(INVOICE + "send/", invoice_steps.send, name="staff_billing_send"),
    path(INVOICE + "paid/", payments.mark_paid, name="staff_billing_paid"),
    path("billing/owing/", payments.who_owes, name="staff_billing_owing"),
    path("billing/payments/", payments.payments, name="staff_billing_payments"),
    path("billing/payments/add/", payments.add, name="staff_billing_payment_add"),
    path(PAYMENT, payments.payment, name="staff_billing_payment"),
    path(PAYMENT + "allocate/", payments.allocate, name="staff_billing_payment_allocate"),
    path(PAYMENT + "match/", payments.match, name="staff_billing_payment_match"),
    path(PAYMENT + "reverse/", payments.reverse_payment, name="staff_billing_payment_reverse"),
    path(PAYMENT + "allocations/<int:pk>/release/", payments.release, name="staff_billing_payment_release"),
    path(PAYMENT + "refund/", payments.refund, name="staff_billing_payment_refund"),
    path(PAYMENT + "refunds/<str:refund_id>/reverse/", payments.reverse_refund, name="staff_billing_refund_reverse"),
    path("billing/cards/", cards.cards, name="staff_billing_cards"),
    path("billing/cards/add/", cards.add, name="staff_billing_card_add"),
    path(CARD, cards.card, name="staff_billing_card"),
    path(CARD + "approve/", cards.approve, name="staff_billing_card_approve"),
    path(CARD + "publish/", cards.publish, name="staff_billing_card_publish"),
    path("billing/prices/", prices.prices, name="staff_billing_prices"),
    path("billing/prices/add/", prices.add, name="staff_billing_price_add"),
    path("billing/prices/<str:public_id>/", prices.price_list, name="staff_billing_price_list"),
    path("billing/exchange/", prices.exchange, name="staff_billing_exchange"),
    path("billing/books/", books.books, name="staff_billing_books"),
    path("billing/books/check/", books.check, name="staff_billing_books_check"),
    path(COMPANY, company.company, name="staff_company_billing"),
    path(COMPANY + "profile/", company.profile, name="staff_company_billing_profile"),
    path(COMPANY + "plan/", company.plan, name="staff_company_billing_plan"),
]
