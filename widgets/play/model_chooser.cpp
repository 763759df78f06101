// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/model_chooser.h"

#include "widgets/common/elided_combo_box.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/filter_combo_box.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_choice.h"
#include "widgets/common/run_text.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QToolButton>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kWidestNeed = 165;
constexpr int kComboMargins = 64; // of a combo box beside its text: padding and arrow
constexpr int kIsDirectoryRole = Qt::UserRole + 1;

} // namespace

ModelChooser::ModelChooser(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_runs(new FilterComboBox(tr("Filter by name or tag"), this)), m_steps(new ElidedComboBox(this))
{
    setObjectName(u"modelChooser"_s);
    m_runs->setObjectName(u"modelRun"_s);
    m_runs->setAccessibleName(tr("Run or model"));
    m_runs->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    // A box of Qt does not look again at how little it may be: that is for a column, and a row asks for more.
    m_runs->setMinimumContentsLength(4);
    m_runs->setMinimumWidth(m_runs->fontMetrics().horizontalAdvance(u'X') * 12 + kComboMargins);
    m_runs->setMaximumWidth(320);
    m_steps->setObjectName(u"modelStep"_s);
    m_steps->setAccessibleName(tr("Training step"));
    m_steps->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    // Where there is no room for the loss, too, the step is what is shown; all of it is in the hover.
    m_steps->setMinimumWidth(
        std::min(m_steps->fontMetrics().horizontalAdvance(tr("newest, %1").arg(u"88,888"_s)) + kComboMargins, kWidestNeed));
    m_steps->setMaximumWidth(320);
    auto *open = makeIconButton(u"folder"_s, tr("Open a model directory"), this);
    open->setObjectName(u"openModel"_s);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_runs, 20);
    layout->addWidget(m_steps, 10);
    layout->addWidget(open);
    layout->addStretch(1);
    connect(open, &QToolButton::clicked, this, &ModelChooser::openModelDirectory);
    connect(m_runs, &QComboBox::activated, this, [this] {
        m_wantedRun = m_runs->currentData().toString();
        m_wantedStep = -1;
        readCheckpoints();
        Q_EMIT changed();
    });
    connect(m_steps, &QComboBox::activated, this, [this] {
        m_wantedStep = m_steps->currentData().toLongLong();
        Q_EMIT changed();
    });
    connect(&session, &EngineSession::runsChanged, this, &ModelChooser::takeRuns);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        m_readAtStep = -2;
        takeRuns();
    });
    takeRuns();
}

void ModelChooser::setCompact()
{
    m_runs->setMinimumWidth(0);
    m_steps->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_steps->setMinimumContentsLength(5);
    m_steps->setMinimumWidth(m_steps->fontMetrics().horizontalAdvance(u"88,888"_s) + kComboMargins);
}

QString ModelChooser::currentRun() const
{
    return m_runs->currentData(kIsDirectoryRole).toBool() ? QString() : m_runs->currentData().toString();
}

QComboBox *ModelChooser::runBox() const { return m_runs; }

bool ModelChooser::hasModels() const { return m_runs->count() > 0; }

QString ModelChooser::model() const
{
    if (m_runs->currentIndex() < 0) return {};
    const QString run = currentRun();
    if (run.isEmpty()) return m_runs->currentData().toString();
    // Not what the box shows: it is that of the model before until the list of checkpoints has come again.
    return m_wantedStep < 0 ? run : run + u'@' + QString::number(m_wantedStep);
}

QString ModelChooser::exactModel() const
{
    const QString run = currentRun(), model = this->model();
    if (run.isEmpty() || model != run || m_readRun != run || m_newestStep < 0) return model;
    return run + u'@' + QString::number(m_newestStep);
}

QString ModelChooser::modelTitle() const { return m_runs->currentText(); }

void ModelChooser::setRun(const QString &run)
{
    if (!run.isEmpty() && run != currentRun()) setModel(run);
}

void ModelChooser::setModel(const QString &model)
{
    if (model.isEmpty()) return;
    const qsizetype at = model.lastIndexOf(u'@');
    bool isStep = false;
    const qint64 step = at > 0 ? model.mid(at + 1).toLongLong(&isStep) : -1;
    if (model.contains(u'/')) addDirectory(model);
    m_wantedRun = isStep && !model.contains(u'/') ? model.left(at) : model;
    m_wantedStep = isStep && !model.contains(u'/') ? step : -1;
    takeRuns();
    m_readAtStep = -2;
    readCheckpoints();
    Q_EMIT changed();
}

void ModelChooser::addDirectory(const QString &directory)
{
    if (!m_directories.contains(directory)) m_directories.append(directory);
}

void ModelChooser::openModelDirectory()
{
    PathQuestion question{tr("Open a model directory"), u"openModelDialog"_s};
    question.accept = tr("Open");
    askForEnginePath(m_session, this, question, [this](const QString &path) { setModel(path); });
}

void ModelChooser::takeRuns()
{
    std::vector<const RunStatus *> runs;
    for (const RunStatus *status : offeredRuns(m_session.runs(), {currentRun(), m_wantedRun}))
        if (status->lastCheckpointStep >= 0) runs.push_back(status);
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunStatus *a, const RunStatus *b) { return a->createdAt > b->createdAt; });
    QList<FilterComboBox::Entry> entries;
    for (const RunStatus *status : runs) entries.append({runTitle(*status), fromStd(status->id), runTagsText(*status)});
    for (const QString &directory : std::as_const(m_directories)) entries.append({directory, directory, {}});

    const QString before = m_runs->currentData().toString();
    const QSignalBlocker blocker(m_runs);
    const bool isSame = !m_runs->setEntries(entries);
    for (int i = int(runs.size()); !isSame && i < m_runs->count(); ++i) m_runs->setItemData(i, true, kIsDirectoryRole);
    const int wanted = m_wantedRun.isEmpty() ? -1 : m_runs->findData(m_wantedRun);
    int index = wanted >= 0 ? wanted : m_runs->findData(before);
    if (index < 0 && m_runs->count() > 0) index = 0;
    m_runs->setCurrentIndex(index);
    setVisible(m_isWanted && hasModels());
    readCheckpoints();
    if (m_runs->currentData().toString() != before || !isSame) Q_EMIT changed();
}

void ModelChooser::setWanted(bool isWanted)
{
    m_isWanted = isWanted;
    setVisible(m_isWanted && hasModels());
}

void ModelChooser::readCheckpoints()
{
    const QString run = currentRun();
    m_steps->setVisible(!run.isEmpty());
    if (run.isEmpty()) return;
    qint64 newest = -1;
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == run) newest = status.lastCheckpointStep;
    if (run == m_readRun && newest == m_readAtStep) return;
    if (run != m_readRun) m_steps->clear();
    m_readAtStep = newest;
    m_session.listCheckpoints(run, this, [this, run](Result<std::vector<CheckpointInfo>> reply) {
        if (run != currentRun()) return;
        if (!reply) {
            m_readAtStep = -2;
            Q_EMIT failed(reply.error());
            return;
        }
        m_readRun = run;
        showSteps(*reply);
    });
}

void ModelChooser::showSteps(const std::vector<CheckpointInfo> &checkpoints)
{
    std::vector<CheckpointInfo> sorted = checkpoints;
    std::sort(sorted.begin(), sorted.end(),
              [](const CheckpointInfo &a, const CheckpointInfo &b) { return a.step > b.step; });
    const QString before = model();
    m_newestStep = sorted.empty() ? -1 : sorted.front().step;
    m_steps->clear();
    const auto add = [this](const QString &text, const QString &brief, qint64 step) {
        m_steps->addItem(text, static_cast<qlonglong>(step));
        m_steps->setItemData(m_steps->count() - 1, brief, ElidedComboBox::kShortTextRole);
    };
    add(sorted.empty() ? tr("newest step") : tr("newest, %1").arg(integerText(sorted.front().step)), tr("newest"), -1);
    for (const CheckpointInfo &checkpoint : sorted) {
        QString text = integerText(checkpoint.step);
        if (!std::isnan(checkpoint.valLoss))
            text += u"  ·  "_s + tr("val %1").arg(lossText(checkpoint.valLoss));
        if (checkpoint.isBest) text += u"  ·  "_s + tr("best");
        add(text, integerText(checkpoint.step), checkpoint.step);
    }
    // A wanted step that is not listed (thinned away) stays chosen: the engine says what it loads instead.
    if (m_wantedStep >= 0 && m_steps->findData(static_cast<qlonglong>(m_wantedStep)) < 0)
        add(integerText(m_wantedStep), {}, m_wantedStep);
    m_steps->setCurrentIndex(std::max(0, m_steps->findData(static_cast<qlonglong>(m_wantedStep))));
    if (model() != before) Q_EMIT changed();
}

} // namespace orrery::ui
