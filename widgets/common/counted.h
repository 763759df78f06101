// SPDX-License-Identifier: GPL-3.0-or-later
// "1 head", "12 heads": there is no translation file whose plural rules tr() could ask (it would show "%n
// head(s)" as it stands, and "1 heads"), so both forms are spelled out. Pure; any thread.
#pragma once

#include "widgets/common/number_text.h"

namespace orrery::ui {

/// @param many with %1 for the number
inline QString counted(qint64 count, const QString &one, const QString &many)
{
    return count == 1 ? one : many.arg(integerText(count));
}

} // namespace orrery::ui
