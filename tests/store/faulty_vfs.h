// SPDX-License-Identifier: Apache-2.0
// A SQLite file system in front of the real one that can run full, fail to sync or stand still. Process wide;
// install it before the first database is opened.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace orrery::test {

inline std::atomic<int64_t> vfsBytesLeft{std::numeric_limits<int64_t>::max()};
inline std::atomic<bool> vfsSyncFails{false};
inline std::atomic<bool> vfsStandsStill{false}; ///< writes wait while it is set

namespace detail {

struct FaultyFile {
    sqlite3_file base;
    sqlite3_file *real;
};
inline sqlite3_vfs *realVfs = nullptr;
inline sqlite3_io_methods methods;
inline thread_local int lastErrno = 0;

inline sqlite3_file *realOf(sqlite3_file *file) { return reinterpret_cast<FaultyFile *>(file)->real; }

inline int write(sqlite3_file *file, const void *data, int numBytes, sqlite3_int64 offset)
{
    vfsStandsStill.wait(true);
    if (vfsBytesLeft.fetch_sub(numBytes) < numBytes) {
        lastErrno = ENOSPC;
        return SQLITE_FULL;
    }
    return realOf(file)->pMethods->xWrite(realOf(file), data, numBytes, offset);
}
inline int sync(sqlite3_file *file, int flags)
{
    if (vfsSyncFails) {
        lastErrno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    return realOf(file)->pMethods->xSync(realOf(file), flags);
}
inline int close(sqlite3_file *file)
{
    const int code = realOf(file)->pMethods->xClose(realOf(file));
    sqlite3_free(realOf(file));
    return code;
}

inline int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *outFlags)
{
    auto *faulty = reinterpret_cast<FaultyFile *>(file);
    faulty->base.pMethods = nullptr;
    faulty->real = static_cast<sqlite3_file *>(sqlite3_malloc(realVfs->szOsFile));
    const int code = realVfs->xOpen(realVfs, name, faulty->real, flags, outFlags);
    if (code != SQLITE_OK) {
        sqlite3_free(faulty->real);
        return code;
    }
    faulty->base.pMethods = &methods;
    return code;
}

inline void fillMethods()
{
    using File = sqlite3_file;
    methods.iVersion = 2; // with shared memory, without memory maps
    methods.xClose = close;
    methods.xWrite = write;
    methods.xSync = sync;
    methods.xRead = [](File *f, void *d, int n, sqlite3_int64 o) {
        return realOf(f)->pMethods->xRead(realOf(f), d, n, o);
    };
    methods.xTruncate = [](File *f, sqlite3_int64 n) { return realOf(f)->pMethods->xTruncate(realOf(f), n); };
    methods.xFileSize = [](File *f, sqlite3_int64 *n) {
        return realOf(f)->pMethods->xFileSize(realOf(f), n);
    };
    methods.xLock = [](File *f, int l) { return realOf(f)->pMethods->xLock(realOf(f), l); };
    methods.xUnlock = [](File *f, int l) { return realOf(f)->pMethods->xUnlock(realOf(f), l); };
    methods.xCheckReservedLock = [](File *f, int *r) {
        return realOf(f)->pMethods->xCheckReservedLock(realOf(f), r);
    };
    methods.xFileControl = [](File *f, int op, void *a) {
        return realOf(f)->pMethods->xFileControl(realOf(f), op, a);
    };
    methods.xSectorSize = [](File *f) { return realOf(f)->pMethods->xSectorSize(realOf(f)); };
    methods.xDeviceCharacteristics = [](File *f) {
        return realOf(f)->pMethods->xDeviceCharacteristics(realOf(f));
    };
    methods.xShmMap = [](File *f, int p, int s, int e, void volatile **m) {
        return realOf(f)->pMethods->xShmMap(realOf(f), p, s, e, m);
    };
    methods.xShmLock = [](File *f, int o, int n, int l) {
        return realOf(f)->pMethods->xShmLock(realOf(f), o, n, l);
    };
    methods.xShmBarrier = [](File *f) { realOf(f)->pMethods->xShmBarrier(realOf(f)); };
    methods.xShmUnmap = [](File *f, int d) { return realOf(f)->pMethods->xShmUnmap(realOf(f), d); };
}

} // namespace detail

inline void installFaultyVfs()
{
    static sqlite3_vfs vfs;
    detail::realVfs = sqlite3_vfs_find(nullptr);
    vfs = *detail::realVfs;
    vfs.zName = "faulty";
    vfs.szOsFile = sizeof(detail::FaultyFile);
    vfs.xOpen = detail::open;
    vfs.xGetLastError = [](sqlite3_vfs *, int, char *) { return detail::lastErrno; };
    detail::fillMethods();
    sqlite3_vfs_register(&vfs, 1);
}

} // namespace orrery::test
