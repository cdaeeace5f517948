// libnghttp2; shims are static inline functions prefixed ng_.
#pragma once
#include <nghttp2/nghttp2.h>
