"""The operator's invoice desk: months, invoices, payments, prices, and whether the books agree."""
