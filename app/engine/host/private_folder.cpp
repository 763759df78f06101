// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/private_folder.h"

#include "core/base/files.h"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

namespace orrery {

namespace fs = std::filesystem;

Result<PrivateFolder> PrivateFolder::make()
{
    std::error_code ignored;
    std::string path = (fs::temp_directory_path(ignored) / "orrery-worker-XXXXXX").string();
    if (!::mkdtemp(path.data())) return ioError("make", path, errno);
    return PrivateFolder(path);
}

PrivateFolder::~PrivateFolder()
{
    std::error_code ignored;
    if (!m_path.empty()) fs::remove_all(m_path, ignored);
}

} // namespace orrery
