DROP TABLE mails, receipt_allocations, receipts, feeds, deliveries, arrivals, attempts, pay_links;
DROP FUNCTION check_attempt;
