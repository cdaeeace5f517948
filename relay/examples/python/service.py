"""A small invoicing service with an outbox of its own. It speaks to Postgres only; outbox-relay tells Kafka.

    POST /invoices/<id>       {"cents": 1200}   opens an invoice
    POST /invoices/<id>/pay                     pays it

Each request is one transaction: the invoice changes and a row goes into billing.outbox, both or neither. The row lock on
the invoice is what keeps its events in order: the next one is written only after the previous one is committed.

Environment: DATABASE_URL, PORT (default 8090; 0 takes a free one). Needs psycopg 3: pip install "psycopg[binary]"
"""

import http.server
import json
import os
import threading

import psycopg

local = threading.local()


def database():
    """One connection per thread, made anew after it was lost."""
    if getattr(local, "connection", None) is None or local.connection.closed:
        local.connection = psycopg.connect(os.environ["DATABASE_URL"])
    return local.connection


def announce(connection, invoice, event, payload):
    connection.execute(
        "INSERT INTO billing.outbox (aggregatetype, aggregateid, type, payload, tenant) VALUES ('invoice', %s, %s, %s, 'acme')",
        (invoice, event, json.dumps(payload)),
    )


def open_invoice(invoice, cents):
    with database().transaction():
        database().execute("INSERT INTO billing.invoice VALUES (%s, %s, 'open')", (invoice, cents))
        announce(database(), invoice, "InvoiceOpened", {"id": invoice, "cents": cents})


def pay_invoice(invoice):
    with database().transaction():
        paid = database().execute(
            "UPDATE billing.invoice SET status = 'paid' WHERE id = %s AND status = 'open' RETURNING cents", (invoice,)
        ).fetchone()
        if paid is None:
            raise LookupError("no open invoice " + invoice)
        announce(database(), invoice, "InvoicePaid", {"id": invoice, "cents": paid[0]})


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            match self.path.strip("/").split("/"):
                case ["invoices", invoice]:
                    open_invoice(invoice, int(json.loads(body)["cents"]))
                case ["invoices", invoice, "pay"]:
                    pay_invoice(invoice)
                case _:
                    return self.send_error(404)
        except (KeyError, ValueError):
            return self.send_error(400)
        except (LookupError, psycopg.errors.UniqueViolation):
            return self.send_error(409)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *arguments):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
