// zlib; the *Init2 macros are not importable, so they are wrapped as cz_ functions.
#pragma once
#include <zlib.h>

// windowBits: 15 zlib ("deflate" of HTTP), 31 gzip, 47 either when inflating.
static inline int cz_deflate_init(z_stream *stream, int level, int window_bits) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

static inline int cz_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }
