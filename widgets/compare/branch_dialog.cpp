// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/branch_dialog.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/branch_form.h"
#include "widgets/runs/checkpoint_model.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kStartWidth = 300, kChangesHeight = 92;
const QString kStepsKey = u"train.steps"_s;

} // namespace

BranchDialog::BranchDialog(EngineSession &session, const QString &run, QWidget *parent)
    : QDialog(parent), m_session(session), m_run(run), m_banner(new Banner(this)), m_model(new CheckpointModel(this)),
      m_steps(new QTableView(this)), m_stepPages(new QStackedWidget(this)),
      m_noSteps(new EmptyState(QString(), QString(), this)),
      m_stepNote(new ToneLabel(QString(), Tone::Warning, TypeSize::Small, this)),
      m_changes(new ToneLabel(QString(), Tone::Text, TypeSize::Base, this)),
      m_command(new ToneLabel(QString(), Tone::Secondary, TypeSize::Mono, this)), m_name(new QLineEdit(this)),
      m_form(new BranchForm(this)), m_start(new QCheckBox(tr("Start at once"), this)),
      m_copy(makeIconButton(u"terminal"_s, tr("Copy as command"), this)),
      m_why(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_cancel(new QPushButton(tr("Close"), this)), m_branch(new QPushButton(tr("Branch"), this))
{
    setObjectName(u"branchDialog"_s);
    m_form->setEngine(&session);
    m_title = runTitle(status());
    setWindowTitle(tr("Branch from “%1”").arg(m_title.size() > 60 ? m_title.left(59) + u'…' : m_title));
    m_banner->setObjectName(u"branchBanner"_s);
    m_banner->clear();
    auto *columns = new QHBoxLayout;
    columns->setSpacing(space::kTwo);
    columns->addWidget(makeStart());
    columns->addWidget(m_form, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_banner);
    layout->addLayout(columns, 1);
    layout->addWidget(makeSeparator(this));
    layout->addWidget(makeFoot());
    resize(940, 680);
    // Enter ends a field; a training is not begun by it.
    for (QPushButton *button : findChildren<QPushButton *>()) {
        button->setAutoDefault(false);
        button->setDefault(false);
    }

    connect(m_banner, &Banner::retryRequested, this, &BranchDialog::ask);
    connect(m_steps->selectionModel(), &QItemSelectionModel::selectionChanged, this, &BranchDialog::takeStep);
    connect(m_name, &QLineEdit::textChanged, this, [this](const QString &name) {
        m_draft.setName(name);
        refresh();
    });
    connect(m_form, &BranchForm::edited, this, [this](const QString &key, const QString &text) {
        m_outside.remove(key);
        m_draft.set(key, text);
        refresh();
    });
    connect(m_form, &BranchForm::reset, this, [this](const QString &key) {
        m_outside.remove(key);
        m_draft.reset(key);
        refresh();
    });
    connect(m_start, &QCheckBox::toggled, this, &BranchDialog::refresh);
    connect(m_copy, &QToolButton::clicked, this, [this] { copyToClipboard(m_draft.command(m_start->isChecked())); });
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_branch, &QPushButton::clicked, this, &BranchDialog::branch);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() == ConnectionState::Connected && !m_draft.isReady()) ask();
        refresh();
    });
    refresh();
    ask();
}

/// From where: the checkpoints, and how the branch is called.
QWidget *BranchDialog::makeStart()
{
    m_steps->setModel(m_model);
    m_steps->setObjectName(u"branchSteps"_s);
    m_steps->setAccessibleName(tr("Checkpoint to begin with"));
    styleTable(m_steps);
    m_steps->setSelectionMode(QAbstractItemView::SingleSelection);
    for (const int column : {CheckpointModel::SizeColumn, CheckpointModel::TimeColumn}) m_steps->setColumnHidden(column, true);
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    m_steps->setColumnWidth(CheckpointModel::StepColumn, metrics.horizontalAdvance(u"1,000,000"_s) + 3 * space::kOne);
    m_steps->setColumnWidth(CheckpointModel::LossColumn, metrics.horizontalAdvance(tr("Val. loss")) + 3 * space::kOne);
    m_stepNote->setWordWrap(true);
    m_stepNote->hide();
    m_stepPages->addWidget(m_steps);
    m_stepPages->addWidget(m_noSteps);
    m_name->setObjectName(u"branchName"_s);
    m_name->setAccessibleName(tr("Name of the branch"));
    m_name->setMaxLength(200); // as the engine takes it

    auto *start = new QWidget(this);
    start->setFixedWidth(kStartWidth);
    auto *layout = new QVBoxLayout(start);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(new ToneLabel(tr("Begin with"), Tone::Text, TypeSize::Heading, start));
    layout->addWidget(m_stepPages, 1);
    layout->addWidget(m_stepNote);
    layout->addSpacing(space::kHalf);
    auto *label = new ToneLabel(tr("Name"), Tone::Secondary, TypeSize::Base, start);
    label->setBuddy(m_name);
    layout->addWidget(label);
    layout->addWidget(m_name);
    return start;
}

/// What comes of it: the difference, the command, the button.
QWidget *BranchDialog::makeFoot()
{
    m_changes->setObjectName(u"branchChanges"_s);
    m_changes->setWordWrap(true);
    m_changes->setTextFormat(Qt::PlainText);
    m_changes->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_changes->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *scroll = new QScrollArea(this);
    scroll->setObjectName(u"branchChangesScroll"_s);
    scroll->setAccessibleName(tr("Difference to the parent"));
    scroll->setWidget(m_changes);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFixedHeight(kChangesHeight);
    scroll->viewport()->setAutoFillBackground(false);
    m_command->setObjectName(u"branchCommand"_s);
    m_command->setWordWrap(true);
    m_command->setTextFormat(Qt::PlainText);
    m_command->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_command->setMinimumWidth(120);
    m_copy->setObjectName(u"branchCopy"_s);
    m_start->setObjectName(u"branchStart"_s);
    m_start->setChecked(true);
    m_start->setToolTip(tr("Off: the run is only made, and can be started later"));
    m_why->setObjectName(u"branchWhy"_s);
    m_why->setWordWrap(true);
    m_branch->setObjectName(u"branchButton"_s);
    makePrimary(m_branch);
    m_cancel->setObjectName(u"branchClose"_s);
    m_cancel->setToolTip(tr("What was filled in is kept (Esc)"));

    auto *foot = new QWidget(this);
    auto *layout = new QVBoxLayout(foot);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(new ToneLabel(tr("Difference to the parent"), Tone::Text, TypeSize::Heading, foot));
    layout->addWidget(scroll);
    auto *command = new QHBoxLayout;
    command->setSpacing(space::kHalf);
    command->addWidget(m_command, 1);
    command->addWidget(m_copy, 0, Qt::AlignTop);
    layout->addLayout(command);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::kOne);
    buttons->addWidget(m_start);
    buttons->addWidget(m_why, 1);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_branch);
    layout->addLayout(buttons);
    return foot;
}

RunStatus BranchDialog::status() const
{
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == m_run) return status;
    RunStatus unknown;
    unknown.id = toStd(m_run);
    return unknown;
}

void BranchDialog::ask()
{
    if (m_isAsking) return;
    m_isAsking = true;
    m_banner->clear();
    m_session.getSpec(m_run, this, [this](Result<QString> reply) { takeSpec(reply); });
    m_session.listCheckpoints(m_run, this, [this](Result<std::vector<CheckpointInfo>> reply) {
        m_isAsking = false;
        takeCheckpoints(reply);
    });
    refresh();
}

void BranchDialog::takeSpec(const Result<QString> &reply)
{
    if (!reply) return m_banner->showError(reply.error(), tr("Retry"));
    if (m_draft.isReady()) return; // frozen: it says the same as before
    const RunSettings::Ptr settings = readRunSettings(*reply);
    if (!settings->importedFrom.isEmpty())
        return m_banner->showError(
            {ErrorCode::Conflict,
             "Cannot branch \"" + toStd(m_title) + "\": it was imported from another program's log and has no weights.",
             "Choose a run that was trained here."});
    if (!settings->problem.isEmpty())
        return m_banner->showMessage(BannerKind::Error, tr("Cannot branch “%1”: its settings cannot be read.").arg(m_title),
                                     settings->problem);
    const qint64 step = m_draft.step();
    m_draft = BranchDraft(m_run, settings, status().totalSteps);
    m_draft.setStep(step);
    m_draft.setName(m_name->text());
    m_form->setDraft(m_draft);
    applyRestored();
    proposeSteps();
    refresh();
}

/// Behind the last step there is nothing to go on to: as much again is proposed, as a change that is seen and can be reset.
void BranchDialog::proposeSteps()
{
    if (!m_draft.isReady() || m_draft.step() < 0) return;
    const QString given = m_draft.given().value(kStepsKey);
    const qint64 total = m_draft.parentText(kStepsKey).toLongLong(); // a resume may have given it more
    if (m_draft.step() >= total && given.isEmpty()) {
        m_proposed = QString::number(2 * total);
        m_draft.set(kStepsKey, m_proposed);
    } else if (m_draft.step() < total && !m_proposed.isEmpty() && given == m_proposed) {
        m_proposed.clear();
        m_draft.reset(kStepsKey);
    } else {
        return;
    }
    m_form->restore(m_draft.given());
}

QVariantMap BranchDialog::place() const
{
    QVariantMap given;
    const QMap<QString, QString> &texts = m_draft.isReady() ? m_draft.given() : m_restored;
    for (auto one = texts.begin(); one != texts.end(); ++one) given.insert(one.key(), one.value());
    if (given.isEmpty() && m_name->text().isEmpty() && !isVisible()) return {};
    return {{u"run"_s, m_run}, {u"step"_s, m_draft.step() >= 0 ? m_draft.step() : m_wanted}, {u"name"_s, m_name->text()},
            {u"given"_s, given}, {u"start"_s, m_start->isChecked()}, {u"open"_s, isVisible()}};
}

void BranchDialog::restorePlace(const QVariantMap &place)
{
    const QVariantMap given = place.value(u"given"_s).toMap();
    m_restored.clear();
    for (auto one = given.begin(); one != given.end(); ++one) m_restored.insert(one.key(), one.value().toString());
    m_name->setText(place.value(u"name"_s).toString());
    m_start->setChecked(place.value(u"start"_s, true).toBool());
    setStep(place.value(u"step"_s, -1).toLongLong());
    if (m_draft.isReady()) {
        applyRestored();
        refresh();
    }
}

void BranchDialog::applyRestored()
{
    if (m_restored.isEmpty()) return;
    for (auto one = m_restored.begin(); one != m_restored.end(); ++one) m_draft.set(one.key(), one.value());
    m_form->restore(m_restored);
    m_restored.clear();
}

void BranchDialog::takeCheckpoints(const Result<std::vector<CheckpointInfo>> &reply)
{
    if (!reply) return m_banner->showError(reply.error(), tr("Retry"));
    m_hasCheckpoints = true;
    {
        const QScopedValueRollback choosing(m_isChoosing, true); // rows go and come
        m_model->setCheckpoints(*reply);
    }
    chooseWanted();
    refresh();
}

void BranchDialog::setStep(qint64 step)
{
    // What somebody chose before stays, as all that was filled in.
    if (step >= 0 || !m_steps->selectionModel()->hasSelection()) m_wanted = step;
    if (m_hasCheckpoints) {
        chooseWanted();
        ask(); // it may have saved since
    }
}

void BranchDialog::chooseWanted()
{
    const int numRows = m_model->rowCount();
    int chosen = -1;
    for (int row = 0; row < numRows && chosen < 0; ++row) { // the newest first
        const CheckpointInfo &one = m_model->checkpoint(row);
        if (m_wanted >= 0 ? one.step <= m_wanted : one.isBest) chosen = row;
    }
    if (chosen < 0 && numRows > 0) chosen = m_wanted >= 0 ? numRows - 1 : 0;
    const qint64 step = chosen < 0 ? -1 : m_model->checkpoint(chosen).step;
    const bool isOther = m_wanted >= 0 && step >= 0 && step != m_wanted;
    m_stepNote->setText(tr("Step %1 has no checkpoint: the nearest is %2.").arg(integerText(m_wanted), integerText(step)));
    m_stepNote->setVisible(isOther);
    if (chosen < 0) return;
    const QScopedValueRollback choosing(m_isChoosing, true);
    m_steps->selectRow(chosen);
    m_steps->scrollTo(m_model->index(chosen, 0));
    proposeSteps();
}

void BranchDialog::takeStep()
{
    const QModelIndexList rows = m_steps->selectionModel()->selectedRows();
    const qint64 step = rows.isEmpty() ? -1 : m_model->checkpoint(rows.first().row()).step;
    if (step >= 0 && !m_isChoosing) { // by a person, who knows what it is
        m_wanted = step;
        m_stepNote->hide();
    }
    m_draft.setStep(step);
    proposeSteps();
    refresh();
}

/// Everything that follows from what is filled in.
void BranchDialog::refresh()
{
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    const bool hasSteps = m_model->rowCount() > 0;
    m_stepPages->setCurrentIndex(hasSteps ? 0 : 1);
    if (m_hasCheckpoints)
        m_noSteps->setTexts(tr("No checkpoint yet"),
                            tr("A branch begins with one. Save one with ⤓ while the run trains, or train it on."));
    else
        m_noSteps->setTexts(m_isAsking ? tr("Asking for the checkpoints …") : tr("Checkpoints are not known"), QString());
    m_form->setVisible(m_draft.isReady());
    m_branch->setText(m_isBranching ? tr("Branching …") : m_start->isChecked() ? tr("Branch and start") : tr("Branch"));
    QString why = !isConnected ? tr("The engine does not answer.") : m_isBranching ? tr("The engine makes the run.") : QString();
    m_name->setPlaceholderText(m_draft.isReady() ? m_draft.proposedName() : QString());
    if (!m_draft.isReady()) {
        if (why.isEmpty()) why = m_isAsking ? tr("The settings are being read.") : tr("The settings of the run are missing.");
        m_changes->setText(QString());
        m_command->setText(QString());
    } else {
        QMap<QString, QString> problems = m_draft.problems();
        const QString stepProblem = problems.take(QString());
        for (auto it = m_outside.cbegin(); it != m_outside.cend(); ++it)
            if (!problems.contains(it.key())) problems.insert(it.key(), it.value());
        m_form->setProblems(problems);
        if (why.isEmpty() && !stepProblem.isEmpty()) why = hasSteps ? stepProblem : tr("The run has no checkpoint to begin with.");
        for (auto it = problems.cbegin(); why.isEmpty() && it != problems.cend(); ++it)
            if (!m_outside.contains(it.key())) why = tr("%1: %2").arg(settingLabel(m_draft.parent(), it.key()), it.value());
        m_changes->setText(changesText());
        m_command->setText(m_draft.command(m_start->isChecked()));
    }
    m_why->setText(why);
    m_branch->setEnabled(why.isEmpty());
    m_branch->setToolTip(why);
    m_copy->setEnabled(!m_command->text().isEmpty());
}

QString BranchDialog::changesText() const
{
    if (!m_draft.isReady()) return {};
    QStringList lines;
    for (const BranchChange &change : m_draft.changes()) {
        const QString before = change.before.isEmpty() ? tr("(empty)") : change.before;
        const QString after = change.after.isEmpty() ? tr("(empty)") : change.after;
        lines << (change.before == change.after
                      ? tr("%1: %2, as in the parent's settings, whatever was changed while it trained").arg(change.label, before)
                      : tr("%1: %2 → %3").arg(change.label, before, after));
    }
    if (lines.isEmpty())
        return tr("Nothing: the branch repeats what the parent did after this step. Change a setting to see another outcome.");
    return lines.join(u'\n');
}

void BranchDialog::branch()
{
    if (m_isBranching || !m_branch->isEnabled()) return;
    m_isBranching = true;
    m_outside.clear();
    m_banner->clear();
    refresh();
    m_session.branchRun(m_run, m_draft.step(), m_draft.changesJson(), m_start->isChecked(), this,
                        [this](Result<RunStatus> reply) { takeReply(reply); });
}

void BranchDialog::takeReply(const Result<RunStatus> &reply)
{
    m_isBranching = false;
    if (!reply) {
        m_banner->showError(reply.error());
        showErrorAtField(reply.error());
        refresh();
        return;
    }
    // The next branch of this run begins anew.
    m_wanted = -1;
    for (const QString &key : m_draft.given().keys()) m_draft.reset(key);
    m_form->restore({});
    m_proposed.clear();
    m_name->clear();
    refresh();
    accept();
    Q_EMIT branched(fromStd(reply->id));
}

/// Where the engine names one of the settings that were changed, it is told there, too.
void BranchDialog::showErrorAtField(const Error &error)
{
    QStringList named;
    const QString message = fromStd(error.message);
    for (const BranchChange &change : m_draft.changes())
        if (message.contains(change.key)) named << change.key;
    if (named.size() != 1) return;
    m_outside.insert(named.first(), errorText(error));
    m_form->showField(named.first());
}

} // namespace orrery::ui
