// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/state_file_dialog.h"

#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/theme/theme.h"

#include <QDialogButtonBox>
#include <QPushButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {

StateFileDialog::StateFileDialog(Kind kind, const QString &model, const QString &replaced, QWidget *parent)
    : QDialog(parent), m_kind(kind), m_path(new ui::UnitLineEdit({}, this)),
      m_error(new ui::ToneLabel({}, ui::Tone::Error, ui::TypeSize::Small, this))
{
    const bool isSave = kind == Kind::Save;
    setObjectName(u"stateFileDialog"_s);
    setWindowTitle(isSave ? tr("Save this memory") : tr("Load a memory"));
    const auto makeLabel = [this](const QString &text, ui::Tone tone) {
        auto *label = new ui::ToneLabel(text, tone, ui::TypeSize::Base, this);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        return label;
    };
    const QString what =
        isSave ? tr("What %1 remembers now is written to a safetensors file on the computer where the engine "
                    "runs. A file of this name that is there is replaced.")
                     .arg(model)
        : replaced.isEmpty()
            ? tr("Each text that %1 reads from now on begins with the memory in this file, which lies on the "
                 "computer where the engine runs.")
                  .arg(model)
            : tr("The file lies on the computer where the engine runs. It takes the place of the %1 that %2 "
                 "remembers now, and each text begins with it from then on. This cannot be undone; save what "
                 "is there first if you may want it back.")
                  .arg(replaced, model);
    auto *sentence = makeLabel(what, ui::Tone::Text);
    sentence->setObjectName(u"stateFileSentence"_s);
    m_path->setObjectName(u"stateFilePath"_s);
    m_path->setAccessibleName(tr("Path on the engine's computer"));
    m_path->setPlaceholderText(tr("/path/to/memory.safetensors"));
    m_path->setMinimumWidth(360);
    m_error->setObjectName(u"stateFileError"_s);
    m_error->setWordWrap(true);
    m_error->hide();
    auto *name = makeLabel(tr("Path on the engine's computer"), ui::Tone::Secondary);
    name->setBuddy(m_path);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_confirm = new QPushButton(isSave               ? tr("Save memory")
                                : replaced.isEmpty() ? tr("Load memory")
                                                     : tr("Replace %1").arg(replaced),
                                this);
    m_confirm->setObjectName(u"stateFileConfirm"_s);
    m_confirm->setDefault(isSave || replaced.isEmpty());
    m_confirm->setProperty("danger", !isSave && !replaced.isEmpty());
    buttons->addButton(m_confirm, QDialogButtonBox::ActionRole);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(ui::space::kTwo, ui::space::kTwo, ui::space::kTwo, ui::space::kTwo);
    column->setSpacing(ui::space::kOne);
    column->addWidget(sentence);
    column->addSpacing(ui::space::kHalf);
    column->addWidget(name);
    column->addWidget(m_path);
    column->addWidget(m_error);
    column->addSpacing(ui::space::kOne);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_confirm, &QPushButton::clicked, this, &StateFileDialog::confirm);
    connect(m_path, &QLineEdit::textChanged, this, [this] {
        m_error->hide();
        m_path->setInvalid(false);
        m_confirm->setEnabled(!path().isEmpty());
    });
    m_confirm->setEnabled(false);
}

void StateFileDialog::setPath(const QString &path)
{
    m_path->setText(path);
    m_path->selectAll();
}

QString StateFileDialog::path() const { return m_path->text().trimmed(); }

void StateFileDialog::checkPath()
{
    QString problem;
    if (!path().startsWith(u'/'))
        problem = m_kind == Kind::Save
                      ? tr("Cannot save to “%1”: it is not a whole path, expected one that begins with /.")
                      : tr("Cannot load “%1”: it is not a whole path, expected one that begins with /.");
    else if (path().endsWith(u'/'))
        problem = m_kind == Kind::Save ? tr("Cannot save to “%1”: it names a folder, expected a file in it.")
                                       : tr("Cannot load “%1”: it names a folder, expected a file in it.");
    m_error->setText(problem.isEmpty() ? problem : problem.arg(path()));
    m_error->setVisible(!problem.isEmpty());
    m_path->setInvalid(!problem.isEmpty());
}

void StateFileDialog::confirm()
{
    checkPath();
    if (m_path->isInvalid()) return m_path->setFocus();
    Q_EMIT pathChosen(path());
    accept();
}

QString proposedMemoryFile(const QString &folder, const QString &model)
{
    QString name = model.section(u'/', -1, -1, QString::SectionSkipEmpty);
    for (const QChar c : {u':', u'\\', u' ', u'@'}) name.replace(c, u'-');
    return (folder.isEmpty() ? u"/tmp"_s : folder) + u"/memory-"_s + name + u".safetensors"_s;
}

} // namespace orrery::memory_ui
