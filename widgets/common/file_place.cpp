// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/file_place.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QStandardPaths>

namespace orrery::ui {
namespace {

QString &chosen()
{
    static QString folder;
    return folder;
}

} // namespace

QString fileFolder()
{
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    for (const QString &folder : {chosen(), documents})
        if (!folder.isEmpty() && QFileInfo(folder).isDir()) return folder;
    return QDir::homePath();
}

void setFileFolder(const QString &folder) { chosen() = folder; }

QString chosenFileFolder() { return chosen(); }

QFileDialog *makeFileDialog(QWidget *parent, const QString &title, const QString &name, const QString &directory)
{
    auto *dialog = new QFileDialog(parent, title, directory.isEmpty() ? fileFolder() : directory);
    dialog->setObjectName(name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->resize(760, 480); // dates and sizes have room
    QObject::connect(dialog, &QFileDialog::filesSelected, dialog, [](const QStringList &files) {
        if (!files.isEmpty()) setFileFolder(QFileInfo(files.constFirst()).absolutePath());
    });
    return dialog;
}

} // namespace orrery::ui
