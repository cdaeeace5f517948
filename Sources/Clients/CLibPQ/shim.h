// libpq, found by pkg-config; shims are static inline functions prefixed pq_.
#pragma once
#include <libpq-fe.h>

// PG_DIAG_* are character constants, which Swift does not import.
static const int pq_diag_sqlstate = PG_DIAG_SQLSTATE;
static const int pq_diag_message_primary = PG_DIAG_MESSAGE_PRIMARY;
static const int pq_diag_message_detail = PG_DIAG_MESSAGE_DETAIL;
static const int pq_diag_message_hint = PG_DIAG_MESSAGE_HINT;
static const int pq_diag_constraint_name = PG_DIAG_CONSTRAINT_NAME;
static const int pq_diag_source_function = PG_DIAG_SOURCE_FUNCTION;
