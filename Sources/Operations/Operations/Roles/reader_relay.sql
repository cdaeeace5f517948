-- Sees what waits in the outbox, what is parked, and who decided what. Changes nothing.
GRANT USAGE ON SCHEMA :"relay" TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA :"relay" TO :"role";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA :"relay" TO :"role";
