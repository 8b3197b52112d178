"""Memory that stays with the process: training on a processor is twice as fast when it is not given back every step.

By default the C library fetches every large array from the kernel and returns it, and the kernel clears each page anew
(measured: LOG.md). Edge: changes the allocator of this process.
"""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_memory() -> bool:
    """Ask the GNU C library to keep freed memory; whether it agreed. Other C libraries are left as they are."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        return bool(libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)) and bool(libc.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
    except (OSError, AttributeError):
        return False
