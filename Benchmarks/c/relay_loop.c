// The bare relay loop: libpq binary rows into librdkafka's idempotent producer, with the relay's key and headers and none of its
// guarantees (no snapshot cut, no checkpoint, no leadership).
//
//   relay_loop CONNINFO BOOTSTRAP TOPIC ROWS [transactional]
//
// Reads ROWS rows of outbox by id, in chunks, and produces them; `transactional` wraps each chunk in a Kafka transaction.
// Prints one JSON object.
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK 10000

static long delivered, failed;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "relay_loop: %s\n", what);
    exit(1);
}

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
    (void)kafka; (void)opaque;
    if (message->err) failed++; else delivered++;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
}

static rd_kafka_t *make_producer(const char *bootstrap, int transactional) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", bootstrap);
    set(conf, "enable.idempotence", "true");
    set(conf, "acks", "all");
    set(conf, "linger.ms", "5");
    set(conf, "compression.codec", "lz4");
    set(conf, "queue.buffering.max.messages", "200000");
    if (transactional) set(conf, "transactional.id", "relay-loop");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    char error[256];
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!kafka) die(error);
    if (transactional && rd_kafka_init_transactions(kafka, 30000)) die("init_transactions failed");
    return kafka;
}

static size_t uuid_text(const uint8_t *id, char *out) {
    static const char hex[] = "0123456789abcdef";
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
        *at++ = hex[id[i] >> 4];
        *at++ = hex[id[i] & 15];
    }
    return 36;
}

static size_t rfc3339(int64_t microseconds_since_2000, char *out, size_t room) {
    int64_t us = microseconds_since_2000 + 946684800000000ll;
    time_t seconds = (time_t)(us / 1000000);
    struct tm t;
    gmtime_r(&seconds, &t);
    return (size_t)snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                            t.tm_min, t.tm_sec, (int)(us % 1000000));
}

static int64_t int64_at(PGresult *r, int row, int column) {
    uint64_t v;
    memcpy(&v, PQgetvalue(r, row, column), 8);
    return (int64_t)be64toh(v);
}

#define HEADER(n, v, length) rd_kafka_header_add(headers, n, sizeof(n) - 1, v, (ssize_t)(length))

static void produce(rd_kafka_t *kafka, rd_kafka_topic_t *topic, PGresult *r, int row) {
    char id[40], time[40], sequence[24];
    rd_kafka_headers_t *headers = rd_kafka_headers_new(10);
    size_t id_length = uuid_text((uint8_t *)PQgetvalue(r, row, 1), id);
    size_t time_length = rfc3339(int64_at(r, row, 6), time, sizeof time);
    size_t sequence_length = (size_t)snprintf(sequence, sizeof sequence, "%lld", (long long)int64_at(r, row, 3));
    HEADER("id", id, id_length);
    HEADER("ce_specversion", "1.0", 3);
    HEADER("ce_id", id, id_length);
    HEADER("ce_source", "/transactional-outbox", 21);
    HEADER("ce_type", PQgetvalue(r, row, 4), PQgetlength(r, row, 4));
    HEADER("ce_time", time, time_length);
    HEADER("ce_subject", PQgetvalue(r, row, 2), PQgetlength(r, row, 2));
    HEADER("ce_sequence", sequence, sequence_length);
    HEADER("outbox_epoch", "1", 1);
    for (;;) {
        rd_kafka_resp_err_t error = rd_kafka_producev(
            kafka, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_KEY(PQgetvalue(r, row, 2), (size_t)PQgetlength(r, row, 2)),
            RD_KAFKA_V_VALUE(PQgetvalue(r, row, 5), (size_t)PQgetlength(r, row, 5)), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (!error) return;
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(error));
        rd_kafka_poll(kafka, 10);
    }
}

int main(int argc, char **argv) {
    if (argc < 5) die("usage: relay_loop CONNINFO BOOTSTRAP TOPIC ROWS [transactional]");
    long wanted = atol(argv[4]);
    int transactional = argc > 5;
    PGconn *connection = PQconnectdb(argv[1]);
    if (PQstatus(connection) != CONNECTION_OK) die(PQerrorMessage(connection));
    PGresult *prepared = PQprepare(connection, "chunk",
        "SELECT outbox_id, event_id, aggregate_id, sequence_number, event_type, payload, created_at FROM outbox"
        " WHERE outbox_id > $1 ORDER BY outbox_id LIMIT $2", 2, (Oid[]){20, 20});
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) die(PQerrorMessage(connection));
    PQclear(prepared);
    rd_kafka_t *kafka = make_producer(argv[2], transactional);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, argv[3], NULL);
    double begin = now();
    uint64_t last = 0;
    long sent = 0;
    while (sent < wanted) {
        uint64_t id = htobe64(last), limit = htobe64(CHUNK);
        const char *values[2] = {(char *)&id, (char *)&limit};
        PGresult *rows = PQexecPrepared(connection, "chunk", 2, values, (int[]){8, 8}, (int[]){1, 1}, 1);
        if (PQresultStatus(rows) != PGRES_TUPLES_OK) die(PQerrorMessage(connection));
        int count = PQntuples(rows);
        if (count == 0) break;
        if (transactional && rd_kafka_begin_transaction(kafka)) die("begin_transaction failed");
        for (int row = 0; row < count; row++) produce(kafka, topic, rows, row);
        last = (uint64_t)int64_at(rows, count - 1, 0);
        sent += count;
        PQclear(rows);
        rd_kafka_poll(kafka, 0);
        if (transactional && rd_kafka_commit_transaction(kafka, 30000)) die("commit_transaction failed");
    }
    if (rd_kafka_flush(kafka, 60000)) die("flush timed out");
    double took = now() - begin;
    printf("{\"rows\":%ld,\"delivered\":%ld,\"failed\":%ld,\"seconds\":%.3f,\"per_second\":%.1f}\n", sent, delivered, failed, took,
           (double)sent / took);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(kafka);
    PQfinish(connection);
    return failed != 0;
}
