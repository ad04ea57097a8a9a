DROP INDEX arrivals_related;
ALTER TABLE arrivals DROP COLUMN refund_id;
ALTER TABLE invoices DROP COLUMN net_credited;
ALTER TABLE receipts DROP COLUMN refund_id;
ALTER TABLE receipts DROP COLUMN refunding;
DROP TABLE refunds;
