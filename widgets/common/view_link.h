// SPDX-License-Identifier: GPL-3.0-or-later
// The text of a link to a view: "orrery:PANEL?key=value&key=value", percent-encoded, to be pasted into a
// chat, a notebook or a command line and opened again. It carries words and numbers only, never anything that
// is run. Pure; any thread.
#pragma once

#include "core/base/result.h"

#include <QString>
#include <QStringView>
#include <QVariantMap>

namespace orrery::ui {

/// Values are texts, and lists of texts where a key is there more than once; QVariant reads numbers and
/// "true" out of them.
struct ViewLink {
    QString panel; ///< "attention"
    QVariantMap state;
    bool operator==(const ViewLink &) const = default;
};

inline constexpr qsizetype kMaxLinkLength = 16'384; ///< characters, percent-encoded
inline constexpr int kMaxLinkValues = 256;

/// Keys in alphabetical order, so that equal views have equal links. Empty values and lists are left out.
QString viewLinkText(const ViewLink &link);
/// Whether it is meant as one: begins with "orrery:".
bool isViewLink(QStringView text);
/// From whatever was pasted; blanks around it do not matter.
/// @error InvalidInput: what is wrong with it, and where
Result<ViewLink> parseViewLink(QStringView text);

} // namespace orrery::ui
