// The two round trips inside the relay's latency, each alone: NOTIFY from one connection to another, and one acknowledged produce.
//
//   round_trips CONNINFO BOOTSTRAP TOPIC PACE
//
// Prints the medians in microseconds as one JSON object: in direct succession, and with PACE microseconds between two, as rows come in:
// threads and processes that have fallen asleep meanwhile take their time. Paced ones with their 99th percentile.
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 1000

static void pause_us(long us) {
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    if (us > 0) nanosleep(&t, NULL);
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

// A slow pace gets fewer rounds, so that it takes seconds and no minutes.
static int rounds_at(long pace) { return pace > 4000 ? ROUNDS * 4000 / (int)pace : ROUNDS; }

static void die(const char *what) {
    fprintf(stderr, "round_trips: %s\n", what);
    exit(1);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct times { double median, p99; };

static struct times times_of(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare);
    return (struct times){values[count / 2], values[count * 99 / 100]};
}

static struct times notify_round_trip(const char *conninfo, long pace) {
    int rounds = rounds_at(pace);
    PGconn *listener = PQconnectdb(conninfo), *sender = PQconnectdb(conninfo);
    if (PQstatus(listener) != CONNECTION_OK || PQstatus(sender) != CONNECTION_OK) die("cannot connect to Postgres");
    PQclear(PQexec(listener, "LISTEN round_trip"));
    static double took[ROUNDS];
    for (int i = 0; i < rounds; i++) {
        pause_us(pace);
        double begin = now_us();
        PQclear(PQexec(sender, "NOTIFY round_trip"));
        PGnotify *notification;
        while (!(notification = PQnotifies(listener))) {
            struct pollfd p = {PQsocket(listener), POLLIN, 0};
            poll(&p, 1, 1000);
            PQconsumeInput(listener);
        }
        took[i] = now_us() - begin;
        PQfreemem(notification);
    }
    PQfinish(listener);
    PQfinish(sender);
    return times_of(took, rounds);
}

static int acknowledged;

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
    (void)kafka; (void)opaque;
    if (message->err) die(rd_kafka_err2str(message->err));
    acknowledged++;
}

static struct times produce_round_trip(const char *bootstrap, const char *topic, long pace) {
    int rounds = rounds_at(pace);
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *settings[][2] = {{"bootstrap.servers", bootstrap}, {"enable.idempotence", "true"}, {"linger.ms", "0"}};
    for (int i = 0; i < 3; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!kafka) die(error);
    static double took[ROUNDS];
    char payload[150] = {'x'};
    for (int i = -20; i < rounds; i++) {
        pause_us(pace);
        double begin = now_us();
        int before = acknowledged;
        if (rd_kafka_producev(kafka, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(&i, sizeof i), RD_KAFKA_V_VALUE(payload, sizeof payload),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) die("produce failed");
        while (acknowledged == before) rd_kafka_poll(kafka, 1000);
        if (i >= 0) took[i] = now_us() - begin;
    }
    rd_kafka_destroy(kafka);
    return times_of(took, rounds);
}

int main(int argc, char **argv) {
    if (argc != 5) die("usage: round_trips CONNINFO BOOTSTRAP TOPIC PACE");
    long pace = atol(argv[4]);
    struct times notify = notify_round_trip(argv[1], 0), produce = produce_round_trip(argv[2], argv[3], 0);
    struct times paced_notify = notify_round_trip(argv[1], pace), paced_produce = produce_round_trip(argv[2], argv[3], pace);
    printf("{\"notify_us\":%.1f,\"produce_us\":%.1f,\"paced_notify_us\":%.1f,\"paced_produce_us\":%.1f,"
           "\"paced_notify_p99_us\":%.1f,\"paced_produce_p99_us\":%.1f}\n",
           notify.median, produce.median, paced_notify.median, paced_produce.median, paced_notify.p99, paced_produce.p99);
    return 0;
}
