// librdkafka with its mock cluster; shims are static inline functions prefixed rdk_.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
