-- Remembers how far payments are settled, and which are tried again.
GRANT SELECT, INSERT, UPDATE ON :"orders".payment_mark TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON :"orders".payment_retry TO :"role";
