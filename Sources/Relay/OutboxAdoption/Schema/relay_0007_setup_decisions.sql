-- Relay schema version 7: setting up is a decision as well, and keys that are being released are counted by an index.
--
-- Decisions are written by outboxctl adopt, upgrade and migrate; read by operators. Needs version 4. Doing it again changes
-- nothing.

ALTER TABLE :"schema".decision
    DROP CONSTRAINT IF EXISTS decision_action_check,
    ADD CONSTRAINT decision_action_check
        CHECK (action IN ('park', 'release', 'skip', 'edit', 'pause', 'resume', 'replay', 'rebuild', 'rebase', 'adopt',
                          'upgrade'));

-- Serves the status, among any number of parked keys: WHERE release_asked_at IS NOT NULL.
CREATE INDEX IF NOT EXISTS parked_release ON :"schema".parked (release_asked_at) WHERE release_asked_at IS NOT NULL;

COMMENT ON TABLE :"schema".decision IS 'Who decided what about this outbox, when and why. Append-only.';
