import Postgres
import Testing

/// libpq quotes a URL that it cannot use, with the password; so it never gets such a URL.
@Suite struct PostgresURLTests {
    @Test(arguments: [
        "postgresql://u:SECRET%ZZPW@127.0.0.1/db", "postgresql://u:SEC@RET@127.0.0.1/db",
        "postgresql://u:SECRET/PW@host/db",
        "postgresql://u:SEC@X/RET@host/db", "postgresql://u:SEC@X?sslmode=RET@host", "postgresql://u:12/SECRET@host/db",
        "postgresql://u:12/SEC?RET@host/db", "postgresql://u:SECRET", "postgresql://u:SEC@@RET@host/db",
        "postgresql://u:SECRET@[::1/db",
        "postgresql://u:SECRET@host:99999/db", "postgres:/u:SECRET@host/db",
        "postgres:/u:SECRET@host/db?sslmode=require",
        "jdbc:postgresql://host/db?user=u&password=SECRET", " postgresql://u:SECRET@host/db", "SECRET",
        "host=u:SECRET@host",
        "host=localhost password=SEC RET", "host=localhost port=SECRET", "dbname=postgresql://u:SECRET@host/db", "  ",
        "postgresql://u:SECRET@host/db?sslmode=required", "postgresql://u:p@host/db?password:SECRET", "host='SECRET",
    ])
    func whatLibpqWouldQuoteIsRefusedWithoutQuotingIt(_ url: String) throws {
        let fault = try #require(PostgresURL.fault(url))
        for part in ["SEC", "RET", "PW", "99999", "127.0.0.1"] { #expect(!fault.contains(part), "\(fault)") }
    }

    @Test(arguments: [
        "postgresql://u:S%40E%2FC@127.0.0.1:5432/db", "postgres://localhost/db", "postgresql:///db", "postgresql://",
        "postgresql://u:a?b@host/db", "postgresql://u:a#b@host/db",
        "postgresql://u:p@one:1,two:2,three/db?target_session_attrs=read-write",
        "postgresql://host/db?user=me@corp&password=a@b", "postgresql://u@[::1]:5432/db",
        "postgresql://%2Frun%2Fpostgresql/db",
        "postgresql:///db?host=/run/postgresql", "postgresql://%40socket/db", "host=@socket dbname=db",
        "host=/run dbname=db",
        "host=localhost password='p@s=w' dbname=a@b", "postgresql://u@host/db?sslmode=verify-full", "service=shop",
    ])
    func whatLibpqTakesIsTaken(_ url: String) {
        #expect(PostgresURL.fault(url) == nil)
    }
}
