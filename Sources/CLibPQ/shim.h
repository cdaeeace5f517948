// libpq, found by pkg-config; shims are static inline functions prefixed pq_.
#pragma once
#include <libpq-fe.h>
