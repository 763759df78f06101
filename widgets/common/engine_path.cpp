// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/engine_path.h"

#include "widgets/common/file_place.h"
#include "widgets/session/engine_session.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QInputDialog>
#include <QPushButton>

#include <utility>

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(EnginePath)
};

/// As the host takes it: it has no shell, and nobody is in any folder there.
bool isWhole(const QString &path) { return path.trimmed().startsWith(u'/'); }

void type(QWidget *parent, const PathQuestion &question, std::function<void(const QString &path)> take)
{
    auto *dialog = new QInputDialog(parent);
    dialog->setObjectName(question.name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(question.title);
    dialog->setLabelText(question.kind == PathKind::Folder
                             ? Texts::tr("The engine is on another computer, whose files cannot be listed here.\nFolder there, from / on:")
                             : Texts::tr("The engine is on another computer, whose files cannot be listed here.\nFile there, from / on:"));
    dialog->setOkButtonText(question.accept.isEmpty() ? Texts::tr("Open") : question.accept);
    dialog->setTextValue(question.current);
    dialog->resize(480, dialog->sizeHint().height());
    const auto offer = [dialog] {
        auto *buttons = dialog->findChild<QDialogButtonBox *>();
        auto *accept = buttons ? buttons->button(QDialogButtonBox::Ok) : nullptr;
        if (!accept) return;
        accept->setEnabled(isWhole(dialog->textValue()));
        accept->setToolTip(accept->isEnabled() ? QString() : Texts::tr("A whole path is needed: /home/ada/texts, not ~/texts or texts"));
    };
    QObject::connect(dialog, &QInputDialog::textValueChanged, dialog, offer);
    QObject::connect(dialog, &QInputDialog::textValueSelected, parent, [take = std::move(take)](const QString &path) {
        if (isWhole(path)) take(path.trimmed());
    });
    dialog->open();
    offer(); // the buttons are there now
}

} // namespace

void askForEnginePath(const EngineSession &session, QWidget *parent, const PathQuestion &question,
                      std::function<void(const QString &path)> take)
{
    if (session.isOfThisComputer())
        askForPathHere(parent, question, std::move(take));
    else
        type(parent, question, std::move(take));
}

void askForPathHere(QWidget *parent, const PathQuestion &question, std::function<void(const QString &path)> take)
{
    QFileDialog *dialog = makeFileDialog(parent, question.title, question.name, question.directory);
    dialog->setFileMode(question.kind == PathKind::Folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
    if (question.kind == PathKind::Folder) dialog->setOption(QFileDialog::ShowDirsOnly);
    if (!question.filters.isEmpty()) dialog->setNameFilters(question.filters);
    if (!question.accept.isEmpty()) dialog->setLabelText(QFileDialog::Accept, question.accept);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, std::move(take));
    dialog->open();
}

} // namespace orrery::ui
