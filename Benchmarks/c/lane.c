// The bare command lane: what Postgres takes from plain C with no server in front of it.
//
//   lane CONNINFO LANES BATCH SECONDS
//
// Each lane is a thread with one connection and one prepared statement; a batch of new orders is five binary arrays, inserted
// into event and outbox by one statement that commits at its Sync. Prints one JSON object.
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *sql =
    "WITH appended AS ("
    " INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)"
    " SELECT i, a, s, 'order', t, d FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bytea[]) AS x(i, a, s, t, d)"
    " ON CONFLICT DO NOTHING"
    " RETURNING event_id, aggregate_id, sequence_number, event_type, event_data)"
    " INSERT INTO outbox (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload)"
    " SELECT event_id, 'order', aggregate_id, sequence_number, event_type, event_data FROM appended";

typedef struct { uint8_t *bytes; size_t length, capacity; } buffer_t;

static const char *conninfo;
static int batch;
static double seconds;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(buffer_t *b, const void *bytes, size_t length) {
    while (b->length + length > b->capacity) b->bytes = realloc(b->bytes, b->capacity = b->capacity ? b->capacity * 2 : 65536);
    memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

static void put32(buffer_t *b, uint32_t v) { v = htonl(v); put(b, &v, 4); }
static void put64(buffer_t *b, uint64_t v) { v = htobe64(v); put(b, &v, 8); }

static void begin_array(buffer_t *b, uint32_t element_oid, int count) {
    b->length = 0;
    put32(b, 1); put32(b, 0); put32(b, element_oid); put32(b, (uint32_t)count); put32(b, 1);
}

static void element(buffer_t *b, const void *bytes, size_t length) { put32(b, (uint32_t)length); put(b, bytes, length); }

static uint64_t random64(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

static void uuid_v7(uint8_t out[16], uint64_t *state) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    uint64_t high = htobe64(ms << 16 | 0x7000 | (random64(state) & 0xFFF));
    uint64_t low = htobe64((random64(state) & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull);
    memcpy(out, &high, 8);
    memcpy(out + 8, &low, 8);
}

static void uuid_text(const uint8_t id[16], char out[37]) {
    char *at = out;
    for (int i = 0; i < 16; i++) at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
}

static void *run_lane(void *argument) {
    uint64_t state = (uint64_t)(uintptr_t)argument * 7919 + (uint64_t)time(NULL);
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK) { fprintf(stderr, "lane: %s", PQerrorMessage(connection)); exit(1); }
    Oid types[5] = {2951, 1009, 1016, 1009, 1001};
    PGresult *prepared = PQprepare(connection, "append", sql, 5, types);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) { fprintf(stderr, "lane: %s", PQerrorMessage(connection)); exit(1); }
    PQclear(prepared);
    buffer_t columns[5] = {0};
    uint8_t payload[150];
    memset(payload, 'x', sizeof payload);
    long orders = 0;
    double end = now() + seconds;
    while (now() < end) {
        uint32_t elements[5] = {2950, 25, 20, 25, 17};
        for (int c = 0; c < 5; c++) begin_array(&columns[c], elements[c], batch);
        for (int i = 0; i < batch; i++) {
            uint8_t event[16], order[16];
            char text[37];
            uuid_v7(event, &state);
            uuid_v7(order, &state);
            uuid_text(order, text);
            element(&columns[0], event, 16);
            element(&columns[1], text, 36);
            put32(&columns[2], 8); put64(&columns[2], 0);
            element(&columns[3], "order_placed", 12);
            element(&columns[4], payload, sizeof payload);
        }
        const char *values[5];
        int lengths[5], formats[5] = {1, 1, 1, 1, 1};
        for (int c = 0; c < 5; c++) { values[c] = (char *)columns[c].bytes; lengths[c] = (int)columns[c].length; }
        PGresult *result = PQexecPrepared(connection, "append", 5, values, lengths, formats, 1);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) { fprintf(stderr, "lane: %s", PQerrorMessage(connection)); exit(1); }
        orders += atol(PQcmdTuples(result));
        PQclear(result);
    }
    PQfinish(connection);
    return (void *)orders;
}

int main(int argc, char **argv) {
    if (argc != 5) { fprintf(stderr, "usage: lane CONNINFO LANES BATCH SECONDS\n"); return 1; }
    conninfo = argv[1];
    int lanes = atoi(argv[2]);
    batch = atoi(argv[3]);
    seconds = atof(argv[4]);
    pthread_t threads[64];
    double begin = now();
    for (long i = 0; i < lanes && i < 64; i++) pthread_create(&threads[i], NULL, run_lane, (void *)(i + 1));
    long total = 0;
    for (int i = 0; i < lanes && i < 64; i++) { void *orders; pthread_join(threads[i], &orders); total += (long)orders; }
    printf("{\"orders\":%ld,\"per_second\":%.1f}\n", total, (double)total / (now() - begin));
    return 0;
}
