"""The calls that the broker answers (kafka.apache.org/protocol). The oldest versions are those of Kafka 4, the newest the ones that the
clients of the tests ask for; Produce is announced from 0 on, as Kafka does for librdkafka's sake."""

from wire import Message

TXN_TOPICS = "topics:[name:string, partitions:[i32]]"
TXN_ANSWERS = "topics:[name:string, partitions:[index:i32, error:i16]]"

MESSAGES = [
    Message("Produce", 0, (3, 9), flexible=9,
            request="transactional_id:string?, acks:i16, timeout:i32, topics:[name:string, partitions:[index:i32, records:bytes?]]",
            response="topics:[name:string, partitions:[index:i32, error:i16, base_offset:i64, append_time:i64, log_start:i64@5+,"
                     "record_errors:[index:i32, message:string?]@8+, message:string?@8+]], throttle:i32"),
    Message("Fetch", 1, (4, 11),
            request="replica:i32, max_wait:i32, min_bytes:i32, max_bytes:i32, isolation:i8, session:i32@7+, session_epoch:i32@7+,"
                    "topics:[name:string, partitions:[index:i32, leader_epoch:i32@9+, offset:i64, log_start:i64@5+, max_bytes:i32]],"
                    "forgotten:[name:string, partitions:[i32]]@7+, rack:string@11+",
            response="throttle:i32, error:i16@7+, session:i32@7+, topics:[name:string, partitions:[index:i32, error:i16, high:i64,"
                     "stable:i64, log_start:i64@5+, aborted:[producer_id:i64, first_offset:i64]?, preferred:i32@11+, records:bytes?]]"),
    Message("ListOffsets", 2, (1, 7), flexible=6,
            request="replica:i32, isolation:i8@2+, topics:[name:string, partitions:[index:i32, leader_epoch:i32@4+, timestamp:i64]],"
                    "timeout:i32@10+",
            response="throttle:i32@2+, topics:[name:string, partitions:[index:i32, error:i16, timestamp:i64, offset:i64,"
                     "leader_epoch:i32@4+]]"),
    Message("Metadata", 3, (0, 12), flexible=9,
            request="topics:[id:uuid@10+, name:string?]?, may_create:bool@4+, cluster_operations:bool@8-10, topic_operations:bool@8+",
            response="throttle:i32@3+, brokers:[node:i32, host:string, port:i32, rack:string?@1+], cluster:string?@2+, controller:i32@1+,"
                     "topics:[error:i16, name:string?, id:uuid@10+, is_internal:bool@1+, partitions:[error:i16, index:i32, leader:i32,"
                     "leader_epoch:i32@7+, replicas:[i32], in_sync:[i32], offline:[i32]@5+], operations:i32@8+], operations:i32@8-10"),
    Message("OffsetCommit", 8, (2, 7),
            request="group:string, generation:i32, member:string, instance:string?@7+, retention:i64@2-4,"
                    "topics:[name:string, partitions:[index:i32, offset:i64, leader_epoch:i32@6+, metadata:string?]]",
            response="throttle:i32@3+, " + TXN_ANSWERS),
    Message("OffsetFetch", 9, (1, 7), flexible=6,
            request="group:string, topics:[name:string, partitions:[i32]]?, require_stable:bool@7+",
            response="throttle:i32@3+, topics:[name:string, partitions:[index:i32, offset:i64, leader_epoch:i32@5+, metadata:string?,"
                     "error:i16]], error:i16@2+"),
    Message("FindCoordinator", 10, (0, 2),
            request="key:string, kind:i8@1+",
            response="throttle:i32@1+, error:i16, message:string?@1+, node:i32, host:string, port:i32"),
    Message("JoinGroup", 11, (2, 5),
            request="group:string, session_timeout:i32, rebalance_timeout:i32, member:string, instance:string?@5+, kind:string,"
                    "protocols:[name:string, metadata:bytes]",
            response="throttle:i32, error:i16, generation:i32, protocol:string, leader:string, member:string,"
                     "members:[member:string, instance:string?@5+, metadata:bytes]"),
    Message("Heartbeat", 12, (0, 3), request="group:string, generation:i32, member:string, instance:string?@3+",
            response="throttle:i32@1+, error:i16"),
    Message("LeaveGroup", 13, (0, 2), request="group:string, member:string", response="throttle:i32@1+, error:i16"),
    Message("SyncGroup", 14, (0, 3),
            request="group:string, generation:i32, member:string, instance:string?@3+, assignments:[member:string, assignment:bytes]",
            response="throttle:i32@1+, error:i16, assignment:bytes"),
    Message("SaslHandshake", 17, (0, 1), request="mechanism:string", response="error:i16, mechanisms:[string]"),
    Message("SaslAuthenticate", 36, (0, 1), request="token:bytes",
            response="error:i16, message:string?, token:bytes, lifetime:i64@1+"),
    Message("ApiVersions", 18, (0, 3), flexible=3, request="name:string@3+, version:string@3+",
            response="error:i16, calls:[key:i16, oldest:i16, newest:i16], throttle:i32@1+"),
    Message("CreateTopics", 19, (2, 4),
            request="topics:[name:string, partitions:i32, replicas:i16, assignments:[index:i32, brokers:[i32]],"
                    "settings:[name:string, value:string?]], timeout:i32, is_trial:bool",
            response="throttle:i32, topics:[name:string, error:i16, message:string?]"),
    Message("DeleteTopics", 20, (1, 3), request="names:[string], timeout:i32", response="throttle:i32, topics:[name:string, error:i16]"),
    Message("DeleteRecords", 21, (0, 1),
            request="topics:[name:string, partitions:[index:i32, offset:i64]], timeout:i32",
            response="throttle:i32, topics:[name:string, partitions:[index:i32, low:i64, error:i16]]"),
    Message("InitProducerId", 22, (0, 4), flexible=2,
            request="transactional_id:string?, timeout:i32, producer_id:i64@3+, epoch:i16@3+",
            response="throttle:i32, error:i16, producer_id:i64, epoch:i16"),
    Message("AddPartitionsToTxn", 24, (0, 3), flexible=3,
            request="transactional_id:string, producer_id:i64, epoch:i16, " + TXN_TOPICS, response="throttle:i32, " + TXN_ANSWERS),
    Message("AddOffsetsToTxn", 25, (0, 3), flexible=3, request="transactional_id:string, producer_id:i64, epoch:i16, group:string",
            response="throttle:i32, error:i16"),
    Message("EndTxn", 26, (0, 3), flexible=3, request="transactional_id:string, producer_id:i64, epoch:i16, commits:bool",
            response="throttle:i32, error:i16"),
    Message("TxnOffsetCommit", 28, (0, 3), flexible=3,
            request="transactional_id:string, group:string, producer_id:i64, epoch:i16, generation:i32@3+, member:string@3+,"
                    "instance:string?@3+, topics:[name:string, partitions:[index:i32, offset:i64, leader_epoch:i32@2+, metadata:string?]]",
            response="throttle:i32, " + TXN_ANSWERS),
    Message("DescribeConfigs", 32, (1, 3),
            request="resources:[kind:i8, name:string, keys:[string]?], synonyms:bool, documentation:bool@3+",
            response="throttle:i32, resources:[error:i16, message:string?, kind:i8, name:string, settings:[name:string, value:string?,"
                     "is_read_only:bool, source:i8, is_secret:bool, synonyms:[name:string, value:string?, source:i8], type:i8@3+,"
                     "documentation:string?@3+]]"),
    Message("CreatePartitions", 37, (0, 1),
            request="topics:[name:string, count:i32, assignments:[brokers:[i32]]?], timeout:i32, is_trial:bool",
            response="throttle:i32, topics:[name:string, error:i16, message:string?]"),
    Message("IncrementalAlterConfigs", 44, (0, 0),
            request="resources:[kind:i8, name:string, settings:[name:string, operation:i8, value:string?]], is_trial:bool",
            response="throttle:i32, resources:[error:i16, message:string?, kind:i8, name:string]"),
]

BY_KEY = {message.key: message for message in MESSAGES}
BY_WORD = {message.word: message for message in MESSAGES}
