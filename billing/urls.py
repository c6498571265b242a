"""A company's own billing pages, under /billing/."""

from django.urls import path

from billing.views import budget, details, invoices, messages, overview, plan, prices, usage

urlpatterns = [
    path("", overview.overview, name="billing"),
    path("usage/", usage.usage, name="billing_usage"),
    path("usage/messages/", messages.of_month, name="billing_messages"),
    path("usage/messages.csv", messages.of_month_as_csv, name="billing_messages_csv"),
    path("budget/", budget.budget, name="billing_budget"),
    path("budget/remove/", budget.remove, name="billing_budget_remove"),
    path("plan/", plan.plans, name="billing_plan"),
    path("plan/keep/", plan.keep, name="billing_plan_keep"),
    path("plan/<slug:code>/", plan.change, name="billing_plan_change"),
    path("prices/", prices.prices, name="billing_prices"),
    path("invoices/", invoices.invoices, name="billing_invoices"),
    path("invoices/<str:public_id>/", invoices.invoice, name="billing_invoice"),
    path("invoices/<str:public_id>/pdf/", invoices.pdf, name="billing_invoice_pdf"),
    path("invoices/<str:public_id>/xml/", invoices.xml, name="billing_invoice_xml"),
    path("invoices/<str:public_id>/lines/<int:position>/", messages.of_line, name="billing_line"),
    path("invoices/<str:public_id>/lines/<int:position>.csv", messages.of_line_as_csv, name="billing_line_csv"),
    path("details/", details.details, name="billing_details"),
]
