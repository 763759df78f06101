// SPDX-License-Identifier: GPL-3.0-or-later
// Stop texts as people write them: one a line, with \n for a line break, \t for a tab, \r, \\ for a backslash
// and \x41 for a byte. A backslash before anything else is one. Any thread.
#pragma once

#include <QString>

#include <string>
#include <vector>

namespace orrery::ui {

std::string stopTextOf(const QString &line);
QString stopLineOf(const std::string &text);
/// Lines without anything are no texts; spaces count.
std::vector<std::string> stopTextsOf(const QString &lines);
QString stopLinesOf(const std::vector<std::string> &texts);
/// Why the engine would refuse them, for under the field; empty: it takes them.
QString stopProblem(const std::vector<std::string> &texts);

} // namespace orrery::ui
