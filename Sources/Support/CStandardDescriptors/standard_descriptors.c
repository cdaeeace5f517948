#include "CStandardDescriptors.h"

#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) void open_standard_descriptors(void) {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        // open() returns the lowest number that is free, which is this one.
        if (fcntl(descriptor, F_GETFD) == -1) (void)open("/dev/null", O_RDWR);
}
