DROP TABLE invoices, deposits, quotes, customer_words, customers;
DROP FUNCTION refuse_invoice_change();
