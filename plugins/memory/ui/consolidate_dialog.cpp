// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/consolidate_dialog.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/session/engine_session.h"
#include "widgets/theme/theme.h"

#include <QDialogButtonBox>
#include <QDir>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <initializer_list>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr int kMostRows = 5; ///< of the list, before it scrolls

ui::ToneLabel *makeLabel(const QString &text, ui::Tone tone, ui::TypeSize size, QWidget *parent)
{
    auto *label = new ui::ToneLabel(text, tone, size, parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    return label;
}

QWidget *column(std::initializer_list<QWidget *> widgets, QWidget *parent)
{
    auto *box = new QWidget(parent);
    auto *layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(ui::space::kHalf);
    for (QWidget *widget : widgets) layout->addWidget(widget);
    return box;
}

QSpinBox *makeCount(const QString &name, const QString &meaning, int64_t usual, int64_t most, QWidget *parent)
{
    auto *box = new QSpinBox(parent);
    box->setObjectName(name);
    box->setRange(1, static_cast<int>(most));
    box->setGroupSeparatorShown(true);
    box->setValue(static_cast<int>(usual));
    box->setToolTip(ui::plainToolTip(meaning));
    return box;
}

} // namespace

ConsolidateDialog::ConsolidateDialog(ui::EngineSession &session, Subject subject, QWidget *parent)
    : QDialog(parent), m_session(session), m_subject(std::move(subject))
{
    setObjectName(u"consolidateDialog"_s);
    setWindowTitle(tr("Consolidate the memory"));
    setMinimumWidth(480);
    auto *sentence =
        makeLabel(tr("A copy of %1 learns these texts for good: they are read again, and of its semantic memory the few values "
                     "that they use more than other texts do are changed. %1 and what it remembers stay as they are.")
                      .arg(m_subject.title),
                  ui::Tone::Text, ui::TypeSize::Base, this);
    sentence->setObjectName(u"consolidateSentence"_s);
    m_cost = makeLabel({}, ui::Tone::Secondary, ui::TypeSize::Small, this);
    m_cost->setObjectName(u"consolidateCost"_s);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(ui::space::kTwo, ui::space::kTwo, ui::space::kTwo, ui::space::kTwo);
    layout->setSpacing(ui::space::kOne);
    layout->addWidget(sentence);
    layout->addWidget(makeSources());
    layout->addWidget(makeFields());
    layout->addWidget(m_cost);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_confirm = new QPushButton(tr("Learn %1").arg(sourcesTitle(m_subject.learnable)), this);
    m_confirm->setObjectName(u"consolidateConfirm"_s);
    m_confirm->setDefault(true);
    ui::makePrimary(m_confirm);
    buttons->addButton(m_confirm, QDialogButtonBox::ActionRole);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_confirm, &QPushButton::clicked, this, &ConsolidateDialog::confirm);
    showCost();
    m_folder->setFocus();
}

QWidget *ConsolidateDialog::makeSources()
{
    auto *title = makeLabel(tr("To be learned: %1").arg(sourcesTitle(m_subject.learnable)), ui::Tone::Secondary,
                            ui::TypeSize::Small, this);
    auto *list = new QListWidget(this);
    list->setObjectName(u"consolidateSources"_s);
    list->setAccessibleName(tr("Sources to be learned"));
    list->setUniformItemSizes(true);
    list->setTextElideMode(Qt::ElideMiddle);
    list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    for (const Learnable::Source &source : m_subject.learnable.sources) {
        auto *row = new QListWidgetItem(
            tr("%1: %2 tokens").arg(sourceSentence(source.name), ui::integerText(source.numTokens)), list);
        row->setToolTip(ui::plainToolTip(ui::fromStd(source.name)));
    }
    const int rows = std::clamp(list->count(), 1, kMostRows);
    list->setFixedHeight(rows * std::max(list->sizeHintForRow(0), list->fontMetrics().height()) + 2 * list->frameWidth() + 2);
    auto *box = column({title, list}, this);
    if (m_subject.learnable.numMediaTokens > 0) {
        auto *note = makeLabel(tr("%1 patches and frames of pictures and recordings are not learned: they have no words.")
                                   .arg(ui::integerText(m_subject.learnable.numMediaTokens)),
                               ui::Tone::Secondary, ui::TypeSize::Small, box);
        note->setObjectName(u"consolidateMedia"_s);
        box->layout()->addWidget(note);
    }
    return box;
}

QWidget *ConsolidateDialog::makeFields()
{
    const auto makePath = [this](const QString &name, const QString &said, const QString &placeholder, ui::ToneLabel *&error) {
        auto *path = new ui::UnitLineEdit({}, this);
        path->setObjectName(name);
        path->setAccessibleName(said);
        path->setPlaceholderText(placeholder);
        error = makeLabel({}, ui::Tone::Error, ui::TypeSize::Small, this);
        error->setObjectName(name + u"Error"_s);
        error->hide();
        connect(path, &QLineEdit::textChanged, this, [path, error] {
            error->hide();
            path->setInvalid(false);
        });
        return path;
    };
    m_folder = makePath(u"consolidateFolder"_s, tr("Folder of the new model, on the engine's computer"),
                        tr("/path/to/a/new/folder"), m_folderError);
    m_folder->setText(m_subject.folder);
    auto *choose = ui::makeIconButton(u"folder"_s, tr("Choose the folder that it goes into"), this);
    choose->setObjectName(u"consolidateChoose"_s);
    connect(choose, &QToolButton::clicked, this, &ConsolidateDialog::chooseFolder);
    auto *folderRow = new QWidget(this);
    auto *folderLayout = new QHBoxLayout(folderRow);
    folderLayout->setContentsMargins(0, 0, 0, 0);
    folderLayout->setSpacing(ui::space::kHalf);
    folderLayout->addWidget(m_folder, 1);
    folderLayout->addWidget(choose);
    m_data = makePath(u"consolidateData"_s, tr("Texts of all kinds, on the engine's computer, which it shall go on knowing"),
                      m_subject.isOfRun ? tr("What the run was trained on") : tr("/path/to/texts"), m_dataError);
    m_data->setToolTip(ui::plainToolTip(
        tr("Some of these texts are read beside what is learned, so that what they need of the semantic memory stays")));
    m_passes = makeCount(u"consolidatePasses"_s, tr("How often everything is read"), ConsolidationSettings{}.numPasses,
                         kMostConsolidationPasses, this);
    m_slots = makeCount(u"consolidateSlots"_s, tr("How many values of the semantic memory may change, at most"),
                        ConsolidationSettings{}.numSlots, kMostConsolidationSlots, this);
    connect(m_passes, &QSpinBox::valueChanged, this, &ConsolidateDialog::showCost);
    auto *fields = new QWidget(this);
    auto *form = new QFormLayout(fields);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(ui::space::kOne);
    form->setVerticalSpacing(ui::space::kOne);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    const auto addRow = [form, fields](const QString &name, QWidget *control, QWidget *row) {
        auto *label = new ui::ToneLabel(name, ui::Tone::Secondary, ui::TypeSize::Base, fields);
        label->setBuddy(control);
        form->addRow(label, row);
    };
    addRow(tr("New model"), m_folder, column({folderRow, m_folderError}, fields));
    addRow(tr("Protect"), m_data, column({m_data, m_dataError}, fields));
    addRow(tr("Passes"), m_passes, m_passes);
    addRow(tr("Values that may change"), m_slots, m_slots);
    m_passes->setAccessibleName(tr("Passes"));
    m_slots->setAccessibleName(tr("Values that may change"));
    return fields;
}

QString ConsolidateDialog::folder() const { return m_folder->text().trimmed(); }

/// A folder that is there is one that the new one goes into.
void ConsolidateDialog::chooseFolder()
{
    const QFileInfo proposed(folder().isEmpty() ? m_subject.folder : folder());
    ui::PathQuestion question{tr("Where the folder “%1” is made").arg(proposed.fileName()), u"consolidateFolderDialog"_s};
    question.accept = tr("Choose");
    question.directory = question.current = proposed.path();
    ui::askForEnginePath(m_session, this, question, [this, name = proposed.fileName()](const QString &path) {
        m_folder->setText(QDir(path).filePath(name));
    });
}

void ConsolidateDialog::showCost()
{
    m_cost->setText(costText(m_subject.learnable, m_passes->value(), m_subject.model));
}

bool ConsolidateDialog::check()
{
    const auto tell = [](ui::UnitLineEdit *path, ui::ToneLabel *error, const QString &problem) {
        error->setText(problem);
        error->setVisible(!problem.isEmpty());
        path->setInvalid(!problem.isEmpty());
    };
    const QString where = folder(), data = m_data->text().trimmed();
    tell(m_folder, m_folderError,
         where.startsWith(u'/') ? QString()
                                : tr("Cannot make the model in “%1”: it is not a whole path, expected one that begins with /.").arg(where));
    QString problem;
    if (data.isEmpty() && !m_subject.isOfRun)
        problem = tr("Cannot protect anything: a model directory does not say what it was trained on, expected the path of texts.");
    else if (!data.isEmpty() && !data.startsWith(u'/'))
        problem = tr("Cannot read “%1”: it is not a whole path, expected one that begins with /.").arg(data);
    tell(m_data, m_dataError, problem);
    for (ui::UnitLineEdit *path : {m_folder, m_data}) {
        if (!path->isInvalid()) continue;
        path->setFocus();
        return false;
    }
    return true;
}

void ConsolidateDialog::confirm()
{
    if (!check()) return;
    ModelConsolidationRequest request;
    request.directory = ui::toStd(folder());
    request.data = ui::toStd(m_data->text().trimmed());
    request.numPasses = m_passes->value();
    request.numSlots = m_slots->value();
    Q_EMIT confirmed(request);
    accept();
}

} // namespace orrery::memory_ui
