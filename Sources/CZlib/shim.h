// zlib; the *Init2 macros are not importable, so they are wrapped as cz_ functions.
#pragma once
#include <zlib.h>
