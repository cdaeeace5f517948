// A closed-loop gRPC load generator whose requests can all differ (h2load repeats one body).
//
//   grpc_load HOST PORT PATH BODIES CONNECTIONS STREAMS SECONDS [MAXIMUM_REQUESTS]
//
// With the environment variable RECORD=FILE the order_id of every answer with status OK goes to FILE, a line each; the server may
// then go away in the middle: what was not answered counts as unanswered.
//
// BODIES is a file of messages, each preceded by its length as four bytes, big-endian; they are sent in turn, once around and
// again. Every connection keeps STREAMS calls open. Prints one JSON object: calls by grpc-status, rate and latency percentiles.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define STATUSES 18  // 0-16 as gRPC numbers them, 17 for a stream that ended without a status

typedef struct { const uint8_t *bytes; uint32_t length; } body_t;
typedef struct { const body_t *body; uint32_t sent; uint8_t prefix[5]; uint64_t started; int status; uint8_t answer[64]; uint32_t answered; } call_t;
typedef struct { int fd; nghttp2_session *session; } connection_t;

static body_t *bodies;
static size_t body_count, next_body, started, finished, maximum = SIZE_MAX;
static size_t by_status[STATUSES];
static const char *path, *authority;
static uint64_t deadline;
static uint32_t *latencies;  // microseconds
static size_t latency_capacity;
static FILE *record;
static int lost;  // connections that the server closed while recording

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "grpc_load: %s\n", what);
    exit(1);
}

static void read_bodies(const char *file) {
    FILE *f = fopen(file, "rb");
    if (!f) die("cannot open the bodies file");
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *all = malloc((size_t)size + 1);
    if (!all || fread(all, 1, (size_t)size, f) != (size_t)size) die("cannot read the bodies file");
    fclose(f);
    size_t capacity = 1024;
    bodies = malloc(capacity * sizeof *bodies);
    for (long at = 0; at + 4 <= size;) {
        uint32_t length;
        memcpy(&length, all + at, 4);
        length = ntohl(length);
        if (at + 4 + (long)length > size) die("the bodies file is cut short");
        if (body_count == capacity) bodies = realloc(bodies, (capacity *= 2) * sizeof *bodies);
        bodies[body_count++] = (body_t){all + at + 4, length};
        at += 4 + (long)length;
    }
    if (body_count == 0) die("the bodies file is empty");
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user) {
    (void)session; (void)id; (void)user;
    call_t *call = source->ptr;
    uint32_t total = 5 + call->body->length;
    size_t n = 0;
    while (n < room && call->sent < total) {
        buffer[n++] = call->sent < 5 ? call->prefix[call->sent] : call->body->bytes[call->sent - 5];
        call->sent++;
    }
    if (call->sent == total) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

#define NV(n, v) {(uint8_t *)(n), (uint8_t *)(v), sizeof(n) - 1, strlen(v), NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE}

static void start_call(connection_t *c) {
    if (started >= maximum || now_ns() >= deadline) return;
    started++;
    call_t *call = malloc(sizeof *call);
    call->body = &bodies[next_body++ % body_count];
    call->sent = 0;
    call->answered = 0;
    call->status = STATUSES - 1;
    call->started = now_ns();
    uint32_t length = htonl(call->body->length);
    call->prefix[0] = 0;
    memcpy(call->prefix + 1, &length, 4);
    nghttp2_nv headers[] = {NV(":method", "POST"), NV(":scheme", "http"), NV(":path", path), NV(":authority", authority),
                            NV("content-type", "application/grpc"), NV("te", "trailers")};
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = read_body};
    if (nghttp2_submit_request(c->session, NULL, headers, 6, &provider, call) < 0) die("cannot submit a request");
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t value_length, uint8_t flags, void *user) {
    (void)flags; (void)user;
    if (name_length != 11 || memcmp(name, "grpc-status", 11) != 0) return 0;
    call_t *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    char digits[4] = {0};
    memcpy(digits, value, value_length < 3 ? value_length : 3);
    int status = atoi(digits);
    if (call && status >= 0 && status < STATUSES - 1) call->status = status;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t length, void *user) {
    (void)flags; (void)user;
    call_t *call = nghttp2_session_get_stream_user_data(session, id);
    for (size_t i = 0; call && i < length && call->answered < sizeof call->answer; i++) call->answer[call->answered++] = bytes[i];
    return 0;
}

// The answer is a gRPC frame of five bytes, then field 1 of the message: tag 0x0a, length, order_id.
static void record_order(const call_t *call) {
    if (call->status != 0 || call->answered < 7 || call->answer[5] != 0x0a) return;
    uint32_t length = call->answer[6];
    if (7 + length <= call->answered) fprintf(record, "%.*s\n", (int)length, (const char *)call->answer + 7);
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
    (void)code;
    call_t *call = nghttp2_session_get_stream_user_data(session, id);
    if (!call) return 0;
    uint64_t took = (now_ns() - call->started) / 1000;
    if (finished == latency_capacity) {
        latency_capacity = latency_capacity ? latency_capacity * 2 : 1 << 20;
        latencies = realloc(latencies, latency_capacity * sizeof *latencies);
    }
    latencies[finished++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    by_status[call->status]++;
    if (record) record_order(call);
    free(call);
    start_call(user);
    return 0;
}

// While recording, a server that goes away ends the connection; otherwise it ends the measurement.
static void close_connection(connection_t *c) {
    if (!record) die("the server closed a connection");
    close(c->fd);
    c->fd = -1;
    lost++;
}

static void flush(connection_t *c) {
    while (c->fd >= 0) {
        const uint8_t *bytes;
        static _Thread_local uint8_t buffer[1 << 18];
        size_t filled = 0;
        ssize_t n;
        while (filled < sizeof buffer - 20000 && (n = nghttp2_session_mem_send(c->session, &bytes)) > 0) {
            memcpy(buffer + filled, bytes, (size_t)n);
            filled += (size_t)n;
        }
        if (filled == 0) return;
        for (size_t at = 0; at < filled;) {
            ssize_t wrote = write(c->fd, buffer + at, filled - at);
            if (wrote > 0) { at += (size_t)wrote; continue; }
            if (wrote < 0 && errno == EAGAIN) {
                struct pollfd p = {c->fd, POLLOUT, 0};
                poll(&p, 1, 1000);
                continue;
            }
            close_connection(c);
            return;
        }
    }
}

static void receive(connection_t *c) {
    static uint8_t buffer[1 << 18];
    ssize_t n = read(c->fd, buffer, sizeof buffer);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { close_connection(c); return; }
    if (nghttp2_session_mem_recv(c->session, buffer, (size_t)n) < 0) die("the server broke the protocol");
    flush(c);
}

static void open_connection(connection_t *c, const char *host, int port, int streams) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) die("cannot connect");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    if (record) nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_client_new(&c->session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 1);
    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
    for (int i = 0; i < streams; i++) start_call(c);
    flush(c);
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t percentile(double p) { return finished ? latencies[(size_t)(p * (double)(finished - 1))] : 0; }

int main(int argc, char **argv) {
    if (argc < 8) die("usage: grpc_load HOST PORT PATH BODIES CONNECTIONS STREAMS SECONDS [MAXIMUM_REQUESTS]");
    const char *host = argv[1];
    int port = atoi(argv[2]), connections = atoi(argv[5]), streams = atoi(argv[6]);
    path = argv[3];
    authority = host;
    read_bodies(argv[4]);
    if (getenv("RECORD") && !(record = fopen(getenv("RECORD"), "a"))) die("cannot open the file that RECORD names");
    signal(SIGPIPE, SIG_IGN);
    if (argc > 8) maximum = strtoull(argv[8], NULL, 10);
    uint64_t begin = now_ns();
    deadline = begin + (uint64_t)(atof(argv[7]) * 1e9);
    int epoll = epoll_create1(0);
    connection_t *all = calloc((size_t)connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        open_connection(&all[i], host, port, streams);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    while (finished < started && lost < connections && now_ns() < deadline + 10000000000ull) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, 1000);
        for (int i = 0; i < n; i++) receive(events[i].data.ptr);
    }
    double seconds = (double)(now_ns() - begin) / 1e9;
    if (record) fclose(record);
    qsort(latencies, finished, sizeof *latencies, compare);
    printf("{\"calls\":%zu,\"unanswered\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"status\":{",
           finished, started - finished, seconds, (double)finished / seconds, percentile(0.5), percentile(0.99), percentile(1));
    const char *comma = "";
    for (int i = 0; i < STATUSES; i++)
        if (by_status[i]) { printf("%s\"%d\":%zu", comma, i, by_status[i]); comma = ","; }
    printf("}}\n");
    return 0;
}
