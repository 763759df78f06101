// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/kept_aside.h"

#include "core/base/files.h"

#include <QDateTime>
#include <QString>

using namespace Qt::StringLiterals;

namespace orrery::ui {

Result<std::filesystem::path> keepAside(const std::filesystem::path &file, const std::string &why)
{
    const std::string base =
        file.string() + '.' + why + QDateTime::currentDateTime().toString(u"-yyyyMMdd-hhmmss"_s).toStdString();
    std::filesystem::path aside = base;
    std::error_code failed;
    for (int i = 2; std::filesystem::exists(std::filesystem::symlink_status(aside, failed)); ++i)
        aside = base + '-' + std::to_string(i);
    ORRERY_TRY(renameDurably(file, aside));
    return aside;
}

} // namespace orrery::ui
