DROP TABLE mails;
DROP TABLE receipt_allocations;
DROP TABLE receipts;
DROP TABLE feeds;
DROP TABLE deliveries;
DROP TABLE arrivals;
DROP TABLE attempts;
DROP TABLE pay_links;
