import Postgres

/// Watches in Postgres that the checkpoint is moved by the leader of its epoch and by nobody else.
///
/// Each relay process has a role of its own. A trigger notes which role began an epoch, and each move by another one.
enum LeaderWatch {
    /// Relay processes that are told apart; the next one has the role of the first.
    private static let roles = 100

    /// The role of the relay that is started as this one, counted from 1.
    static func role(_ start: Int) -> String { "relay_\(start % roles)" }

    static func begin(_ connection: PostgresConnection) throws {
        try connection.execute(
            """
            DO $$ BEGIN
                FOR n IN 0..\(roles - 1) LOOP EXECUTE format('CREATE ROLE relay_%s SUPERUSER LOGIN', n); END LOOP;
            END $$;
            CREATE SCHEMA drill;
            CREATE TABLE drill.epoch (epoch bigint PRIMARY KEY, leader text NOT NULL);
            CREATE TABLE drill.breach (epoch bigint NOT NULL, role text NOT NULL, cut bigint NOT NULL);
            CREATE FUNCTION drill.moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.epoch > OLD.epoch THEN
                    INSERT INTO drill.epoch VALUES (NEW.epoch, session_user);
                ELSIF NOT EXISTS (SELECT FROM drill.epoch WHERE epoch = NEW.epoch AND leader = session_user) THEN
                    INSERT INTO drill.breach VALUES (NEW.epoch, session_user, NEW.cut);
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER drill_moved AFTER UPDATE ON outbox_relay.checkpoint_0
                FOR EACH ROW EXECUTE FUNCTION drill.moved();
            CREATE TRIGGER drill_moved AFTER UPDATE ON outbox_relay.checkpoint_1
                FOR EACH ROW EXECUTE FUNCTION drill.moved();
            """)
    }

    private static let breaches: PostgresStatement = """
        SELECT count(*), coalesce(min(format('%s moved the checkpoint to cut %s of epoch %s', role, cut, epoch)), '')
        FROM drill.breach
        """

    /// Moves by others than the leader of the epoch; how many, and one of them.
    static func breaches(_ connection: PostgresConnection) throws -> (count: Int, example: String) {
        let rows = try connection.query(Self.breaches)
        return (Int(try rows.int64(0, 0)), try rows.string(0, 1))
    }
}
