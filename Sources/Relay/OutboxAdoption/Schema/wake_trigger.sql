-- Wakes a relay that sleeps, once for each statement that inserts. Writers run the condition in their transaction.
--
-- While the relay sleeps it holds the sleep lock exclusively: the try fails, and the statement notifies. While the
-- relay is awake, or there is none, the try succeeds and costs no more than an entry of the lock table.

CREATE TRIGGER :"trigger" AFTER INSERT ON :outbox FOR EACH STATEMENT
    WHEN (CASE WHEN current_setting('outbox_relay.wake', true) = 'off' THEN false
               ELSE NOT pg_try_advisory_xact_lock_shared(:lock_class, 2) END)
    EXECUTE FUNCTION :"schema".wake();
