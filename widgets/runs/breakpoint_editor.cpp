// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/breakpoint_editor.h"

#include "core/spec/breakpoint.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/runs/breakpoint_text.h"
#include "widgets/runs/run_feed.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSet>
#include <QStringListModel>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxNames = 4'000; ///< of series, for completion

QScrollArea *scrolled(QWidget *content, QWidget *parent)
{
    auto *scroll = new QScrollArea(parent);
    scroll->setWidget(content);
    content->setAutoFillBackground(false); // setWidget() switches it on
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

} // namespace

BreakpointEditor::BreakpointEditor(EngineSession &session, RunFeed &feed, QWidget *parent)
    : QWidget(parent), m_session(session), m_feed(feed),
      m_note(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_problem(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this)),
      m_none(new ToneLabel(tr("No breakpoint is set."), Tone::Secondary, TypeSize::Base, this)),
      m_examples(new QWidget(this)), m_banner(new Banner(this)), m_line(new QLineEdit(this)), m_add(new QPushButton(tr("Add"), this)),
      m_rows(new QWidget), m_rowLayout(new QVBoxLayout(m_rows)),
      m_names(new QStringListModel(commonSeries(), this))
{
    setObjectName(u"breakpointEditor"_s);
    setAccessibleName(tr("Breakpoints: the run pauses when a condition becomes true"));
    for (ToneLabel *label : {m_note, m_problem}) {
        label->setWordWrap(true);
        label->setMinimumWidth(80);
    }
    m_problem->setObjectName(u"breakpointProblem"_s);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->hide();
    m_line->setObjectName(u"breakpointLine"_s);
    m_line->setPlaceholderText(u"loss > 4"_s);
    m_line->setAccessibleName(tr("Pause when"));
    auto *completer = new QCompleter(m_names, this);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    completer->popup()->setProperty("completions", true); // as the theme frames them
    m_line->setCompleter(completer);
    m_add->setObjectName(u"breakpointAdd"_s);
    auto *label = new ToneLabel(tr("Pause when"), Tone::Text, TypeSize::Base, this);
    label->setBuddy(m_line);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::kOne);
    row->addWidget(label);
    row->addWidget(m_line, 1);
    row->addWidget(m_add);
    m_rowLayout->setContentsMargins(0, 0, space::kOne, 0);
    m_rowLayout->setSpacing(0);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_note);
    layout->addWidget(m_banner);
    layout->addLayout(row);
    layout->addWidget(m_problem);
    layout->addWidget(m_none);
    layout->addWidget(m_examples);
    makeExamples();
    layout->addWidget(scrolled(m_rows, this), 1);
    connect(m_line, &QLineEdit::textEdited, this, [this] { showProblem({}); });
    connect(m_line, &QLineEdit::textChanged, this, &BreakpointEditor::updateState);
    connect(m_line, &QLineEdit::returnPressed, this, &BreakpointEditor::add);
    connect(m_add, &QPushButton::clicked, this, &BreakpointEditor::add);
    m_banner->setObjectName(u"breakpointBanner"_s);
    connect(m_banner, &Banner::retryRequested, this, [this] {
        m_banner->clear();
        for (const QString &condition : std::exchange(m_removed, {}))
            if (!shown().contains(condition)) watch(condition);
    });
    connect(m_banner, &Banner::dismissed, this, [this] { m_removed.clear(); });
    connect(&feed, &RunFeed::runChanged, this, &BreakpointEditor::changeRun);
    connect(&feed, &RunFeed::statusChanged, this, &BreakpointEditor::takeStatus);
    connect(&session, &EngineSession::updated, this, &BreakpointEditor::takeUpdate);
    fillList();
    takeStatus();
}

void BreakpointEditor::begin(const QString &text)
{
    m_line->setText(text);
    showProblem({});
    m_line->setFocus();
}

void BreakpointEditor::restoreDraft(const QString &text)
{
    if (m_line->text().isEmpty()) m_line->setText(text);
}

QString BreakpointEditor::problem() const { return m_problem->text(); }

QStringList BreakpointEditor::shown() const { return m_watched + m_waiting; }

void BreakpointEditor::changeRun()
{
    m_watched.clear();
    m_waiting.clear();
    m_removed.clear();
    m_names->setStringList(commonSeries());
    m_banner->clear();
    showProblem({});
    fillList();
    takeStatus();
}

void BreakpointEditor::takeStatus()
{
    QStringList watched;
    if (const auto &status = m_feed.status())
        for (const std::string &condition : status->breakpoints) watched << fromStd(condition);
    QStringList waiting = m_waiting;
    waiting.removeIf([&watched](const QString &condition) { return watched.contains(condition); });
    if (watched != m_watched || waiting != m_waiting) {
        m_watched = watched;
        m_waiting = waiting;
        fillList();
    }
    updateState();
}

/// The series that the run really has.
void BreakpointEditor::takeUpdate(const RunUpdate &update)
{
    if (update.run != m_feed.run() || update.reports.empty() || !isVisible()) return;
    QStringList names = m_names->stringList();
    if (names.size() >= kMaxNames) return;
    const QSet<QString> known(names.begin(), names.end());
    for (const MetricValue &value : update.reports.back().values)
        if (const QString name = fromStd(value.series); !known.contains(name)) names << name;
    if (names.size() != known.size()) m_names->setStringList(names.mid(0, kMaxNames));
}

void BreakpointEditor::fillList()
{
    while (QLayoutItem *item = m_rowLayout->takeAt(0)) {
        if (item->widget()) item->widget()->deleteLater();
        delete item;
    }
    for (const QString &condition : m_watched) addRow(condition, false);
    for (const QString &condition : m_waiting) addRow(condition, true);
    m_rowLayout->addStretch(1);
    m_none->setVisible(shown().isEmpty());
    m_examples->setVisible(shown().isEmpty());
}

void BreakpointEditor::addRow(const QString &condition, bool isWaiting)
{
    auto *row = new QWidget(m_rows);
    auto *text = new ElidedLabel(condition, Tone::Text, TypeSize::Mono, row);
    text->setObjectName(u"breakpointText"_s);
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(text, 1);
    if (isWaiting) {
        layout->addWidget(
            new ToneLabel(tr("waits for the next step"), Tone::Secondary, TypeSize::Small, row));
    } else {
        auto *copy = makeIconButton(u"terminal"_s, tr("Copy %1 as command").arg(condition), row);
        connect(copy, &QToolButton::clicked, this, [this, condition] {
            copyToClipboard(engineCommand({u"control"_s, m_feed.run(), u"break"_s, condition}));
        });
        auto *remove = makeIconButton(u"trash"_s, tr("Remove breakpoint %1").arg(condition), row);
        remove->setObjectName(u"breakpointRemove"_s);
        connect(remove, &QToolButton::clicked, this, [this, condition] { this->remove(condition); });
        layout->addWidget(copy);
        layout->addWidget(remove);
    }
    m_rowLayout->addWidget(row);
}

void BreakpointEditor::showProblem(const QString &text)
{
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
    m_line->setProperty("invalid", !text.isEmpty());
    m_line->setAccessibleDescription(text);
    m_line->style()->unpolish(m_line);
    m_line->style()->polish(m_line);
}

void BreakpointEditor::add()
{
    if (!m_add->isEnabled()) return;
    const Result<Breakpoint> parsed = parseBreakpoint(toStd(m_line->text()));
    if (!parsed) {
        showProblem(errorText(parsed.error()));
        return;
    }
    const QString condition = fromStd(breakpointText(*parsed));
    if (shown().contains(condition)) {
        showProblem(tr("%1 is watched already.").arg(condition));
        return;
    }
    m_line->clear();
    watch(condition);
}

void BreakpointEditor::watch(const QString &condition)
{
    m_waiting << condition;
    fillList();
    send(u"break"_s, condition);
}

/// Several in a row come back together.
void BreakpointEditor::takeRemoved(const QString &condition)
{
    m_removed << condition;
    m_banner->showMessage(BannerKind::Info,
                          m_removed.size() == 1 ? tr("%1 pauses the run no more.").arg(condition)
                                                : tr("%1 breakpoints were removed.").arg(m_removed.size()),
                          {}, tr("Undo"));
}

void BreakpointEditor::remove(const QString &condition) { send(u"unbreak"_s, condition); }

void BreakpointEditor::send(const QString &verb, const QString &condition)
{
    showProblem({});
    if (m_removed.isEmpty()) m_banner->clear();
    const QString run = m_feed.run();
    m_session.control(run, verb, 1, {"", toStd(condition)}, this,
                      [this, run, verb, condition](Result<RunStatus> reply) {
                          if (run != m_feed.run()) return;
                          if (reply) {
                              m_feed.takeStatus(*reply);
                              if (verb == u"unbreak") takeRemoved(condition);
                              return;
                          }
                          if (verb == u"unbreak") {
                              m_removed.clear();
                              m_banner->showError(reply.error());
                              return;
                          }
                          m_waiting.removeAll(condition);
                          fillList();
                          if (m_line->text().isEmpty()) m_line->setText(condition); // to be mended
                          showProblem(errorText(reply.error()));
                      });
}

/// What conditions look like, while none is set: each goes into the line by a click.
void BreakpointEditor::makeExamples()
{
    auto *row = new WrapRow;
    const std::pair<QString, QString> examples[] = {{u"loss > 4"_s, {}},
                                                    {u"grad_norm >= 10"_s, {}},
                                                    {u"entropy < 0.5"_s, tr("Of any head")},
                                                    {u"head/2.1/entropy < 0.5"_s, tr("Of layer 2, head 1")},
                                                    {u"memory > 0.9"_s, tr("Of any memory: how full it is")}};
    for (const auto &[condition, meaning] : examples) {
        auto *example = new QPushButton(condition, m_examples);
        example->setObjectName(u"breakpointExample"_s);
        example->setAutoDefault(false);
        example->setToolTip(meaning);
        example->setAccessibleName(tr("Write %1").arg(condition));
        connect(example, &QPushButton::clicked, this, [this, condition = condition] {
            m_line->setText(condition);
            m_line->setFocus();
        });
        row->addWidget(example);
    }
    auto *layout = new QVBoxLayout(m_examples);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(new ToneLabel(tr("For example:"), Tone::Secondary, TypeSize::Small, m_examples));
    layout->addLayout(row);
}

void BreakpointEditor::updateState()
{
    const RunState state = m_feed.status() ? m_feed.status()->state : RunState::Unknown;
    // One that does not train keeps them for its next start.
    const bool canChange = state != RunState::Unknown && state != RunState::Unreadable;
    const QString form = tr("The run pauses at the step where a condition becomes true.");
    const QString rhythm = tr("Looked at whenever the number is told: of heads with each kept attention frame "
                              "(probes.frames_every, less often where the probe budget or somebody's question "
                              "is in the way), of the validation loss with each validation, of the others "
                              "every train.report_every steps.");
    m_note->setText(!canChange         ? tr("Choose a run that can be read.")
                    : isLiveState(state) ? form + u' ' + rhythm
                                         : tr("The run is not training: what is set now holds from its next "
                                              "start.") +
                                               u' ' + form);
    m_line->setEnabled(canChange);
    m_add->setEnabled(canChange && !m_line->text().trimmed().isEmpty());
    m_rows->setEnabled(canChange);
    m_examples->setEnabled(canChange);
}

} // namespace orrery::ui
