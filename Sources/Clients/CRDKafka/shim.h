// librdkafka with its mock cluster; shims are static inline functions prefixed rdk_.
//
// The shims exist for two reasons: C variadic functions and macros that Swift cannot call, and loops per message
// that should cross the language border once.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

/// One header of a message about to be produced. The value is `value` if not NULL, else the bytes at
/// `scratch_offset` of the scratch area given to rdk_produce if that is not negative, else a null header.
typedef struct rdk_header {
    const char *name;
    size_t name_size;
    const void *value;
    size_t value_size;
    ssize_t scratch_offset;
} rdk_header;

/// The delivery report of one produced message. `topic` is the message's topic handle, to be compared only.
typedef struct rdk_delivery {
    uint64_t correlation;
    uintptr_t topic;
    int64_t offset;
    int32_t partition;
    int32_t error;
} rdk_delivery;

/// Copies one message into the producer's queue. Everything pointed to may be reused on return, whatever the result.
static inline rd_kafka_resp_err_t rdk_produce(
    rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition,
    const void *key, size_t key_size, const void *value, size_t value_size,
    const rdk_header *headers, size_t header_count, const uint8_t *scratch,
    int64_t timestamp_milliseconds, uint64_t correlation) {
    rd_kafka_headers_t *list = NULL;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (header_count > 0) {
        list = rd_kafka_headers_new(header_count);
        for (size_t i = 0; i < header_count && !error; i++) {
            const rdk_header *h = &headers[i];
            const void *bytes = h->value;
            if (!bytes && h->scratch_offset >= 0) bytes = scratch + h->scratch_offset;
            error = rd_kafka_header_add(list, h->name, (ssize_t)h->name_size, bytes, bytes ? (ssize_t)h->value_size : 0);
        }
    }
    if (!error)
        error = rd_kafka_producev(
            rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE((void *)value, value_size),
            RD_KAFKA_V_TIMESTAMP(timestamp_milliseconds), RD_KAFKA_V_OPAQUE((void *)(uintptr_t)correlation),
            // The headers end the argument list when there are none.
            list ? RD_KAFKA_VTYPE_HEADERS : RD_KAFKA_VTYPE_END, list, RD_KAFKA_VTYPE_END);
    // librdkafka owns the list only once it has accepted the message.
    if (error && list) rd_kafka_headers_destroy(list);
    return error;
}

// The gate: decides, while a message is produced, whether its partition takes it now. The partition is only known
// inside librdkafka, so the decision is made in the partitioner.

/// What a gated producer knows of a partition.
static const uint8_t rdk_partition_new = 0;
/// The partition's first message has no delivery report yet: no other message is taken.
static const uint8_t rdk_partition_waiting = 1;
/// The partition has acknowledged a message.
static const uint8_t rdk_partition_open = 2;

typedef int32_t rdk_partitioner(
    const rd_kafka_topic_t *topic, const void *key, size_t key_size, int32_t count, void *topic_opaque, void *opaque);

/// One for each producer; lives longer than the client.
typedef struct rdk_gate {
    /// The partitioner of librdkafka that the settings name.
    rdk_partitioner *partitioner;
    /// The thread that is inside rdk_produce_gated, else 0. Other threads run the partitioner as well.
    uintptr_t thread;
    /// The states of the topic's partitions, the others are new.
    const uint8_t *states;
    int32_t count;
    /// The message's partition; -1 if it is not known yet.
    int32_t partition;
    int32_t is_held;
} rdk_gate;

/// The partitioner of a gated producer: asks librdkafka's. A partition that does not exist makes rd_kafka_producev
/// drop the message and return an error.
static inline int32_t rdk_gate_partition(
    const rd_kafka_topic_t *topic, const void *key, size_t key_size, int32_t count, void *topic_opaque, void *opaque) {
    rdk_gate *gate = (rdk_gate *)topic_opaque;
    int32_t partition = gate->partitioner(topic, key, key_size, count, NULL, opaque);
    // Only this thread writes its own identity.
    if (__atomic_load_n(&gate->thread, __ATOMIC_RELAXED) != (uintptr_t)pthread_self()) return partition;
    gate->partition = partition;
    if (partition < 0 || partition >= gate->count || gate->states[partition] != rdk_partition_waiting) return partition;
    gate->is_held = 1;
    return count;
}

static inline rdk_partitioner *rdk_partitioner_named(const char *name) {
    if (!strcmp(name, "random")) return rd_kafka_msg_partitioner_random;
    if (!strcmp(name, "consistent")) return rd_kafka_msg_partitioner_consistent;
    if (!strcmp(name, "murmur2")) return rd_kafka_msg_partitioner_murmur2;
    if (!strcmp(name, "murmur2_random")) return rd_kafka_msg_partitioner_murmur2_random;
    if (!strcmp(name, "fnv1a")) return rd_kafka_msg_partitioner_fnv1a;
    if (!strcmp(name, "fnv1a_random")) return rd_kafka_msg_partitioner_fnv1a_random;
    return rd_kafka_msg_partitioner_consistent_random;
}

/// Makes the gate the partitioner of all topics of a client that is made with this configuration.
static inline void rdk_gate_install(rdk_gate *gate, rd_kafka_conf_t *conf) {
    rd_kafka_topic_conf_t *topics = rd_kafka_conf_get_default_topic_conf(conf);
    char name[64] = "";
    size_t size = sizeof(name);
    if (!topics) {
        topics = rd_kafka_topic_conf_new();
        rd_kafka_conf_set_default_topic_conf(conf, topics);
    }
    if (rd_kafka_topic_conf_get(topics, "partitioner", name, &size) != RD_KAFKA_CONF_OK) name[0] = 0;
    memset(gate, 0, sizeof(*gate));
    gate->partitioner = rdk_partitioner_named(name);
    rd_kafka_topic_conf_set_partitioner_cb(topics, rdk_gate_partition);
    rd_kafka_topic_conf_set_opaque(topics, gate);
}

/// As rdk_produce, for a message with a key whose partition the partitioner chooses. If the partition's state is
/// "waiting", the message is not taken, and `gate->is_held` is 1. Else `gate->partition` is the partition, -1 if
/// librdkafka does not know the topic's partitions yet. One thread at a time.
static inline rd_kafka_resp_err_t rdk_produce_gated(
    rd_kafka_t *rk, rdk_gate *gate, const uint8_t *states, int32_t count, rd_kafka_topic_t *topic,
    const void *key, size_t key_size, const void *value, size_t value_size,
    const rdk_header *headers, size_t header_count, const uint8_t *scratch,
    int64_t timestamp_milliseconds, uint64_t correlation) {
    rd_kafka_resp_err_t error;
    gate->states = states;
    gate->count = count;
    gate->partition = -1;
    gate->is_held = 0;
    __atomic_store_n(&gate->thread, (uintptr_t)pthread_self(), __ATOMIC_RELAXED);
    error = rdk_produce(
        rk, topic, RD_KAFKA_PARTITION_UA, key, key_size, value, value_size, headers, header_count, scratch,
        timestamp_milliseconds, correlation);
    __atomic_store_n(&gate->thread, 0, __ATOMIC_RELAXED);
    gate->states = NULL;
    return error;
}

// The brake: while a consumer has much to read, the threads of its brokers wait before they take the next answer.
// librdkafka itself stops fetching at a full queue and looks again after up to a second, so a reader that is slower than
// the brokers would read one full queue each second.

/// One for each braked consumer; lives longer than the client.
typedef struct rdk_brake {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    /// Where records wait; NULL before the client is made and once nobody reads.
    rd_kafka_queue_t *queue;
    /// With more records than these the threads wait, until there are half as many.
    size_t most;
} rdk_brake;

static inline void rdk_brake_init(rdk_brake *brake, size_t most) {
    pthread_mutex_init(&brake->lock, NULL);
    pthread_cond_init(&brake->moved, NULL);
    brake->queue = NULL;
    brake->most = most;
}

static inline void rdk_brake_destroy(rdk_brake *brake) {
    pthread_cond_destroy(&brake->moved);
    pthread_mutex_destroy(&brake->lock);
}

/// From now on records of this queue count; with NULL nothing waits any more.
static inline void rdk_brake_set_queue(rdk_brake *brake, rd_kafka_queue_t *queue) {
    pthread_mutex_lock(&brake->lock);
    brake->queue = queue;
    pthread_cond_broadcast(&brake->moved);
    pthread_mutex_unlock(&brake->lock);
}

/// The reader calls it now and then, and when nothing is left to read.
static inline void rdk_brake_moved(rdk_brake *brake, size_t most) {
    pthread_mutex_lock(&brake->lock);
    brake->most = most;
    if (brake->queue && rd_kafka_queue_length(brake->queue) <= most / 2) pthread_cond_broadcast(&brake->moved);
    pthread_mutex_unlock(&brake->lock);
}

/// On the thread of a broker, when an answer was received and before it is read.
static inline rd_kafka_resp_err_t rdk_brake_on_answer(
    rd_kafka_t *rk, int descriptor, const char *broker, int32_t broker_id, int16_t api_key, int16_t api_version,
    int32_t correlation, size_t size, int64_t round_trip, rd_kafka_resp_err_t error, void *opaque) {
    rdk_brake *brake = (rdk_brake *)opaque;
    const int16_t fetch = 1;
    (void)rk, (void)descriptor, (void)broker, (void)broker_id, (void)api_version, (void)correlation;
    (void)size, (void)round_trip, (void)error;
    if (api_key != fetch) return RD_KAFKA_RESP_ERR_NO_ERROR;
    pthread_mutex_lock(&brake->lock);
    if (brake->queue && rd_kafka_queue_length(brake->queue) > brake->most)
        while (brake->queue && rd_kafka_queue_length(brake->queue) > brake->most / 2)
            pthread_cond_wait(&brake->moved, &brake->lock);
    pthread_mutex_unlock(&brake->lock);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static inline rd_kafka_resp_err_t rdk_brake_on_new(
    rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *reason, size_t reason_size) {
    (void)conf, (void)reason, (void)reason_size;
    return rd_kafka_interceptor_add_on_response_received(rk, "brake", rdk_brake_on_answer, opaque);
}

/// Brakes the client that is made with this configuration.
static inline rd_kafka_resp_err_t rdk_brake_install(rdk_brake *brake, rd_kafka_conf_t *conf) {
    return rd_kafka_conf_interceptor_add_on_new(conf, "brake", rdk_brake_on_new, brake);
}

/// Moves up to `capacity` delivery reports out of a DR event; 0 once the event is exhausted.
static inline size_t rdk_event_deliveries(rd_kafka_event_t *event, rdk_delivery *out, size_t capacity) {
    const rd_kafka_message_t *messages[256];
    size_t total = 0;
    while (total < capacity) {
        size_t want = capacity - total < 256 ? capacity - total : 256;
        size_t count = rd_kafka_event_message_array(event, messages, want);
        if (count == 0) break;
        for (size_t i = 0; i < count; i++, total++) {
            out[total].correlation = (uint64_t)(uintptr_t)messages[i]->_private;
            out[total].topic = (uintptr_t)messages[i]->rkt;
            out[total].offset = messages[i]->offset;
            out[total].partition = messages[i]->partition;
            out[total].error = messages[i]->err;
        }
    }
    return total;
}

/// The `index`th header of a list; 0 when there is no such header. A null value leaves `*value` NULL.
static inline int rdk_header_at(
    const rd_kafka_headers_t *list, size_t index, const char **name, const void **value, size_t *size) {
    *value = NULL;
    *size = 0;
    return rd_kafka_header_get_all(list, index, name, value, size) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// Makes a mock broker refuse its next requests of one kind with `error`, each answered after `rtt_milliseconds`.
static inline rd_kafka_resp_err_t rdk_mock_push_error(
    rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t api_key, rd_kafka_resp_err_t error,
    int rtt_milliseconds) {
    return rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api_key, 1, error, rtt_milliseconds);
}

// Enumerations and macros as plain integers, so that no C enumeration leaves the wrapper.
static const int rdk_event_none = RD_KAFKA_EVENT_NONE;
static const int rdk_event_dr = RD_KAFKA_EVENT_DR;
static const int rdk_event_fetch = RD_KAFKA_EVENT_FETCH;
static const int rdk_event_log = RD_KAFKA_EVENT_LOG;
static const int rdk_event_error = RD_KAFKA_EVENT_ERROR;
static const int rdk_event_rebalance = RD_KAFKA_EVENT_REBALANCE;
static const int rdk_event_offset_commit = RD_KAFKA_EVENT_OFFSET_COMMIT;
static const int rdk_event_stats = RD_KAFKA_EVENT_STATS;
