-- Relay schema version 7: setting up is a decision as well.
--
-- Written by outboxctl adopt and outboxctl upgrade; read by operators. Needs version 4. Doing it again changes nothing.

ALTER TABLE :"schema".decision
    DROP CONSTRAINT IF EXISTS decision_action_check,
    ADD CONSTRAINT decision_action_check
        CHECK (action IN ('park', 'release', 'skip', 'edit', 'pause', 'resume', 'replay', 'rebuild', 'rebase', 'adopt',
                          'upgrade'));

COMMENT ON TABLE :"schema".decision IS 'Who decided what about this outbox, when and why. Append-only.';
