// SPDX-License-Identifier: GPL-3.0-or-later
// How well what somebody types fits a text: letters in their order, better at the beginnings of words and in
// a row. Pure; any thread.
#pragma once

#include <QList>
#include <QString>
#include <QStringView>

#include <optional>

namespace orrery::ui {

struct FuzzyMatch {
    int score = 0;     ///< higher fits better; 0 for an empty query
    QList<int> places; ///< of the letters that fit, ascending
};

/// Each word of the query must fit somewhere; case does not matter. Nothing: one does not.
/// @param text only its first 256 characters are looked at
std::optional<FuzzyMatch> fuzzyMatch(QStringView query, QStringView text);

} // namespace orrery::ui
