-- Releases, skips and edits parked rows, pauses and resumes the relay, replays. Each act is a decision; the role that is noted with
-- it is the column's default, so that nobody decides in the name of another role.
GRANT INSERT (decided_at, action, aggregate_type, aggregate_id, outbox_id, reason, caller, details)
    ON :"relay".decision TO :"role";
GRANT UPDATE (release_asked_at) ON :"relay".parked TO :"role";
GRANT UPDATE (skipped, edited, payload, headers) ON :"relay".held TO :"role";
GRANT UPDATE (paused_at, paused_by, pause_reason) ON :"relay".relay TO :"role";
-- A replay publishes copies: it inserts rows, and changes none.
GRANT INSERT (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
    ON :"relay".source TO :"role";
GRANT INSERT, UPDATE ON :"relay".replay, :"relay".bulk TO :"role";
