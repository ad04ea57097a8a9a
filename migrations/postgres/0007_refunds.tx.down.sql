DROP INDEX arrivals_related;
ALTER TABLE arrivals DROP COLUMN refund_id;
ALTER TABLE receipts DROP COLUMN refund_id;
ALTER TABLE receipts DROP COLUMN refunding;
DROP TABLE refunds;
