"""How much memory this machine has, from what its system offers."""

import ctypes
import os
import sys

if sys.platform == "win32":

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong),
            ("total_page_file", ctypes.c_ulonglong),
            ("available_page_file", ctypes.c_ulonglong),
            ("total_virtual", ctypes.c_ulonglong),
            ("available_virtual", ctypes.c_ulonglong),
            ("available_extended_virtual", ctypes.c_ulonglong),
        ]

    def memory() -> tuple[int | None, int | None]:
        """Bytes in all, and bytes free; None for what nobody can say."""
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None, None
        return int(status.total), int(status.available)

else:

    def memory() -> tuple[int | None, int | None]:
        """Bytes in all, and bytes free; None for what nobody can say."""
        page = _configured("SC_PAGE_SIZE")
        total, free = _configured("SC_PHYS_PAGES"), _configured("SC_AVPHYS_PAGES")
        if page is None:
            return None, None
        return (total and total * page), (free and free * page)

    def _configured(name: str) -> int | None:
        if not hasattr(os, "sysconf") or name not in os.sysconf_names:
            return None
        try:
            value = os.sysconf(name)
        except (OSError, ValueError):
            return None
        return value if value > 0 else None
