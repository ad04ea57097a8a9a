DROP TABLE invoices;
DROP TABLE deposits;
DROP TABLE quotes;
DROP TABLE customer_words;
DROP TABLE customers;
