// Tells Thread Sanitizer what a contended Synchronization.Mutex does.
//
// The uncontended ways through Mutex are compiled into the caller, where the sanitizer sees them. Locking and unlocking in contention is
// code of libswiftSynchronization, which is not instrumented: the sanitizer would not see that the lock changed hands, and would call
// whatever is guarded by it a race. Here those functions stand in front of the library's own.
//
// Without Thread Sanitizer this file is empty.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// _MutexHandle._lockSlow(_: UInt32), ._tryLockSlow() -> Bool and ._unlockSlow(); the handle's address is the lock's identity.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slowly(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT bool try_lock_slowly(SELF void *handle) __asm__(TRY_LOCK);
SWIFT void unlock_slowly(SELF void *handle) __asm__(UNLOCK);

static SWIFT void (*library_lock)(uint32_t, SELF void *);
static SWIFT bool (*library_try_lock)(SELF void *);
static SWIFT void (*library_unlock)(SELF void *);

static void *library(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    // Without it no lock of the process works.
    if (!function) abort();
    return function;
}

__attribute__((constructor)) static void find_library(void) {
    library_lock = (SWIFT void (*)(uint32_t, SELF void *))library(LOCK);
    library_try_lock = (SWIFT bool (*)(SELF void *))library(TRY_LOCK);
    library_unlock = (SWIFT void (*)(SELF void *))library(UNLOCK);
}

SWIFT void lock_slowly(uint32_t thread, SELF void *handle) {
    library_lock(thread, handle);
    __tsan_acquire(handle);
}

SWIFT bool try_lock_slowly(SELF void *handle) {
    bool locked = library_try_lock(handle);
    if (locked) __tsan_acquire(handle);
    return locked;
}

SWIFT void unlock_slowly(SELF void *handle) {
    __tsan_release(handle);
    library_unlock(handle);
}

#endif
#endif
