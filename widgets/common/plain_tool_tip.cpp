// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/plain_tool_tip.h"

#include <QTextDocument>

using namespace Qt::StringLiterals;

namespace orrery::ui {

QString plainToolTip(const QString &text)
{
    if (!Qt::mightBeRichText(text)) return text;
    return u"<p style=\"white-space:pre\">"_s + text.toHtmlEscaped() + u"</p>"_s;
}

} // namespace orrery::ui
