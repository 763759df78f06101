// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that came with the program: where they lie, what they are called, and one that is made here of the keys of the
// window. Reads files; any thread but keysPage().
#pragma once

#include <QString>

#include <vector>

namespace orrery::ui {

class ActionRegistry;

struct HelpPage {
    QString file;  ///< absolute
    QString title; ///< its first heading
};

/// Beside an installed program, or in the folder that it was built from; empty: neither is there.
QString helpFolder();
/// The tour first, the others by their titles. Files that cannot be read are left out.
std::vector<HelpPage> helpPages(const QString &folder);
/// Every action with a key, by where it is, as Markdown.
QString keysPage(const ActionRegistry &actions);

} // namespace orrery::ui
