// SPDX-License-Identifier: GPL-3.0-or-later
// Where dialogs of files begin, all of them at one place: in the folder that was chosen from last, else in the documents of
// the user, else at home. GUI thread only.
#pragma once

#include <QString>

class QFileDialog;
class QWidget;

namespace orrery::ui {

/// A folder that is there.
[[nodiscard]] QString fileFolder();
/// The next dialog begins there. One that is not there is forgotten when it is asked for.
void setFileFolder(const QString &folder);
/// What was set; empty: nothing yet.
[[nodiscard]] QString chosenFileFolder();

/// Deletes itself when it is closed; what is chosen in it tells where the next one begins. Call open().
/// @param directory where it begins; empty: in fileFolder()
QFileDialog *makeFileDialog(QWidget *parent, const QString &title, const QString &name, const QString &directory = {});

} // namespace orrery::ui
