// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/engine_folder.h"

#include "widgets/session/engine_session.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QInputDialog>

#include <utility>

namespace orrery::ui {

bool areEngineFoldersHere(const EngineSession &session)
{
    const QString home = session.engine().home;
    return home.isEmpty() || QDir(home).exists();
}

void askForEngineFolder(const EngineSession &session, QWidget *parent, const QString &title,
                        const QString &accept, const QString &directory, const QString &name,
                        std::function<void(const QString &path)> take)
{
    if (!areEngineFoldersHere(session)) {
        auto *dialog = new QInputDialog(parent);
        dialog->setObjectName(name);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setWindowTitle(title);
        dialog->setLabelText(QCoreApplication::translate("orrery::ui::EngineFolder",
                                                         "Folder on the computer of the engine, from / on:"));
        dialog->setOkButtonText(accept);
        QObject::connect(dialog, &QInputDialog::textValueSelected, parent,
                         [take = std::move(take)](const QString &path) {
                             if (!path.trimmed().isEmpty()) take(path.trimmed());
                         });
        dialog->open();
        return;
    }
    auto *dialog = new QFileDialog(parent, title, directory);
    dialog->setObjectName(name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    dialog->setLabelText(QFileDialog::Accept, accept);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, std::move(take));
    dialog->open();
}

} // namespace orrery::ui
